"""Schedules on a bowl with noisy gradients, and on a curve with two valleys: hundreds of runs."""

from dataclasses import replace
from functools import cache, partial

import numpy as np

from lrcourse.experiments.questions import Question, best, experiment
from lrcourse.landscapes import descend, quadratic, two_valleys
from lrcourse.optimizers import SGD
from lrcourse.schedules import (
    ReduceOnPlateau,
    constant,
    cosine,
    cosine_restarts,
    polynomial,
    time_based,
    warmup_stable_decay,
)

BOWL = quadratic([0.05, 1.0])
START = [10.0, 1.0]
UPDATES = 2000
RATES = [0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5]


def noisy_errors(schedules, seed: int, updates: int = UPDATES) -> np.ndarray:
    """Return the errors (updates + 1, schedules) of descents that meet the same noise.

    To both components of the gradient noise of variance 1 is added.
    """
    noise = np.random.default_rng(seed).normal(size=(updates, 2))
    noisy = replace(BOWL, gradient=_with(noise, BOWL.gradient))
    return descend(noisy, SGD(list(schedules)), START, updates).errors


def _with(noise, gradient):
    each = iter(noise)
    return lambda w: gradient(w) + next(each)


@cache
def best_rate(make, updates: int = UPDATES) -> float:
    """Return the rate of `RATES` that suits a schedule, made from a rate and the updates."""
    schedules = [make(rate, updates) for rate in RATES]
    return best(RATES, lambda seed: noisy_errors(schedules, seed, updates)[-1])


def decay_over_half(rate, updates):
    """Make a schedule that spends half of its length on the descent."""
    return warmup_stable_decay(rate, updates, 20, updates // 2)


def decay_over_a_fifth(rate, updates):
    """Make a schedule that spends a fifth of its length on the descent."""
    return warmup_stable_decay(rate, updates, 20, updates // 5)


@cache
def _rate_for_all_lengths(make) -> float:
    """Return the rate that suits a schedule whose length is decided later."""

    def logs(seed):
        return sum(
            np.log(noisy_errors([make(rate, n) for rate in RATES], seed, n)[-1]) for n in LENGTHS
        )

    return best(RATES, logs)


LENGTHS = (500, 1000, 2000)


def length(updates: int, seed: int) -> dict[str, float]:
    """End a training after some updates, with the cosine that knew it, and with others."""
    schedules = {
        "cosine for its length": cosine(best_rate(cosine, updates), updates),
        "decay over a fifth": decay_over_a_fifth(
            _rate_for_all_lengths(decay_over_a_fifth), updates
        ),
        "decay over half": decay_over_half(_rate_for_all_lengths(decay_over_half), updates),
    }
    if updates < UPDATES:
        schedules["cosine for 2000, stopped"] = cosine(best_rate(cosine), UPDATES)
    return _ends(schedules, seed, updates)


def level(seed: int) -> dict[str, float]:
    """Constant rates against one that falls, whose decay was chosen by hand."""
    constants = {f"{rate:g}": constant(rate) for rate in (0.01, 0.02, 0.03, 0.05, 0.1)}
    return _ends({"from 0.5 down": time_based(0.5, decay=0.03)} | constants, seed)


def _restarts(rate, updates):
    return cosine_restarts(rate, updates // 4)


def restarts(seed: int) -> dict[str, float]:
    """One cosine against four, each from the rate that suits it."""
    return _ends(
        {
            "cosine": cosine(best_rate(cosine), UPDATES),
            "restarts": _restarts(best_rate(_restarts), UPDATES),
        },
        seed,
    )


POWERS = {f"p = {power:g}": partial(polynomial, power=power) for power in (1.0, 0.5, 2.0)}


def power(seed: int) -> dict[str, float]:
    """Polynomials of several powers, each from the rate that suits it."""
    return _ends({name: make(best_rate(make), UPDATES) for name, make in POWERS.items()}, seed)


def raising(seed: int) -> dict[str, float]:
    """A rule that lowers the rate on a plateau, and one that raises it again after three."""
    rules = [ReduceOnPlateau(0.5, factor=0.5, patience=8, raise_after=n) for n in (None, 3)]
    noise = np.random.default_rng(seed).normal(size=(UPDATES, 2))
    w = np.tile(START, (len(rules), 1))
    optimizer = SGD([rule.learning_rate for rule in rules])
    for update in range(UPDATES):
        optimizer.step([w], [BOWL.gradient(w) + noise[update]])
        if (update + 1) % 20 == 0:  # an epoch
            errors = BOWL.error(w)
            optimizer.learning_rate = [
                rule.update(error) for rule, error in zip(rules, errors, strict=True)
            ]
    return dict(zip(["never raised", "raised after 3"], BOWL.error(w).tolist(), strict=True))


def crossing(strength: float, seed: int) -> dict[str, float]:
    """Return the share of 20 descents that noise carries into the deeper of two valleys."""
    schedules = {
        "cosine": cosine(0.3, 400),
        "restarts": cosine_restarts(0.3, 100),
        "constant": constant(0.3),
    }
    valleys, descents = two_valleys(), 20
    # Every schedule of a descent meets the same noise.
    noise = np.random.default_rng(seed).normal(scale=strength, size=(400, descents, 1, 1))
    noise = np.broadcast_to(noise, (400, descents, len(schedules), 1)).reshape(400, -1, 1)
    noisy = replace(valleys, gradient=_with(noise, valleys.gradient))
    optimizer = SGD(list(schedules.values()) * descents)
    ends = descend(noisy, optimizer, -1.8, 400).points[-1, :, 0].reshape(descents, -1)
    return dict(zip(schedules, (ends > 0).mean(axis=0).tolist(), strict=True))


def _ends(schedules, seed, updates=UPDATES) -> dict[str, float]:
    ends = noisy_errors(schedules.values(), seed, updates)[-1]
    return dict(zip(schedules, ends.tolist(), strict=True))


_RATE = "the rate of each schedule, of nine"

QUESTIONS = {
    "level": Question(
        "the schedule: constant rates, and one that falls", "error", 0.1, "from 0.5 down", level,
    ),
    **{
        f"length {updates}": Question(
            "the schedule, for a length that is known or not", "error", 0.1,
            "cosine for its length", partial(length, updates), chosen=_RATE,
        )
        for updates in LENGTHS
    },
    "restarts": Question(
        "one cosine or four", "error", 0.1, "cosine", restarts, chosen=_RATE,
    ),
    "power": Question("the power of the polynomial", "error", 0.1, "p = 1", power, chosen=_RATE),
    "raising": Question(
        "whether a plateau rule raises the rate again", "error", 0.1, "never raised", raising
    ),
    **{
        f"crossing {strength:g}": Question(
            "the schedule, two valleys, noise", "share that crosses", 0.03, "cosine",
            partial(crossing, strength), absolute=True,
        )
        for strength in (0.5, 1.0)
    },
}  # fmt: skip


def train(settings: dict, seed: int, question: str) -> dict[str, float]:
    """Do one run of a question."""
    return QUESTIONS[question].results(seed)


EXPERIMENT = experiment(
    "bowls", "schedules where the gradient is noisy", QUESTIONS, train, full=300,
    quick=["level", "raising", "crossing 1"],
)  # fmt: skip
