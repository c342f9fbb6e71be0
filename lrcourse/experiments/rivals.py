"""Which one setting to tune, and what larger initial weights ask for: small networks on digits."""

from functools import cache, partial

import numpy as np

from lrcourse.datasets import Data
from lrcourse.datasets.splits import stratified_split
from lrcourse.experiments.questions import CHOOSING, Question, experiment
from lrcourse.experiments.running import catalogued
from lrcourse.models import MultilayerPerceptron
from lrcourse.optimizers import SGD, Adam
from lrcourse.training import fit

# A network that tells digits, and one that copies them, with the defaults of PyTorch and Keras:
# SGD at 0.01, Adam at 0.001. Of each setting five values are tried, the third being the default,
# but of momenta and memories.
PROBLEMS = {
    "SGD": {
        "learning rate": [0.001, 0.003, 0.01, 0.1, 1.0],
        "momentum": [0.0, 0.5, 0.9, 0.97, 0.99],
    },
    "Adam": {
        "learning rate": [0.0001, 0.0003, 0.001, 0.01, 0.1],
        "beta1": [0.0, 0.5, 0.9, 0.97, 0.99],
        "beta2": [0.8, 0.9, 0.99, 0.999, 0.9999],
    },
}
RIVALS = {
    "batch size, equal updates": [8, 16, 32, 64, 128],
    "batch size, equal epochs": [8, 16, 32, 64, 128],
    "width": [4, 8, 16, 32, 64],
    "initial scale": [0.25, 0.5, 1.0, 2.0, 4.0],
    "epochs": [2, 5, 10, 20, 40],
}


class Scaled(MultilayerPerceptron):
    """A network whose initial weights are multiplied by `scale`."""

    scale = 1.0

    def initialize(self, *arguments, **keywords):
        """Return the initial parameters."""
        return [self.scale * w for w in super().initialize(*arguments, **keywords)]


def _split(seed) -> Data:
    pictures = catalogued("digits")
    return stratified_split(pictures._replace(x=pictures.x.astype(float)), 0.33, seed)


def _ended(network, optimizer, data, epochs, batch_size, seed) -> np.ndarray:
    run = fit(
        network, optimizer, data, epochs=epochs, batch_size=batch_size, evaluate_every=100_000,
        seed=seed,
    )  # fmt: skip
    return np.where(np.isfinite(run.validation_loss[-1]), run.validation_loss[-1], 100.0)


def tuned(problem: str, setting: str, value, seed: int) -> float:
    """Return the validation loss where one setting has a value and all others the default."""
    chosen = {"batch size": 32, "epochs": 10, "width": 16, "initial scale": 1.0}
    chosen |= {"learning rate": 0.01 if problem == "SGD" else 0.001, "momentum": 0.0}
    chosen |= {"beta1": 0.9, "beta2": 0.999}
    name, _, equal = setting.partition(", equal ")
    chosen[name] = value
    data, updates = _split(seed), 0
    if problem == "Adam":
        data = Data(data.x_train, data.x_train, data.x_validation, data.x_validation)
        network = Scaled([64, chosen["width"], 64])
        optimizer = Adam(chosen["learning rate"], betas=(chosen["beta1"], chosen["beta2"]))
    else:
        network = Scaled([64, chosen["width"], 10], loss="softmax_cross_entropy")
        optimizer = SGD(chosen["learning rate"], momentum=chosen["momentum"])
    network.scale = chosen["initial scale"]
    if equal == "updates":
        updates = chosen["epochs"] * value // 32
        chosen["epochs"] = max(1, updates)
    return float(_ended(network, optimizer, data, chosen["epochs"], chosen["batch size"], seed)[0])


@cache
def best_value(problem: str, setting: str):
    """Return the value of a setting with the lowest mean over ten seeds that choose."""
    values = (PROBLEMS[problem] | RIVALS)[setting]
    means = [np.mean([tuned(problem, setting, v, s) for s in CHOOSING[:10]]) for v in values]
    return values[int(np.argmin(means))]


def tune_one(problem: str, seed: int) -> dict[str, float]:
    """Tune one setting and leave all others at their defaults."""
    return {
        setting: tuned(problem, setting, best_value(problem, setting), seed)
        for setting in PROBLEMS[problem] | RIVALS
    }


def weight_scale(depth: int, seed: int) -> dict[str, float]:
    """Return log2 of the best of 23 rates for initial weights as large and larger."""
    rates, best = 2.0 ** np.arange(-11, 0.5, 0.5), {}
    for scale in (1.0, 2.0, 4.0):
        network = Scaled([64, *[32] * depth, 10], loss="softmax_cross_entropy", initialization="he")
        network.scale = scale
        losses = _ended(network, SGD(rates), _split(seed), 8, 32, seed)
        best[f"weights × {scale:g}"] = float(np.log2(rates[np.argmin(losses)]))
    return best


QUESTIONS = {
    **{
        f"one setting, {problem}": Question(
            "the one setting that is tuned", "validation loss", 0.05, "learning rate",
            partial(tune_one, problem), chosen="the value, of five, by ten seeds",
        )
        for problem in PROBLEMS
    },
    **{
        f"initial weights, depth {depth}": Question(
            "the size of the initial weights", "best rate, log2", 0.5, "weights × 1",
            partial(weight_scale, depth), absolute=True,
        )
        for depth in (1, 4)
    },
}  # fmt: skip


def train(settings: dict, seed: int, question: str) -> dict[str, float]:
    """Do one run of a question."""
    return QUESTIONS[question].results(seed)


EXPERIMENT = experiment(
    "rivals", "which one setting to tune", QUESTIONS, train, full=40,
    quick=["initial weights, depth 1"],
)  # fmt: skip
