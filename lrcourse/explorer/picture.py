"""The picture of an interactive figure as it begins: for print, and where no script runs."""

import numpy as np
from matplotlib.ticker import NullFormatter

from lrcourse.explorer.figure import Figure, Panel
from lrcourse.language import translate
from lrcourse.plots import FAINT, HIGHLIGHT, INK, WIDTH, Picture, style

FORMS = {
    "line": "-", "contour": "-", "path": ".-", "trail": "o-", "points": "o", "circles": "o",
    "triangles": "^",
}  # fmt: skip


def picture_of(figure: Figure) -> Picture:
    """Draw a figure with every control where it starts."""
    state = {control.name: control.start for control in figure.controls}
    panels = [panel for panel in figure.panels if _holds(panel.when, state)]
    columns, rows = min(2, len(panels)), (len(panels) + 1) // 2
    height = max(panel.height for panel in panels) * WIDTH / columns + 0.9
    with style():
        picture = Picture(0.3 + height * rows, figure.about)
        picture.suptitle(picture.about, x=0.01, ha="left", fontsize=11)
        grid = picture.subplots(rows, columns, squeeze=False).ravel()
        for axes, panel in zip(grid, panels, strict=False):
            _draw(axes, panel, figure, state)
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
    return picture


def _holds(when, state) -> bool:
    """Return whether every control named in `when` has one of the positions given there."""
    return all(state[name] in np.atleast_1d(at) for name, at in when.items())


def _draw(axes, panel: Panel, figure: Figure, state: dict) -> None:
    axes.set(
        title=translate(panel.title), xlabel=translate(panel.x.label),
        ylabel=translate(panel.y.label), xlim=(panel.x.low, panel.x.high),
        ylim=(panel.y.low, panel.y.high), xscale="log" if panel.x.log else "linear",
        yscale="log" if panel.y.log else "linear",
    )  # fmt: skip
    for axis, spec in ((axes.xaxis, panel.x), (axes.yaxis, panel.y)):
        if spec.log and spec.high / spec.low < 100:  # matplotlib's own labels would collide
            axis.set_ticks(*zip(*spec.ticks(), strict=True))
            axis.set_minor_formatter(NullFormatter())
    axes.title.set(fontsize=9, fontweight="normal")
    for series in panel.series:
        if not _holds(series.when, state):
            continue
        here = tuple(state[name] for name in series.by)
        points = slice(state[series.upto] + 1) if series.upto else slice(None)
        drawn = {
            name: (array[here] if array.ndim > 1 else array)[points]
            for name, array in series.arrays().items()
        }
        colour = figure.groups[series.group] if series.group else INK
        if series.style == "cursor":
            axes.axvline(drawn["x"][0], color=HIGHLIGHT, linewidth=1.2, linestyle="--")
        elif series.style == "interval":
            axes.vlines(drawn["x"], drawn["low"], drawn["high"], color=colour)
            axes.plot(drawn["x"], drawn["y"], "o", color=colour, markersize=4)
        else:
            axes.plot(
                drawn["x"], drawn["y"], FORMS[series.style], markersize=4, linewidth=1.2,
                color=FAINT if series.style == "contour" else colour,
                fillstyle="none" if series.style in ("circles", "triangles") else "full",
                markevery=[-1] if series.style == "trail" else None,
            )  # fmt: skip
