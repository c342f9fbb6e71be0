"""Error curves and error mountains, and the way down."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lrcourse.checks import numeric, positive_integer, real


@dataclass(frozen=True)
class Landscape:
    """An error as a function of one weight (a curve) or more (a mountain).

    Attributes
    ----------
    error : function of points (..., weights), giving (...)
    gradient : function of points (..., weights), giving (..., weights)
    weights : int
        How many weights a point has.
    minimum : array (weights,)
        Where the error is lowest.
    curvature : array (weights,)
        The second derivatives at the minimum along the principal axes, in
        ascending order. The last is L: of a quadratic, gradient descent
        converges for learning rates below 2/L.
    """

    error: Callable[[np.ndarray], np.ndarray]
    gradient: Callable[[np.ndarray], np.ndarray]
    weights: int
    minimum: np.ndarray
    curvature: np.ndarray


def quadratic(curvature, minimum=0.0) -> Landscape:
    r"""A parabola or a bowl, :math:`J(w) = \tfrac12 \sum_i L_i (w_i - m_i)^2`.

    Parameters
    ----------
    curvature : float or array (weights,)
        The :math:`L_i`, each positive.
    minimum : float or array (weights,)
        The point m.

    >>> curve = quadratic(2.0)
    >>> curve.error(np.array([3.0])), curve.gradient(np.array([3.0]))
    (np.float64(9.0), array([6.]))
    """
    curvature = numeric("curvature", np.atleast_1d(curvature))
    minimum = np.broadcast_to(numeric("minimum", np.atleast_1d(minimum)), curvature.shape)
    if curvature.ndim != 1 or (curvature <= 0).any():
        raise ValueError(f"curvature must be positive, got {curvature}")
    return Landscape(
        error=lambda w: 0.5 * np.sum(curvature * (w - minimum) ** 2, axis=-1),
        gradient=lambda w: curvature * (w - minimum),
        weights=len(curvature),
        minimum=minimum,
        curvature=np.sort(curvature),
    )


def least_squares(x, y) -> Landscape:
    r"""The error of a linear model on data, :math:`J(w) = \frac{1}{2n} \lVert xw - y\rVert^2`.

    An error curve for one weight, an error mountain for two. The curvatures are
    the eigenvalues of :math:`x^\top x / n`.

    Parameters
    ----------
    x : array (n, weights)
        For a bias, a column of ones.
    y : array (n,)
    """
    x, y = numeric("x", x), numeric("y", y)
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise ValueError(f"x must be (n, weights) and y (n,), got {x.shape} and {y.shape}")
    curvature = np.linalg.eigvalsh(x.T @ x / len(x))
    if curvature[0] <= 1e-12 * curvature[-1]:
        raise ValueError("x must have linearly independent columns: the minimum is not one point")
    return Landscape(
        error=lambda w: 0.5 * np.mean((w @ x.T - y) ** 2, axis=-1),
        gradient=lambda w: (w @ x.T - y) @ x / len(x),
        weights=x.shape[1],
        minimum=np.linalg.lstsq(x, y, rcond=None)[0],
        curvature=curvature,
    )


def two_valleys(tilt: float = 0.1) -> Landscape:
    r"""A curve with two valleys, the right one lower, :math:`\tfrac14 (w^2 - 1)^2 - cw`.

    Parameters
    ----------
    tilt : float
        The slope c, above 0 and below 0.38, where the left valley disappears.

    >>> curve = two_valleys()
    >>> curve.minimum.round(3), bool(abs(curve.gradient(curve.minimum)) < 1e-12)
    (array([1.047]), True)
    """
    tilt = real("tilt", tilt, low=1e-6, high=0.38)
    # The slope w³ − w − c is zero at the bottoms of both valleys and at the pass between.
    right = np.roots([1, 0, -1, -tilt]).real.max()
    return Landscape(
        error=lambda w: np.sum((w**2 - 1) ** 2 / 4 - tilt * w, axis=-1),
        gradient=lambda w: w**3 - w - tilt,
        weights=1,
        minimum=np.array([right]),
        curvature=np.array([3 * right**2 - 1]),
    )


@dataclass(frozen=True)
class Descent:
    """The way down a landscape: one column a run.

    Attributes
    ----------
    landscape : Landscape
    learning_rates : array (runs,)
    points : array (steps + 1, runs, weights)
    gradients : array (steps, runs, weights)
        At each point but the last.
    errors : array (steps + 1, runs)
    """

    landscape: Landscape
    learning_rates: np.ndarray
    points: np.ndarray
    gradients: np.ndarray
    errors: np.ndarray


def descend(landscape: Landscape, optimizer, start, steps: int) -> Descent:
    """Walk down a landscape, once for each learning rate of the optimizer.

    A step is an update with the exact gradient. A run that leaves the range of
    numbers goes on as infinity and nan.

    Parameters
    ----------
    landscape : Landscape
    optimizer
        As `lrcourse.optimizers.SGD`.
    start : array (weights,), or a float where there is one weight
    steps : int

    >>> from lrcourse.optimizers import SGD
    >>> descend(quadratic(1.0), SGD([0.5, 1.0]), 8.0, 2).points[:, :, 0]
    array([[8., 8.],
           [4., 0.],
           [2., 0.]])
    """
    steps = positive_integer("steps", steps)
    start = numeric("start", np.atleast_1d(start))
    if start.shape != (landscape.weights,):
        raise ValueError(f"start must have {landscape.weights} weights, got shape {start.shape}")
    learning_rates = np.atleast_1d(optimizer.learning_rate)
    point = np.tile(start, (len(learning_rates), 1))
    points, gradients = [point.copy()], []
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            gradients.append(landscape.gradient(point))
            optimizer.step([point], [gradients[-1]])
            points.append(point.copy())
        points = np.array(points)
        errors = landscape.error(points)
    return Descent(landscape, learning_rates, points, np.array(gradients), errors)
