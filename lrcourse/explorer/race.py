"""Race: all methods from one start, at one rate."""

from dataclasses import dataclass

import matplotlib.figure
import numpy as np

from lrcourse.checks import learning_rates, sequence, whole
from lrcourse.explorer.figure import Axis, Control, Figure, Panel, Readout, Series
from lrcourse.explorer.widget import explorable
from lrcourse.landscapes import Landscape, beale, descend, ravine, rosenbrock, saddle
from lrcourse.optimizers import SGD, Adadelta, Adagrad, Adam, RMSprop
from lrcourse.plots import HIGHLIGHT, METHODS
from lrcourse.tables import Code

RACERS = {
    "SGD": SGD,
    "momentum": lambda rates: SGD(rates, momentum=0.9),
    "Nesterov": lambda rates: SGD(rates, momentum=0.9, nesterov=True),
    "Adagrad": Adagrad,
    "RMSprop": RMSprop,
    "Adadelta": Adadelta,
    "Adam": Adam,
}

FIRST, SECOND = "step of w₁", "step of w₂"
NEAR = 1e-12  # a lower error is as good as none


@dataclass(frozen=True)
class Course:
    """A landscape, the part of it that is drawn, and where one may start and should arrive."""

    landscape: Landscape
    spans: tuple[tuple[float, float], tuple[float, float]]
    starts: tuple[tuple[float, float], ...]
    lowest: tuple[tuple[float, float], ...]
    errors: tuple[float, float]


COURSES = {
    "ravine": Course(
        ravine(50), ((-1.6, 1.6), (-0.32, 0.32)), ((1.4, 0.2), (1.4, 0.02), (-0.6, -0.25)),
        ((0, 0),), (1e-6, 1e2),
    ),
    "saddle": Course(
        saddle(), ((-1.3, 1.3), (-1.7, 1.7)), ((1, 1e-6), (1, 0.3), (-0.5, 0.01)),
        ((0, 1), (0, -1)), (1e-5, 2),
    ),
    "Rosenbrock's ravine": Course(
        rosenbrock(), ((-2, 2), (-1, 3)), ((-1.2, 1), (-0.5, 2.5), (1.5, -0.5)),
        ((1, 1),), (1e-3, 1e4),
    ),
    "Beale's plain": Course(
        beale(), ((-1, 4.5), (-1.5, 2)), ((1, 1.5), (0, -1), (4, -0.5)),
        ((3, 0.5),), (1e-4, 1e3),
    ),
}  # fmt: skip


@explorable
def race(*, rates=(0.001, 0.003, 0.01, 0.02, 0.05, 0.1, 0.3, 1.0), steps=60) -> Figure:
    """Explore the methods: their paths, their errors, and the steps of each weight.

    Momentum is 0.9, all other constants are the library's defaults. There are two to ten rates,
    ascending, and 2 to 100 steps, which are updates.
    """
    if not 2 <= len(sequence("rates", rates)) <= 10:
        raise ValueError(f"rates must be two to ten, got {len(rates)}")
    rates = learning_rates("rates", rates)
    if (np.diff(rates) <= 0).any():
        raise ValueError(f"rates must be ascending, got {rates.tolist()}")
    steps = whole("steps", steps, 2, 100)
    panels, mountains, readouts, starts = [], [], [], []
    for place, course in enumerate(COURSES.values()):
        here, start = {"landscape": place}, f"start{place}"
        points, errors = _walks(course, rates, steps)
        names = [Code(f"({x:g}, {y:g})".replace("-", "−")) for x, y in course.starts]
        starts.append(Control(start, "start", names, kind="choice", when=here))
        mountains.append(_mountain(course, points, start, here))
        panels += [_errors(course, errors, start, here), _moves(points, start, here)]
        readouts += _leaders(errors, start, here)
    return Figure(
        "Choose a landscape and a rate, and let the methods race",
        controls=[
            Control("landscape", "landscape", list(COURSES), kind="choice"),
            *starts,
            Control(
                "rate", "learning rate", [f"{rate:g}" for rate in rates],
                start=int(np.abs(np.log(rates / 0.02)).argmin()),
            ),
            Control("step", "step", [f"{step}" for step in range(steps + 1)], start=steps),
            Control(
                "method", "steps of each weight, for", list(RACERS), kind="choice",
                start=list(RACERS).index("Adam"),
            ),
        ],
        panels=[*mountains, *panels],
        readouts=readouts,
        groups={name: METHODS[name] for name in RACERS} | {FIRST: "#9467bd", SECOND: HIGHLIGHT},
        play="step",
    )  # fmt: skip


def _walks(course, rates, steps) -> tuple[np.ndarray, np.ndarray]:
    """Return points (methods, starts, rates, steps + 1, 2) and errors, the same but the last."""
    walks = [
        [descend(course.landscape, make(rates), start, steps) for start in course.starts]
        for make in RACERS.values()
    ]
    points = np.array([[walk.points.swapaxes(0, 1) for walk in each] for each in walks])
    errors = np.array([[walk.errors.T for walk in each] for each in walks])
    return points, errors


def _mountain(course, points, start, here) -> Panel:
    return Panel(
        "seen from above; × is the lowest point",
        Axis("weight w₁", *course.spans[0]), Axis("weight w₂", *course.spans[1]),
        [
            Series(*_contours(course).T, style="contour"),
            Series(*_crosses(course)),
            Series(*np.transpose(course.starts), style="points", pick=start),
            *(
                Series(path[..., 0], path[..., 1], [start, "rate"], "trail", name, upto="step")
                for name, path in zip(RACERS, points, strict=True)
            ),
        ],
        height=0.8, when=here,
    )  # fmt: skip


def _crosses(course) -> np.ndarray:
    """Return the x and the y of crosses at the lowest points, with a nan after each stroke."""
    strokes = np.array([[-1, -1], [1, 1], [np.nan] * 2, [-1, 1], [1, -1], [np.nan] * 2])
    reach = 0.02 * np.diff(course.spans)[:, 0]
    return (np.array(course.lowest)[:, np.newaxis] + strokes * reach).reshape(-1, 2).T


def _contours(course) -> np.ndarray:
    """Return contour lines, one after the other, with a nan after each."""
    first, second = (np.linspace(*span, 61) for span in course.spans)
    heights = course.landscape.error(np.stack(np.meshgrid(first, second), axis=-1))
    levels = np.geomspace(max(heights.min(), 1e-3 * heights.max()), heights.max(), 12)[:-1]
    # The root of a bowl is a cone: on a grid its lines are exact where the bowl's are not.
    axes = matplotlib.figure.Figure().subplots()
    drawn = axes.contour(first, second, np.sqrt(heights), np.sqrt(levels))
    gap = [[np.nan, np.nan]]
    return np.vstack([part for lines in drawn.allsegs for line in lines for part in (line, gap)])


def _errors(course, errors, start, here) -> Panel:
    steps = np.arange(errors.shape[-1])
    return Panel(
        "error after each step", Axis("step", 0, steps[-1]),
        Axis("error", *course.errors, log=True),
        [
            Series(steps, each, [start, "rate"], group=name, upto="step")
            for name, each in zip(RACERS, errors, strict=True)
        ],
        when=here,
    )  # fmt: skip


def _moves(points, start, here) -> Panel:
    with np.errstate(invalid="ignore"):
        moves = np.abs(np.diff(points, axis=-2))
    # Before the first step there is none.
    moves = np.insert(moves, 0, np.nan, axis=-2)
    steps = np.arange(moves.shape[-2])
    by = [start, "rate"]
    return Panel(
        "length of each weight's step", Axis("step", 0, steps[-1]),
        Axis("change of the weight", 1e-4, 10, log=True),
        [
            Series(steps, of[..., i], by, group=group, upto="step", when={"method": method})
            for method, of in enumerate(moves)
            for i, group in enumerate((FIRST, SECOND))
        ],
        when=here,
    )  # fmt: skip


def _leaders(errors, start, here) -> list[Readout]:
    """Return who has the lowest error after each step, and that error."""
    finite = np.where(np.isfinite(errors), errors, np.inf)
    names = np.array(list(RACERS), object)[finite.argmin(axis=0)]
    names[..., 0] = Code("–")  # they start together
    by = [start, "rate", "step"]
    return [
        Readout("in the lead", names, by, when=here),
        Readout("its error", _texts(finite.min(axis=0)), by, when=here),
    ]


def _texts(errors) -> np.ndarray:
    """Return errors as texts; below what matters, just that they are."""
    texts = [Code(f"{error:.2g}" if error >= NEAR else f"< {NEAR:g}") for error in errors.ravel()]
    return np.array(texts, object).reshape(errors.shape)
