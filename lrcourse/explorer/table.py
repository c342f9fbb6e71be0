"""Table: two hundred rates on the houses of the school district, at every epoch."""

import numpy as np

from lrcourse.book.sources import SAMPLES
from lrcourse.checks import positive_integer
from lrcourse.datasets import LIKE_THE_TEXTBOOK, school_district
from lrcourse.experiments.table import TEXTBOOK_RATES, school_district_runs
from lrcourse.explorer.figure import Axis, Control, Figure, Panel, Readout, Series, cursor
from lrcourse.explorer.widget import explorable
from lrcourse.models import LogisticRegression
from lrcourse.plots import HIGHLIGHT, INK, NEGATIVE, POSITIVE

# From 0.001 to 100 by equal ratios, and the textbook's among them: 200 in all.
RATES = np.union1d(np.geomspace(0.001, 100, 194).round(6), TEXTBOOK_RATES)

# The textbook's but for 1, which there is no room for beside 0.5.
MARKED = (0.01, 0.1, 0.5, 10.0, 50.0)

BORDER, UNSURE = "border, p = 0.5", "p = 0.2 and 0.8"
GRAIN = 0.01  # of the unit square: as fine as one sees, so that the frames stay small
STATE = ("rate", "epoch")
GROUPS = {
    "houses in the district": POSITIVE, "other houses": NEGATIVE, "the three samples": INK,
    BORDER: HIGHLIGHT, UNSURE: "#e3929c",
    "training loss": "#8a63b0", "validation loss": "#2a9d8f",
}  # fmt: skip


@explorable
def table(*, epochs=50, batch_size=10, seed=LIKE_THE_TEXTBOOK) -> Figure:
    """Explore the learning-rate table: any rate from 0.001 to 100, after any epoch, at most 200.

    Batch size and seed are those of `lrcourse.experiments.school_district_runs`.
    """
    epochs = positive_integer("epochs", epochs, at_most=200)
    history = school_district_runs(
        RATES, epochs=epochs, batch_size=batch_size, seed=seed,
        evaluate_every=None, keep_path=True,
    )  # fmt: skip
    return Figure(
        "Two hundred learning rates, after every epoch",
        controls=[
            Control(
                "rate", "learning rate", [f"{rate:.4g}" for rate in RATES],
                start=_place(0.5),
                marks=[(_place(rate), f"{rate:g}", {}) for rate in MARKED],
            ),
            Control("epoch", "epoch", [str(epoch) for epoch in range(epochs + 1)], start=epochs),
        ],
        panels=[_plane(school_district(seed), history), *_losses(history, epochs)],
        readouts=_readouts(history),
        groups=GROUPS,
        play="epoch",
    )  # fmt: skip


def _place(rate: float) -> int:
    return int(np.searchsorted(RATES, rate))


def _plane(data, history) -> Panel:
    weights = history.path[0].swapaxes(0, 1)
    w, b = weights[..., :2], weights[..., 2]
    inside = data.y_validation.ravel() == 1
    houses, others = data.x_validation[inside], data.x_validation[~inside]
    return Panel(
        "validation houses, and the border",
        Axis("x", 0, 1), Axis("y", 0, 1),
        [
            Series(*others.T, style="circles", group="other houses"),
            Series(*houses.T, style="triangles", group="houses in the district"),
            *(
                Series(*_line(w, b - np.log(p / (1 - p))), STATE, group=group)
                for p, group in ((0.8, UNSURE), (0.2, UNSURE), (0.5, BORDER))
            ),
            Series(*SAMPLES.T, style="points", group="the three samples"),
        ],
        height=1.0,
    )  # fmt: skip


def _line(w, c) -> np.ndarray:
    """Return two points (x or y, ..., point) of w·x + c = 0, nan where it misses the square."""
    with np.errstate(divide="ignore", invalid="ignore"):
        across = np.stack([-c, -(c + w[..., 0])], axis=-1) / w[..., 1:]
        length = np.linalg.norm(w, axis=-1)
        normal = w / length[..., np.newaxis]
        away = (c + w.sum(axis=-1) / 2) / length  # of the square's middle from the line
        foot = 0.5 - normal * away[..., np.newaxis]
    along = np.stack([normal[..., 1], -normal[..., 0]], axis=-1)
    # From the left edge to the right one, unless the line is too steep for that.
    flat = (np.abs(across - 0.5) < 1.5).all(axis=-1)[..., np.newaxis]
    x, y = np.moveaxis(np.stack([foot - along, foot + along], axis=-2), -1, 0)
    ends = np.stack([np.where(flat, [0.0, 1.0], x), np.where(flat, across, y)])
    ends[:, ~(np.abs(away) < 0.75)] = np.nan  # it passes by the square
    return (ends / GRAIN).round() * GRAIN


def _losses(history, epochs) -> list[Panel]:
    losses = {"training loss": history.train_loss, "validation loss": history.validation_loss}
    every = np.concatenate(list(losses.values()))
    loss = Axis("loss", max(1e-3, np.nanmin(every)), min(10.0, np.nanmax(every)), log=True)
    after = np.arange(epochs + 1)
    return [
        Panel(
            "loss after every epoch, at this rate", Axis("epoch", 0, epochs), loss,
            [
                *(Series(after, each.T, ["rate"], group=name) for name, each in losses.items()),
                cursor(after, "epoch"),
            ],
        ),
        Panel(
            "loss for every rate, after this epoch",
            Axis("learning rate", RATES[0], RATES[-1], log=True), loss,
            [
                *(Series(RATES, each, ["epoch"], group=name) for name, each in losses.items()),
                cursor(RATES, "rate"),
            ],
        ),
    ]  # fmt: skip


def _readouts(history) -> list[Readout]:
    [weights] = history.path
    model = LogisticRegression(2)
    guesses = np.array([model.probabilities([each], SAMPLES) for each in weights])
    w1, w2, b = np.moveaxis(weights, -1, 0)
    three, shares = "%.3g", "%.2f"
    shown = {
        "training loss": (history.train_loss, three),
        "validation loss": (history.validation_loss, three),
        "training accuracy": (history.train_accuracy, "%.3f"),
        "validation accuracy": (history.validation_accuracy, "%.3f"),
        "w₁": (w1, three), "w₂": (w2, three), "b": (b, three),
        "p at (0.2, 0.8)": (guesses[..., 0], shares),
        "p at (0.4, 0.9), on the border": (guesses[..., 1], shares),
        "p at (0.6, 0.5)": (guesses[..., 2], shares),
    }  # fmt: skip
    # A nan is not missing here, but what was computed.
    return [
        Readout(label, np.char.mod(form, values.T), STATE)
        for label, (values, form) in shown.items()
    ]
