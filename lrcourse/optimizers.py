"""Optimizers: what is done with a gradient."""

from collections.abc import Sequence

import numpy as np

from lrcourse.checks import learning_rates


class SGD:
    r"""Stochastic gradient descent.

    .. math:: w_{t+1} = w_t - \eta \nabla J(w_t)

    One step is one update, on one mini-batch.  [Robbins & Monro 1951]

    Parameters
    ----------
    learning_rate : float or array (runs,)
        η: one rate for all runs, or one for each.

    Raises
    ------
    TypeError, ValueError
        Unless every rate is a positive, finite number.

    >>> w = np.array([1.0])
    >>> SGD(0.1).step([w], [2 * w])
    >>> w
    array([0.8])
    """

    def __init__(self, learning_rate):
        self.learning_rate = learning_rates("learning_rate", learning_rate)

    def __repr__(self):
        return f"SGD({self.learning_rate.tolist()})"

    def step(self, parameters: Sequence[np.ndarray], gradients: Sequence[np.ndarray]) -> None:
        """Update `parameters` in place; `gradients` are left as they are.

        Parameters
        ----------
        parameters, gradients : lists of float arrays
            Of the same shapes; where there is one rate per run, each array's
            leading axis is the run.
        """
        check_step(self.learning_rate, parameters, gradients)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter -= per_run(self.learning_rate, parameter.ndim) * gradient


def per_run(rates: np.ndarray, axes: int) -> np.ndarray:
    """Return the rates shaped to multiply an array of that many axes whose first is the run."""
    return rates.reshape(rates.shape + (1,) * (axes - 1)) if rates.ndim else rates


def check_step(rates, parameters, gradients) -> None:
    """Refuse what an update in place would silently get wrong."""
    if len(parameters) != len(gradients):
        raise ValueError(
            f"gradients must be one for each parameter, got {len(gradients)} for {len(parameters)}"
        )
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if not isinstance(parameter, np.ndarray) or parameter.dtype.kind != "f":
            kind = getattr(parameter, "dtype", type(parameter).__name__)
            raise TypeError(f"parameters must be float arrays, to be updated in place, got {kind}")
        if np.shape(gradient) != parameter.shape:
            raise ValueError(
                f"gradients must have the shapes of the parameters {parameter.shape}, "
                f"got {np.shape(gradient)}"
            )
        if rates.ndim and (parameter.ndim == 0 or len(parameter) != len(rates)):
            raise ValueError(
                f"learning_rate has {len(rates)} runs, but a parameter has shape {parameter.shape}"
            )
