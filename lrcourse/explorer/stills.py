"""The picture of an interactive figure as it begins: for print, and where no script runs."""

import numpy as np
from matplotlib.ticker import NullFormatter

from lrcourse.explorer.parts import Figure, Panel
from lrcourse.language import translate
from lrcourse.plots import FAINT, HIGHLIGHT, INK, WIDTH, Picture, style

FORMS = {
    "line": "-", "contour": "-", "path": ".-", "trail": "o-", "points": "o", "circles": "o",
    "triangles": "^",
}  # fmt: skip


def still(figure: Figure) -> Picture:
    """Draw a figure with every control where it starts."""
    state = {control.name: control.start for control in figure.controls}
    panels = [panel for panel in figure.panels if holds(panel.when, state)]
    height = max(panel.height for panel in panels) * WIDTH / min(2, len(panels)) + 0.9
    rows = (len(panels) + 1) // 2
    with style():
        picture = Picture(0.3 + height * rows, figure.about)
        picture.suptitle(translate(figure.about), x=0.01, ha="left", fontsize=11)
        grid = picture.subplots(rows, min(2, len(panels)), squeeze=False).ravel()
        for axes, panel in zip(grid, panels, strict=False):
            _draw(axes, panel, figure, state)
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
    return picture


def holds(when, state) -> bool:
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
            values, texts = zip(*spec.ticks(places=False), strict=True)
            axis.set_ticks(values, texts)
            axis.set_minor_formatter(NullFormatter())
    axes.title.set(fontsize=9, fontweight="normal")
    for series in panel.series:
        if not holds(series.when, state):
            continue
        here = tuple(state[name] for name in series.by)
        drawn = {
            name: array[here] if array.ndim > 1 else array
            for name, array in series.arrays().items()
        }
        if series.upto:
            drawn = {name: array[: state[series.upto] + 1] for name, array in drawn.items()}
        colour = figure.groups.get(series.group, INK)
        if series.style == "cursor":
            axes.axvline(drawn["x"][0], color=HIGHLIGHT, linewidth=1.2, linestyle="--")
        elif series.style == "interval":
            axes.vlines(drawn["x"], drawn["low"], drawn["high"], color=colour)
            axes.plot(drawn["x"], drawn["y"], "o", color=colour, markersize=4)
        else:
            form = FORMS[series.style]
            colour = FAINT if series.style == "contour" else colour
            axes.plot(
                drawn["x"], drawn["y"], form, color=colour, markersize=4, linewidth=1.2,
                fillstyle="none" if series.style in ("circles", "triangles") else "full",
                markevery=[-1] if series.style == "trail" else None,
                label=translate(series.group),
            )  # fmt: skip
