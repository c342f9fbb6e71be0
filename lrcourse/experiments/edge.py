"""The edge of stability: how steep the loss gets where gradient descent goes.

On a quadratic, gradient descent converges below the rate 2/L, where L is the largest curvature.
A network's loss has another curvature at every point. Here it is measured along the way of
full-batch gradient descent: does the descent keep to places where 2/rate is not exceeded?
[Cohen et al. 2021]
"""

import numpy as np

from lrcourse.datasets import Data, Dataset
from lrcourse.experiments.running import Experiment, catalogued, each_of
from lrcourse.models import MultilayerPerceptron
from lrcourse.optimizers import SGD
from lrcourse.tables import Table
from lrcourse.training import fit, views

# Relative to parameters of the size of 1, in float64: the error of a central difference is
# then about as large from rounding as from what it leaves out.
_STEP = 1e-5


def train(settings: dict, seed: int, loss: str) -> dict[str, np.ndarray]:
    """Descend once with every rate, from the same weights; the seed draws these and the rows.

    Returned are (rates, checkpoints): "sharpness", the largest curvature, and "train_loss".
    """
    data = _rows(catalogued(settings["data"]), settings["rows"], seed, loss)
    x, y = data.x_train, data.y_train
    network = MultilayerPerceptron([x.shape[1], *settings["hidden"], 10], "tanh", loss)
    history = fit(
        network, SGD(settings["learning_rates"][loss]), data, epochs=settings["epochs"],
        batch_size=len(x),  # all of them: an epoch is an update
        evaluate_every=settings["measured_every"], seed=seed, keep_path=True,
    )  # fmt: skip
    direction, sharpness = _random_direction(history.parameters, seed), []
    for checkpoint in range(len(history.updates)):
        parameters = [path[checkpoint] for path in history.path]
        # The direction changes little from one checkpoint to the next: begin with it.
        products = settings["products"] * (1 if checkpoint else 5)
        values, direction = largest_curvature(network, parameters, x, y, direction, products)
        sharpness.append(values)
    return {"sharpness": np.transpose(sharpness), "train_loss": history.train_loss.T}


def largest_curvature(network, parameters, x, y, direction, products: int):
    r"""Return the largest eigenvalue (runs,) of each run's Hessian H, and its direction.

    Power iteration: :math:`v \leftarrow Hv / \|Hv\|`, so many times, and then
    :math:`\lambda = v^\top H v`. The Hessian itself is not needed, for

    .. math:: Hv \approx \frac{\nabla J(w + \epsilon v) - \nabla J(w - \epsilon v)}{2 \epsilon}

    What is found is the largest in absolute value, from a direction (runs, parameters).
    A run that has diverged has none: nan.
    """
    curvature = np.full(len(direction), np.nan)
    # Of a run that has diverged nothing is finite. Its direction is kept for the others' sake.
    with np.errstate(all="ignore"):
        for _ in range(products):
            product = hessian_product(network, parameters, x, y, direction)
            curvature = np.sum(direction * product, axis=1)
            length = np.sqrt(np.sum(product * product, axis=1, keepdims=True))
            fine = np.isfinite(length) & (length > 0)
            direction = np.where(fine, product / length, direction)
    return curvature, direction


def hessian_product(network, parameters, x, y, direction) -> np.ndarray:
    """Return Hv (runs, parameters), by central differences of the gradient."""
    moved = list(zip(parameters, views(_STEP * direction, parameters), strict=True))
    ahead = network.gradients([w + step for w, step in moved], x, y)
    behind = network.gradients([w - step for w, step in moved], x, y)
    differences = [(a - b).reshape(len(direction), -1) for a, b in zip(ahead, behind, strict=True)]
    return np.concatenate(differences, axis=1) / (2 * _STEP)


def _random_direction(parameters, seed):
    size = sum(w[0].size for w in parameters)
    direction = np.random.default_rng([seed, 3]).normal(size=size)
    return np.tile(direction / np.linalg.norm(direction), (len(parameters[0]), 1))


def _rows(dataset: Dataset, rows: int, seed: int, loss: str) -> Data:
    """Return so many random rows, centred, to train on; for validation, which is not used, ten."""
    chosen = np.random.default_rng(seed).permutation(len(dataset.x))[:rows]
    x = dataset.x[chosen].astype(float)
    x -= x.mean(axis=0)
    y = dataset.y[chosen]
    y = np.eye(10)[y] if loss == "squared_error" else y.astype(float)
    return Data(x, y, x[:10], y[:10])


def summary(record) -> Table:
    """Return how sharp it was at the beginning, at the most and at the end, beside 2/rate.

    Means over the seeds in which the descent did not diverge. "at the end" is the mean over the
    last tenth of the checkpoints, and "share of 2/rate" the same, times rate/2; the lowest and
    the highest are of single seeds.
    """
    rows = []
    for loss in record.labels["loss"]:
        sharpness = record.values("sharpness", loss=loss)
        final_losses = record.values("train_loss", loss=loss)[:, :, -1]
        tenth = max(1, sharpness.shape[2] // 10)
        for i, rate in enumerate(record.settings["learning_rates"][loss]):
            fine = np.isfinite(final_losses[:, i])
            curves = sharpness[fine, i] if fine.any() else np.full((1, sharpness.shape[2]), np.nan)
            last = curves[:, -tenth:].mean(axis=1)
            share = last * rate / 2
            found = {
                "sharpness at first": curves[:, 0].mean(),
                "highest sharpness": curves.max(axis=1).mean(),
                "sharpness at the end": last.mean(),
                "share of 2/rate": share.mean(), "lowest": share.min(), "highest": share.max(),
                "training loss": final_losses[fine, i].mean() if fine.any() else np.nan,
            }  # fmt: skip
            found = {name: float(each) if fine.any() else None for name, each in found.items()}
            named = {"loss": loss, "learning rate": rate, "diverged": int((~fine).sum())}
            rows.append(named | {"2/rate": 2 / rate} | found)
    return Table.of(rows)


_COMMON = {"data": "digits", "loss": ["squared_error", "softmax_cross_entropy"], "products": 20}

EXPERIMENT = Experiment(
    name="edge",
    about="full-batch gradient descent: the sharpness of the loss beside 2/rate over the updates",
    sizes={
        "quick": {
            **_COMMON,
            "rows": 100,
            "hidden": [16],
            "epochs": 1200,
            "measured_every": 100,
            "learning_rates": dict.fromkeys(_COMMON["loss"], [0.5, 2.0, 4.0]),
            "seeds": 2,
        },
        "full": {
            **_COMMON,
            "rows": 200,
            "hidden": [32, 32],
            "epochs": 3000,
            "measured_every": 50,
            "learning_rates": {
                "squared_error": [0.05, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0],
                "softmax_cross_entropy": [0.1, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0],
            },
            "seeds": 5,
        },
    },
    runs=each_of("loss"),
    train=train,
    summary=summary,
)
