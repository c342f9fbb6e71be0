"""What readers ask, and what came after the sources: plateau rules, first layers, no schedule."""

from functools import cache

import numpy as np

from lrcourse.datasets import Data, Dataset
from lrcourse.datasets.splits import stratified_split
from lrcourse.experiments.questions import CHOOSING, Question, experiment
from lrcourse.experiments.running import catalogued
from lrcourse.models import MultilayerPerceptron
from lrcourse.optimizers import SGD, Adam
from lrcourse.schedules import ReduceOnPlateau, constant, cosine, linear, warmup
from lrcourse.training import fit


def _pictures() -> Dataset:
    pictures = catalogued("digits")
    return pictures._replace(x=pictures.x.astype(float))


def _rows(seed, rows) -> Data:
    pictures = _pictures()
    order = np.random.default_rng(seed).permutation(len(pictures.x))
    x, y = pictures.x[order], pictures.y[order].astype(float)
    return Data(x[:rows], y[:rows], x[rows : rows + 773], y[rows : rows + 773])


def _ended(network, optimizer, data, epochs, batch_size, seed):
    return fit(
        network, optimizer, data, epochs=epochs, batch_size=batch_size, evaluate_every=100_000,
        seed=seed,
    )  # fmt: skip


def warm_squared(seed: int) -> dict[str, float]:
    """Full-batch descent on the squared error, twice above the limit: does it settle?"""
    data = _rows(seed, 100)
    x, y = data.x_train - data.x_train.mean(axis=0), np.eye(10)[data.y_train.astype(int)]
    rates = [constant(4.0), warmup(constant(4.0), 100)]
    network = MultilayerPerceptron([64, 32, 32, 10], "tanh", "squared_error")
    run = _ended(network, SGD(rates), Data(x, y, x[:10], y[:10]), 200, 100, seed)
    settled = (run.train_loss[-1] < 0.25).astype(float).tolist()
    return dict(zip(["at once", "after a warmup"], settled, strict=True))


RULES = {
    "constant 0.03": None,
    "constant 0.1": None,
    "plateau, accuracy": lambda: ReduceOnPlateau(0.1, 0.5, 2, mode="max"),
    "plateau, raised": lambda: ReduceOnPlateau(0.1, 0.5, 2, mode="max", raise_after=2),
    "plateau, loss": lambda: ReduceOnPlateau(0.1, 0.5, 2),
}


def plateaus(seed: int) -> dict[str, float]:
    """Return the test loss after 30 epochs; a fifth of the training labels are wrong."""
    data = stratified_split(_pictures(), 0.33, seed)
    generator = np.random.default_rng([seed, 7])
    wrong = generator.random(len(data.y_train)) < 0.2
    y = np.where(wrong, generator.integers(10, size=len(wrong)), data.y_train).astype(float)
    network = MultilayerPerceptron([64, 16, 10], loss="softmax_cross_entropy")
    rules = [make and make() for make in RULES.values()]
    optimizer = SGD([0.03, 0.1, 0.1, 0.1, 0.1], momentum=0.9)
    weights = network.initialize(len(rules), seed)
    watched, tested = slice(0, None, 2), slice(1, None, 2)
    for epoch in range(30):
        order = np.random.default_rng([seed, epoch]).permutation(len(y))
        for first in range(0, len(y), 64):
            batch = order[first : first + 64]
            optimizer.step(weights, network.gradients(weights, data.x_train[batch], y[batch]))
        loss, accuracy = network.loss_and_accuracy(
            weights, data.x_validation[watched], data.y_validation[watched]
        )
        optimizer.learning_rate = [
            rate if rule is None else rule.update((loss if rule.mode == "min" else accuracy)[i])
            for i, (rule, rate) in enumerate(zip(rules, optimizer.learning_rate, strict=True))
        ]
    losses, _ = network.loss_and_accuracy(
        weights, data.x_validation[tested], data.y_validation[tested]
    )
    return dict(zip(RULES, losses.tolist(), strict=True))


class Pretrained(MultilayerPerceptron):
    """A network whose first layer may be handed over."""

    first_layer = ()

    def initialize(self, *arguments, **keywords):
        """Return the initial parameters."""
        weights = super().initialize(*arguments, **keywords)
        for own, given in zip(weights, self.first_layer, strict=False):
            own[...] = given
        return weights


LAYERS = {
    "one rate for all": (True, None),
    "no first layer given": (False, None),
    "first layer at a tenth": (True, [0.1, 0.1, 1, 1]),
    "first layer frozen": (True, [0, 0, 1, 1]),
}
LAYER_RATES = [0.001, 0.003, 0.01, 0.03]


def _layers(seed) -> dict[str, np.ndarray]:
    """Return the accuracies (rates,) of odd or even, learned from 40 pictures."""
    halves = stratified_split(_pictures(), 0.4, seed)
    ten = Pretrained([64, 16, 10], loss="softmax_cross_entropy")
    learned = _ended(ten, Adam(0.01), halves, 20, 32, seed).parameters[:2]
    parity = Dataset(halves.x_validation, halves.y_validation % 2)
    few, found = stratified_split(parity, 1 - 40 / len(parity.y), seed), {}
    for name, (given, multipliers) in LAYERS.items():
        network = Pretrained([64, 16, 2], loss="softmax_cross_entropy")
        network.first_layer = learned if given else ()
        optimizer = SGD(LAYER_RATES, momentum=0.9, multipliers=multipliers)
        found[name] = _ended(network, optimizer, few, 25, 10, seed).validation_accuracy[-1]
    return found


@cache
def _layer_rates():
    runs = [_layers(seed) for seed in CHOOSING[:10]]
    return {name: int(np.argmax(np.mean([run[name] for run in runs], axis=0))) for name in LAYERS}


def layers(seed: int) -> dict[str, float]:
    """Return the accuracy, in points, with layers that were handed over."""
    found = _layers(seed)
    return {name: float(100 * found[name][i]) for name, i in _layer_rates().items()}


def resumed(seed: int) -> dict[str, float]:
    """Return the validation loss after a break in the middle, with and without the saved state."""
    data = stratified_split(_pictures(), 0.33, seed)
    network = MultilayerPerceptron([64, 16, 10], loss="softmax_cross_entropy")
    updates, ends = 12 * 19, {}
    for name in ("state restored", "weights alone"):
        weights, optimizer = network.initialize(1, seed), Adam(cosine(0.03, updates))
        for epoch in range(12):
            if epoch == 6 and name == "weights alone":
                optimizer = Adam(cosine(0.03, updates))
            order = np.random.default_rng([seed, epoch]).permutation(len(data.x_train))
            for first in range(0, len(order), 64):
                batch = order[first : first + 64]
                gradients = network.gradients(weights, data.x_train[batch], data.y_train[batch])
                optimizer.step(weights, gradients)
        loss, _ = network.loss_and_accuracy(weights, data.x_validation, data.y_validation)
        ends[name] = float(loss[0])
    return ends


FREE_RATES = 2.0 ** np.arange(-2, 3)


def _free(rates, seed) -> np.ndarray:
    """Return the validation losses of schedule-free learning after eight epochs, (rates,)."""
    data = _rows(seed, 1024)
    network = MultilayerPerceptron([64, 32, 10], loss="softmax_cross_entropy")
    x = network.initialize(len(rates), seed)
    z, y = ([w.copy() for w in x] for _ in range(2))
    order, t = np.random.default_rng(seed), 0
    for _ in range(8):
        for batch in order.permutation(1024).reshape(-1, 32):
            gradients = network.gradients(y, data.x_train[batch], data.y_train[batch])
            t += 1
            for a, b, c, g in zip(x, y, z, gradients, strict=True):
                c -= np.reshape(rates, (-1,) + (1,) * (g.ndim - 1)) * g
                a += (c - a) / t
                b[...] = 0.1 * c + 0.9 * a
    return network.loss_and_accuracy(x, data.x_validation, data.y_validation)[0]


def _planned(rates, seed, momentum=0.0) -> np.ndarray:
    network = MultilayerPerceptron([64, 32, 10], loss="softmax_cross_entropy")
    optimizer = SGD([linear(rate, 256) for rate in rates], momentum=momentum)
    return _ended(network, optimizer, _rows(seed, 1024), 8, 32, seed).validation_loss[-1]


PLANS = {
    "linear": _planned,
    "linear, momentum": lambda rates, seed: _planned(np.asarray(rates) / 10, seed, 0.9),
    "schedule-free": _free,
}


@cache
def _plan_rate(name):
    means = np.mean([PLANS[name](FREE_RATES, seed) for seed in CHOOSING[:10]], axis=0)
    return float(FREE_RATES[np.nanargmin(means)])


def without_schedule(seed: int) -> dict[str, float]:
    """Return the validation loss of a linear decay, and of learning without a schedule."""
    return {
        name: float(plan(np.array([_plan_rate(name)]), seed)[0]) for name, plan in PLANS.items()
    }


class Wide(MultilayerPerceptron):
    """Two hidden layers; the weights of the last layer begin at zero."""

    def __init__(self, width):
        layers = [64, width, width, 10]
        super().__init__(layers, loss="softmax_cross_entropy", initialization="he")

    def initialize(self, *arguments, **keywords):
        """Return the initial parameters."""
        initial = super().initialize(*arguments, **keywords)
        initial[4][...] = 0
        return initial


WIDE_RATES = {False: 2.0 ** np.arange(-8, -3), True: 2.0 ** np.arange(-7, -2)}


def _wide(width, by_layer, rates, seed) -> np.ndarray:
    multipliers = [1, 1, 16 / width, 1, 16 / width, 1] if by_layer else None
    optimizer = Adam(rates, multipliers=multipliers)
    return _ended(Wide(width), optimizer, _rows(seed, 512), 4, 32, seed).train_loss[-1]


@cache
def _wide_rate(width, by_layer):
    rates = WIDE_RATES[by_layer]
    means = np.mean([_wide(width, by_layer, rates, seed) for seed in CHOOSING[:10]], axis=0)
    return float(rates[np.argmin(means)])


def transfer(seed: int) -> dict[str, float]:
    """Return the training loss of a wide network with rates found on a narrow one, or anew."""
    rates = {
        "one rate, searched": (False, _wide_rate(96, False)),
        "one rate, carried over": (False, _wide_rate(16, False)),
        "by layer, searched": (True, _wide_rate(96, True)),
        "by layer, carried over": (True, _wide_rate(16, True)),
    }
    return {
        name: float(_wide(96, by_layer, [rate], seed)[0])
        for name, (by_layer, rate) in rates.items()
    }


_RATE = "the rate of each, by ten seeds"

QUESTIONS = {
    "squared error": Question(
        "whether there is a warmup", "share that settles", 0.2, "at once", warm_squared,
        absolute=True,
    ),
    "plateau": Question("the rule", "test loss", 0.03, "constant 0.03", plateaus),
    "first layer": Question(
        "the first layer's rate", "accuracy, points", 1.0, "one rate for all", layers,
        chosen=_RATE, absolute=True,
    ),
    "break": Question(
        "what is restored", "validation loss", 0.03, "state restored", resumed
    ),
    "no schedule": Question(
        "the schedule", "validation loss", 0.03, "linear", without_schedule, chosen=_RATE
    ),
    "wider": Question(
        "where the rate comes from", "training loss", 0.1, "one rate, searched", transfer,
        chosen=_RATE,
    ),
}  # fmt: skip


def train(settings: dict, seed: int, question: str) -> dict[str, float]:
    """Do one run of a question."""
    return QUESTIONS[question].results(seed)


EXPERIMENT = experiment(
    "practice", "what readers ask", QUESTIONS, train, full=60, quick=["squared error", "break"]
)
