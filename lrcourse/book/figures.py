"""Figures of this course alone: of its school district, of the textbook's samples, of its claims.

Every function returns a `lrcourse.plots.Picture`.
"""

import numpy as np
from matplotlib.ticker import MaxNLocator

from lrcourse.book.sources import SAMPLES
from lrcourse.checks import instance
from lrcourse.datasets import Data
from lrcourse.language import translate
from lrcourse.models import LogisticRegression
from lrcourse.plots import (
    FAINT,
    INK,
    NEGATIVE,
    POSITIVE,
    Picture,
    drawing,
    label_ends,
    rate_colours,
)
from lrcourse.tables import Table
from lrcourse.training import History


def sample_predictions(history: History, *, title: str) -> Picture:
    """The predictions at the textbook's samples over the learning rate; the dashed line is ½."""
    parameters = instance("history", history, History).best_parameters
    predictions = LogisticRegression(2).probabilities(parameters, SAMPLES)
    colours = [POSITIVE, INK, NEGATIVE]
    labels = [f"({x:g}, {y:g})" for x, y in SAMPLES]
    with drawing(title, "learning rate", "predicted probability", log_x=True) as axes:
        axes.axhline(0.5, color=INK, linestyle="--", linewidth=1)
        for line, colour in zip(predictions.T, colours, strict=True):
            axes.plot(history.learning_rates, line, "o-", color=colour)
        axes.set(ylim=(-0.03, 1.03))
        label_ends(axes, history.learning_rates, predictions.T, labels, colours)
    return axes.figure


def loss_valley(history: History, data: Data, *, title: str) -> Picture:
    """The training loss over w and b where w₁ = −w and w₂ = w, and the way of each run into it.

    A run's w is the mean of −w₁ and w₂. Needs a history with its path.
    """
    instance("data", data, Data)
    if instance("history", history, History).path is None:
        raise ValueError("history must have its path: fit(..., keep_path=True)")
    w1, w2, b_path = np.moveaxis(history.path[0], -1, 0)
    w_path = (w2 - w1) / 2
    w = np.linspace(0, 1.15 * w_path.max(), 70)
    b = np.linspace(1.15 * b_path.min(), 1.0, 70)
    w_grid, b_grid = (values.ravel() for values in np.meshgrid(w, b))
    grid = [np.column_stack([-w_grid, w_grid, b_grid])]
    # Every fifth row is enough to draw lines by.
    loss, _ = LogisticRegression(2).loss_and_accuracy(grid, data.x_train[::5], data.y_train[::5])
    levels = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]
    with drawing(title, "w = −w₁ = w₂", "b", height=4.4) as axes:
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


def verdict_bars(verdicts: Table, *, title: str) -> Picture:
    """How many claims of each source met each verdict: `lrcourse.book.claims.verdicts`."""
    instance("verdicts", verdicts, Table)
    colours = ["#009e73", "#56b4e9", "#e69f00", "#d55e00", FAINT]
    names, kinds = list(map(translate, verdicts.column("source"))), verdicts.columns[1:]
    left = np.zeros(len(names), int)
    with drawing(title, "number of claims", height=3.0) as axes:
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
