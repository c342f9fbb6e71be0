"""Logistic regression: one neuron."""

from collections.abc import Callable, Sequence

import numpy as np

from lrcourse.checks import examples, float_type, numeric, parameter_arrays, positive_integer, whole
from lrcourse.models.losses import cross_entropy_from_logits, sigmoid


class LogisticRegression:
    r"""Logistic regression, :math:`p = \sigma(xw + b)`, many runs at once.

    The parameters are two arrays, all zero to begin with: w of shape (runs,
    features) and b of shape (runs, 1).

    Parameters
    ----------
    features : int
        Inputs of an example.
    cross_entropy : function of logits (runs, n) and labels (n,), giving (runs,)
        How the loss is computed: `cross_entropy_from_logits` or
        `cross_entropy_from_probabilities`. The gradient is the same for both.
    """

    def __init__(
        self,
        features: int,
        cross_entropy: Callable[[np.ndarray, np.ndarray], np.ndarray] = cross_entropy_from_logits,
    ):
        self.features = self.width = positive_integer("features", features)
        if not callable(cross_entropy):
            raise TypeError(f"cross_entropy must be a function, got {cross_entropy!r}")
        self.cross_entropy = cross_entropy

    def __repr__(self):
        how = getattr(self.cross_entropy, "__name__", self.cross_entropy)
        return f"{type(self).__name__}({self.features}, {how})"

    def initialize(self, runs: int, seed: int = 0, dtype=float) -> list[np.ndarray]:
        """Return w and b, all zero whatever the seed."""
        runs, dtype = positive_integer("runs", runs), float_type(dtype)
        whole("seed", seed)
        return [np.zeros((runs, self.features), dtype), np.zeros((runs, 1), dtype)]

    def logits(self, parameters: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
        """Return z = xw + b of shape (runs, n) for inputs x of shape (n, features)."""
        parameter_arrays("parameters", parameters, [(self.features,), (1,)])
        w, b = parameters
        x = numeric("x", x)
        if x.shape[1:] != (self.features,):
            raise ValueError(f"x must have {self.features} features, got shape {x.shape}")
        # One product for each run, always of the same shape: what a run computes
        # does not depend, to the last bit, on how many others there are.
        z = np.matmul(x, w[:, :, np.newaxis])[:, :, 0]
        z += b
        return z

    def probabilities(self, parameters: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
        """Return p of shape (runs, n)."""
        return sigmoid(self.logits(parameters, x))

    def gradients(self, parameters: Sequence[np.ndarray], x: np.ndarray, y: np.ndarray) -> list:
        r"""Return the gradients of the mean loss, :math:`x^\top(p - y)/n` and the mean of p − y.

        Both have the shapes of the parameters. `lrcourse.training.fit` takes many such
        gradients and goes straight to `plan`.
        """
        self.logits(parameters, x)  # says what is wrong with them
        x, y = _labelled(x, y)
        flat = np.concatenate(parameters, axis=1)
        gradient = np.empty_like(flat)
        with np.errstate(over="ignore"):  # e^1000 is inf, and 1/inf is the 0 that we want
            self.plan(flat, gradient, len(x))(self.prepared(x), y)
        return [gradient[:, :-1], gradient[:, -1:]]

    def prepared(self, x: np.ndarray) -> np.ndarray:
        """Return −[x 1]: its product with [w b] is −z at once, which is what e^−z needs."""
        return -np.column_stack([x, np.ones(len(x), x.dtype)])

    def plan(self, flat: np.ndarray, gradient: np.ndarray, n: int) -> Callable:
        """Return a function of `prepared` x and y, n rows of each, that renews `gradient`.

        Parameters and gradient are [w b], (runs, features + 1). On ten rows a call of
        NumPy costs more than the arithmetic in it, so all arrays are made here, once.
        """
        weights = flat[:, :, np.newaxis]
        products = gradient[:, np.newaxis, :]
        column = np.empty((len(flat), n, 1), flat.dtype)
        z, row = column[:, :, 0], column.swapaxes(1, 2)
        one, rows = np.array(1, flat.dtype), np.array(n, flat.dtype)

        def gradients(x, y):
            np.matmul(x, weights, out=column)
            np.exp(z, out=z)
            np.add(z, one, out=z)
            np.reciprocal(z, out=z)
            error = np.subtract(y, z, out=z)  # of −[x 1]
            np.divide(error, rows, out=error)
            np.matmul(row, x, out=products)

        return gradients

    def loss_and_accuracy(
        self, parameters: Sequence[np.ndarray], x: np.ndarray, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean loss and the share of right answers, each of shape (runs,).

        An example is taken for positive where p ≥ ½, that is z ≥ 0.
        """
        z = self.logits(parameters, x)
        _, y = _labelled(x, y)
        right = (z >= 0) == (y >= 0.5)
        loss = self.cross_entropy(z, y)
        if np.shape(loss) != z.shape[:1]:
            raise ValueError(f"cross_entropy must return {z.shape[:1]} losses, got {loss!r}")
        return loss, np.add.reduce(right, axis=1, dtype=int) / len(y)


def _labelled(x, y):
    """Return inputs and labels as arrays."""
    x, y = examples("data", x, y)
    if y.ndim != 1:
        raise ValueError(f"y must be one label for each row, got shape {y.shape}")
    return x, y
