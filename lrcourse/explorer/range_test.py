"""Range test: where one stops, what it then suggests, and what training makes of it."""

import numpy as np

from lrcourse import search
from lrcourse.checks import positive_integer, whole
from lrcourse.datasets import Data, digits
from lrcourse.datasets.splits import shuffled_split
from lrcourse.explorer.figure import Axis, Control, Figure, Panel, Readout, Series, cursor
from lrcourse.explorer.widget import explorable
from lrcourse.models import MultilayerPerceptron
from lrcourse.optimizers import Adam
from lrcourse.plots import HIGHLIGHT, INK, NEGATIVE, POSITIVE
from lrcourse.tables import Code
from lrcourse.training import fit

LOW, HIGH = 1e-5, 10.0
UPDATES = (100, 200, 400)  # lengths of the ramp
STOPS = np.geomspace(1e-4, HIGH, 101)
RATES = np.geomspace(1e-4, 1.0, 13)  # that are trained with

STEEPEST, TENTH = "steepest slope", "a tenth of the lowest"
RULES = {STEEPEST: HIGHLIGHT, TENTH: POSITIVE}
TEST, TRAINING = "range test, one line a seed", "training, lowest to highest seed"
STATE = ("updates", "stop")


@explorable
def range_test(*, epochs=15, seeds=3, batch_size=32) -> Figure:
    """Explore a range test on chapter 3's autoencoder: stop it where you like.

    The trainings that the suggestions are put to take 2 to 60 epochs; both have at most 10 seeds.
    """
    epochs = whole("epochs", epochs, 2, 60)
    seeds = positive_integer("seeds", seeds, at_most=10)
    ramps = [_ramp(updates, seeds, batch_size) for updates in UPDATES]
    lengths = sorted({1, -(-epochs // 4), epochs})
    trained = np.stack([_trained(lengths, seed, batch_size) for seed in range(seeds)])
    mean = trained.mean(axis=0)
    places = [np.searchsorted(ramp.learning_rates, STOPS * (1 + 1e-9)) for ramp in ramps]
    stopped = [
        [search.RangeTest(ramp.learning_rates[:at], ramp.losses[:, :at]) for at in each]
        for ramp, each in zip(ramps, places, strict=True)
    ]
    suggested = {
        STEEPEST: np.array([[test.steepest for test in each] for each in stopped]),
        TENTH: np.array([[test.tenth_of_minimum for test in each] for each in stopped]),
    }
    after = {
        rule: _expected(mean, rates).mean(axis=-1).transpose(1, 2, 0)
        for rule, rates in suggested.items()
    }
    by = (*STATE, "epochs")
    curves = np.array([ramp.losses[:, at - 1] for ramp, at in zip(ramps, places, strict=True)])
    return Figure(
        "Drag the line: where would you stop the range test?",
        controls=[
            Control(
                "stop", "stop at the rate", [f"{rate:.3g}" for rate in STOPS],
                start=int(np.abs(np.log(STOPS)).argmin()),
            ),
            Control(
                "updates", "updates from the lowest rate to the highest",
                [str(updates) for updates in UPDATES], UPDATES.index(200), kind="choice",
            ),
            Control(
                "epochs", "epochs of the training afterwards",
                [str(length) for length in lengths], len(lengths) - 1, kind="choice",
            ),
        ],
        panels=[_test(ramps, curves, suggested[STEEPEST]), _training(trained, suggested)],
        readouts=[
            Readout("steepest slope: suggests", _spans(suggested[STEEPEST]), STATE),
            Readout("a tenth of the lowest: suggests", _spans(suggested[TENTH]), STATE),
            Readout("steepest slope: loss after training", after[STEEPEST], by),
            Readout("a tenth of the lowest: loss after training", after[TENTH], by),
            Readout("best of the rates tried", RATES[mean.argmin(axis=-1)], ["epochs"]),
            Readout("its loss", mean.min(axis=-1), ["epochs"]),
        ],
        groups={TEST: NEGATIVE, **RULES, TRAINING: INK},
    )  # fmt: skip


def _pictures(seed) -> Data:
    images = digits()
    split = shuffled_split(images._replace(x=images.x.astype(float)), 0.25, seed)
    return Data(split.x_train, split.x_train, split.x_validation, split.x_validation)


def _ramp(updates, seeds, batch_size) -> search.RangeTest:
    x, y, x_validation, y_validation = _pictures(0)
    # The test looks at the training loss alone: one row for validation costs no time.
    part = Data(x[:256], y[:256], x_validation[:1], y_validation[:1])
    return search.range_test(
        MultilayerPerceptron([64, 16, 64]), Adam, part,
        low=LOW, high=HIGH, updates=updates, batch_size=batch_size, seeds=seeds,
    )  # fmt: skip


def _trained(lengths, seed, batch_size) -> np.ndarray:
    """Return the validation losses after each number of epochs, (lengths, rates)."""
    data = _pictures(seed)
    updates = -(-len(data.x_train) // batch_size)
    history = fit(
        MultilayerPerceptron([64, 16, 64]), Adam(RATES), data,
        epochs=lengths[-1], batch_size=batch_size, seed=seed,
        evaluate_every=[updates * length for length in lengths],
    )  # fmt: skip
    return history.validation_loss[1:]


def _expected(mean, rates) -> np.ndarray:
    """Return the mean loss at any rate, between those trained with: (lengths, *rates)."""
    x, at = np.log(RATES), np.log(rates)
    return np.array([np.interp(at, x, each, left=np.nan, right=np.nan) for each in mean])


def _spans(rates) -> np.ndarray:
    """Return the lowest and the highest of the seeds' suggestions, as texts."""
    texts = [
        [Code(f"{each.min():.3g} – {each.max():.3g}") for each in of_ramp] for of_ramp in rates
    ]
    return np.array(texts, dtype=object)


def _test(ramps, curves, steepest) -> Panel:
    lines = []
    for seen in curves.swapaxes(0, 1):
        lines.append(Series(STOPS, seen, ["updates"], "contour"))
        lines.append(Series(STOPS, seen, ["updates"], group=TEST, upto="stop"))
    at = [
        [
            np.interp(np.log(rates), np.log(ramp.learning_rates), losses)
            for rates, losses in zip(of_ramp.T, ramp.losses, strict=True)
        ]
        for ramp, of_ramp in zip(ramps, steepest, strict=True)
    ]
    return Panel(
        "the range test", Axis("learning rate", STOPS[0], HIGH, log=True),
        Axis("training loss", 0.25, 0.75),
        [
            *lines,
            Series(steepest, np.swapaxes(at, 1, 2), STATE, "points", STEEPEST),
            cursor(STOPS, "stop"),
        ],
    )  # fmt: skip


def _training(trained, suggested) -> Panel:
    mean, low, high = trained.mean(axis=0), trained.min(axis=0), trained.max(axis=0)
    suggestions = [
        Series(
            np.broadcast_to(rates, (len(mean), *rates.shape)), _expected(mean, rates),
            ("epochs", *STATE), "points", rule,
        )
        for rule, rates in suggested.items()
    ]  # fmt: skip
    return Panel(
        "training with each rate",
        Axis("learning rate", RATES[0], RATES[-1], log=True), Axis("validation loss", 0.25, 0.75),
        [
            Series(RATES, mean, ["epochs"], "contour"),
            Series(RATES, mean, ["epochs"], "interval", TRAINING, low=low, high=high),
            *suggestions,
        ],
    )  # fmt: skip
