"""Source A's search for a learning rate by hand, with several seeds: a shallow autoencoder."""

import numpy as np

from lrcourse.comparison import Comparison
from lrcourse.datasets import Data
from lrcourse.datasets.splits import published_split, tail_split
from lrcourse.experiments.running import Experiment, catalogued
from lrcourse.models import MultilayerPerceptron
from lrcourse.optimizers import Adam
from lrcourse.tables import Table
from lrcourse.training import fit


def train(settings: dict, seed: int, learning_rate: float) -> dict[str, np.ndarray]:
    """Train the autoencoder once; the seed draws the initial weights and the order of the rows.

    Returned are "train_loss" and "validation_loss" after each of the settings' "checkpoints", in
    epochs, as far as there are as many: `losses` finds one.
    """
    dataset = catalogued(settings["data"])
    split = published_split(dataset) if dataset.test_rows else tail_split(dataset, 0.2)
    x, x_validation = (each.astype(settings["dtype"], copy=False) for each in (split[0], split[2]))
    layers = [x.shape[1], settings["code"], x.shape[1]]
    longer = learning_rate == settings["longer_at"]
    updates = -(-len(x) // settings["batch_size"])
    history = fit(
        MultilayerPerceptron(layers), Adam(learning_rate), Data(x, x, x_validation, x_validation),
        epochs=settings["longer" if longer else "epochs"], batch_size=settings["batch_size"],
        evaluate_every=[updates * epoch for epoch in settings["checkpoints"][1:]], seed=seed,
    )  # fmt: skip
    return {name: getattr(history, name)[:, 0] for name in ("train_loss", "validation_loss")}


def losses(record, learning_rate: float, epochs: int, loss: str = "validation_loss") -> np.ndarray:
    """Return the losses (seeds,) after so many epochs, which must be a checkpoint."""
    curves = record.values(loss, learning_rate=learning_rate)
    checkpoints = record.settings["checkpoints"][: curves.shape[1]]
    if epochs not in checkpoints:
        raise ValueError(f"epochs must be one of {checkpoints}, got {epochs!r}")
    return curves[:, checkpoints.index(epochs)]


def comparison(record, learning_rates=None, loss: str = "validation_loss") -> Comparison:
    """Compare rates by their loss after as many epochs as all of them have.

    What would not count is 0.001, less than a hundredth of the losses on MNIST.
    """
    rates = learning_rates or record.settings["learning_rates"]
    epochs = record.settings["epochs"]
    found = {f"{rate:g}": losses(record, rate, epochs, loss) for rate in rates}
    return Comparison(found, margin=0.001)


def summary(record) -> Table:
    """Return the losses after the first and the last epoch, mean and sd over the seeds."""
    rows, settings = [], record.settings
    for rate in settings["learning_rates"]:
        longer = [settings["longer"]] if rate == settings["longer_at"] else []
        for epochs in [1, settings["epochs"], *longer]:
            row = [rate, epochs]
            for loss in ("train_loss", "validation_loss"):
                values = losses(record, rate, epochs, loss)
                row += [float(values.mean()), float(values.std(ddof=1))]
            rows.append(row)
    sd = "standard deviation"
    return Table(["learning rate", "epochs", "training loss", sd, "validation loss", sd], rows)


# Those that source A compares.
RATES = [0.001, 0.0015, 0.0016, 0.0017, 0.0018, 0.002, 0.0025]

EXPERIMENT = Experiment(
    name="autoencoder",
    about="Adam's rate on a shallow autoencoder; losses over epochs, one rate trained longer",
    sizes={
        "quick": {
            "data": "digits",
            "dtype": "float64",
            "code": 8,
            "learning_rates": [0.001, 0.003, 0.01, 1.0],
            "epochs": 8,
            "checkpoints": [0, 1, 2, 4, 8, 12, 16],
            "longer_at": 0.001,
            "longer": 16,
            "batch_size": 32,
            "seeds": 3,
        },
        "full": {
            "data": "mnist",
            "dtype": "float32",
            "code": 16,
            "learning_rates": [*RATES, 0.01, 0.03, 0.1, 1.0, 10.0],
            "epochs": 70,
            # Measuring the loss takes as long as an epoch of training.
            "checkpoints": [0, 1, 2, 3, 4, 5, 7, *range(10, 71, 5), *range(80, 131, 10)],
            "longer_at": 0.001,
            "longer": 130,
            "batch_size": 1024,
            "seeds": 5,
        },
    },
    runs=lambda settings: [{"learning_rate": rate} for rate in settings["learning_rates"]],
    train=train,
    summary=summary,
)
