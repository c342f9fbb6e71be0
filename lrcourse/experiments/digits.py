"""Schedules and methods on small networks that read digits: scores of seeds."""

from functools import cache, partial

import numpy as np

from lrcourse.datasets import Data
from lrcourse.datasets.splits import shuffled_split, standardized, stratified_split
from lrcourse.experiments import images
from lrcourse.experiments.questions import CHOOSING, Question, experiment
from lrcourse.experiments.running import catalogued
from lrcourse.models import MultilayerPerceptron
from lrcourse.optimizers import SGD, Adam
from lrcourse.schedules import constant, cosine, piecewise, step_decay, time_based, warmup
from lrcourse.training import fit

UPDATES = 190  # ten epochs of nineteen batches of 64


def trained(optimizer, seed: int, epochs: int = 10, network=None, data=None, batch_size: int = 64):
    """Return training and validation loss at the end, each (runs,); infinite where it diverged."""
    run = fit(
        network or MultilayerPerceptron([64, 16, 10], loss="softmax_cross_entropy"),
        optimizer,
        data or _split(seed),
        epochs=epochs,
        batch_size=batch_size,
        evaluate_every=100_000,
        seed=seed,
    )
    ends = (run.train_loss[-1], run.validation_loss[-1])
    return tuple(np.where(np.isfinite(end), end, np.inf) for end in ends)


def _pictures():
    pictures = catalogued("digits")
    return pictures._replace(x=pictures.x.astype(float))


def _split(seed) -> Data:
    return stratified_split(_pictures(), 0.33, seed)


def _best(make, rates, seeds=CHOOSING[:10], **settings):
    """Return the rate with the lowest mean validation loss over the seeds that choose."""
    means = np.mean([trained(make(rates), seed, **settings)[1] for seed in seeds], axis=0)
    return float(rates[np.argmin(means)])


EARLY_RATES = [0.1, 0.03, 0.3, 0.6, 0.8]


def early(seed: int) -> dict[str, float]:
    """Rates that look best after an epoch or at the end of twelve."""
    data = standardized(shuffled_split(_pictures(), 0.25, seed))
    _, losses = trained(SGD(EARLY_RATES), seed, 12, data=data, batch_size=32)
    return dict(zip(map(str, EARLY_RATES), losses.tolist(), strict=True))


def doubled(seed: int) -> dict[str, float]:
    """Twice the rate or twice the epochs: an autoencoder with Adam."""
    split = shuffled_split(_pictures(), 0.25, seed)
    data = Data(split.x_train, split.x_train, split.x_validation, split.x_validation)
    network = MultilayerPerceptron([64, 16, 64])
    ends = {
        epochs: trained(Adam([0.001, 0.002]), seed, epochs, network, data, 32)[1]
        for epochs in (15, 30)
    }
    return {
        "0.001 for 30 epochs": ends[30][0],
        "0.001 for 15 epochs": ends[15][0],
        "0.002 for 15 epochs": ends[15][1],
    }


SCHEDULES = {
    "constant": constant,
    "time-based": lambda rate: time_based(rate, 9 / UPDATES),
    "drop-based": lambda rate: step_decay(rate, 0.5, UPDATES // 5),
    "cosine": lambda rate: cosine(rate, UPDATES),
}
MOMENTA = (0.8, 0.0, 0.9)


@cache
def _first_rate(kind: str, momentum: float) -> float:
    rates = np.geomspace(0.05, 3.2, 13)
    return _best(
        lambda rates: SGD([SCHEDULES[kind](rate) for rate in rates], momentum=momentum), rates
    )


def schedules(momentum: float, seed: int) -> dict[str, float]:
    """Four schedules with one momentum, each from the rate that suits it."""
    rates = [make(_first_rate(kind, momentum)) for kind, make in SCHEDULES.items()]
    _, losses = trained(SGD(rates, momentum=momentum), seed)
    return dict(zip(SCHEDULES, losses.tolist(), strict=True))


def momenta(kind: str, seed: int) -> dict[str, float]:
    """Three momenta with one schedule, each from the rate that suits it."""
    return {
        f"momentum {momentum:g}": float(
            trained(SGD(SCHEDULES[kind](_first_rate(kind, momentum)), momentum=momentum), seed)[1][
                0
            ]
        )
        for momentum in MOMENTA
    }


def nesterov(momentum: float, rate: float, seed: int) -> dict[str, float]:
    """Momentum as it is, and with the gradient taken ahead."""
    return {
        name: float(trained(SGD(rate, momentum=momentum, nesterov=ahead), seed)[1][0])
        for name, ahead in {"momentum": False, "Nesterov": True}.items()
    }


@cache
def _best_of_method(name: str) -> float:
    given = float(images.PUBLISHED[name](19).learning_rate)
    rates = given * np.array([1 / 3, 1, 3, 10, 30, 100, 300])
    return _best(lambda rates: images.equal_terms(name, rates, UPDATES), rates)


def methods(seed: int) -> dict[str, float]:
    """Eight methods, each at the rate that suits it."""
    return {
        name: float(
            trained(images.equal_terms(name, np.array([_best_of_method(name)]), UPDATES), seed)[1][
                0
            ]
        )
        for name in images.PUBLISHED
    }


def correction(epochs: int, seed: int) -> dict[str, float]:
    """Adam with its bias correction, and with a schedule that takes it back, at the best rates."""
    return {
        name: float(trained(Adam(make(_corrected_rate(name, epochs))), seed, epochs)[1][0])
        for name, make in CORRECTION.items()
    }


def _uncorrected(rate):
    t = np.arange(1, UPDATES + 1)
    return piecewise(rate * (1 - 0.9**t) / np.sqrt(1 - 0.999**t), t[:-1])


CORRECTION = {"on": float, "off": _uncorrected}


@cache
def _corrected_rate(name, epochs):
    rates = np.array([0.001, 0.003, 0.01, 0.03, 0.1])
    make = CORRECTION[name]
    return _best(lambda rates: Adam([make(rate) for rate in rates]), rates, epochs=epochs)


def first_moment(seed: int) -> dict[str, float]:
    """Adam with less and more memory of the gradients, each at the rate that suits it."""
    return {
        f"beta1 {beta:g}": float(trained(Adam(_moment_rate(beta), betas=(beta, 0.999)), seed)[1][0])
        for beta in (0.9, 0.0, 0.99)
    }


@cache
def _moment_rate(beta):
    rates = np.array([0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1])
    return _best(lambda rates: Adam(rates, betas=(beta, 0.999)), rates)


WARM_RATES = (0.25, 0.5, 1.0)


def warm(rate: float, seed: int) -> dict[str, float]:
    """A constant rate from the first update on, and after 80 updates of warmup."""
    order = np.random.default_rng(seed).permutation(1797)
    pictures = _pictures()
    x, y = pictures.x[order], pictures.y[order].astype(float)
    data = Data(x[:1024], y[:1024], x[1024:], y[1024:])
    network = MultilayerPerceptron([64, 32, 10], loss="softmax_cross_entropy")
    rates = [constant(rate), warmup(constant(rate), 80)]
    _, losses = trained(SGD(rates), seed, 8, network, data, 32)
    return dict(zip(["at once", "after a warmup"], losses.tolist(), strict=True))


_RATE = "the rate of each, by ten seeds"

QUESTIONS = {
    "early": Question("the rate", "validation loss", 0.05, "0.1", early),
    "doubled": Question(
        "rate and epochs", "validation loss", 0.01, "0.001 for 30 epochs", doubled
    ),
    **{
        f"schedules, momentum {momentum:g}": Question(
            "the schedule", "validation loss", 0.03, "constant", partial(schedules, momentum),
            chosen=_RATE,
        )
        for momentum in MOMENTA
    },
    **{
        f"momentum, {kind}": Question(
            "the momentum", "validation loss", 0.03, "momentum 0.8", partial(momenta, kind),
            chosen=_RATE,
        )
        for kind in SCHEDULES
    },
    **{
        f"Nesterov {momentum:g} at {rate:g}": Question(
            "where the gradient is taken", "validation loss", 0.01, "momentum",
            partial(nesterov, momentum, rate),
        )
        for momentum in (0.5, 0.9)
        for rate in (0.01, 0.03, 0.1, 0.3)
    },
    "methods": Question("the method", "validation loss", 0.03, "Adam", methods, chosen=_RATE),
    **{
        f"correction, {epochs} epochs": Question(
            "Adam's bias correction", "validation loss", 0.03, "on", partial(correction, epochs),
            chosen=_RATE,
        )
        for epochs in (1, 10)
    },
    "first moment": Question(
        "Adam's first memory", "validation loss", 0.03, "beta1 0.9", first_moment, chosen=_RATE
    ),
    **{
        f"warmup to {rate:g}": Question(
            "whether there is a warmup", "validation loss", 0.03, "at once", partial(warm, rate)
        )
        for rate in WARM_RATES
    },
}  # fmt: skip


def train(settings: dict, seed: int, question: str) -> dict[str, float]:
    """Do one run of a question."""
    return QUESTIONS[question].results(seed)


EXPERIMENT = experiment(
    "digits", "schedules and methods on small networks", QUESTIONS, train, full=60,
    quick=["early", "doubled", "Nesterov 0.5 at 0.1", "warmup to 0.5"],
)  # fmt: skip
