"""The learning-rate table of source E: the textbook's classifier of houses."""

from collections.abc import Sequence

import numpy as np

from lrcourse.book.sources import SAMPLES, quoted
from lrcourse.checks import instance
from lrcourse.datasets import (
    LIKE_THE_TEXTBOOK,
    Dataset,
    make_dataset,
    school_district,
    school_district_points,
)
from lrcourse.experiments.running import Experiment
from lrcourse.models import LogisticRegression, cross_entropy_from_probabilities
from lrcourse.optimizers import SGD
from lrcourse.tables import Table
from lrcourse.training import NEVER, History, fit

TEXTBOOK_RATES = (0.01, 0.1, 0.5, 1.0, 10.0, 50.0)

# Twice in an epoch of 160 updates, as in the textbook.
EVALUATE_EVERY = 80


def school_district_runs(
    learning_rates: float | Sequence[float] = TEXTBOOK_RATES, *, epochs: int = 50,
    batch_size: int = 10, seed: int = LIKE_THE_TEXTBOOK,
    cross_entropy=cross_entropy_from_probabilities, evaluate_every: int | None = EVALUATE_EVERY,
    keep_path: bool = False, progress: bool = False,
) -> History:  # fmt: skip
    """Train the textbook's classifier of houses once for each learning rate.

    Logistic regression from zero weights, plain SGD, by default losses every 80 updates.
    The seed shuffles the points into training and validation set and orders
    the batches.  [microsoft/ai-edu, section 5.5] The options are those of `lrcourse.training.fit`.

    With the default cross-entropy the loss is computed from rounded probabilities, as the textbook
    does, and can be nan; see `lrcourse.models.cross_entropy_from_logits` for one that can not.
    """
    return fit(
        LogisticRegression(2, cross_entropy), SGD(learning_rates), school_district(seed),
        epochs=epochs, batch_size=batch_size, evaluate_every=evaluate_every, seed=seed,
        keep_path=keep_path, progress=progress,
    )  # fmt: skip


def learning_rate_table(history: History) -> Table:
    """Return the textbook's table from `school_district_runs`, one row a rate.

    Losses and accuracies are those at the end; the weights w1, w2 and b and the
    predictions p1, p2, p3 for `SAMPLES` are those at the lowest validation loss,
    which was seen after `best_update` updates. `diverged_at` is the number of
    updates before the first loss that was not a number, None if there was none.
    """
    [weights] = instance("history", history, History).best_parameters
    p = LogisticRegression(2).probabilities(history.best_parameters, SAMPLES)
    columns = {
        "learning_rate": history.learning_rates,
        "train_loss": history.train_loss[-1],
        "train_accuracy": history.train_accuracy[-1],
        "val_loss": history.validation_loss[-1],
        "val_accuracy": history.validation_accuracy[-1],
        **dict(zip(("w1", "w2", "b"), weights.T, strict=True)),
        **dict(zip(("p1", "p2", "p3"), p.T, strict=True)),
        "best_update": history.best_update,
    }
    diverged = [None if update == NEVER else int(update) for update in history.diverged_at]
    rows = zip(*(values.tolist() for values in columns.values()), diverged, strict=True)
    return Table([*columns, "diverged_at"], [list(row) for row in rows])


def beside_the_textbook(history: History) -> Table:
    """Return our table and the textbook's, row under row, for the rates that both have."""
    ours, theirs = learning_rate_table(history), quoted("aiedu", "E3")
    shared = len(theirs.columns)
    published = {row[0]: row for row in theirs.rows}
    rows = []
    for rate, *row in ours.rows:
        if rate in published:
            rows.append([rate, "this course", *row[: shared - 1]])
            rows.append([rate, "the textbook", *published[rate][1:]])
    return Table([theirs.columns[0], "who", *theirs.columns[1:]], rows)


def train(settings: dict, seed: int, epochs: int, batch_size: int) -> dict[str, np.ndarray]:
    """Train once with every rate; the seed shuffles the points and orders the batches.

    Returned are the columns (rates,) of `learning_rate_table`, and "curve": the training loss,
    (checkpoints, rates), at the settings' shares of the training.
    """
    rates = settings["learning_rates"]
    history = school_district_runs(rates, epochs=epochs, batch_size=batch_size, seed=seed)
    table = learning_rate_table(history)
    results = {name: np.array(table.column(name)) for name in table.columns[1:]}
    results["diverged_at"] = history.diverged_at
    if batch_size == settings["curves_at_batch_size"]:
        last = len(history.updates) - 1
        kept = np.rint(np.array(settings["shares"]) * last).astype(int)
        results["curve"] = history.train_loss[kept]
    return results


def summary(record) -> Table:
    """Return the training and validation losses at the end, mean and sd over the shuffles."""
    rows = []
    for labels in EXPERIMENT.runs(record.settings):
        for i, rate in enumerate(record.settings["learning_rates"]):
            row = [*labels.values(), rate]
            for result in ("train_loss", "val_loss", "val_accuracy"):
                values = record.values(result, **labels)[:, i]
                row += [float(values.mean()), float(values.std(ddof=1))]
            rows.append(row)
    sd = "standard deviation"
    return Table(
        ["epochs", "batch size", "learning rate", "training loss", sd, "validation loss", sd]
        + ["validation accuracy", sd],
        rows,
    )


def _district(name: str) -> Dataset:
    x, y = school_district_points()
    return make_dataset(name, "made by lrcourse.datasets.school_district_points", x, y)


_COMMON = {
    "data": "school_district",
    "learning_rates": TEXTBOOK_RATES,
    "shares": [0, 0.01, 0.02, 0.05, *(number / 10 for number in range(1, 11))],
    "curves_at_batch_size": 10,
}

EXPERIMENT = Experiment(
    name="table",
    about="the textbook's learning-rate table over shuffles, epochs and batch sizes",
    sizes={
        "quick": {**_COMMON, "trainings": [[50, 10], [50, 100], [100, 10]], "seeds": 3},
        "full": {
            **_COMMON,
            "trainings": [[50, 10], [500, 10], [50, 5], [50, 20], [50, 50], [50, 100], [50, 400]],
            "seeds": 20,
        },
    },
    runs=lambda settings: [
        {"epochs": epochs, "batch_size": batch_size} for epochs, batch_size in settings["trainings"]
    ],
    train=train,
    summary=summary,
    data=_district,
)
