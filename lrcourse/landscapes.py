"""Error curves and error mountains, and the way down."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lrcourse import checks


@dataclass(frozen=True)
class Landscape:
    """An error as a function of one weight (a curve) or more (a mountain).

    `error` takes points (..., weights) to (...), `gradient` to (..., weights). `minimum`
    (weights,) is where the error is lowest, `curvature` (weights,) the second derivatives there
    along the principal `axes`, the columns of a matrix, in ascending order. The last curvature is
    L: of a quadratic, gradient descent converges for learning rates below 2/L.
    """

    error: Callable[[np.ndarray], np.ndarray]
    gradient: Callable[[np.ndarray], np.ndarray]
    weights: int
    minimum: np.ndarray
    curvature: np.ndarray
    axes: np.ndarray


def _curved(error, gradient, minimum, hessian) -> Landscape:
    """Return a landscape with the curvatures of its Hessian at the minimum."""
    curvature, axes = np.linalg.eigh(np.array(hessian))
    return Landscape(error, gradient, len(minimum), np.array(minimum), curvature, axes)


def quadratic(curvature, minimum=0.0) -> Landscape:
    r"""A parabola or a bowl, :math:`J(w) = \tfrac12 \sum_i L_i (w_i - m_i)^2`.

    The curvatures :math:`L_i` are positive; there is one for each weight.

    >>> curve = quadratic(2.0)
    >>> curve.error(np.array([3.0])), curve.gradient(np.array([3.0]))
    (np.float64(9.0), array([6.]))
    """
    curvature = checks.numeric("curvature", np.atleast_1d(checks.array(curvature)))
    if curvature.ndim != 1 or curvature.size == 0 or (curvature <= 0).any():
        raise ValueError(f"curvature must be positive, one or more, got {curvature}")
    minimum = checks.numeric("minimum", np.atleast_1d(checks.array(minimum)))
    if minimum.shape not in ((1,), curvature.shape):
        raise ValueError(f"minimum must have {len(curvature)} weights, got shape {minimum.shape}")
    minimum = np.broadcast_to(minimum, curvature.shape)
    return _curved(
        error=lambda w: 0.5 * np.sum(curvature * (w - minimum) ** 2, axis=-1),
        gradient=lambda w: curvature * (w - minimum),
        minimum=minimum,
        hessian=np.diag(curvature),
    )


def ravine(ratio: float = 50.0) -> Landscape:
    """Return a bowl of two weights, `ratio` times as steep along the second as along the first."""
    return quadratic([1.0, checks.real("ratio", ratio, low=1.0)])


def least_squares(x, y) -> Landscape:
    r"""The error of a linear model on data, :math:`J(w) = \frac{1}{2n} \lVert xw - y\rVert^2`.

    An error curve for one weight, an error mountain for two; for a bias, x (n, weights) has a
    column of ones. The curvatures are the eigenvalues of :math:`x^\top x / n`.
    """
    x, y = checks.numeric("x", x), checks.numeric("y", y)
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise ValueError(f"x must be (n, weights) and y (n,), got {x.shape} and {y.shape}")
    valley = _curved(
        error=lambda w: 0.5 * np.mean((w @ x.T - y) ** 2, axis=-1),
        gradient=lambda w: (w @ x.T - y) @ x / len(x),
        minimum=np.linalg.lstsq(x, y, rcond=None)[0],
        hessian=x.T @ x / len(x),
    )
    if valley.curvature[0] <= 1e-12 * valley.curvature[-1]:
        raise ValueError("x must have linearly independent columns: the minimum is not one point")
    return valley


def two_valleys(tilt: float = 0.1) -> Landscape:
    r"""A curve with two valleys, the right one lower, :math:`\tfrac14 (w^2 - 1)^2 - cw`.

    The slope c, `tilt`, is above 0 and below 0.38, where the left valley disappears.

    >>> curve = two_valleys()
    >>> curve.minimum.round(3), bool(abs(curve.gradient(curve.minimum)) < 1e-12)
    (array([1.047]), True)
    """
    tilt = checks.real("tilt", tilt, low=1e-6, high=0.38)
    # The slope w³ − w − c is zero at the bottoms of both valleys and at the pass between.
    right = np.roots([1, 0, -1, -tilt]).real.max()
    return _curved(
        error=lambda w: np.sum((w**2 - 1) ** 2 / 4 - tilt * w, axis=-1),
        gradient=lambda w: w**3 - w - tilt,
        minimum=[right],
        hessian=[[3 * right**2 - 1]],
    )


def saddle() -> Landscape:
    r"""Two valleys and a saddle, :math:`\tfrac12 w_1^2 + \tfrac14 (w_2^2 - 1)^2`.

    Along the first weight the origin is a minimum, along the second a maximum,
    and the gradient there is zero. The lowest points are (0, 1) and (0, −1).
    """
    return _curved(
        error=lambda w: w[..., 0] ** 2 / 2 + (w[..., 1] ** 2 - 1) ** 2 / 4,
        gradient=lambda w: np.stack([w[..., 0], w[..., 1] ** 3 - w[..., 1]], axis=-1),
        minimum=[0.0, 1.0],
        hessian=[[1.0, 0.0], [0.0, 2.0]],
    )


def rosenbrock() -> Landscape:
    r"""A bent ravine, :math:`(1 - w_1)^2 + 100 (w_2 - w_1^2)^2`.  [Rosenbrock 1960]

    The floor of the ravine falls slowly towards the minimum at (1, 1).
    """

    def gradient(w):
        across = w[..., 1] - w[..., 0] ** 2
        return np.stack([2 * (w[..., 0] - 1) - 400 * w[..., 0] * across, 200 * across], axis=-1)

    return _curved(
        error=lambda w: (1 - w[..., 0]) ** 2 + 100 * (w[..., 1] - w[..., 0] ** 2) ** 2,
        gradient=gradient,
        minimum=[1.0, 1.0],
        hessian=[[802.0, -400.0], [-400.0, 200.0]],
    )


def beale() -> Landscape:
    r"""A plateau with steep edges, :math:`\sum_{i=1}^3 (c_i - w_1 (1 - w_2^i))^2`.  [Beale 1955]

    With c = (1.5, 2.25, 2.625) the minimum is at (3, 0.5).
    """
    targets, powers = np.array([1.5, 2.25, 2.625]), np.arange(1, 4)

    def residuals(w):
        return targets - w[..., :1] * (1 - w[..., 1:] ** powers)

    def slopes(w):
        first = w[..., 1:] ** powers - 1
        return np.stack([first, w[..., :1] * powers * w[..., 1:] ** (powers - 1)], axis=-2)

    minimum = np.array([3.0, 0.5])
    return _curved(
        error=lambda w: np.sum(residuals(w) ** 2, axis=-1),
        gradient=lambda w: 2 * np.sum(slopes(w) * residuals(w)[..., np.newaxis, :], axis=-1),
        minimum=minimum,
        # The residuals are zero at the minimum: their own curvature has no part in it.
        hessian=2 * slopes(minimum) @ slopes(minimum).T,
    )


@dataclass(frozen=True)
class Descent:
    """The way down a landscape: one column a run.

    `points` are (steps + 1, runs, weights), `errors` (steps + 1, runs), and `gradients`,
    (steps, runs, weights), those at each point but the last.
    """

    landscape: Landscape
    learning_rates: np.ndarray
    points: np.ndarray
    gradients: np.ndarray
    errors: np.ndarray


def descend(landscape: Landscape, optimizer, start, steps: int) -> Descent:
    """Walk down a landscape, once for each learning rate of the optimizer.

    A step is an update with the exact gradient, from `start` (weights,). A run that leaves the
    range of numbers goes on as infinity and nan.

    >>> from lrcourse.optimizers import SGD
    >>> descend(quadratic(1.0), SGD([0.5, 1.0]), 8.0, 2).points[:, :, 0]
    array([[8., 8.],
           [4., 0.],
           [2., 0.]])
    """
    steps = checks.positive_integer("steps", steps)
    checks.instance("landscape", landscape, Landscape)
    checks.having("optimizer", optimizer, "learning_rate", "step")
    start = checks.numeric("start", np.atleast_1d(checks.array(start)))
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


SCENARIOS = ("slow", "converging", "oscillating", "diverging")


def classify(descent: Descent, tolerance: float = 0.01) -> list[str]:
    """Name the scenario of each run of a descent.

    Along each principal axis of the landscape the gradients, of two steps or more, are looked
    at. A run is

    - *diverging* if its error is no longer finite, or if along some axis the
      gradient has grown from the first step to the last;
    - *oscillating* if along some axis it changes sign in most steps: each step
      overshoots the bottom;
    - *converging* if neither, and the error above the minimum has fallen below
      `tolerance`, between 0 and 1, times what it was at the start;
    - *slow* if not even that.

    On a quadratic with a constant rate η, plain SGD multiplies the gradient along an axis of
    curvature λ by 1 − ηλ in every step, so the names are exact: slow or converging up to 1/L,
    oscillating up to 2/L, diverging above, if the start is off the minimum along the steepest
    axis. Elsewhere they are a heuristic that judges from the steps that were made.

    >>> from lrcourse.optimizers import SGD
    >>> classify(descend(quadratic(1.0), SGD([0.01, 0.5, 1.5, 2.5]), 1.0, 20))
    ['slow', 'converging', 'oscillating', 'diverging']
    """
    if len(checks.instance("descent", descent, Descent).gradients) < 2:
        raise ValueError("descent must have at least two steps, got one")
    tolerance = checks.real("tolerance", tolerance, low=0.0, high=1.0)
    excess = descent.errors - descent.landscape.error(descent.landscape.minimum)
    with np.errstate(over="ignore", invalid="ignore"):
        along = descent.gradients @ descent.landscape.axes
    return [_scenario(*run, tolerance) for run in zip(excess.T, along.swapaxes(0, 1), strict=True)]


def _scenario(excess, along, tolerance) -> str:
    slopes, signs = np.abs(along), np.sign(along)
    # What is this small beside the start is rounding, whose sign means nothing.
    told = slopes > 1e-9 * slopes[0].max()
    grown = told[-1] & (slopes[-1] > slopes[0] * (1 + 1e-9))
    if not np.isfinite(excess[-1]) or grown.any():
        return "diverging"
    both = told[1:] & told[:-1]
    changes = (both & (signs[1:] != signs[:-1])).sum(axis=0)
    if (2 * changes > both.sum(axis=0)).any():
        return "oscillating"
    return "converging" if excess[-1] <= tolerance * excess[0] else "slow"
