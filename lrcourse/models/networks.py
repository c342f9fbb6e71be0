"""Networks: layers one after the other, and a loss."""

import sys
from collections.abc import Sequence
from math import prod

import numpy as np

from lrcourse import checks
from lrcourse.models.layers import (
    ACTIVATIONS,
    INITIALIZATIONS,
    Activation,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    Images,
    MaxPool,
)
from lrcourse.models.losses import LOSSES

# How many numbers, of the rows on their way through a network, are worked on at once where the
# rows need not be together: about what the caches of a processor hold.
AT_ONCE = 2**20

# Memory that arrays leave goes back to Linux, which clears it before they have it again: half
# the time of an update. After one array of nearly 32 MiB, up to twice as much is kept.
if sys.platform == "linux":
    np.empty(33_000_000, np.uint8)


class Network:
    """Layers one after the other: what the networks below have in common.

    Parameters
    ----------
    layers : list of layers
    loss : str
        "sigmoid_cross_entropy", "softmax_cross_entropy" or "squared_error".
    input_shape : tuple
        Of one example.
    outputs : int
    width : int
        How many numbers an example takes up on its way through the layers.
    initialization : str
        "glorot" (uniform, Keras's default) or "he" (uniform). Biases begin at 0.
    """

    def __init__(self, layers, loss, input_shape, outputs, width, initialization):
        self.layers = layers
        self.loss = LOSSES[checks.one_of("loss", loss, LOSSES)]
        self.initialization = checks.one_of("initialization", initialization, INITIALIZATIONS)
        self.input_shape, self.outputs, self.width = input_shape, outputs, width
        self.shapes = [shape for layer in layers for shape in layer.shapes]

    def initialize(self, runs: int, seed: int = 0, dtype=float) -> list[np.ndarray]:
        """Return the parameters to begin with: random, but the same for every run.

        The numbers drawn for float32 and for float64 are the same but for rounding.
        """
        runs, dtype = checks.positive_integer("runs", runs), checks.float_type(dtype)
        generator = np.random.default_rng([checks.whole("seed", seed), 1])
        limits = [limit for layer in self.layers for limit in layer.limits(self.initialization)]
        return [
            np.repeat(generator.uniform(-limit, limit, (1, *shape)).astype(dtype), runs, axis=0)
            for limit, shape in zip(limits, self.shapes, strict=True)
        ]

    def gradients(self, parameters, x, y, out=None, generator=None) -> list[np.ndarray]:
        """Return the gradients of the mean loss, as `lrcourse.models` describes them.

        Targets y are (n,) or (n, outputs). The dropout is the same for all runs. Numbers that
        are not finite are computed with: a run may have diverged.
        """
        x = self._inputs(parameters, x)
        y = self._targets(y, x)
        if generator is not None:
            checks.having("generator", generator, "random")
        if out is None:
            out = [np.empty_like(parameter) for parameter in parameters]
        else:
            checks.parameter_arrays("out", out, self.shapes)
        z, tape = self._forward(parameters, x, generator)
        d = self.loss.backward(z, y)
        while tape:
            layer, own, saved = tape.pop()  # and so their memory is free when they have been used
            d = layer.backward(parameters[own], saved, d, out[own], first=own.start == 0)
        return out

    def logits(self, parameters: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
        """Return z (runs, n, outputs), without dropout."""
        x = self._inputs(parameters, x)
        return self._forward(parameters, x, None)[0]

    def loss_and_accuracy(self, parameters, x, y) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean loss and the share of right answers, each (runs,), without dropout."""
        x = self._inputs(parameters, x)
        y = self._targets(y, x)
        seen, rows = 0.0, max(1, AT_ONCE // self.width)
        for start in range(0, len(x), rows):
            piece = slice(start, start + rows)
            z = self._forward(parameters, x[piece], None)[0]
            seen += len(z[0]) / len(x) * np.array(self.loss.forward(z, y[piece]))
        return tuple(seen)

    def _forward(self, parameters, x, generator):
        """Return the logits, and for each layer its parameters and what its backward needs."""
        tape, position, a = [], 0, x[np.newaxis]
        for layer in self.layers:
            own = slice(position, position + len(layer.shapes))
            a, saved = layer.forward(parameters[own], a, generator)
            tape.append((layer, own, saved))
            position = own.stop
        return a, tape

    def _inputs(self, parameters, x):
        checks.parameter_arrays("parameters", parameters, self.shapes)
        x = _array("x", x)
        if x.shape[1:] != self.input_shape or len(x) == 0:
            raise ValueError(f"x must have the shape {('n', *self.input_shape)}, got {x.shape}")
        return x

    def _targets(self, y, x):
        y = _array("y", y)
        if y.shape[:1] != x.shape[:1]:
            raise ValueError(f"y must have {len(x)} rows as x has, got shape {y.shape}")
        return self.loss.targets(y, self.outputs)


class MultilayerPerceptron(Network):
    """Dense layers with an activation between them. An autoencoder is one.

    The parameters are W (runs, inputs, outputs) and b (runs, outputs) of each layer.

    Parameters
    ----------
    sizes : list of int
        Inputs, units of each hidden layer, outputs.
    activation : str
        Of the hidden layers: "relu", "tanh" or "sigmoid".
    loss : str
        "sigmoid_cross_entropy" (the default), "softmax_cross_entropy" or
        "squared_error". The softmax takes classes, (n,), as targets; the others take
        numbers, (n, outputs), or (n,) for one output. For an autoencoder give the
        inputs as targets.
    dropout : float
        Share of the hidden units dropped, from 0 to below 1.
    initialization : str
        "glorot" or "he", both uniform.

    >>> autoencoder = MultilayerPerceptron([784, 16, 784])
    >>> [parameter.shape for parameter in autoencoder.initialize(runs=2)]
    [(2, 784, 16), (2, 16), (2, 16, 784), (2, 784)]
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str = "relu",
        loss: str = "sigmoid_cross_entropy",
        dropout: float = 0.0,
        initialization: str = "glorot",
    ):
        sizes = checks.several(checks.positive_integer)("sizes", sizes)
        if len(sizes) < 2:
            raise ValueError(f"sizes must be the inputs, hidden units and outputs, got {sizes}")
        checks.one_of("activation", activation, ACTIVATIONS)
        dropout = checks.below_one("dropout", dropout)
        layers = []
        for inputs, outputs in zip(sizes[:-1], sizes[1:], strict=True):
            layers += [Dense(inputs, outputs), Activation(activation), Dropout(dropout)]
        super().__init__(layers[:-2], loss, (sizes[0],), sizes[-1], sum(sizes), initialization)
        self._settings = f"{sizes}, {activation!r}, {loss!r}, {dropout}, {initialization!r}"

    def __repr__(self):
        return f"MultilayerPerceptron({self._settings})"


class ConvolutionalNetwork(Network):
    """The small image classifier of Lau's CIFAR-10 notebook.

    Convolution 3×3 with ReLU, twice; the largest of 2×2; dropout; a dense layer
    with ReLU; dropout; softmax.

    Parameters
    ----------
    image : (channels, height, width)
        Of the inputs x (n, channels, height, width), PyTorch's order.
    classes : int
    filters : (int, int)
    hidden : int
        Units of the dense layer.
    dropout : (float, float)
        After the pooling and after the dense layer.
    padding : str
        "valid" (each convolution takes two pixels off) or "same" (none).
    initialization : str
        "glorot" or "he", both uniform.

    >>> ConvolutionalNetwork((3, 32, 32)).shapes[:4]
    [(4, 3, 3, 3), (4,), (8, 4, 3, 3), (8,)]
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        classes: int = 2,
        filters: tuple[int, int] = (4, 8),
        hidden: int = 16,
        dropout: tuple[float, float] = (0.25, 0.5),
        padding: str = "valid",
        initialization: str = "glorot",
    ):
        channels, height, width = checks.several(checks.positive_integer, 3)("image", image)
        first, second = checks.several(checks.positive_integer, 2)("filters", filters)
        hidden = checks.positive_integer("hidden", hidden)
        classes = checks.positive_integer("classes", classes)
        early, late = checks.several(checks.below_one, 2)("dropout", dropout)
        border = {"valid": 0, "same": 1}[checks.one_of("padding", padding, ("valid", "same"))]
        lost = 4 - 4 * border
        if min(height, width) < lost + 2:
            raise ValueError(f"image must be at least {lost + 2} pixels each way, got {image}")
        pooled = second * ((height - lost) // 2) * ((width - lost) // 2)
        layers = [
            Images(),
            Convolution(channels, first, border), Activation("relu"),
            # max(relu(z)) = relu(max(z)), with a quarter of the numbers to go through.
            Convolution(first, second, border), MaxPool(), Activation("relu"),
            Flatten(), Dropout(early),
            Dense(pooled, hidden), Activation("relu"), Dropout(late),
            Dense(hidden, classes),
        ]  # fmt: skip
        shape = (channels, height, width)
        width = (channels + first + second) * prod(shape[1:])
        super().__init__(layers, "softmax_cross_entropy", shape, classes, width, initialization)
        self._settings = (
            f"{shape}, {classes}, {(first, second)}, {hidden}, {(early, late)}, "
            f"{padding!r}, {initialization!r}"
        )

    def __repr__(self):
        return f"ConvolutionalNetwork({self._settings})"


def _array(name, value):
    """Return `value` as an array of floats; of floats, as it is: a check would take its time."""
    floats = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return value if floats else checks.numeric(name, value)
