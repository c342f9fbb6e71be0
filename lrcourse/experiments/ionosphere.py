"""Two learning-rate schedules on a small data set, as source B has them, and on fair splits."""

import numpy as np

from lrcourse.comparison import Comparison
from lrcourse.datasets.splits import shuffled_split, standardized, stratified_split, tail_split
from lrcourse.experiments.running import Experiment, catalogued, each_of
from lrcourse.models import MultilayerPerceptron
from lrcourse.optimizers import SGD
from lrcourse.schedules import constant, cosine, per_epoch, step_decay, time_based
from lrcourse.tables import Table
from lrcourse.training import fit

# The schedule, made from the updates of an epoch and the epochs, and the momentum.
METHODS = {
    "plain": (lambda per, epochs: constant(0.01), 0.0),
    "constant": (lambda per, epochs: constant(0.1), 0.8),
    "constant, momentum 0.9": (lambda per, epochs: constant(0.1), 0.9),
    # Keras's old argument `decay`, 0.1 / 50 epochs: it counts updates.
    "time-based": (lambda per, epochs: time_based(0.1, 0.1 / epochs), 0.8),
    "drop-based": (lambda per, epochs: per_epoch(step_decay(0.1, 0.5, 10, shift=1), per), 0.9),
    "cosine": (lambda per, epochs: cosine(0.1, epochs * per), 0.8),
}

SPLITS = {"shuffled": shuffled_split, "stratified": stratified_split}  # that draw the rows


def train(settings: dict, seed: int, split: str, method: str) -> dict[str, np.ndarray]:
    """Train the network once.

    The seed draws the initial weights and the order of the rows, and the split
    unless it is the tail. Returned are "train_loss" and "right", the validation rows answered
    rightly, after each of the settings' "checkpoints", in epochs; "most_right" after any epoch;
    "positive" and "validation_rows", how many there are.
    """
    dataset = catalogued(settings["data"])
    data = tail_split(dataset, 0.33) if split == "tail" else SPLITS[split](dataset, 0.33, seed)
    if settings["standardized"]:
        data = standardized(data)
    rows, features = data.x_train.shape
    schedule, momentum = METHODS[method]
    schedule = schedule(-(-rows // settings["batch_size"]), settings["epochs"])
    history = fit(
        MultilayerPerceptron([features, 34, 1]), SGD(schedule, momentum=momentum), data,
        epochs=settings["epochs"], batch_size=settings["batch_size"], seed=seed,
    )  # fmt: skip
    validation_rows = len(data.y_validation)
    right = np.rint(history.validation_accuracy[:, 0] * validation_rows).astype(int)
    kept = settings["checkpoints"]
    return {
        "train_loss": history.train_loss[kept, 0],
        "right": right[kept],
        "most_right": right.max(),
        "positive": int(data.y_validation.sum()),
        "validation_rows": validation_rows,
    }


def accuracy(record, split: str, method: str) -> np.ndarray:
    """Return the validation accuracy (seeds, checkpoints)."""
    rows = record.values("validation_rows", split=split, method=method)
    return record.values("right", split=split, method=method) / rows[:, np.newaxis]


def comparison(record, split: str) -> Comparison:
    """Compare the methods by their validation accuracy at the end; a point does not count.

    Random splits of the same rows overlap: the intervals are rather too narrow than too
    wide.  [Nadeau & Bengio 2003]
    """
    methods = record.labels["method"]
    return Comparison({name: accuracy(record, split, name)[:, -1] for name in methods}, margin=0.01)


def summary(record) -> Table:
    """Return mean and standard deviation of the validation accuracy, of each method and split."""
    means = {split: comparison(record, split).means() for split in record.labels["split"]}
    rows = [[split, *row] for split, table in means.items() for row in table.rows]
    return Table(["split", *means["tail"].columns], rows)


_COMMON = {"batch_size": 28, "split": ["tail", "shuffled", "stratified"]}

EXPERIMENT = Experiment(
    name="ionosphere",
    about="schedules against constant rates on three splits; validation accuracy over epochs",
    sizes={
        "quick": {
            **_COMMON,
            "data": "breast_cancer",
            "standardized": True,
            "epochs": 10,
            "method": ["plain", "constant", "cosine"],
            "checkpoints": list(range(11)),
            "seeds": 3,
        },
        "full": {
            **_COMMON,
            "data": "ionosphere",
            "standardized": False,
            "epochs": 50,
            "method": list(METHODS),
            "checkpoints": [0, 1, 2, 5, 10, 20, 30, 40, 50],
            "seeds": 30,
        },
    },
    runs=each_of("split", "method"),
    train=train,
    summary=summary,
)
