"""Noise: the same learning rates with more and more seeds, and when a difference is one."""

import numpy as np

from lrcourse.book.records import load
from lrcourse.checks import one_of, positive, positive_integer, whole
from lrcourse.comparison import Comparison
from lrcourse.experiments.autoencoder import losses
from lrcourse.explorer.figure import Axis, Control, Figure, Panel, Readout, Series, cursor
from lrcourse.explorer.widget import explorable
from lrcourse.plots import HIGHLIGHT, NEGATIVE

# How many seeds: each number at first, where one more changes most.
COUNTS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40)

DECIDED, UNDECIDED = "decided", "undecided"
_SEEDS = Axis("seeds", 0, 41)


@explorable
def noise(*, reference=0.005, rate=0.004, draws=20, confidence=0.95, seed=0) -> Figure:
    """Explore how many seeds it takes to decide between learning rates.

    The losses are those of the record "seeds": 40 seeds of chapter 3's autoencoder for each
    of eight rates, one of them the `reference` that the others are compared with, and one the
    `rate` to begin with. The seeds are drawn in so many orders, at most 40, that `seed` decides.
    """
    record = load("seeds", "full")
    texts = [f"{each:g}" for each in record.settings["learning_rates"]]
    texts.remove(one_of("reference", f"{positive('reference', reference):g}", texts))
    one_of("rate", f"{positive('rate', rate):g}", texts)
    draws = positive_integer("draws", draws, at_most=40)
    generator = np.random.default_rng(whole("seed", seed))
    others = [float(text) for text in texts]
    # The reference comes last: every difference is another rate's loss minus its own.
    ends = {
        f"{each:g}": losses(record, each, record.settings["epochs"])
        for each in [*others, reference]
    }
    compared = []
    for _ in range(draws):
        order = generator.permutation(len(record.seeds))
        for count in COUNTS:
            some = {name: each[order[:count]] for name, each in ends.items()}
            compared.append(Comparison(some, confidence=confidence))
    every = list(compared[0].chances)

    def gathered(what) -> np.ndarray:
        found = [[what(each, (name, f"{reference:g}")) for name in texts] for each in compared]
        return np.array(found).reshape(draws, len(COUNTS), len(others))

    mean = gathered(lambda each, pair: each.differences[pair].mean)
    low = gathered(lambda each, pair: each.differences[pair].low)
    high = gathered(lambda each, pair: each.differences[pair].high)
    alone = gathered(lambda each, pair: each.differences[pair].outcome != "undecided")
    told = gathered(lambda each, pair: each.outcome(*pair) != "undecided")
    apart = [sum(each.outcomes[pair] != "undecided" for pair in every) for each in compared]
    apart = np.array(apart).reshape(draws, len(COUNTS))
    bars = 1000 * np.stack([mean, low, high])  # as short numbers on the axis
    reach = 1.25 * np.abs(bars[0][:, -1]).max()
    difference = Axis("difference in loss × 1000", -reach, reach)
    state = ["draw", "seeds", "rate"]
    return Figure(
        "When does a difference between two learning rates become one?",
        controls=[
            Control("seeds", "seeds", [str(count) for count in COUNTS], start=COUNTS.index(3)),
            Control("draw", "draw of the seeds", [str(1 + number) for number in range(draws)]),
            Control("rate", "learning rate compared", texts, others.index(rate), kind="choice"),
        ],
        panels=[
            Panel(
                "every rate against the reference",
                Axis("learning rate", others[0] / 1.2, others[-1] * 1.2, log=True), difference,
                [
                    Series([others[0] / 1.2, others[-1] * 1.2], [0.0, 0.0], style="contour"),
                    cursor(others, "rate"),
                    *_intervals(others, ["draw", "seeds"], told, bars),
                ],
            ),
            Panel(
                "the rate compared, seed by seed", _SEEDS, difference,
                [
                    Series([_SEEDS.low, _SEEDS.high], [0.0, 0.0], style="contour"),
                    cursor(COUNTS, "seeds"),
                    *_intervals(
                        COUNTS, ["draw", "rate"], told.swapaxes(1, 2), bars.swapaxes(2, 3)
                    ),
                ],
            ),
            _pairs(apart, len(every)),
        ],
        readouts=[
            Readout("reference rate", np.array(f"{reference:g}")),
            Readout("difference in loss", mean, state, digits=2),
            Readout("decided by its interval alone", np.where(alone, "yes", "no"), state),
            Readout("decided with all pairs in view", np.where(told, "yes", "no"), state),
            Readout("draws in which the interval does so", _share(alone), ["seeds", "rate"]),
            Readout("draws that do so with all pairs in view", _share(told), ["seeds", "rate"]),
            Readout("pairs decided", _of(apart, len(every)), ["draw", "seeds"]),
        ],
        groups={DECIDED: HIGHLIGHT, UNDECIDED: NEGATIVE},
    )  # fmt: skip


def _of(numbers, most) -> np.ndarray:
    return np.char.add(np.char.mod("%d", numbers), f" / {most}")


def _share(verdicts) -> np.ndarray:
    return _of(verdicts.sum(axis=0), len(verdicts))


def _intervals(x, by, told, bars) -> list[Series]:
    """Return the intervals as two series: those decided, and the others."""
    mean, low, high = bars
    return [
        Series(x, np.where(chosen, mean, np.nan), by, "interval", group, low=low, high=high)
        for chosen, group in ((told, DECIDED), (~told, UNDECIDED))
    ]


def _pairs(apart, most) -> Panel:
    every = np.concatenate([apart, np.full((len(apart), 1), np.nan)], axis=1)
    counts = np.tile([*COUNTS, np.nan], len(apart))
    return Panel(
        "pairs decided, in this draw and in all", _SEEDS, Axis("pairs", 0, most),
        [
            Series(counts, every.ravel(), style="contour"),
            Series(COUNTS, apart, ["draw"], "path", DECIDED),
            cursor(COUNTS, "seeds"),
        ],
    )  # fmt: skip
