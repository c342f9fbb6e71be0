"""The one training loop of the course."""

from dataclasses import dataclass

import numpy as np

from lrcourse.checks import examples, positive_integer
from lrcourse.datasets import Data

NEVER = -1


@dataclass(frozen=True)
class History:
    """What `fit` saw: one row a checkpoint, one column a run.

    Attributes
    ----------
    learning_rates : array (runs,)
    updates : int array (checkpoints,)
        The number of updates made before each checkpoint; the first is 0.
    updates_per_epoch : int
    train_loss, train_accuracy, validation_loss, validation_accuracy : array (checkpoints, runs)
    parameters : list of arrays (runs, ...)
        At the end.
    best_parameters : list of arrays (runs, ...)
        At the checkpoint with the lowest validation loss. A nan never counts as
        lower, so they stay as they were when a loss turns nan.
    best_update : int array (runs,)
        The number of updates made before that checkpoint.
    diverged_at : int array (runs,)
        The number of updates made before the first checkpoint whose loss, in
        training or validation, was nan or infinite; -1 where there was none.
    path : list of arrays (checkpoints, runs, ...), or None
        The parameters at every checkpoint, if they were asked for.
    """

    learning_rates: np.ndarray
    updates: np.ndarray
    updates_per_epoch: int
    train_loss: np.ndarray
    train_accuracy: np.ndarray
    validation_loss: np.ndarray
    validation_accuracy: np.ndarray
    parameters: list[np.ndarray]
    best_parameters: list[np.ndarray]
    best_update: np.ndarray
    diverged_at: np.ndarray
    path: list[np.ndarray] | None = None

    @property
    def epochs(self) -> np.ndarray:
        """The checkpoints on an axis of epochs, (checkpoints,)."""
        return self.updates / self.updates_per_epoch


def fit(
    model,
    optimizer,
    data: Data,
    *,
    epochs: int,
    batch_size: int,
    evaluate_every: int | None = None,
    seed: int = 0,
    keep_path: bool = False,
    progress: bool = False,
) -> History:
    """Train one model once for each learning rate of the optimizer, all on the same batches.

    Every run starts from the same parameters and sees the same examples in the
    same order: what differs between two runs is their learning rate alone. A run
    whose loss is no longer finite is recorded as diverged, and goes on.

    Parameters
    ----------
    model
        As `lrcourse.models.LogisticRegression`.
    optimizer
        As `lrcourse.optimizers.SGD`. One rate is one run, an array is one run each.
    data : Data
        x_train, y_train, x_validation, y_validation.
    epochs : int
        Passes over the training rows, each in a new random order.
    batch_size : int
        Rows of an update. If it does not divide the rows, the last batch is smaller.
    evaluate_every : int, optional
        Updates between checkpoints; by default an epoch. There is one at the
        beginning and one at the end in any case.
    seed : int
        Of the order of the rows.
    keep_path : bool
        Keep the parameters of every checkpoint.
    progress : bool
        Show a progress bar on a terminal.

    Raises
    ------
    TypeError, ValueError
        For epochs, a batch size or data that cannot be trained on.
    """
    x, y = examples("training data", data[0], data[1])
    validation = examples("validation data", data[2], data[3])
    rows = len(x)
    epochs = positive_integer("epochs", epochs)
    batch_size = positive_integer("batch_size", batch_size, rows, " (the training rows)")
    updates_per_epoch = -(-rows // batch_size)
    if evaluate_every is None:
        evaluate_every = updates_per_epoch
    evaluate_every = positive_integer("evaluate_every", evaluate_every)

    learning_rates = np.atleast_1d(optimizer.learning_rate)
    parameters = model.initialize(len(learning_rates))
    checkpoints = _Checkpoints(model, parameters, (x, y), validation, keep_path)
    checkpoints.take(0)
    generator = np.random.default_rng(seed)
    starts = range(0, rows, batch_size)
    update, last = 0, epochs * updates_per_epoch
    # Far from the minimum numbers may overflow. That is a result, seen in the losses.
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in _counted(epochs, progress):
            order = generator.permutation(rows)
            x_epoch, y_epoch = x[order], y[order]
            for start in starts:
                batch = slice(start, start + batch_size)
                gradients = model.gradients(parameters, x_epoch[batch], y_epoch[batch])
                optimizer.step(parameters, gradients)
                update += 1
                if update % evaluate_every == 0 or update == last:
                    checkpoints.take(update)
    return checkpoints.history(learning_rates, updates_per_epoch)


def _counted(epochs: int, progress: bool):
    if not progress:
        return range(epochs)
    from tqdm import trange

    return trange(epochs, unit=" epochs", leave=False, disable=None)


class _Checkpoints:
    """The measurements of a run of `fit` as they come in."""

    def __init__(self, model, parameters, train, validation, keep_path):
        self.model, self.parameters = model, parameters
        self.train, self.validation = train, validation
        runs = len(parameters[0])
        self.updates, self.measured = [], []
        self.path = [[] for _ in parameters] if keep_path else None
        self.best_parameters = [parameter.copy() for parameter in parameters]
        self.lowest = np.full(runs, np.inf)
        self.best_update = np.zeros(runs, int)
        self.diverged_at = np.full(runs, NEVER)

    def take(self, update: int) -> None:
        train_loss, train_accuracy = self.model.loss_and_accuracy(self.parameters, *self.train)
        loss, accuracy = self.model.loss_and_accuracy(self.parameters, *self.validation)
        self.updates.append(update)
        self.measured.append((train_loss, train_accuracy, loss, accuracy))

        if self.path is not None:
            for kept, parameter in zip(self.path, self.parameters, strict=True):
                kept.append(parameter.copy())

        better = loss < self.lowest  # false for nan
        self.lowest[better] = loss[better]
        self.best_update[better] = update
        for best, parameter in zip(self.best_parameters, self.parameters, strict=True):
            best[better] = parameter[better]

        finite = np.isfinite(train_loss) & np.isfinite(loss)
        self.diverged_at[~finite & (self.diverged_at == NEVER)] = update

    def history(self, learning_rates, updates_per_epoch) -> History:
        return History(
            learning_rates.copy(),
            np.array(self.updates),
            updates_per_epoch,
            *np.array(self.measured).transpose(1, 0, 2),
            self.parameters,
            self.best_parameters,
            self.best_update,
            self.diverged_at,
            self.path and [np.array(kept) for kept in self.path],
        )
