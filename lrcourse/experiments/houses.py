"""Schedules and methods on the houses of the textbook's table, a tenth of them mislabelled."""

from functools import cache, partial

import numpy as np

from lrcourse.datasets import school_district
from lrcourse.experiments.questions import CHOOSING, Question, experiment
from lrcourse.models import LogisticRegression
from lrcourse.optimizers import SGD, Adagrad, Adam, RMSprop
from lrcourse.schedules import (
    constant,
    cosine,
    cosine_restarts,
    cyclical,
    exponential,
    inverse_sqrt,
    linear,
    one_cycle,
    per_epoch,
    step_decay,
    time_based,
    warmup_stable_decay,
)
from lrcourse.training import fit

UPDATES = 1600  # ten epochs of batches of ten
PEAKS = [0.1, 0.3, 1.0, 3.0, 10.0]

SCHEDULES = {
    "constant": constant,
    "time-based": lambda rate: time_based(rate, 9 / UPDATES),
    "step decay": lambda rate: step_decay(rate, 0.5, UPDATES // 5),
    "exponential": lambda rate: exponential(rate, np.log(100) / UPDATES),
    "linear": lambda rate: linear(rate, UPDATES),
    "cosine": lambda rate: cosine(rate, UPDATES),
    "one cycle": lambda rate: one_cycle(rate, UPDATES),
    "warmup-stable-decay": lambda rate: warmup_stable_decay(
        rate, UPDATES, UPDATES // 20, UPDATES // 5
    ),
    "inverse root": lambda rate: inverse_sqrt(rate, UPDATES // 20),
    "restarts": lambda rate: cosine_restarts(rate, UPDATES // 4),
    "cyclical": lambda rate: cyclical(rate / 10, rate, UPDATES // 8),
}

# Methods that adapt, and the rates that are tried for each.
METHODS = {
    "Adagrad": (Adagrad, [0.2, 0.6, 2.0, 6.0]),
    "RMSprop": (RMSprop, [0.006, 0.02, 0.06, 0.2]),
    "Adam": (Adam, [0.006, 0.02, 0.06, 0.2]),
}


def trained(optimizer, seed: int, batch_size: int = 10, epochs: int = 10):
    """Return training loss, validation loss and accuracy at the end, each (runs,)."""
    run = fit(
        LogisticRegression(2),
        optimizer,
        school_district(seed, wrong=0.1),
        epochs=epochs,
        batch_size=batch_size,
        evaluate_every=100_000,
        seed=seed,
    )
    return run.train_loss[-1], run.validation_loss[-1], run.validation_accuracy[-1]


def lowest(seed: int) -> float:
    """Return the lowest training loss that any weights have, by long descent with all houses."""
    data, model = school_district(seed, wrong=0.1), LogisticRegression(2)
    run = fit(model, SGD(4.0), data, epochs=1000, batch_size=1600, evaluate_every=1000, seed=seed)
    return float(run.train_loss[-1, 0])


@cache
def best_peaks(method=SGD, kinds=tuple(SCHEDULES), peaks=tuple(PEAKS)) -> dict[str, float]:
    """Return the peak that suits each schedule, by the training loss of ten seeds."""
    every = [SCHEDULES[kind](peak) for kind in kinds for peak in peaks]
    losses = np.mean([trained(method(every), seed)[0] for seed in CHOOSING[:10]], axis=0)
    best = losses.reshape(len(kinds), -1).argmin(axis=1)
    return {kind: peaks[i] for kind, i in zip(kinds, best, strict=True)}


def schedules(measured: int, seed: int) -> dict[str, float]:
    """Eleven schedules, each from the peak that suits it."""
    chosen = best_peaks()
    losses = trained(SGD([SCHEDULES[kind](peak) for kind, peak in chosen.items()]), seed)[measured]
    above = lowest(seed) if measured == 0 else 0.0
    return dict(zip(chosen, (losses - above).tolist(), strict=True))


def unit(seed: int) -> dict[str, float]:
    """One decay, its steps being epochs, or batches."""
    per = 800
    rates = {
        "per epoch": per_epoch(time_based(0.3, 1.0), per),
        "constant": constant(0.3),
        "per batch, converted": time_based(0.3, 1.0 / per),
        "per batch, not converted": time_based(0.3, 1.0),
    }
    losses, _, _ = trained(SGD(list(rates.values())), seed, batch_size=2, epochs=5)
    return dict(zip(rates, losses.tolist(), strict=True))


def with_schedule(name: str, seed: int) -> dict[str, float]:
    """A method that adapts, at its best constant rate and with a cosine from its best peak."""
    method, peaks = METHODS[name]
    chosen = best_peaks(method, ("constant", "cosine"), tuple(peaks))
    losses, _, _ = trained(method([SCHEDULES[kind](peak) for kind, peak in chosen.items()]), seed)
    return dict(zip(chosen, (losses - lowest(seed)).tolist(), strict=True))


_PEAK = "the peak of each schedule, of five"

QUESTIONS = {
    "schedules": Question(
        "the schedule", "training loss above the lowest", 0.1, "constant",
        partial(schedules, 0), chosen=_PEAK,
    ),
    "schedules, validated": Question(
        "the schedule", "validation loss", 0.01, "constant", partial(schedules, 1), chosen=_PEAK,
    ),
    "schedules, accuracy": Question(
        "the schedule", "validation accuracy", 0.005, "constant", partial(schedules, 2),
        chosen=_PEAK, absolute=True,
    ),
    "unit": Question("what a step of the schedule is", "training loss", 0.01, "per epoch", unit),
    **{
        f"{name} with cosine": Question(
            f"a schedule for {name}", "training loss above the lowest", 0.1, "constant",
            partial(with_schedule, name), chosen="both rates, of four",
        )
        for name in METHODS
    },
}  # fmt: skip


def train(settings: dict, seed: int, question: str) -> dict[str, float]:
    """Do one run of a question."""
    return QUESTIONS[question].results(seed)


EXPERIMENT = experiment(
    "houses", "schedules and methods on the houses", QUESTIONS, train, full=300, quick=["unit"]
)
