"""The operations of a network, each with its backward under its forward.

Activations have the shape (runs, n, ...); the data, which all runs share, (1, n, ...).
Only images are turned over, see `Images`: (runs, height, channels, width, n).
``forward`` returns the output and what ``backward`` will need of it. ``backward``
is given the derivative d of the loss by the output, writes the derivatives by the
parameters into `out`, and returns the derivative by the input.
"""

from math import sqrt

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

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


class Images(Layer):
    """Images in the order in which convolutions and pooling are fast, examples last.

    Where a pixel is a block of n numbers, one for each image, to look a pixel further is
    to begin n numbers later, and nothing needs to be copied.
    """

    def forward(self, parameters, x, generator):
        """Return (1, height, channels, width, n) from x (1, n, channels, height, width)."""
        _, n, channels, height, width = x.shape
        a = np.empty((1, height, channels, width, n), x.dtype)
        for i in range(n):  # much faster than all at once, which misses the caches
            a[0, ..., i] = x[0, i].swapaxes(0, 1)
        return a, None

    def backward(self, parameters, saved, d, out, first):
        """Return nothing: there is nothing before it."""


class Convolution(Layer):
    """A 3×3 window slid over images: W (filters, channels, 3, 3) and b (filters,).

    In the windows of a row of places, the left column sees three rows of the image, a matrix
    (3·channels, width·n), and so do the middle and the right one, each a pixel further.
    The convolution is the sum of the three products of W's columns with what they see.
    """

    def __init__(self, channels: int, filters: int, padding: int):
        self.shapes = ((filters, channels, 3, 3), (filters,))
        self.padding = padding

    def limits(self, initialization):
        """Return the limits of W and b."""
        filters, channels = self.shapes[0][:2]
        return [_limit(initialization, 9 * channels, 9 * filters), 0.0]

    def forward(self, parameters, a, generator):
        """Return z (runs, height, filters, width, n) from a (…, height, channels, width, n)."""
        w, b = parameters
        if self.padding:
            a = _bordered(a, self.padding, self.padding)
        products = map(np.matmul, _columns(w), _seen(a))
        z = next(products)
        for product in products:
            z += product
        z += b[:, np.newaxis, :, np.newaxis]
        return z.reshape(*z.shape[:3], -1, a.shape[4]), a

    def backward(self, parameters, a, d, out, first):
        """∂J/∂W = Σ d seenᵀ over the rows; ∂J/∂a adds up Wᵀ d where it was seen."""
        w, _ = parameters
        w_gradient, b_gradient = out
        rows = d.reshape(*d.shape[:3], -1)
        for i, seen in enumerate(_seen(a)):
            column = np.add.reduce(np.matmul(rows, seen.swapaxes(2, 3)), axis=1)
            w_gradient[..., i] = column.reshape(*w.shape[:2], 3, -1).swapaxes(2, 3)
        np.add.reduce(np.add.reduce(rows, axis=3), axis=1, out=b_gradient)
        if first:
            return None
        # A row of a was seen by three rows of places, by the uppermost with the lowest of W.
        upside_down = w[..., ::-1, :].swapaxes(1, 2)
        seers = _threes(_bordered(d, 2, 0))
        gradient = np.zeros((len(w), *a.shape[1:]), d.dtype)
        for i, column in enumerate(_columns(upside_down)):
            place = gradient[..., i : i + d.shape[3], :]
            place += np.matmul(column, seers).reshape(place.shape)
        inner = slice(self.padding, -self.padding or None)
        return gradient[:, inner, :, inner]


def _bordered(images, rows, pixels):
    """Return images with so many rows of zeros above and below, and pixels on both sides."""
    return np.pad(images, [(0, 0), (rows, rows), (0, 0), (pixels, pixels), (0, 0)])


def _columns(w):
    """Return the columns of the filters, three matrices (runs, 1, filters, 3·channels)."""
    return [w[..., i].swapaxes(2, 3).reshape(len(w), 1, w.shape[1], -1) for i in range(3)]


def _seen(a):
    """Return what these columns see of images, three views (…, height, 3·channels, width·n)."""
    threes, n = _threes(a), a.shape[4]
    return [threes[..., i * n : threes.shape[3] - (2 - i) * n] for i in range(3)]


def _threes(images):
    """Return each row with the two below it, (…, height, 3·channels, width·n): a view."""
    rows = images.reshape(*images.shape[:3], -1)
    threes = np.moveaxis(sliding_window_view(rows, 3, axis=1), 4, 2)
    return threes.reshape(*threes.shape[:2], -1, rows.shape[3])


class MaxPool(Layer):
    """The largest of each 2×2 pixels. A last odd row or column is left out."""

    def forward(self, parameters, a, generator):
        """Return (runs, height/2, channels, width/2, n): in two steps, each of two neighbours."""
        saved = []
        for axis in (3, 1):
            one, other = _pairs(a, axis)
            saved.append((axis, a.shape, one >= other))
            a = np.maximum(one, other)
        return a, saved

    def backward(self, parameters, saved, d, out, first):
        """The derivative goes to the pixel that was largest, of several the first."""
        for axis, shape, chosen in reversed(saved):
            gradient = np.zeros(shape, d.dtype)
            one, other = _pairs(gradient, axis)
            np.multiply(d, chosen, out=one)
            np.subtract(d, one, out=other)
            d = gradient
        return d


def _pairs(images, axis):
    """Return the first and the second of every two neighbours along an axis."""
    before = (slice(None),) * axis
    return images[(*before, slice(0, -1, 2))], images[(*before, slice(1, None, 2))]


class Flatten(Layer):
    """Images as rows of numbers."""

    def forward(self, parameters, a, generator):
        """Return (runs, n, channels·height·width)."""
        a = a.transpose(0, 4, 2, 1, 3)
        return a.reshape(*a.shape[:2], -1), a.shape

    def backward(self, parameters, shape, d, out, first):
        """The same numbers as images."""
        return np.ascontiguousarray(d.reshape(shape).transpose(0, 3, 2, 4, 1))


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
