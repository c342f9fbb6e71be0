"""The operations of a network, each with its backward under its forward.

Activations have the shape (runs, n, ...); the data, which all runs share, (1, n, ...).
``forward`` returns the output and what ``backward`` will need of it. ``backward``
is given the derivative d of the loss by the output, writes the derivatives by the
parameters into `out`, and returns the derivative by the input.
"""

from math import prod, sqrt

import numpy as np

from lrcourse.models.losses import sigmoid


class Layer:
    """An operation without parameters."""

    shapes = ()

    def limits(self, initialization: str) -> list[float]:
        """Return, for each parameter, how far from zero it may begin."""
        return []


class Dense(Layer):
    """Every output from every input: z = a W + b, with W (inputs, outputs) and b (outputs,)."""

    def __init__(self, inputs: int, outputs: int):
        self.shapes = ((inputs, outputs), (outputs,))

    def limits(self, initialization):
        """Return the limits of W and b."""
        inputs, outputs = self.shapes[0]
        return [_limit(initialization, inputs, outputs), 0.0]

    def forward(self, parameters, a, generator):
        """Return z (runs, n, outputs)."""
        w, b = parameters
        z = np.matmul(a, w)
        z += b[:, np.newaxis]
        return z, a

    def backward(self, parameters, a, d, out, first):
        """∂J/∂W = aᵀ d, ∂J/∂b = Σ d, ∂J/∂a = d Wᵀ."""
        w, _ = parameters
        w_gradient, b_gradient = out
        np.matmul(a.swapaxes(1, 2), d, out=w_gradient)
        np.add.reduce(d, axis=1, out=b_gradient)
        return None if first else np.matmul(d, w.swapaxes(1, 2))


class Convolution(Layer):
    """A 3×3 window slid over images: W (filters, channels, 3, 3) and b (filters,).

    A window at a place is a column of numbers, all windows of an image are a
    matrix (channels·9, places), and the convolution is the product with it.
    """

    def __init__(self, channels: int, filters: int, padding: int):
        self.shapes = ((filters, channels, 3, 3), (filters,))
        self.padding = padding

    def limits(self, initialization):
        """Return the limits of W and b."""
        filters, channels = self.shapes[0][:2]
        return [_limit(initialization, 9 * channels, 9 * filters), 0.0]

    def forward(self, parameters, a, generator):
        """Return z (runs, n, filters, height, width) from a (…, n, channels, height, width)."""
        w, b = parameters
        if self.padding:
            a = np.pad(a, [(0, 0)] * 3 + [(self.padding, self.padding)] * 2)
        *runs_n_channels, height, width = a.shape
        places = height - 2, width - 2
        columns = np.empty((*runs_n_channels, 3, 3, *places), a.dtype)
        for row, column, window in _windows(a):
            columns[:, :, :, row, column] = window
        columns = columns.reshape(*a.shape[:2], -1, prod(places))
        z = np.matmul(w.reshape(len(w), 1, len(w[0]), -1), columns)
        z += b[:, np.newaxis, :, np.newaxis]
        return z.reshape(*z.shape[:3], *places), (columns, a.shape)

    def backward(self, parameters, saved, d, out, first):
        """∂J/∂W = Σ d columnsᵀ over the images; ∂J/∂a adds up the windows of Wᵀ d."""
        w, _ = parameters
        w_gradient, b_gradient = out
        columns, shape = saved
        places = d.shape[3:]
        d = d.reshape(*d.shape[:3], -1)
        each = np.matmul(d, columns.swapaxes(2, 3))
        np.add.reduce(each, axis=1, out=w_gradient.reshape(len(w), len(w[0]), -1))
        np.add.reduce(np.add.reduce(d, axis=3), axis=1, out=b_gradient)
        if first:
            return None
        columns = np.matmul(w.reshape(len(w), 1, len(w[0]), -1).swapaxes(2, 3), d)
        columns = columns.reshape(*d.shape[:2], shape[2], 3, 3, *places)
        gradient = np.zeros((*columns.shape[:3], *shape[3:]), d.dtype)
        for row, column, window in _windows(gradient):
            window += columns[:, :, :, row, column]
        inner = slice(self.padding, -self.padding or None)
        return gradient[..., inner, inner]


def _windows(images):
    """Yield, for each of the nine places in a window, the pixels that come to stand there."""
    height, width = images.shape[-2] - 2, images.shape[-1] - 2
    for row in range(3):
        for column in range(3):
            yield row, column, images[..., row : row + height, column : column + width]


class MaxPool(Layer):
    """The largest of each 2×2 pixels. A last odd row or column is left out."""

    def forward(self, parameters, a, generator):
        """Return (runs, n, channels, height/2, width/2)."""
        first, *others = _quarters(a)
        largest = first.copy()
        for other in others:
            np.maximum(largest, other, out=largest)
        return largest, (a, largest)

    def backward(self, parameters, saved, d, out, first):
        """The derivative goes to the pixel that was largest, of several the first."""
        a, largest = saved
        gradient = np.zeros_like(a)
        free = np.ones(d.shape, bool)
        for pixels, place in zip(_quarters(a), _quarters(gradient), strict=True):
            chosen = (pixels == largest) & free
            np.multiply(d, chosen, out=place)
            free ^= chosen
        return gradient


def _quarters(images):
    """Return the four pixels of every 2×2 square, as four images of half the size."""
    height, width = images.shape[-2] // 2 * 2, images.shape[-1] // 2 * 2
    return [images[..., row:height:2, column:width:2] for row in (0, 1) for column in (0, 1)]


class Flatten(Layer):
    """Images as rows of numbers."""

    def forward(self, parameters, a, generator):
        """Return (runs, n, channels·height·width)."""
        return a.reshape(*a.shape[:2], -1), a.shape

    def backward(self, parameters, shape, d, out, first):
        """The same numbers as images."""
        return d.reshape(shape)


class Dropout(Layer):
    """A share of the activations set to 0, the others raised by 1/(1 − share).

    The same ones in all runs, which differ in their learning rate alone. Nothing
    happens without a generator.
    """

    def __init__(self, share: float):
        self.share = share

    def forward(self, parameters, a, generator):
        """Return a · mask."""
        if generator is None or self.share == 0:
            return a, None
        dtype = a.dtype if a.dtype == np.float32 else np.float64
        kept = generator.random(a.shape[1:], dtype) >= self.share
        mask = kept * a.dtype.type(1 / (1 - self.share))
        return a * mask, mask

    def backward(self, parameters, mask, d, out, first):
        """∂J/∂a = d · mask."""
        if mask is not None:
            d *= mask
        return d


# Each with its derivative by z, which is written as a function of a = f(z).
ACTIVATIONS = {
    "relu": (lambda z: np.maximum(z, 0, out=z), lambda a: a > 0),
    "tanh": (lambda z: np.tanh(z, out=z), lambda a: 1 - a * a),
    "sigmoid": (sigmoid, lambda a: a * (1 - a)),
}


class Activation(Layer):
    """One of `ACTIVATIONS`, by its name: a = f(z)."""

    def __init__(self, name: str):
        self.name = name

    def forward(self, parameters, z, generator):
        """Return a, in the place of z."""
        a = ACTIVATIONS[self.name][0](z)
        return a, a

    def backward(self, parameters, a, d, out, first):
        """∂J/∂z = d f′(z)."""
        d *= ACTIVATIONS[self.name][1](a)
        return d


INITIALIZATIONS = ("glorot", "he")


def _limit(initialization, inputs, outputs):
    """Glorot & Bengio 2010: √(6/(inputs + outputs)); He et al. 2015: √(6/inputs)."""
    return sqrt(6 / (inputs + outputs)) if initialization == "glorot" else sqrt(6 / inputs)
