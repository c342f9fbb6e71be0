"""Descent: a slider for the learning rate, and what it does to the way down."""

import numpy as np

from lrcourse.checks import numeric, whole
from lrcourse.explorer.figure import Axis, Control, Figure, Panel, Readout, Series, cursor
from lrcourse.explorer.widget import explorable
from lrcourse.landscapes import classify, descend, quadratic
from lrcourse.optimizers import SGD
from lrcourse.plots import HIGHLIGHT, NEGATIVE
from lrcourse.tables import Code

MOMENTA = (0.0, 0.25, 0.5, 0.75, 0.9)
STATE = ("momentum", "rate")
NEAR = 0.01  # "at the minimum": the error, above its least, is this share of what it was


@explorable
def descent(*, curvature=(1.0,), start=(-4.0,), steps=40) -> Figure:
    r"""Explore a descent on a parabola or in a bowl, :math:`J(w) = \tfrac12\sum_i L_i w_i^2`.

    One curvature :math:`L_i` makes an error curve, two an error mountain. The start has as many
    weights, none of them 0; the steps are 2 to 60 updates.
    """
    landscape, start = quadratic(curvature), numeric("start", start)
    steps = whole("steps", steps, 2, 60)
    if landscape.weights > 2 or start.shape != (landscape.weights,) or not start.all():
        raise ValueError(
            "curvature and start must have one number or two, and start no 0, "
            f"got {curvature!r} and {start!r}"
        )
    steepest = landscape.curvature[-1]
    rates = _rates(steepest)
    descents = [descend(landscape, SGD(rates, momentum=beta), start, steps) for beta in MOMENTA]
    errors = np.stack([each.errors.T for each in descents])
    points = np.stack([each.points.swapaxes(0, 1) for each in descents])
    counts = np.array([_needed(each.errors) for each in descents])
    every, top = np.arange(steps + 1), float(errors[0, 0, 0])
    return Figure(
        "Move the learning rate, and watch the descent",
        controls=[
            Control(
                "rate", "learning rate", [f"{rate:.4g}" for rate in rates],
                start=int(np.searchsorted(rates, 0.3 / steepest)), marks=_marks(rates, steepest),
            ),
            Control("momentum", "momentum", [f"{each:g}" for each in MOMENTA], kind="choice"),
        ],
        panels=[
            (_curve if landscape.weights == 1 else _mountain)(landscape, start, points),
            Panel(
                "error after each step", Axis("step", 0, steps),
                Axis("error", top * 1e-6, top * 1e3, log=True),
                [Series(every, errors, STATE, "path", "way down")],
            ),
            Panel(
                "steps to a hundredth of the error, for every rate",
                Axis("learning rate", 0, rates[-1]), Axis("steps", 0, np.nanmax(counts) * 1.05),
                [
                    Series(rates, counts, ["momentum"], "line", "steps for every rate"),
                    cursor(rates, "rate"),
                ],
            ),
        ],
        readouts=[
            Readout("scenario", np.array([classify(each) for each in descents]), STATE),
            Readout("steps to a hundredth of the error", counts, STATE),
            Readout("error at the end", errors[..., -1], STATE),
        ],
        groups={"way down": HIGHLIGHT, "steps for every rate": NEGATIVE},
        pin=True,
    )  # fmt: skip


def _rates(steepest: float) -> np.ndarray:
    """Return the slider's rates: more of them where less is, and the two thresholds among them."""
    farthest = max(2 * (1 + momentum) for momentum in MOMENTA)
    shares = np.append(np.geomspace(0.01, 0.2, 14)[:-1], np.arange(0.2, farthest + 0.2, 0.04))
    return np.unique(shares.round(10)) / steepest


def _needed(errors) -> np.ndarray:
    """Return the first step after which the error stays near its least, or nan."""
    below = errors <= NEAR * errors[0]
    stays = np.logical_and.accumulate(below[::-1], axis=0)[::-1]
    return np.where(stays.any(axis=0), stays.argmax(axis=0), np.nan)


def _marks(rates, steepest) -> list[tuple]:
    # With momentum β a descent on a quadratic diverges above 2(1 + β)/L.
    shares = [(1, 0)] + [(2 * (1 + beta), i) for i, beta in enumerate(MOMENTA)]
    places = np.arange(len(rates))
    return [
        (np.interp(share / steepest, rates, places), Code(f"{share:g}/L"), {"momentum": i})
        for share, i in shares
    ]


def _curve(landscape, start, points) -> Panel:
    reach = 1.6 * abs(start[0])
    weights = np.linspace(-reach, reach, 81)
    top = float(landscape.error(np.array([reach])))
    path = points[..., 0]
    return Panel(
        "error curve", Axis("weight w", -reach, reach), Axis("error", -0.05 * top, top),
        [
            Series(weights, landscape.error(weights[:, np.newaxis])),
            Series(path, landscape.error(points), STATE, "path", "way down"),
        ],
    )  # fmt: skip


def _mountain(landscape, start, points) -> Panel:
    reach = 1.6 * np.abs(start)
    angles = np.linspace(0, 2 * np.pi, 61)
    levels = float(landscape.error(reach)) * np.array([0.01, 0.05, 0.15, 0.3, 0.5, 0.75])
    # On an ellipse J(w) = level; a nan after each lifts the pen.
    radii = np.sqrt(2 * levels[:, np.newaxis] / landscape.curvature[np.newaxis])
    order = np.argsort(np.abs(landscape.axes).argmax(axis=0))
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    rings = radii[:, np.newaxis, order] * circle
    rings = np.concatenate([rings, np.full((len(levels), 1, 2), np.nan)], axis=1).reshape(-1, 2)
    return Panel(
        "error mountain, seen from above",
        Axis("weight w₁", -reach[0], reach[0]), Axis("weight w₂", -reach[1], reach[1]),
        [
            Series(*rings.T, style="contour"),
            Series(points[..., 0], points[..., 1], STATE, "path", "way down"),
        ],
    )  # fmt: skip
