"""Models: parameters with a leading axis of runs, forward and backward written out."""

from collections.abc import Callable, Sequence

import numpy as np

from lrcourse.checks import positive_integer


def sigmoid(z: np.ndarray) -> np.ndarray:
    r"""Return :math:`1/(1 + e^{-z})`, 0 or 1 where z is too large for anything between.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    with np.errstate(over="ignore"):  # e^1000 is inf, and 1/inf is the 0 that we want
        return 1 / (1 + np.exp(-z))


def cross_entropy_from_logits(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    r"""Return the mean over the last axis of :math:`\max(z, 0) - yz + \ln(1 + e^{-|z|})`.

    The binary cross-entropy of ``sigmoid(z)``, written so that nothing overflows
    and no logarithm meets a zero.

    >>> cross_entropy_from_logits(np.array([1000.0, 0.0]), np.array([1.0, 1.0])).round(4)
    np.float64(0.3466)
    """
    return np.mean(np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z))), axis=-1)


def cross_entropy_from_probabilities(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    r"""Return the mean over the last axis of :math:`-y\ln p - (1-y)\ln(1-p)`, p = sigmoid(z).

    The same number as from the logits, computed as the formula reads (and as the
    textbook's program does): nan as soon as one p is so close to 0 or 1 that it
    is rounded to it, for then :math:`0 \cdot \ln 0` is 0 times infinity.

    >>> cross_entropy_from_probabilities(np.array([1000.0]), np.array([1.0]))
    np.float64(nan)
    """
    p = sigmoid(z)
    with np.errstate(divide="ignore", invalid="ignore"):
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p), axis=-1)


class LogisticRegression:
    r"""Logistic regression, :math:`p = \sigma(xw + b)`, many runs at once.

    Parameters
    ----------
    features : int
        Inputs of an example.
    cross_entropy : function of logits (runs, n) and labels (n,), giving (runs,)
        How the loss is computed. The gradient is the same for both.

    The parameters are two arrays, all zero to begin with: w of shape (runs,
    features) and b of shape (runs, 1).
    """

    def __init__(
        self,
        features: int,
        cross_entropy: Callable[[np.ndarray, np.ndarray], np.ndarray] = cross_entropy_from_logits,
    ):
        self.features = positive_integer("features", features)
        self.cross_entropy = cross_entropy

    def initialize(self, runs: int) -> list[np.ndarray]:
        """Return w and b, all zero."""
        return [np.zeros((runs, self.features)), np.zeros((runs, 1))]

    def logits(self, parameters: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
        """Return z = xw + b of shape (runs, n) for inputs x of shape (n, features)."""
        w, b = parameters
        if x.ndim != 2 or x.shape[1] != self.features:
            raise ValueError(f"x must have {self.features} features, got shape {x.shape}")
        # One product for each run, always of the same shape: what a run computes
        # does not depend, to the last bit, on how many others there are.
        return np.matmul(x, w[:, :, np.newaxis])[:, :, 0] + b

    def probabilities(self, parameters: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
        """Return p of shape (runs, n)."""
        return sigmoid(self.logits(parameters, x))

    def gradients(self, parameters: Sequence[np.ndarray], x: np.ndarray, y: np.ndarray) -> list:
        r"""Return the gradients of the mean loss, :math:`x^\top(p - y)/n` and the mean of p − y.

        Both have the shapes of the parameters.
        """
        error = (self.probabilities(parameters, x) - y) / len(y)
        return [np.matmul(error[:, np.newaxis, :], x)[:, 0, :], error.sum(axis=1, keepdims=True)]

    def loss_and_accuracy(
        self, parameters: Sequence[np.ndarray], x: np.ndarray, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean loss and the share of right answers, each of shape (runs,).

        An example is taken for positive where p ≥ ½, that is z ≥ 0.
        """
        z = self.logits(parameters, x)
        return self.cross_entropy(z, y), np.mean((z >= 0) == y, axis=1)
