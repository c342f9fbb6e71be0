"""Figures: losses over time, descents on landscapes, results of several runs and of searches.

Every function returns a `Picture`, which a notebook shows as it is. Labels come
in the language of `lrcourse.use_language`.
"""

import importlib.util
import io
from collections.abc import Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from lrcourse.checks import (
    flag,
    instance,
    numbers,
    numeric,
    one_for_each,
    one_of,
    real,
    sequence,
    several,
)
from lrcourse.landscapes import Descent, Landscape
from lrcourse.language import current_language, translate
from lrcourse.search import RangeTest, Search
from lrcourse.training import History

try:
    import matplotlib as mpl
    from matplotlib import font_manager
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator
except ModuleNotFoundError as problem:
    message = f"{problem.name} is missing: pip install 'lrcourse[plots]'"
    raise ModuleNotFoundError(message, name=problem.name) from None

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
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
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


# Checks of arguments.
_row, _span = partial(numbers, axes=1), several(real, 2)
_texts = several(partial(instance, kind=str))


class Picture(Figure):
    """A matplotlib figure that a notebook shows in the same bytes every time.

    Made without pyplot, so nothing keeps it alive and no setting of the
    notebook's reader changes it. Its `repr` says what it shows.
    """

    def __init__(self, height: float, title: str):
        super().__init__(figsize=(WIDTH, height), dpi=DOTS_PER_INCH, layout="constrained")
        self.about = translate(instance("title", title, str))

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
    package = importlib.util.find_spec("zhplot")
    if package is None:
        message = "zhplot, the Chinese font, is missing: pip install 'lrcourse[plots]'"
        raise ModuleNotFoundError(message, name="zhplot")
    path = Path(package.origin).parent / "fonts" / "NotoSansSC-Regular.ttf"
    if not any(font.fname == str(path) for font in font_manager.fontManager.ttflist):
        font_manager.fontManager.addfont(path)
    return font_manager.FontProperties(fname=path).get_name()


@contextmanager
def drawing(
    title: str, xlabel: str, ylabel: str = "", *,
    log: bool = False, log_x: bool = False, height: float = 3.6,
):  # fmt: skip
    """Draw in the course's style, in this context, on the axes of a new picture."""
    xlabel, ylabel = instance("xlabel", xlabel, str), instance("ylabel", ylabel, str)
    scale = {False: "linear", True: "log"}
    with style():
        picture = Picture(height, title)
        axes = picture.subplots()
        axes.set(
            title=picture.about, xlabel=translate(xlabel), ylabel=translate(ylabel),
            xscale=scale[flag("log_x", log_x)], yscale=scale[flag("log", log)],
        )  # fmt: skip
        yield axes


def rate_colours(learning_rates: Sequence[float]) -> list:
    """Return a colour for each rate, from dark blue (smallest) to orange (largest)."""
    rates = numeric("learning_rates", learning_rates, axes=1)
    order = rates.argsort().argsort() / max(1, len(rates) - 1)
    return [mpl.colormaps["plasma"](0.05 + 0.75 * place) for place in order]


def loss_curves(history: History, *, title: str) -> Picture:
    """Training loss over epochs for each rate, on a log scale; a run's line ends at its nan."""
    x, rates = instance("history", history, History).epochs, history.learning_rates
    return _of_rates(rates, x, history.train_loss, "epoch", "training loss", title)


def descent_errors(descent: Descent, *, title: str) -> Picture:
    """Error over steps for each rate, on a log scale."""
    errors = instance("descent", descent, Descent).errors
    return _of_rates(descent.learning_rates, np.arange(len(errors)), errors, "step", "error", title)


def _of_rates(rates, x, values, xlabel, ylabel, title):
    names, colours = [f"{rate:g}" for rate in rates], rate_colours(rates)
    labels = {"xlabel": xlabel, "ylabel": ylabel, "title": title}
    return curves(x, values.T, names, log=True, colours=colours, **labels)


def curves(
    x: np.ndarray, lines: Sequence[np.ndarray], labels: Sequence[str], *,
    xlabel: str, ylabel: str, title: str, log: bool = False, log_x: bool = False,
    level: tuple[float, str] | None = None, colours: Sequence | None = None,
) -> Picture:  # fmt: skip
    """Lines over a common axis, each labelled at its end; `level` is a dashed line and its name.

    Lines that are labelled with the names of methods take the colours of these.
    """
    x, labels = numeric("x", x, axes=1), _texts("labels", labels)
    lines = several(_row)("lines", lines)
    for line in lines:
        one_for_each("x", x, lines=line)
    if colours is None:
        named = set(labels) <= METHODS.keys()
        colours = [METHODS[each] for each in labels] if named else rate_colours(range(len(lines)))
    one_for_each("lines", lines, labels=labels, colours=sequence("colours", colours))
    with drawing(title, xlabel, ylabel, log=log, log_x=log_x) as axes:
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
        label_ends(axes, x, lines, [translate(label) for label in labels], colours)
    return axes.figure


def _level(name, value) -> tuple[float, str]:
    """Return a height and the name of the line there."""
    if len(sequence(name, value)) != 2:
        raise ValueError(f"{name} must be a height and a name, got {value!r}")
    return real(f"the height of {name}", value[0]), instance(f"the name of {name}", value[1], str)


def label_ends(axes, x, lines, labels, colours) -> None:
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


def error_curve(
    landscape: Landscape, *, title: str, span: tuple[float, float],
    descent: Descent | None = None, tangent: bool = True,
) -> Picture:  # fmt: skip
    """The error of one weight, and the first run's steps down it, with a tangent at its start."""
    _has_weights(landscape, 1)
    span, tangent = _span("span", span), flag("tangent", tangent)
    with drawing(title, "weight w", "error J") as axes:
        w, lowest = np.linspace(*span, 200), landscape.minimum
        axes.plot(w, landscape.error(w[:, np.newaxis]), color=FAINT, linewidth=2.5)
        axes.plot(lowest, landscape.error(lowest), "*", color=INK, markersize=11)
        if descent is not None:
            instance("descent", descent, Descent)
            points, errors = descent.points[:, 0, 0], descent.errors[:, 0]
            colour = rate_colours(descent.learning_rates)[0]
            axes.plot(points, errors, "o-", color=colour, markersize=5, linewidth=1)
        if descent is not None and tangent:
            slope, reach = descent.gradients[0, 0, 0], 0.12 * (span[1] - span[0])
            ends = reach * np.array([-1, 1])
            axes.plot(points[0] + ends, errors[0] + slope * ends, color=HIGHLIGHT, linewidth=1.2)
            name = translate("slope {slope}", slope=f"{slope:.4g}".replace("-", "−"))
            axes.annotate(
                name, (points[0], errors[0]), (8, -12), textcoords="offset points",
                color=HIGHLIGHT, fontsize=9,
            )  # fmt: skip
    return axes.figure


def _has_weights(landscape, count):
    if instance("landscape", landscape, Landscape).weights != count:
        raise ValueError(f"landscape must be of {count} weights, got {landscape.weights}")


def places(
    learning_rates: np.ndarray, ends: np.ndarray, *, title: str, ylabel: str,
    levels: Sequence[tuple[float, str]] = (),
) -> Picture:  # fmt: skip
    """Where each of many runs ends, over its learning rate; nan leaves the place empty."""
    learning_rates, ends = numeric("learning_rates", learning_rates, 1), _row("ends", ends)
    one_for_each("learning_rates", learning_rates, ends=ends)
    levels = several(_level)("levels", levels)
    with drawing(title, "learning rate", ylabel, height=3.2) as axes:
        for height, name in levels:
            axes.axhline(height, color=FAINT, linewidth=1)
            axes.annotate(
                translate(name), (1, height), (-2, 4), xycoords=("axes fraction", "data"),
                textcoords="offset points", ha="right", fontsize=9,
            )  # fmt: skip
        axes.plot(learning_rates, ends, ".", color=NEGATIVE, markersize=4)
        axes.set(xlim=(0, 1.02 * learning_rates.max()))
    return axes.figure


def error_mountain(
    landscape: Landscape, descent: Descent, *, title: str,
    spans: tuple[tuple[float, float], tuple[float, float]],
    xlabel: str, ylabel: str, methods: Sequence[str] | None = None,
) -> Picture:  # fmt: skip
    """Lines of equal error of two weights, and the way of each run down.

    A run is named by its learning rate, or by its method where these are given.
    """
    _has_weights(landscape, 2)
    rates = instance("descent", descent, Descent).learning_rates
    spans = several(_span, 2)("spans", spans)
    if methods is None:
        names, colours = [f"{rate:g}" for rate in rates], rate_colours(rates)
    else:
        one_for_each("learning_rates", rates, methods=sequence("methods", methods))
        colours = [METHODS[one_of("each of methods", each, METHODS)] for each in methods]
        names = map(translate, methods)
    first, second = (np.linspace(*span, 200) for span in spans)
    heights = landscape.error(np.stack(np.meshgrid(first, second), axis=-1))
    levels = np.geomspace(max(heights.min(), 1e-3 * heights.max()), heights.max(), 12)
    with drawing(title, xlabel, ylabel, height=4.4) as axes:
        axes.contour(first, second, heights, levels=levels, colors=FAINT, linewidths=0.9)
        axes.set(xlim=spans[0], ylim=spans[1])
        axes.grid(False)
        for run, (name, colour) in enumerate(zip(names, colours, strict=True)):
            path = descent.points[:, run].T
            axes.plot(*path, "o-", color=colour, markersize=3, linewidth=1.3, label=name)
        axes.plot(*landscape.minimum, "*", color=INK, markersize=11)
        legend = translate("learning rate") if methods is None else None
        axes.legend(title=legend, loc="best", alignment="left")
    return axes.figure


def spread(
    names: Sequence[str], values: Sequence[Sequence[float]], *, title: str, ylabel: str,
    xlabel: str = "learning rate", marks: Sequence[float] | None = None,
    mark_label: str = "the textbook", log: bool = False,
) -> Picture:  # fmt: skip
    """One dot a seed for each of several settings, and a cross for a figure to compare with."""
    names, values = _texts("names", names), several(_row)("values", values)
    marks = None if marks is None else _row("marks", marks)
    one_for_each("names", names, values=values, marks=names if marks is None else marks)
    instance("mark_label", mark_label, str)
    jitter = np.random.default_rng(0).uniform
    with drawing(title, xlabel, ylabel, log=log) as axes:
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


def intervals(
    names: Sequence[str], middles: Sequence[float], lows: Sequence[float], highs: Sequence[float],
    *, title: str, xlabel: str, level: float = 0.0, log: bool = False,
) -> Picture:  # fmt: skip
    """An interval for each of several settings, from the top down.

    Filled where it leaves out the level, which is a dashed line and stands for no difference.
    """
    names, level, log = _texts("names", names), real("level", level), flag("log", log)
    middles, lows, highs = _row("middles", middles), _row("lows", lows), _row("highs", highs)
    one_for_each("names", names, middles=middles, lows=lows, highs=highs)
    with drawing(title, xlabel, height=0.9 + 0.27 * len(names), log_x=log) as axes:
        axes.axvline(level, color=INK, linestyle="--", linewidth=1)
        for place, (middle, low, high) in enumerate(zip(middles, lows, highs, strict=True)):
            face = NEGATIVE if low > level or high < level else "white"
            axes.plot([low, high], [place, place], color=NEGATIVE)
            axes.plot(middle, place, "o", color=NEGATIVE, markerfacecolor=face)
        axes.set(yticks=range(len(names)), yticklabels=[translate(name) for name in names])
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
    return axes.figure


def search_results(search: Search, *, title: str) -> Picture:
    """Mean loss and deviation of each rate that a search tried; filled where tied with the best."""
    mean = instance("search", search, Search).losses.mean(axis=0)
    tied, finite = np.isin(search.learning_rates, search.tied), np.isfinite(mean)
    with drawing(title, "learning rate", "validation loss", log=True, log_x=True) as axes:
        for chosen, face in ((tied & finite, NEGATIVE), (~tied & finite, "white")):
            deviation = search.losses[:, chosen].std(axis=0, ddof=1)
            axes.errorbar(
                search.learning_rates[chosen], mean[chosen], deviation, fmt="o", color=NEGATIVE,
                markerfacecolor=face, elinewidth=1, capsize=2,
            )  # fmt: skip
    return axes.figure


def range_test_curves(test: RangeTest, *, title: str) -> Picture:
    """The loss of each seed while the rate grows, and where the suggestions lie."""
    instance("test", test, RangeTest)
    with drawing(title, "learning rate", "training loss", log=True, log_x=True) as axes:
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
