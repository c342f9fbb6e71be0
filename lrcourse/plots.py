"""The figures of the course.

Every function returns a `Picture`, which a notebook shows as it is. Labels come
in the language of `lrcourse.use_language`.
"""

import importlib.util
import io
from collections.abc import Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lrcourse.checks import (
    by_name,
    flag,
    instance,
    numbers,
    numeric,
    one_for_each,
    one_of,
    real,
    sequence,
    several,
    whole,
)
from lrcourse.datasets import Data
from lrcourse.experiments import SAMPLES
from lrcourse.landscapes import Descent, Landscape
from lrcourse.language import current_language, translate
from lrcourse.models import LogisticRegression
from lrcourse.search import RangeTest, Search
from lrcourse.tables import Table
from lrcourse.training import History

WIDTH = 6.4  # inches: the width of a page's text
DOTS_PER_INCH = 100
INK, FAINT, HIGHLIGHT = "#262626", "#b0b0b0", "#d1495b"
NEGATIVE, POSITIVE = "#2a6fbb", "#d98c00"  # told apart by colour-blind eyes and in grey
# A method has the same colour wherever it appears: Okabe and Ito's palette.
METHODS = {
    "SGD": "#262626",
    "momentum": "#0072b2",
    "Nesterov": "#56b4e9",
    "Adagrad": "#009e73",
    "RMSprop": "#d55e00",
    "Adadelta": "#cc79a7",
    "Adam": "#e69f00",
    "AdamW": "#8c564b",
}

STYLE = {
    "axes.edgecolor": INK,
    "axes.grid": True,
    "axes.grid.which": "major",
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "font.size": 10,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "mathtext.fontset": "dejavusans",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def _level(name, value):
    """Return a height and the name of the line there."""
    if len(sequence(name, value)) != 2:
        raise ValueError(f"{name} must be a height and a name, got {value!r}")
    return real(f"the height of {name}", value[0]), instance(f"the name of {name}", value[1], str)


_row, _span = partial(numbers, axes=1), several(real, 2)
# What an argument must be, whatever the figure.
_checked = by_name(
    dict.fromkeys(("title", "xlabel", "ylabel", "mark_label"), str)
    | dict.fromkeys(("validation", "tangent", "log", "log_x"), flag)
    | dict.fromkeys(("labels", "names"), several(str))
    | dict.fromkeys(("lines", "values"), several(_row))
    | dict.fromkeys(("ends", "marks", "middles", "lows", "highs"), _row)
    | dict.fromkeys(("x", "learning_rates"), partial(numeric, axes=1))
    | {
        "history": History,
        "data": Data,
        "landscape": Landscape,
        "descent": Descent,
        "search": Search,
        "test": RangeTest,
        "verdicts": Table,
        "samples": partial(numbers, axes=2),
        "colours": sequence,
        "methods": several(partial(one_of, allowed=METHODS)),
        "levels": several(_level),
        "span": _span,
        "spans": several(_span, 2),
    }
)


class Picture(Figure):
    """A matplotlib figure that a notebook shows in the same bytes every time.

    Made without pyplot, so nothing keeps it alive and no setting of the
    notebook's reader changes it. Its `repr` says what it shows.
    """

    def __init__(self, height: float, about: str):
        super().__init__(figsize=(WIDTH, height), dpi=DOTS_PER_INCH, layout="constrained")
        self.about = translate(about)

    def __repr__(self):
        return self.about

    def _repr_png_(self):
        buffer = io.BytesIO()
        with style():
            # Twice the dots, for sharp screens; no date and no version in the file.
            self.savefig(buffer, dpi=2 * DOTS_PER_INCH, metadata={"Software": None})
        width, height = (round(inches * DOTS_PER_INCH) for inches in self.get_size_inches())
        return buffer.getvalue(), {"width": width, "height": height}


@contextmanager
def style():
    """Draw in the course's style, with a font for the chosen language, in this context."""
    style = {**STYLE, "font.family": ["DejaVu Sans"]}
    if current_language() == "zh":
        # The package has the regular weight alone: a title stands out by its size.
        style |= {"font.family": [_chinese_font(), "DejaVu Sans"]}
        style |= {"axes.titleweight": "normal", "axes.titlesize": 13}
    with mpl.rc_context(style):
        yield


def _chinese_font() -> str:
    """Register the Chinese font that the package zhplot carries, and return its name."""
    # Found without importing zhplot, which would change matplotlib's settings.
    package = Path(importlib.util.find_spec("zhplot").origin).parent
    path = package / "fonts" / "NotoSansSC-Regular.ttf"
    if not any(font.fname == str(path) for font in font_manager.fontManager.ttflist):
        font_manager.fontManager.addfont(path)
    return font_manager.FontProperties(fname=path).get_name()


@_checked
def rate_colours(learning_rates: Sequence[float]) -> list:
    """Return a colour for each rate, from dark blue (smallest) to orange (largest)."""
    order = learning_rates.argsort().argsort() / max(1, len(learning_rates) - 1)
    return [mpl.colormaps["plasma"](0.05 + 0.75 * place) for place in order]


@contextmanager
def _drawing(title: str, xlabel: str, ylabel: str = "", height: float = 3.6, log: str = ""):
    """Draw in the style of the course, on the axes of a new picture; `log` is "x", "y" or "xy"."""
    with style():
        axes = Picture(height, title).subplots()
        axes.set(
            title=translate(title), xlabel=translate(xlabel), ylabel=translate(ylabel),
            xscale="log" if "x" in log else "linear", yscale="log" if "y" in log else "linear",
        )  # fmt: skip
        yield axes


@_checked
def loss_curves(history: History, *, title: str, validation: bool = False) -> Picture:
    """Loss over epochs for each rate, on a log scale; a run that turned nan stops there."""
    loss = history.validation_loss if validation else history.train_loss
    ylabel = "validation loss" if validation else "training loss"
    return _curves_of_rates(history, history.epochs, loss, "epoch", ylabel, title)


@_checked
def descent_errors(descent: Descent, *, title: str) -> Picture:
    """Error over steps for each rate, on a log scale."""
    steps = np.arange(len(descent.errors))
    return _curves_of_rates(descent, steps, descent.errors, "step", "error", title)


def _curves_of_rates(shown, x, values, xlabel, ylabel, title):
    colours = rate_colours(shown.learning_rates)
    labels = _rate_labels(shown.learning_rates)
    return curves(
        x, values.T, labels, xlabel=xlabel, ylabel=ylabel, title=title, log=True, colours=colours
    )


def _rate_labels(learning_rates) -> list[str]:
    return [f"{rate:g}" for rate in learning_rates]


@_checked
def curves(
    x: np.ndarray,
    lines: Sequence[np.ndarray],
    labels: Sequence[str],
    *,
    xlabel: str,
    ylabel: str,
    title: str,
    log: bool = False,
    log_x: bool = False,
    level: tuple[float, str] | None = None,
    colours: Sequence | None = None,
) -> Picture:
    """Lines over a common axis, each labelled at its end; `level` is a dashed line and its name.

    Lines that are labelled with the names of methods take the colours of these.
    """
    if colours is None and set(labels) <= METHODS.keys():
        colours = [METHODS[label] for label in labels]
    colours = rate_colours(range(len(lines))) if colours is None else colours
    one_for_each("lines", lines, labels=labels, colours=colours)
    for line in lines:
        one_for_each("x", x, lines=line)
    with _drawing(title, xlabel, ylabel, log="x" * log_x + "y" * log) as axes:
        for line, colour in zip(lines, colours, strict=True):
            # A point between two gaps has no line to it: it takes a dot to be seen.
            axes.plot(x, line, color=colour, marker="" if np.isfinite(line).all() else ".")
        if not log_x:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        if level is not None:
            height, name = _level("level", level)
            axes.axhline(height, color=INK, linestyle="--", linewidth=1)
            axes.annotate(
                translate(name), (1, height), (-2, -4), xycoords=("axes fraction", "data"),
                textcoords="offset points", ha="right", va="top", fontsize=9,
            )  # fmt: skip
        _label_ends(axes, x, lines, [translate(label) for label in labels], colours)
    return axes.figure


def _label_ends(axes, x, lines, labels, colours):
    """Write each label at the right, as high as its line ends, moved apart where they meet."""
    ends = []
    axes.set_ylim(axes.get_ylim())  # settle the limits before asking where a point lies in them
    to_axes = (axes.transData + axes.transAxes.inverted()).transform
    for line, label, colour in zip(lines, labels, colours, strict=True):
        finite = np.flatnonzero(np.isfinite(line))
        if finite.size:
            label = label if finite[-1] == len(line) - 1 else f"{label} (nan)"
            ends.append((to_axes((x[-1], line[finite[-1]]))[1], label, colour))
    ends.sort(key=lambda end: end[0])
    heights = _apart([height for height, _, _ in ends], gap=0.065)
    for height, (_, label, colour) in zip(heights, ends, strict=True):
        axes.annotate(
            label, (x[-1], height), (5, 0), xycoords=("data", "axes fraction"),
            textcoords="offset points", color=colour, va="center", fontsize=9,
            annotation_clip=False,
        )  # fmt: skip


def _apart(heights, gap):
    """Return ascending heights, moved as little as it takes to have the gap between them."""
    groups = []  # of heights that share the room around their common middle
    for height in heights:
        group = [height]
        while groups and (
            np.mean(group) - np.mean(groups[-1]) < gap * (len(groups[-1]) + len(group)) / 2
        ):
            group = groups.pop() + group
        groups.append(group)
    return [
        np.mean(group) + gap * (place - (len(group) - 1) / 2)
        for group in groups
        for place in range(len(group))
    ]


@_checked
def error_curve(
    landscape: Landscape, *, title: str, descent: Descent | None = None, run: int = 0,
    span: tuple[float, float] = (-1, 5), xlabel: str = "weight w", tangent: bool = True,
) -> Picture:  # fmt: skip
    """The error of one weight, and the steps of one run down it with the tangent of the first."""
    _has_weights(landscape, 1)
    with _drawing(title, xlabel, "error J") as axes:
        w = np.linspace(*span, 200)
        axes.plot(w, landscape.error(w[:, np.newaxis]), color=FAINT, linewidth=2.5)
        axes.plot(
            landscape.minimum[0], landscape.error(landscape.minimum), "*", color=INK, markersize=11
        )
        if descent is not None:
            whole("run", run, 0, len(descent.learning_rates) - 1)
            points, errors = descent.points[:, run, 0], descent.errors[:, run]
            colour = rate_colours(descent.learning_rates)[run]
            axes.plot(points, errors, "o-", color=colour, markersize=5, linewidth=1)
        if descent is not None and tangent:
            slope = descent.gradients[0, run, 0]
            reach = 0.12 * (span[1] - span[0])
            axes.plot(
                points[0] + reach * np.array([-1, 1]),
                errors[0] + slope * reach * np.array([-1, 1]),
                color=HIGHLIGHT, linewidth=1.2,
            )  # fmt: skip
            name = translate("slope {slope}", slope=f"{slope:.4g}".replace("-", "−"))
            axes.annotate(
                name, (points[0], errors[0]), (8, -12), textcoords="offset points",
                color=HIGHLIGHT, fontsize=9,
            )  # fmt: skip
    return axes.figure


def _has_weights(landscape, count):
    if landscape.weights != count:
        raise ValueError(f"landscape must be of {count} weights, got {landscape.weights}")


@_checked
def places(
    learning_rates: np.ndarray,
    ends: np.ndarray,
    *,
    title: str,
    ylabel: str,
    levels: Sequence[tuple[float, str]] = (),
) -> Picture:
    """Where each of many runs ends, over its learning rate; nan leaves the place empty."""
    one_for_each("learning_rates", learning_rates, ends=ends)
    with _drawing(title, "learning rate", ylabel, height=3.2) as axes:
        for height, name in levels:
            axes.axhline(height, color=FAINT, linewidth=1)
            axes.annotate(
                translate(name), (1, height), (-2, 4), xycoords=("axes fraction", "data"),
                textcoords="offset points", ha="right", fontsize=9,
            )  # fmt: skip
        axes.plot(learning_rates, ends, ".", color=NEGATIVE, markersize=4)
        axes.set(xlim=(0, 1.02 * learning_rates.max()))
    return axes.figure


@_checked
def error_mountain(
    landscape: Landscape, descent: Descent, *, title: str,
    spans: tuple[tuple[float, float], tuple[float, float]],
    xlabel: str = "weight w₁", ylabel: str = "weight w₂", methods: Sequence[str] | None = None,
) -> Picture:  # fmt: skip
    """Lines of equal error of two weights, and the way of each run down.

    A run is named by its learning rate, or by its method where these are given.
    """
    _has_weights(landscape, 2)
    if methods is None:
        names, colours = _rate_labels(descent.learning_rates), rate_colours(descent.learning_rates)
    else:
        one_for_each("learning_rates", descent.learning_rates, methods=methods)
        names, colours = map(translate, methods), [METHODS[method] for method in methods]
    first, second = (np.linspace(*span, 200) for span in spans)
    heights = landscape.error(np.stack(np.meshgrid(first, second), axis=-1))
    levels = np.geomspace(max(heights.min(), 1e-3 * heights.max()), heights.max(), 12)
    with _drawing(title, xlabel, ylabel, height=4.4) as axes:
        axes.contour(first, second, heights, levels=levels, colors=FAINT, linewidths=0.9)
        axes.set(xlim=spans[0], ylim=spans[1])
        axes.grid(False)
        for run, (name, colour) in enumerate(zip(names, colours, strict=True)):
            axes.plot(
                *descent.points[:, run].T, "o-", color=colour, markersize=3, linewidth=1.3,
                label=name,
            )  # fmt: skip
        axes.plot(*landscape.minimum, "*", color=INK, markersize=11)
        legend = translate("learning rate") if methods is None else None
        axes.legend(title=legend, loc="best", alignment="left")
    return axes.figure


@_checked
def decision_boundaries(history: History, data: Data, *, title: str) -> Picture:
    """What each rate has learned: the probability it gives each place, and the border at ½.

    The parameters are those at the lowest validation loss.
    """
    side = np.linspace(0, 1, 120)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    probabilities = LogisticRegression(2).probabilities(history.best_parameters, grid)
    runs = len(history.learning_rates)
    columns = min(3, runs)
    rows = -(-runs // columns)
    colours = mpl.colors.LinearSegmentedColormap.from_list("classes", [NEGATIVE, "white", POSITIVE])
    district = data.y_validation == 1
    with style():
        picture = Picture(0.4 + 2.15 * rows, title)
        picture.suptitle(
            translate(title), x=0.01, ha="left", fontsize=mpl.rcParams["axes.titlesize"],
            weight=mpl.rcParams["axes.titleweight"],
        )  # fmt: skip
        panels = picture.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat
        for axes in panels[runs:]:
            axes.remove()
        for axes, rate, row in zip(panels, history.learning_rates, probabilities, strict=False):
            heights = row.reshape(len(side), -1)
            axes.imshow(
                heights, origin="lower", extent=(0, 1, 0, 1), cmap=colours, vmin=0, vmax=1,
                alpha=0.45,
            )  # fmt: skip
            for members, colour in ((~district, NEGATIVE), (district, POSITIVE)):
                axes.plot(*data.x_validation[members].T, ".", color=colour, markersize=2)
            axes.contour(side, side, heights, levels=[0.5], colors=[INK])
            axes.plot([0, 0.5], [0.5, 1], color=INK, linewidth=1, linestyle=":")
            axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
            axes.grid(False)
            title = translate("learning rate {rate:g}", rate=rate)
            axes.set_title(title, fontsize=9, weight="normal")
    return picture


@_checked
def sample_predictions(history: History, *, title: str, samples: np.ndarray = SAMPLES) -> Picture:
    """The predictions at the samples over the learning rate; the dashed line is ½."""
    predictions = LogisticRegression(2).probabilities(history.best_parameters, samples)
    colours = [POSITIVE, INK, NEGATIVE]
    labels = [f"({x:g}, {y:g})" for x, y in samples]
    with _drawing(title, "learning rate", "predicted probability", log="x") as axes:
        axes.axhline(0.5, color=INK, linestyle="--", linewidth=1)
        for line, colour in zip(predictions.T, colours, strict=True):
            axes.plot(history.learning_rates, line, "o-", color=colour)
        axes.set(ylim=(-0.03, 1.03))
        _label_ends(axes, history.learning_rates, predictions.T, labels, colours)
    return axes.figure


@_checked
def loss_valley(history: History, data: Data, *, title: str) -> Picture:
    """The training loss over w and b where w₁ = −w and w₂ = w, and the way of each run into it.

    A run's w is the mean of −w₁ and w₂. Needs a history with its path.
    """
    if history.path is None:
        raise ValueError("history must have its path: fit(..., keep_path=True)")
    w_path = (history.path[0][..., 1] - history.path[0][..., 0]) / 2
    b_path = history.path[1][..., 0]
    w = np.linspace(0, 1.15 * w_path.max(), 70)
    b = np.linspace(1.15 * b_path.min(), 1.0, 70)
    w_grid, b_grid = (values.ravel() for values in np.meshgrid(w, b))
    grid = [np.column_stack([-w_grid, w_grid]), b_grid[:, np.newaxis]]
    # Every fifth row is enough to draw lines by.
    loss, _ = LogisticRegression(2).loss_and_accuracy(grid, data.x_train[::5], data.y_train[::5])
    levels = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]
    with _drawing(title, "w = −w₁ = w₂", "b", height=4.4) as axes:
        lines = axes.contour(
            w, b, loss.reshape(len(b), -1), levels=levels, colors=FAINT, linewidths=0.9
        )
        axes.clabel(lines, fontsize=7, fmt="%g")
        for run, colour in enumerate(rate_colours(history.learning_rates)):
            label = f"{history.learning_rates[run]:g}"
            axes.plot(w_path[:, run], b_path[:, run], color=colour, linewidth=1.3, label=label)
            axes.plot(w_path[-1, run], b_path[-1, run], "o", color=colour, markersize=6)
        axes.plot(w, -w / 2, color=INK, linestyle=":", linewidth=1)
        axes.set(xlim=(0, w[-1]), ylim=(b[0], 1))
        axes.grid(False)
        axes.legend(title=translate("learning rate"), loc="lower left", alignment="left")
    return axes.figure


@_checked
def spread(
    names: Sequence[str], values: Sequence[Sequence[float]], *, title: str, ylabel: str,
    xlabel: str = "learning rate", marks: Sequence[float] | None = None,
    mark_label: str = "the textbook", log: bool = False,
) -> Picture:  # fmt: skip
    """One dot a seed for each of several settings, and a cross for a figure to compare with."""
    one_for_each("names", names, values=values, marks=names if marks is None else marks)
    jitter = np.random.default_rng(0).uniform
    with _drawing(title, xlabel, ylabel, log="y" * log) as axes:
        for place, colour in enumerate(rate_colours(range(len(names)))):
            dots = values[place]
            axes.plot(place + jitter(-0.15, 0.15, len(dots)), dots, ".", color=colour, markersize=6)
        if marks is not None:
            axes.plot(
                range(len(names)), marks, "x", color=INK, markersize=9, markeredgewidth=2,
                label=translate(mark_label), linestyle="none",
            )  # fmt: skip
            axes.legend(loc="best")
        axes.set(xticks=range(len(names)), xticklabels=[translate(name) for name in names])
        axes.grid(axis="x", visible=False)
    return axes.figure


@_checked
def intervals(
    names: Sequence[str],
    middles: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    *,
    title: str,
    xlabel: str,
    level: float = 0.0,
    log: bool = False,
) -> Picture:
    """An interval for each of several settings, from the top down.

    Filled where it leaves out the level, which is a dashed line and stands for no difference.
    """
    real("level", level)
    one_for_each("names", names, middles=middles, lows=lows, highs=highs)
    with _drawing(title, xlabel, height=0.9 + 0.27 * len(names), log="x" * log) as axes:
        axes.axvline(level, color=INK, linestyle="--", linewidth=1)
        for place, (middle, low, high) in enumerate(zip(middles, lows, highs, strict=True)):
            face = NEGATIVE if low > level or high < level else "white"
            axes.plot([low, high], [place, place], color=NEGATIVE)
            axes.plot(middle, place, "o", color=NEGATIVE, markerfacecolor=face)
        axes.set(yticks=range(len(names)), yticklabels=[translate(name) for name in names])
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
    return axes.figure


@_checked
def search_results(search: Search, *, title: str) -> Picture:
    """Mean loss and deviation of each rate that a search tried; filled where tied with the best."""
    mean, tied = search.losses.mean(axis=0), np.isin(search.learning_rates, search.tied)
    finite = np.isfinite(mean)
    with _drawing(title, "learning rate", "validation loss", log="xy") as axes:
        for told, face in ((tied, NEGATIVE), (~tied, "white")):
            chosen = told & finite
            axes.errorbar(
                search.learning_rates[chosen], mean[chosen],
                search.losses[:, chosen].std(axis=0, ddof=1), fmt="o", color=NEGATIVE,
                markerfacecolor=face, elinewidth=1, capsize=2,
            )  # fmt: skip
    return axes.figure


@_checked
def range_test_curves(test: RangeTest, *, title: str) -> Picture:
    """The loss of each seed while the rate grows, and where the suggestions lie."""
    with _drawing(title, "learning rate", "training loss", log="xy") as axes:
        axes.plot(test.learning_rates, test.losses.T, color=FAINT, linewidth=1)
        for rates, colour, name in (
            (test.steepest, HIGHLIGHT, "steepest slope"),
            (test.tenth_of_minimum, NEGATIVE, "a tenth of the minimum"),
        ):
            axes.axvspan(rates.min() / 1.03, rates.max() * 1.03, color=colour, alpha=0.3)
            axes.annotate(
                translate(name), (np.median(rates), 1), (0, -4), ha="center", va="top",
                xycoords=("data", "axes fraction"), textcoords="offset points",
                color=colour, fontsize=9, rotation=90,
            )  # fmt: skip
    return axes.figure


@_checked
def verdict_bars(verdicts: Table, *, title: str) -> Picture:
    """How many claims of each source met each verdict: `lrcourse.book.claims.verdicts`."""
    colours = ["#009e73", "#56b4e9", "#e69f00", "#d55e00", FAINT]
    names, kinds = list(map(translate, verdicts.column("source"))), verdicts.columns[1:]
    left = np.zeros(len(names), int)
    with _drawing(title, "number of claims", height=3.0) as axes:
        for kind, colour in zip(kinds, colours, strict=True):
            numbers = np.array(verdicts.column(kind))
            bars = axes.barh(names, numbers, left=left, color=colour, label=translate(kind))
            axes.bar_label(bars, [number or "" for number in numbers], label_type="center")
            left += numbers
        axes.invert_yaxis()
        axes.grid(visible=False)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.figure.legend(loc="outside lower center", ncols=3, fontsize=9)
    return axes.figure
