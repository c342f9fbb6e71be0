"""What moves the best learning rate: one factor at a time, all others as in the base.

Sources A and C name what a learning rate depends on. Each factor is given several levels; at
each level a whole grid of rates is trained, with several seeds, and the rate with the lowest
validation loss at the end is the best one.
"""

import numpy as np

from lrcourse.comparison import paired_difference
from lrcourse.datasets import Data, Dataset
from lrcourse.experiments.running import Experiment, catalogued
from lrcourse.models import ConvolutionalNetwork, MultilayerPerceptron
from lrcourse.optimizers import SGD, Adadelta, Adagrad, Adam, RMSprop
from lrcourse.schedules import constant, cosine, exponential, linear
from lrcourse.tables import Table
from lrcourse.training import fit

# The factors that a level may change. "rows" are in multiples of the settings' rows. A factor
# ", equal updates" has as many updates as the base at every level, another as many epochs.
BASE = {
    "rows": 1,
    "classes": 10,
    "share of positives": None,
    "input scale": 1.0,
    "kind of network": "perceptron",
    "width": 64,
    "depth": 1,
    "initialization": "glorot",
    "weight scale": 1.0,
    "optimizer": "SGD",
    "schedule": "constant",
    "batch size": 32,
}

# Which way the best rate moves as the level rises, where the sources say: source C has larger
# rates for more data and smaller ones for harder problems. Of the others they say that they matter.
CLAIMED = {"rows": 1, "rows, equal updates": 1, "classes": -1}
_EXPECTED = {1: "rises", -1: "falls", None: "changes"}

OPTIMIZERS = {
    "SGD": SGD,
    "momentum": lambda rates: SGD(rates, momentum=0.9),
    "Adagrad": Adagrad,
    "Adadelta": Adadelta,
    "RMSprop": lambda rates: RMSprop(rates, alpha=0.9),
    "Adam": Adam,
}

SCHEDULES = {
    "constant": lambda rate, updates: constant(rate),
    "linear": linear,
    "cosine": cosine,
    "exponential": lambda rate, updates: exponential(rate, 5 / updates),
}


def train(settings: dict, seed: int, factor: str, level) -> dict[str, np.ndarray]:
    """Train with every rate at one level of a factor.

    The seed draws the rows, the weights and the order of the batches. "validation_loss" and
    "train_loss" (rates,) are those at the end.
    """
    changed, _, equal_updates = factor.partition(", ")
    chosen = BASE | {changed: level}
    data = _rows(_small(catalogued(settings["data"])), settings, chosen, seed)
    batch_size, epochs = chosen["batch size"], settings["epochs"]
    per = -(-len(data.x_train) // batch_size)
    if equal_updates:
        epochs = epochs * (settings["rows"] // BASE["batch size"]) // per
    rates = np.array(settings["learning_rates"])
    if chosen["schedule"] != "constant":
        rates = [SCHEDULES[chosen["schedule"]](rate, epochs * per) for rate in rates.tolist()]
    history = fit(
        _network(data, chosen), OPTIMIZERS[chosen["optimizer"]](rates), data,
        epochs=epochs, batch_size=batch_size, evaluate_every=epochs * per, seed=seed,
    )  # fmt: skip
    return {name: getattr(history, name)[-1] for name in ("validation_loss", "train_loss")}


class _ScaledPerceptron(MultilayerPerceptron):
    """A perceptron whose weights begin at a multiple, `weight_scale`, of what they would."""

    def initialize(self, runs, seed=0, dtype=float):
        scale = np.dtype(dtype).type(self.weight_scale)
        return [scale * parameter for parameter in super().initialize(runs, seed, dtype)]


def _network(data, chosen):
    kind, inputs = chosen["kind of network"], data.x_train[0].size
    outputs = 2 if chosen["share of positives"] else chosen["classes"]
    if kind == "convolutional":
        return ConvolutionalNetwork(data.x_train.shape[1:], outputs, dropout=(0.0, 0.0))
    if kind == "autoencoder":
        return MultilayerPerceptron([inputs, 16, inputs])
    hidden = [] if kind == "linear" else [chosen["width"]] * chosen["depth"]
    start = chosen["initialization"]
    network = _ScaledPerceptron(
        [inputs, *hidden, outputs], loss="softmax_cross_entropy", initialization=start
    )
    network.weight_scale = chosen["weight scale"]
    return network


def _small(dataset: Dataset) -> Dataset:
    """Return the digits of MNIST with a quarter of their pixels, each the mean of four.

    Others in float64, where another processor's rounding does not change what is recorded.
    """
    if dataset.name != "mnist":
        return dataset._replace(x=dataset.x.astype(float))
    pixels = dataset.x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))
    return dataset._replace(x=pixels.reshape(-1, 196))


def _rows(dataset, settings, chosen, seed) -> Data:
    """Return random rows to train on and to validate on, with the targets that the level needs."""
    trained = int(settings["rows"] * chosen["rows"])
    rows = trained + settings["validation_rows"]
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(dataset.x))
    y = dataset.y[order]
    if chosen["share of positives"]:  # 5 to 9, or not
        positives = round(rows * chosen["share of positives"])
        kept = np.concatenate(
            [np.flatnonzero(y >= 5)[:positives], np.flatnonzero(y < 5)[: rows - positives]]
        )
        order = order[generator.permutation(kept)]
        y = dataset.y[order] >= 5
    else:
        kept = np.flatnonzero(y < chosen["classes"])[:rows]
        order, y = order[kept], y[kept]
    x = dataset.x[order] * dataset.x.dtype.type(chosen["input scale"])
    y = y.astype(x.dtype)
    if chosen["kind of network"] == "autoencoder":
        x, x_validation = x[:trained], x[trained:]
        return Data(x, x, x_validation, x_validation)
    if chosen["kind of network"] == "convolutional":
        side = round(x.shape[1] ** 0.5)
        x = x.reshape(-1, 1, side, side)
    return Data(x[:trained], y[:trained], x[trained:], y[trained:])


def losses(record, factor: str, level, result: str = "validation_loss") -> np.ndarray:
    """Return the losses at the end (seeds, rates), infinite where a run has diverged."""
    values = record.values(result, factor=factor, level=level)
    return np.where(np.isfinite(values), values, np.inf)


def levels(record, factor: str) -> list:
    """Return the levels of a factor, in their order."""
    return [run["level"] for run in EXPERIMENT.runs(record.settings) if run["factor"] == factor]


def best_rates(record, factor: str, level, result: str = "validation_loss") -> np.ndarray:
    """Return each seed's best rate (seeds,), between the rates of the grid.

    A parabola is laid through the lowest loss and its two neighbours, all in logarithms, and
    its lowest point taken; at a border of the grid, or beside a run that diverged, the rate itself.
    """
    grid = np.log(record.settings["learning_rates"])
    return np.exp([_lowest(grid, each) for each in losses(record, factor, level, result)])


def _lowest(grid, values):
    at = int(values.argmin())
    if not 0 < at < len(grid) - 1 or not np.isfinite(values[at - 1 : at + 2]).all():
        return grid[at]
    before, lowest, after = np.log(values[at - 1 : at + 2])
    bend = before - 2 * lowest + after
    shift = (before - after) / (2 * bend) if bend > 0 else 0.0
    return grid[at] + shift * (grid[1] - grid[0])


def summary(record) -> Table:
    """Return the best rate at every level of every factor: the seeds' geometric mean and extremes.

    From "as good from" to "as good to" are the rates of the grid around the one with the lowest
    mean loss whose losses the seeds cannot tell from its.
    """
    grid, rows = record.settings["learning_rates"], []
    for factor in record.labels["factor"]:
        for level in levels(record, factor):
            found, best = losses(record, factor, level), best_rates(record, factor, level)
            at = int(found.mean(axis=0).argmin())
            first, last = _tied(np.log(found), at)
            rows.append({
                "what is changed": factor, "level": str(level),
                "best rate": float(np.exp(np.log(best).mean())),
                "lowest": float(best.min()), "highest": float(best.max()),
                "as good from": grid[first], "as good to": grid[last],
                "validation loss": float(found[:, at].mean()),
            })  # fmt: skip
    return Table.of(rows)


def _tied(found, at):
    """Return the first and the last column next to `at` that may be as good: undecided."""
    alike = [
        np.isfinite(values).all() and paired_difference(values, found[:, at]).outcome == "undecided"
        for values in found.T
    ]
    others = np.flatnonzero(~np.array([False, *alike, False])) - 1
    return others[others < at].max() + 1, others[others > at].min() - 1


def rules(record, result: str = "validation_loss") -> Table:
    """Return how far each factor moves the best rate, and whether that is what the sources say.

    "ratio" is the best rate at the last level over that at the first, the geometric mean over
    the seeds with its interval; of levels that are names, those with the lowest and the highest
    best rate are taken. "exponent" is p where the best rate goes like the level to the power p.
    """
    rows = []
    for factor in record.labels["factor"]:
        values = levels(record, factor)
        best = {level: np.log(best_rates(record, factor, level, result)) for level in values}
        named = isinstance(values[0], str)
        if named:
            values = sorted(values, key=lambda level: best[level].mean())
        first, last = values[0], values[-1]
        d = paired_difference(best[last], best[first])
        ratio, low, high = np.exp([d.mean, d.low, d.high]).tolist()
        exponent = None
        if not named:
            exponent = float(np.polyfit(np.log(values), [best[v].mean() for v in values], 1)[0])
        claimed = CLAIMED.get(factor)
        verdict = "holds" if claimed is None or claimed * d.mean > 0 else "the reverse"
        rows.append({
            "what is changed": factor, "first level": str(first), "last level": str(last),
            "ratio": ratio, "low": low, "high": high, "exponent": exponent,
            "the sources say": _EXPECTED[claimed],
            "verdict": "undecided" if d.outcome == "undecided" else verdict,
        })  # fmt: skip
    return Table.of(rows)


def _grid(low: int, high: int, in_a_decade: int) -> list[float]:
    """Return rates from 10^low to 10^high, rounded to four digits."""
    exponents = np.linspace(low, high, (high - low) * in_a_decade + 1)
    return [float(f"{rate:.4g}") for rate in 10**exponents]


EXPERIMENT = Experiment(
    name="factors",
    about="losses over a grid of learning rates, with one thing changed at a time",
    sizes={
        "quick": {
            "data": "digits",
            "rows": 256,
            "validation_rows": 300,
            "epochs": 8,
            "learning_rates": _grid(-3, 0, 2),
            "levels": {
                "batch size": [8, 32, 128],
                "rows": [0.25, 1, 4],
                "input scale": [1.0, 4.0],
                "optimizer": ["SGD", "Adam"],
            },
            "seeds": 2,
        },
        "full": {
            "data": "mnist",
            "rows": 1024,
            "validation_rows": 1024,
            "epochs": 8,
            "learning_rates": _grid(-4, 2, 3),
            "levels": {
                "batch size": [8, 32, 128, 512],
                "batch size, equal updates": [8, 32, 128],
                "width": [16, 64, 256],
                "depth": [1, 2, 4, 6],
                "rows": [0.25, 1, 4],
                "rows, equal updates": [0.25, 1, 4],
                "classes": [2, 5, 10],
                "share of positives": [0.5, 0.2, 0.05],
                "input scale": [0.25, 1.0, 4.0],
                "weight scale": [0.25, 1.0, 4.0],
                "kind of network": ["linear", "perceptron", "convolutional", "autoencoder"],
                "initialization": ["glorot", "he"],
                "optimizer": list(OPTIMIZERS),
                "schedule": list(SCHEDULES),
            },
            "seeds": 5,
        },
    },
    runs=lambda settings: [
        {"factor": factor, "level": level}
        for factor, values in settings["levels"].items()
        for level in values
    ],
    train=train,
    summary=summary,
)
