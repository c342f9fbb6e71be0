"""Schedules: choose and tune one, and see the training that it gives."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from lrcourse.checks import sequence
from lrcourse.datasets import Data, school_district
from lrcourse.explorer.figure import Axis, Control, Figure, Panel, Readout, Series
from lrcourse.explorer.widget import explorable
from lrcourse.models import LogisticRegression
from lrcourse.optimizers import SGD
from lrcourse.plots import HIGHLIGHT, NEGATIVE
from lrcourse.schedules import (
    Schedule,
    constant,
    cosine,
    cosine_restarts,
    cyclical,
    exponential,
    inverse_sqrt,
    linear,
    one_cycle,
    piecewise,
    polynomial,
    step_decay,
    time_based,
    time_based_compounding,
    warmup,
    warmup_stable_decay,
)
from lrcourse.tables import Code
from lrcourse.training import fit

EPOCHS, BATCH_SIZE, UPDATES = 10, 10, 1600
WRONG = 0.1  # of the labels
RATES = (0.1, 0.3, 0.5, 1, 2, 3, 10)
CHECKPOINT = 50  # updates between two points of a loss curve
# A schedule's curve has a point on either side of all places where one may jump or bend.
BENDS = 40


@dataclass(frozen=True)
class Family:
    """A kind of schedule with a rate and up to two numbers of its own."""

    label: str
    make: Callable[..., Schedule]  # of the rate and of its own numbers
    own: Sequence[str]  # the sliders of its own numbers, of `SLIDERS`
    formula: Callable[..., str]  # of its own numbers, with {rate} for the rate

    def settings(self) -> list[tuple]:
        """Return its own numbers, for each position of its sliders."""
        return list(product(*(SLIDERS[name][1] for name in self.own)))

    def sizes(self) -> tuple[int, ...]:
        """Return how many positions each of its sliders has."""
        return tuple(len(SLIDERS[name][1]) for name in self.own)

    def arranged(self, rows) -> np.ndarray:
        """Return a row for each rate and each of its settings as (rates, *sizes, ...)."""
        return np.reshape(rows, (len(RATES), *self.sizes(), -1))


# Name: label, numbers, and which of them to begin with. The steps t are updates.
SLIDERS = {
    "decay": ("decay k", (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02), 3),
    "growing": ("decay k", (1e-6, 2e-6, 5e-6, 1e-5), 2),
    "drop": ("drop to the share", (0.1, 0.2, 0.5, 0.8), 2),
    "every": ("updates between drops", (160, 320, 400, 800), 1),
    "slope": ("decay k", (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01), 3),
    "total": ("updates to the last rate", (400, 800, 1600), 2),
    "end": ("last rate, as a share of the first", (0, 0.01, 0.1), 0),
    "power": ("exponent p", (0.5, 1, 2, 4), 2),
    "period": ("updates of the first cycle", (200, 400, 800), 1),
    "longer": ("each cycle longer by the factor", (1, 2), 0),
    "half": ("updates of half a cycle", (40, 80, 200, 400), 2),
    "height": ("height after each cycle", (1, 0.5), 0),
    "rise": ("share of the updates that rise", (0.1, 0.3, 0.5), 1),
    "low": ("first rate is the highest divided by", (5, 25), 1),
    "one": ("first drop at update", (200, 400, 800), 2),
    "two": ("second drop at update", (1000, 1200, 1400), 1),
    "warm": ("updates of warmup", (40, 80, 160, 400), 1),
    "fall": ("updates of decay", (160, 320, 800), 1),
}


def _share(total):
    return f"t/{total}" if total == UPDATES else f"min(t/{total}, 1)"


def _to_end(shape: str) -> Callable[..., str]:
    """Return the formula of a way from the first rate to the last, by what it is for last 0."""

    def formula(total, end):
        falling = shape.format(_share(total))
        return f"{{rate}} · ({end:g} + {1 - end:g} · {falling})" if end else f"{{rate}} · {falling}"

    return formula


def _one_cycle(rise, low):
    top = rise * UPDATES - 1
    last, final = UPDATES - 1, 1 / low / 1e4
    return (
        f"{{rate}} · ({1 / low:g} + {1 - 1 / low:g} · (1 − cos(π·t/{top:g}))/2),  t ≤ {top:g};  "
        f"{{rate}} · ({final:g} + {1 - final:g} · (1 + cos(π·(t − {top:g})/{last - top:g}))/2),  "
        f"t > {top:g}"
    )


def _cyclical(half, height):
    wave = f"(1 − |(t mod {2 * half})/{half} − 1|)"
    falling = "" if height == 1 else f" · {height:g}^⌊t/{2 * half}⌋"
    return f"{{rate}} · (0.1 + 0.9 · {wave}{falling})"


def _restarts(period, longer):
    if longer == 1:
        return f"{{rate}} · (1 + cos(π · (t mod {period})/{period}))/2"
    starts = [period * (longer**i - 1) for i in range(1, 5)]
    before = "; ".join(f"{start}" for start in starts if start < UPDATES)
    return f"{{rate}} · (1 + cos(π · (t − s)/({period} + s)))/2,  s = 0; {before}"


FAMILIES = (
    Family("constant", constant, (), lambda: "{rate}"),
    Family("time-based", time_based, ("decay",), lambda k: f"{{rate}} / (1 + {k:g}·t)"),
    Family(
        "compounding", time_based_compounding, ("growing",),
        lambda k: f"η(t − 1) / (1 + {_plain(k)}·t),  η(0) = {{rate}}",
    ),
    Family(
        "step decay", step_decay, ("drop", "every"), lambda d, n: f"{{rate}} · {d:g}^⌊t/{n}⌋"
    ),
    Family("exponential", exponential, ("slope",), lambda k: f"{{rate}} · e^(−{k:g}·t)"),
    Family(
        "linear", lambda rate, total, end: linear(rate, total, rate * end), ("total", "end"),
        _to_end("(1 − {})"),
    ),
    Family(
        "polynomial", polynomial, ("total", "power"),
        lambda total, p: f"{{rate}} · (1 − {_share(total)})^{p:g}",
    ),
    Family(
        "cosine", lambda rate, total, end: cosine(rate, total, rate * end), ("total", "end"),
        _to_end("(1 + cos(π · {}))/2"),
    ),
    Family("restarts", cosine_restarts, ("period", "longer"), _restarts),
    Family(
        "cyclical",
        lambda rate, half, height: cyclical(
            rate / 10, rate, half, "triangular" if height == 1 else "triangular2"
        ),
        ("half", "height"), _cyclical,
    ),
    Family(
        "one cycle", lambda rate, rise, low: one_cycle(rate, UPDATES, rise, low),
        ("rise", "low"), _one_cycle,
    ),
    Family(
        "milestones",
        lambda rate, one, two: piecewise([rate, rate / 10, rate / 100], [one, two]),
        ("one", "two"),
        lambda one, two: f"{{rate}},  t < {one};  {{rate}}/10,  t < {two};  "
        f"{{rate}}/100,  t ≥ {two}",
    ),
    Family(
        "inverse root", inverse_sqrt, ("warm",),
        lambda w: f"{{rate}} · min(t/{w}, √({w}/t))",
    ),
    Family(
        "warmup, then cosine", lambda rate, w: warmup(cosine(rate, UPDATES - w), w), ("warm",),
        lambda w: f"{{rate}} · t/{w},  t < {w};  "
        f"{{rate}} · (1 + cos(π·(t − {w})/{UPDATES - w}))/2,  t ≥ {w}",
    ),
    Family(
        "warmup-stable-decay",
        lambda rate, w, fall: warmup_stable_decay(rate, UPDATES, w, fall), ("warm", "fall"),
        lambda w, fall: f"{{rate}} · min(t/{w}, 1, ({UPDATES} − t)/{fall})",
    ),
)  # fmt: skip


@explorable
def schedules(*, seeds=(0, 1, 2)) -> Figure:
    """Explore the schedules: their rates, and what is left of the loss when they train.

    Logistic regression on the houses of `lrcourse.datasets.school_district`, a tenth of the
    labels wrong, for 1,600 updates with batches of 10. A loss is the mean over one to ten seeds,
    each of which decides about the labels, the split and the order of the houses.
    """
    if not 1 <= len(sequence("seeds", seeds)) <= 10:
        raise ValueError(f"seeds must be one to ten, got {len(seeds)}")
    each = [
        [family.make(rate, *own) for rate in RATES for own in family.settings()]
        for family in FAMILIES
    ]
    updates, losses = _trained([schedule for some in each for schedule in some], seeds)
    losses = np.split(losses, np.cumsum([len(some) for some in each])[:-1])
    losses = [family.arranged(some) for family, some in zip(FAMILIES, losses, strict=True)]
    bends = np.arange(0, UPDATES + 1, BENDS)
    # And a few more at the beginning, where the fast ones fall.
    t = np.unique([*bends[:-1], *(bends[1:] - 1), *range(0, 160, 10)])
    rates = [
        family.arranged([schedule(t) for schedule in some])
        for family, some in zip(FAMILIES, each, strict=True)
    ]
    update = Axis("update", 0, UPDATES)
    return Figure(
        "Choose a schedule, tune it, and see how it trains",
        controls=[
            Control(
                "schedule", "schedule", [family.label for family in FAMILIES], start=7,
                kind="choice",
            ),
            Control("rate", "highest rate", [f"{rate:g}" for rate in RATES], start=3),
            *(_slider(name) for name in SLIDERS),
        ],
        panels=[
            Panel(
                "the shape of the schedule", update,
                Axis("rate, as a share of the highest", 0, 1.02),
                # The shape is the same for every rate.
                [
                    Series(t, one[0] / RATES[0], family.own, when={"schedule": i}, group=THIS)
                    for i, (family, one) in enumerate(zip(FAMILIES, rates, strict=True))
                ],
            ),
            Panel(
                "the learning rates, on a logarithmic axis", update,
                Axis("learning rate", 1e-4, 20, log=True), _lines(t, rates),
            ),
            Panel(
                "training loss above the lowest", update,
                Axis("training loss above the lowest", 5e-6, 2, log=True),
                [
                    Series(updates, losses[0][losses[0][:, -1].argmin()], group=BEST),
                    *_lines(updates, losses),
                ],
            ),
        ],
        readouts=[
            *(
                Readout("formula", _formulas(family), family.own, when={"schedule": i})
                for i, family in enumerate(FAMILIES)
            ),
            *_at_the_end("rate of the last update", rates, 3),
            *_at_the_end("loss above the lowest, at the end", losses, 2),
        ],
        groups={THIS: HIGHLIGHT, BEST: NEGATIVE},
        pin=True,
    )  # fmt: skip


THIS, BEST = "this schedule", "the best constant rate"


def _trained(every, seeds) -> tuple[np.ndarray, np.ndarray]:
    """Return updates, and the mean loss above the lowest after each, for every schedule."""
    model, excess = LogisticRegression(2), 0.0
    for seed in seeds:
        x, y, *_ = school_district(seed, wrong=WRONG)
        data = Data(x, y, x[:1], y[:1])  # nothing is asked about the validation
        with warnings.catch_warnings():
            # Schedules that end early are what the reader may choose here.
            warnings.simplefilter("ignore", UserWarning)
            run = fit(
                model, SGD(every), data, epochs=EPOCHS, batch_size=BATCH_SIZE, seed=seed,
                evaluate_every=CHECKPOINT,
            )  # fmt: skip
        # With all the data in every step the lowest loss is reached to ten decimals.
        full = fit(model, SGD(4.0), data, epochs=400, batch_size=len(x), evaluate_every=400)
        excess = excess + (run.train_loss - full.train_loss[-1]).T / len(seeds)
    return run.updates, excess


def _slider(name) -> Control:
    label, numbers, start = SLIDERS[name]
    users = [i for i, family in enumerate(FAMILIES) if name in family.own]
    return Control(
        name, label, [_plain(number) for number in numbers], start, when={"schedule": users}
    )


def _lines(x, every) -> list[Series]:
    return [
        Series(x, one, ["rate", *family.own], when={"schedule": i}, group=THIS)
        for i, (family, one) in enumerate(zip(FAMILIES, every, strict=True))
    ]


def _at_the_end(label, every, digits) -> list[Readout]:
    return [
        Readout(label, one[..., -1], ["rate", *family.own], digits, {"schedule": i})
        for i, (family, one) in enumerate(zip(FAMILIES, every, strict=True))
    ]


def _formulas(family) -> np.ndarray:
    texts = [Code(f"η(t) = {family.formula(*own)}") for own in family.settings()]
    return np.array(texts, object).reshape(family.sizes())


def _plain(value: float) -> str:
    """Return a number without an exponent of ten."""
    return np.format_float_positional(value, trim="-")
