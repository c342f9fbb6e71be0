"""What an interactive figure is made of: controls, panels with series, and readouts.

Python computes everything that a figure can show, for every position of its controls.
`Figure.data` packs it for the script that draws it; the script computes nothing but which
part to draw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

from lrcourse.checks import instance, one_of, sequence
from lrcourse.language import translate
from lrcourse.plots import INK
from lrcourse.tables import Code

# A panel's coordinates run from 0 to SIDE, to the right and downwards.
SIDE = 1000
STYLES = (
    "line", "contour", "path", "trail", "points", "circles", "triangles", "interval", "cursor",
)  # fmt: skip


@dataclass(frozen=True)
class Control:
    """Something to choose among: a slider, or a list of words.

    Attributes
    ----------
    name : str
        How the other parts refer to it.
    label : str
    texts : sequence of str
        One for each position: words, numbers, or `lrcourse.tables.Code`.
    start : int
        The position to begin with.
    kind : {"slider", "choice"}
    marks : sequence of (position, text, when)
        Places beside a slider; a position may lie between two.
    when : mapping of a control's name to a position, or to several
        Show this only then.
    """

    name: str
    label: str
    texts: Sequence[str]
    start: int = 0
    kind: str = "slider"
    marks: Sequence[tuple] = ()
    when: Mapping = field(default_factory=dict)

    def __post_init__(self):
        one_of("kind", self.kind, ("slider", "choice"))
        if not 0 <= self.start < len(sequence("texts", self.texts)):
            raise ValueError(f"start of {self.name} must be below {len(self.texts)}")

    def data(self) -> dict:
        """Return what the script needs."""
        return {
            "name": self.name,
            "label": translate(self.label),
            "kind": self.kind,
            "texts": [_said(text) for text in self.texts],
            "start": self.start,
            "marks": [
                {"at": float(at), "text": _said(text), "when": _when(when)}
                for at, text, when in self.marks
            ],
            "when": _when(self.when),
        }


@dataclass(frozen=True)
class Axis:
    """One axis of a panel, from `low` to `high`, both drawn; `log` for a logarithmic one."""

    label: str
    low: float
    high: float
    log: bool = False

    def places(self, values) -> np.ndarray:
        """Return where values lie, from 0 at `low` to 1 at `high`; infinity lies far outside."""
        values = np.asarray(values, float)
        low, high = self.low, self.high
        if self.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                values, low, high = np.log(values), np.log(low), np.log(high)
        # So far outside a line leaves the panel in its direction, and no number grows long.
        return np.clip((values - low) / (high - low), -3, 4)

    def ticks(self, places: bool = True) -> list[tuple[float, str]]:
        """Return the places of a few round values, or the values, with their texts."""
        if self.log:
            short = self.high / self.low < 100
            locator = LogLocator(subs=[1, 2, 5] if short else [1], numticks=6)
        else:
            locator = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10])
        span = sorted((self.low, self.high))
        inside = [tick for tick in locator.tick_values(*span) if span[0] <= tick <= span[1]]
        return [(float(self.places(tick)) if places else tick, _tick(tick)) for tick in inside]


@dataclass(frozen=True)
class Series:
    """Something that a panel draws, in the axes' own units.

    Attributes
    ----------
    x, y : array (positions of each control in `by`, points)
        Either may be (points,), the same for every position. Nan interrupts a line. A cursor,
        a vertical line, has no `y`.
    by : sequence of str
        The controls that the leading axes belong to, in order.
    style : one of `STYLES`
        A contour is a thin line; a path a line with a dot at each point, a trail with one at
        its end; circles and triangles are small open marks; an interval is a point with a bar.
    group : str
        Its entry in the figure's `groups`, or empty for a plain one.
    upto : str
        Draw as many points as this control's position, and one.
    low, high : array like y
        The ends of intervals.
    pick : str
        A control that follows the pointer: the nearest point, or the nearest place of a cursor,
        is its position.
    when : mapping of a control's name to a position, or to several
        Draw this only then.
    """

    x: np.ndarray
    y: np.ndarray | None = None
    by: Sequence[str] = ()
    style: str = "line"
    group: str = ""
    upto: str = ""
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    pick: str = ""
    when: Mapping = field(default_factory=dict)

    def __post_init__(self):
        one_of("style", self.style, STYLES)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that there are, by name."""
        named = {"x": self.x, "y": self.y, "low": self.low, "high": self.high}
        return {name: np.asarray(each, float) for name, each in named.items() if each is not None}


@dataclass(frozen=True)
class Panel:
    """Two axes and what is drawn between them; `height` is a share of the width."""

    title: str
    x: Axis
    y: Axis
    series: Sequence[Series]
    height: float = 0.7
    when: Mapping = field(default_factory=dict)


@dataclass(frozen=True)
class Readout:
    """A text or number beside the panels, for every position of the controls in `by`.

    Attributes
    ----------
    label : str
    values : array of numbers or texts (positions of each control in `by`)
        A field like ``{rate}`` in a text is filled with the text of the control of that name.
    digits : int
        Significant ones of a number.
    """

    label: str
    values: np.ndarray
    by: Sequence[str] = ()
    digits: int = 4
    when: Mapping = field(default_factory=dict)

    def texts(self) -> np.ndarray:
        """Return the values as they are shown."""
        values = np.asarray(self.values)
        if values.dtype.kind in "iuf":
            shown = [_number(value, self.digits) for value in values.ravel()]
        else:
            shown = [_said(value) for value in values.ravel()]
        return np.array(shown, dtype=object).reshape(values.shape)


@dataclass(frozen=True)
class Figure:
    """An interactive figure.

    Attributes
    ----------
    about : str
        What it shows, in a sentence: its title.
    controls, panels, readouts : sequences of those
    groups : mapping of str to str
        The legend: names of series, with their colours; one of `INK` is light in the dark.
    play : str
        A slider that a button moves along.
    pin : bool
        Whether a button keeps the lines that are drawn now, to compare with others.
    """

    about: str
    controls: Sequence[Control]
    panels: Sequence[Panel]
    readouts: Sequence[Readout] = ()
    groups: Mapping[str, str] = field(default_factory=dict)
    play: str = ""
    pin: bool = False

    def __post_init__(self):
        sizes = {control.name: len(control.texts) for control in self.controls}
        for panel in self.panels:
            for series in panel.series:
                for name, array in series.arrays().items():
                    _check_shape(f"{name} of a series", array.shape[:-1], series.by, sizes)
                if series.group and series.group not in self.groups:
                    raise ValueError(f"groups must name {series.group!r}")
        for readout in self.readouts:
            if np.shape(readout.values) != tuple(sizes[name] for name in readout.by):
                raise ValueError(
                    f"values of {readout.label!r} must have a place for each position of "
                    f"{list(readout.by)}, got shape {np.shape(readout.values)}"
                )

    def data(self) -> dict:
        """Return the figure as the script draws it: texts, and arrays of whole numbers."""
        groups = list(self.groups)
        return {
            "about": translate(self.about),
            "controls": [instance("control", each, Control).data() for each in self.controls],
            "groups": [
                {"label": translate(name), "colour": "" if colour == INK else colour}
                for name, colour in self.groups.items()
            ],
            "panels": [
                {
                    "title": translate(panel.title),
                    "height": panel.height,
                    "x": _axis(panel.x),
                    "y": _axis(panel.y),
                    "series": [_series(each, panel, groups) for each in panel.series],
                    "when": _when(panel.when),
                }
                for panel in self.panels
            ],
            "readouts": [
                {
                    "label": translate(each.label),
                    "by": list(each.by),
                    "shape": list(np.shape(each.values)),
                    "values": "\n".join(each.texts().ravel()),
                    "when": _when(each.when),
                }
                for each in self.readouts
            ],
            "play": self.play,
            "pin": self.pin,
            "words": {word: translate(word) for word in WORDS},
        }


# What the script itself says.
WORDS = ("play", "stop", "keep these lines", "remove the kept lines", "kept", "previous", "next")


def _axis(axis: Axis) -> dict:
    ticks = [[round(at * SIDE), text] for at, text in axis.ticks()]
    return {"label": translate(axis.label), "ticks": ticks}


def _series(series: Series, panel: Panel, groups: Sequence[str]) -> dict:
    packed = {
        name: _packed((panel.x if name == "x" else panel.y).places(array), flip=name != "x")
        for name, array in series.arrays().items()
    }
    return packed | {
        "by": list(series.by),
        "style": series.style,
        "group": groups.index(series.group) if series.group else -1,
        "upto": series.upto,
        "pick": series.pick,
        "when": _when(series.when),
    }


def _packed(places: np.ndarray, flip: bool) -> dict:
    """Return places as whole numbers in one text, each the difference from the one before it."""
    shown = np.isfinite(places)
    whole = np.rint(SIDE * np.where(shown, 1 - places if flip else places, 0)).astype(int)
    steps = np.diff(whole, axis=-1, prepend=0)
    texts = np.where(shown, steps.astype(str), "")
    return {"shape": list(places.shape), "values": " ".join(texts.ravel())}


def _said(text: str) -> str:
    """Return words in the chosen language; a number and a symbol (`Code`) stay as they are."""
    if isinstance(text, Code):
        return text
    try:
        float(text)
    except ValueError:
        return translate(str(text))
    return text


def _when(when: Mapping) -> dict:
    return {name: list(np.atleast_1d(at).tolist()) for name, at in when.items()}


def _check_shape(what, leading, by, sizes):
    wanted = tuple(sizes[name] for name in by)
    if leading not in ((), wanted):
        raise ValueError(f"{what} must have the axes {wanted} of {list(by)}, got {leading}")


def _number(value, digits: int) -> str:
    return f"{value:.{digits}g}" if np.isfinite(value) else "–"


def _tick(value: float) -> str:
    power = round(np.log10(value)) if value > 0 else 0
    if not -3 < power < 4 and np.isclose(value, 10.0**power):
        return "10" + str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{value:.6g}".replace("-", "−")
