"""Logistic regression: one neuron."""

from collections.abc import Callable, Sequence

import numpy as np

from lrcourse import checks
from lrcourse.models.losses import cross_entropy_from_logits, sigmoid, sigmoid_in_place


class LogisticRegression:
    r"""Logistic regression, :math:`p = \sigma(xw + b)`, many runs at once.

    The parameters are one array [w b] of shape (runs, features + 1), all zero to begin with:
    b is the weight of an input that is always 1.

    Parameters
    ----------
    features : int
        Inputs of an example.
    cross_entropy : function of logits (runs, n) and labels (n,), giving (runs,)
        How the loss that is reported is computed: `cross_entropy_from_logits` or
        `cross_entropy_from_probabilities`. The gradient is always the cross-entropy's.
    """

    def __init__(
        self,
        features: int,
        cross_entropy: Callable[[np.ndarray, np.ndarray], np.ndarray] = cross_entropy_from_logits,
    ):
        self.features = checks.positive_integer("features", features)
        if not callable(cross_entropy):
            raise TypeError(f"cross_entropy must be a function, got {cross_entropy!r}")
        self.cross_entropy = cross_entropy

    def __repr__(self):
        how = getattr(self.cross_entropy, "__name__", self.cross_entropy)
        return f"{type(self).__name__}({self.features}, {how})"

    def initialize(self, runs: int, seed: int = 0, dtype=float) -> list[np.ndarray]:
        """Return [w b], all zero whatever the seed."""
        runs, dtype = checks.positive_integer("runs", runs), checks.float_type(dtype)
        checks.whole("seed", seed)
        return [np.zeros((runs, self.features + 1), dtype)]

    def logits(self, parameters: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
        """Return z = xw + b of shape (runs, n) for inputs x of shape (n, features)."""
        checks.parameter_arrays("parameters", parameters, [(self.features + 1,)])
        x = checks.numeric("x", x)
        if x.shape[1:] != (self.features,):
            raise ValueError(f"x must have {self.features} features, got shape {x.shape}")
        return _logits(*parameters, _with_ones(x))[:, 0]

    def probabilities(self, parameters: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
        """Return p of shape (runs, n)."""
        return sigmoid(self.logits(parameters, x))

    def gradients(self, parameters, x, y, out=None, generator=None) -> list[np.ndarray]:
        r"""Return the gradient of the mean loss, :math:`[x\;1]^\top(p - y)/n`, as a list of one.

        It has the shape of [w b]. With `out` it is written there, and the arguments are taken
        to be right, as those of `lrcourse.fit` are. Nothing is random here: a `generator` is
        not used.
        """
        if out is None:
            self.logits(parameters, x)  # says what is wrong with them
            out = [np.empty_like(parameter) for parameter in parameters]
            with np.errstate(over="ignore"):  # e^1000 is inf, and 1/inf is the 0 that we want
                return self.gradients(parameters, *_labelled(x, y), out)
        inputs = _with_ones(x)
        error = sigmoid_in_place(_logits(*parameters, inputs))
        error -= y
        error /= len(y)
        np.matmul(error, inputs, out=out[0][:, np.newaxis])
        return out

    def loss_and_accuracy(self, parameters, x, y) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean loss and the share of right answers, each of shape (runs,).

        An example is taken for positive where p ≥ ½, that is z ≥ 0.
        """
        x, y = _labelled(x, y)
        z = self.logits(parameters, x)
        right = (z >= 0) == (y >= 0.5)
        # A few runs at a time: in arrays beyond the processor's cache each costs twice as much.
        few = max(1, 2**14 // len(y))
        loss = np.hstack([self.cross_entropy(z[i : i + few], y) for i in range(0, len(z), few)])
        if np.shape(loss) != z.shape[:1]:
            raise ValueError(f"cross_entropy must return {z.shape[:1]} losses, got {loss!r}")
        return loss, np.add.reduce(right, axis=1, dtype=int) / len(y)


def _with_ones(x):
    """Return [x 1]."""
    inputs = np.empty((len(x), x.shape[1] + 1), x.dtype)
    inputs[:, :-1], inputs[:, -1] = x, 1
    return inputs


def _logits(weights, inputs):
    """Return z as (runs, 1, n)."""
    # One product for each run, always of the same shape: what a run computes
    # does not depend, to the last bit, on how many others there are.
    return np.matmul(weights[:, np.newaxis], inputs.T)


def _labelled(x, y):
    """Return inputs and labels as arrays."""
    x, y = checks.examples("data", x, y)
    if y.ndim != 1:
        raise ValueError(f"y must be one label for each row, got shape {y.shape}")
    return x, y
