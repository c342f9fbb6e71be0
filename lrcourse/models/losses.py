"""Losses: how wrong the logits are, and which way is better.

A loss takes logits z of shape (runs, n, outputs) and the targets of n examples.
"""

import numpy as np

from lrcourse.checks import numbers


def sigmoid(z: np.ndarray) -> np.ndarray:
    r"""Return :math:`1/(1 + e^{-z})`, 0 or 1 where z is too large for anything between.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    with np.errstate(over="ignore"):  # e^1000 is inf, and 1/inf is the 0 that we want
        return sigmoid_in_place(np.array(numbers("z", z)))


def sigmoid_in_place(z: np.ndarray) -> np.ndarray:
    """Return the sigmoid of z in the place of z; e^−z may overflow, which NumPy warns of."""
    np.exp(np.negative(z, z), z)
    z += 1.0
    return np.reciprocal(z, z)


def cross_entropy_from_logits(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    r"""Return the mean over the last axis of :math:`\max(z, 0) - yz + \ln(1 + e^{-|z|})`.

    The binary cross-entropy of ``sigmoid(z)``, written so that nothing overflows
    and no logarithm meets a zero.

    >>> cross_entropy_from_logits(np.array([1000.0, 0.0]), np.array([1.0, 1.0])).round(4)
    np.float64(0.3466)
    """
    z, y = _logits_and_labels(z, y)
    return np.mean(np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z))), axis=-1)


def cross_entropy_from_probabilities(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    r"""Return the mean over the last axis of :math:`-y\ln p - (1-y)\ln(1-p)`, p = sigmoid(z).

    The same number as from the logits, computed as the formula reads (and as the
    textbook's program does): nan as soon as one p is so close to 0 or 1 that it
    is rounded to it, for then :math:`0 \cdot \ln 0` is 0 times infinity.

    >>> cross_entropy_from_probabilities(np.array([1000.0]), np.array([1.0]))
    np.float64(nan)
    """
    z, y = _logits_and_labels(z, y)
    p = sigmoid(z)
    with np.errstate(divide="ignore", invalid="ignore"):
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p), axis=-1)


def _logits_and_labels(z, y):
    z, y = numbers("z", z), numbers("y", y)
    if y.ndim == 0 or z.shape[-y.ndim :] != y.shape or y.size == 0:
        raise ValueError(f"y must be a label for each of the logits z {z.shape}, got {y.shape}")
    return z, shares("y", y)


def shares(name: str, y: np.ndarray) -> np.ndarray:
    """Return labels y if all are between 0 and 1: others would make the loss negative."""
    if not (y.min() >= 0 and y.max() <= 1):
        wrong = y[~((y >= 0) & (y <= 1))][0]
        raise ValueError(f"{name} must be labels from 0 to 1, got {wrong}")
    return y


class SigmoidCrossEntropy:
    r"""The binary cross-entropy of σ(z), a mean over examples and outputs.

    Targets (n, outputs), or (n,) where there is one output, between 0 and 1: a
    label, or a grey value that an autoencoder is to give back. As PyTorch's
    ``BCEWithLogitsLoss``. An output counts as right where z ≥ 0 and y ≥ ½ agree.
    """

    def targets(self, y, outputs):
        """Return the targets as (n, outputs)."""
        return shares("y", _columns(y, outputs))

    def forward(self, z, y):
        """Return loss and accuracy, each (runs,)."""
        right = np.mean((z >= 0) == (y >= 0.5), axis=(1, 2))
        flat = z.reshape(len(z), -1)
        return cross_entropy_from_logits(flat, y.reshape(-1)), right

    def backward(self, z, y):
        """Return ∂J/∂z = (σ(z) − y) / (n · outputs), in the place of z."""
        with np.errstate(over="ignore"):
            error = sigmoid_in_place(z)
        error -= y
        error *= 1 / y.size
        return error


class SoftmaxCrossEntropy:
    r"""The cross-entropy of softmax(z), the mean over examples of :math:`\ln\sum_k e^{z_k} - z_y`.

    Targets (n,): the number of the class, from 0. As PyTorch's ``CrossEntropyLoss``.
    An example counts as right where its class has the largest z.
    """

    def targets(self, y, outputs):
        """Return the classes as integers (n,)."""
        with np.errstate(invalid="ignore"):
            classes = y.astype(np.intp)
        if y.ndim != 1 or not np.array_equal(classes, y):
            raise ValueError(f"y must be one whole number a row, got {y.dtype} of shape {y.shape}")
        if classes.min() < 0 or classes.max() >= outputs:
            wrong = classes[(classes < 0) | (classes >= outputs)][0]
            raise ValueError(f"y must be classes from 0 to {outputs - 1}, got {wrong}")
        return classes

    def forward(self, z, y):
        """Return loss and accuracy, each (runs,)."""
        right = np.mean(z.argmax(axis=2) == y, axis=1)
        z = z - z.max(axis=2, keepdims=True)  # e^z must not overflow
        chosen = z[:, np.arange(len(y)), y]
        return np.mean(np.log(np.exp(z).sum(axis=2)) - chosen, axis=1), right

    def backward(self, z, y):
        """Return ∂J/∂z = (softmax(z) − 1 at the class) / n, in the place of z."""
        z -= z.max(axis=2, keepdims=True)
        error = np.exp(z, out=z)
        error /= error.sum(axis=2, keepdims=True)
        error[:, np.arange(len(y)), y] -= 1
        error *= 1 / len(y)
        return error


class SquaredError:
    """The mean of (z − y)² over examples and outputs, as PyTorch's ``MSELoss``.

    Targets (n, outputs), or (n,) where there is one output. There is nothing to
    be right or wrong: the accuracy is nan.
    """

    def targets(self, y, outputs):
        """Return the targets as (n, outputs)."""
        return _columns(y, outputs)

    def forward(self, z, y):
        """Return loss and accuracy, each (runs,)."""
        return np.mean((z - y) ** 2, axis=(1, 2)), np.full(len(z), np.nan)

    def backward(self, z, y):
        """Return ∂J/∂z = 2 (z − y) / (n · outputs), in the place of z."""
        z -= y
        z *= 2 / y.size
        return z


def _columns(y, outputs):
    if outputs == 1 and y.ndim == 1:
        y = y[:, np.newaxis]
    if y.ndim != 2 or y.shape[1] != outputs:
        raise ValueError(f"y must have {outputs} targets for each row, got shape {y.shape}")
    return y


LOSSES = {
    "sigmoid_cross_entropy": SigmoidCrossEntropy(),
    "softmax_cross_entropy": SoftmaxCrossEntropy(),
    "squared_error": SquaredError(),
}
