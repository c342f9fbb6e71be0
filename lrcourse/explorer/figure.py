"""What an interactive figure is made of: controls, panels with series, and readouts.

Python computes everything that a figure can show, for every position of its controls.
`Figure.data` packs it for the script that draws it; the script computes nothing but which
part to draw. Every part may have a `when`, which names controls, each with a position or
several: the part is there only then. A `by` names the controls, in order, that the leading
axes of arrays belong to: one place for each position.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

from lrcourse.language import translate
from lrcourse.plots import INK
from lrcourse.tables import Code

# A panel's coordinates run from 0 to SIDE, to the right and downwards.
SIDE = 1000
# What the script itself says.
WORDS = ("play", "stop", "keep these lines", "remove the kept lines", "kept", "previous", "next")


@dataclass(frozen=True)
class Control:
    """Something to choose among: a slider, or a list of words (the kind "choice")."""

    name: str  # how the other parts refer to it
    label: str
    texts: Sequence[str]  # one for each position: words, numbers, or `lrcourse.tables.Code`
    start: int = 0  # the position to begin with
    kind: str = "slider"
    marks: Sequence[tuple] = ()  # places beside a slider: position (it may lie between), text, when
    when: Mapping = field(default_factory=dict)

    def data(self) -> dict:
        """Return what the script needs."""
        marks = [
            {"at": float(at), "text": _worded(text), "when": _when(when)}
            for at, text, when in self.marks
        ]
        return {
            "name": self.name, "label": translate(self.label), "kind": self.kind,
            "texts": [_worded(text) for text in self.texts], "start": self.start,
            "marks": marks, "when": _when(self.when),
        }  # fmt: skip


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

    def ticks(self) -> list[tuple[float, str]]:
        """Return a few round values with their texts."""
        if self.log:
            short = self.high / self.low < 100
            locator = LogLocator(subs=[1, 2, 5] if short else [1], numticks=6)
        else:
            locator = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10])
        low, high = sorted((self.low, self.high))
        return [
            (tick, _tick(tick)) for tick in locator.tick_values(low, high) if low <= tick <= high
        ]

    def data(self) -> dict:
        """Return what the script needs."""
        ticks = [[round(float(self.places(tick)) * SIDE), text] for tick, text in self.ticks()]
        return {"label": translate(self.label), "ticks": ticks}


@dataclass(frozen=True)
class Series:
    """Something that a panel draws, in the axes' own units.

    The arrays are (positions of each control in `by`, points), or (points,), the same for every
    position. Nan interrupts a line.

    Its style is "line"; "contour", a thin line; "path", a line with a dot at each point; "trail",
    with one at its end; "points"; "circles" or "triangles", small and open; "interval", a point
    with a bar; or "cursor", a vertical line.
    """

    x: np.ndarray
    y: np.ndarray | None = None  # a cursor has none
    by: Sequence[str] = ()
    style: str = "line"
    group: str = ""  # its entry in the figure's `groups`, or empty for a plain one
    upto: str = ""  # draw as many points as this control's position, and one
    low: np.ndarray | None = None  # the ends of intervals, like y
    high: np.ndarray | None = None
    pick: str = ""  # a control that follows the pointer, to the nearest point or place of a cursor
    when: Mapping = field(default_factory=dict)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that there are, by name."""
        named = {"x": self.x, "y": self.y, "low": self.low, "high": self.high}
        return {name: np.asarray(each, float) for name, each in named.items() if each is not None}


def cursor(values: Sequence[float], control: str) -> Series:
    """Return a vertical line at the value that a control chooses, and that follows the pointer."""
    return Series(np.reshape(values, (-1, 1)), by=[control], style="cursor", pick=control)


@dataclass(frozen=True)
class Panel:
    """Two axes and what is drawn between them; `height` is a share of the width."""

    title: str
    x: Axis
    y: Axis
    series: Sequence[Series]
    height: float = 0.7
    when: Mapping = field(default_factory=dict)

    def data(self, groups: Sequence[str]) -> dict:
        """Return what the script needs."""
        return {
            "title": translate(self.title), "height": self.height,
            "x": self.x.data(), "y": self.y.data(),
            "series": [_series(each, self, groups) for each in self.series],
            "when": _when(self.when),
        }  # fmt: skip


@dataclass(frozen=True)
class Readout:
    """A text or number beside the panels, for every position of the controls in `by`."""

    label: str
    values: np.ndarray  # a field like {rate} in a text takes the text of the control of that name
    by: Sequence[str] = ()
    digits: int = 4  # significant ones of a number
    when: Mapping = field(default_factory=dict)

    def texts(self) -> np.ndarray:
        """Return the values as they are shown."""
        values = np.asarray(self.values)
        if values.dtype.kind in "iuf":
            shown = [f"{x:.{self.digits}g}" if np.isfinite(x) else "–" for x in values.ravel()]
        else:
            shown = [_worded(text) for text in values.ravel()]
        return np.array(shown, dtype=object).reshape(values.shape)

    def data(self) -> dict:
        """Return what the script needs."""
        return {
            "label": translate(self.label), "by": list(self.by),
            "shape": list(np.shape(self.values)), "values": "\n".join(self.texts().ravel()),
            "when": _when(self.when),
        }  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """An interactive figure."""

    about: str  # what it shows, in a sentence: its title
    controls: Sequence[Control]
    panels: Sequence[Panel]
    readouts: Sequence[Readout] = ()
    groups: Mapping[str, str] = field(default_factory=dict)  # names of series and their colours
    play: str = ""  # a slider that a button moves along
    pin: bool = False  # whether a button keeps the lines that are drawn now, to compare with others

    def __post_init__(self):
        sizes = {control.name: len(control.texts) for control in self.controls}

        def check(what, shape, by):
            wanted = tuple(sizes[name] for name in by)
            if shape != wanted:
                raise ValueError(f"{what} must have the axes {wanted} of {list(by)}, got {shape}")

        for series in (series for panel in self.panels for series in panel.series):
            for name, array in series.arrays().items():
                if array.ndim > 1:
                    check(f"{name} of a series", array.shape[:-1], series.by)
        for readout in self.readouts:
            check(f"values of {readout.label!r}", np.shape(readout.values), readout.by)

    def data(self) -> dict:
        """Return the figure as the script draws it: texts, and arrays of whole numbers."""
        return {
            "about": translate(self.about),
            "controls": [each.data() for each in self.controls],
            "groups": [
                # Ink is light in the dark: the script knows it.
                {"label": translate(name), "colour": "" if colour == INK else colour}
                for name, colour in self.groups.items()
            ],
            "panels": [panel.data(list(self.groups)) for panel in self.panels],
            "readouts": [readout.data() for readout in self.readouts],
            "play": self.play,
            "pin": self.pin,
            "words": {word: translate(word) for word in WORDS},
        }


def _series(series: Series, panel: Panel, groups: Sequence[str]) -> dict:
    packed = {
        name: _packed(panel.x.places(array) if name == "x" else 1 - panel.y.places(array))
        for name, array in series.arrays().items()
    }
    return packed | {
        "by": list(series.by), "style": series.style,
        "group": groups.index(series.group) if series.group else -1,
        "upto": series.upto, "pick": series.pick, "when": _when(series.when),
    }  # fmt: skip


def _packed(places: np.ndarray) -> dict:
    """Return places as whole numbers in one text, each the difference from the one before it."""
    shown = np.isfinite(places)
    whole = np.rint(SIDE * np.where(shown, places, 0)).astype(int)
    steps = np.diff(whole, axis=-1, prepend=0)
    texts = np.where(shown, steps.astype(str), "")
    return {"shape": list(places.shape), "values": " ".join(texts.ravel())}


def _worded(text: str) -> str:
    """Return words in the chosen language; a number and a symbol (`Code`) stay as they are."""
    if isinstance(text, Code):
        return text
    try:
        float(text)
    except ValueError:
        return translate(str(text))
    return text


def _when(when: Mapping) -> dict:
    return {name: np.atleast_1d(at).tolist() for name, at in when.items()}


def _tick(value: float) -> str:
    power = round(np.log10(value)) if value > 0 else 0
    if not -3 < power < 4 and np.isclose(value, 10.0**power):
        return "10" + str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{value:.6g}".replace("-", "−")
