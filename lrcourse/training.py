"""The one training loop of the course."""

import copy
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lrcourse import checks
from lrcourse.datasets import Data
from lrcourse.schedules import Schedule

NEVER = -1


@dataclass(frozen=True)
class History:
    """What `fit` saw: one row a checkpoint, one column a run.

    Attributes
    ----------
    learning_rates : array (runs,)
        To begin with.
    updates : int array (checkpoints,)
        The number of updates made before each checkpoint; the first is 0.
    updates_per_epoch : int
    train_loss : array (checkpoints, runs)
    train_accuracy : array (checkpoints, runs)
    validation_loss : array (checkpoints, runs)
    validation_accuracy : array (checkpoints, runs)
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
    applied_rate : array (checkpoints, runs)
        The learning rate of the update that follows each checkpoint: what a
        schedule made of `learning_rates`. After the last checkpoint no update follows: its
        row is the rate that one more would have had.
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
    applied_rate: np.ndarray
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
    evaluate_every: int | Sequence[int] | None = None,
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
        As `lrcourse.models` describes it.
    optimizer
        A new one of `lrcourse.optimizers`, or what has their `learning_rate` and `step`.
        One rate is one run, an array is one run each. It is copied: the one given stays new.
        Its `step` gets all weights of a run as one row, (runs, weights), unless it has
        `multipliers`.
    data : Data
        x_train, y_train, x_validation, y_validation. The inputs given as targets make an
        autoencoder. Of float32 inputs the whole training is in float32, of all others
        in float64.
    epochs : int
        Passes over the training rows, each in a new random order.
    batch_size : int
        Rows of an update. If it does not divide the rows, the last batch is smaller.
    evaluate_every : int, or list or range of int, optional
        Updates between checkpoints, or the numbers of updates after which there is
        one; by default an epoch. There is one at the beginning and one at the end in
        any case.
    seed : int
        Of the initial parameters, the order of the rows and the dropout.
    keep_path : bool
        Keep the parameters of every checkpoint.
    progress : bool
        Show a progress bar on a terminal.

    Raises
    ------
    TypeError, ValueError
        For a model, an optimizer, numbers or data that cannot be trained with.

    Warns
    -----
    UserWarning
        When more than one planned update has a rate of exactly 0, or a warmup outlasts the run.
    """
    checks.having("model", model, "initialize", "gradients", "loss_and_accuracy")
    checks.having("optimizer", optimizer, "learning_rate", "step")
    x, y, *validation = _trainable(data)
    epochs = checks.positive_integer("epochs", epochs)
    batch_size = checks.positive_integer("batch_size", batch_size, len(x), " (the training rows)")
    updates_per_epoch = -(-len(x) // batch_size)
    total = epochs * updates_per_epoch
    checkpoints = _checkpoints(evaluate_every, updates_per_epoch, total)
    checks.flag("keep_path", keep_path), checks.flag("progress", progress)
    seed = checks.whole("seed", seed)
    # Each purpose has a generator of its own, numbered after the seed (the models begin with
    # [seed, 1]): whether there is dropout does not change the order of the rows.
    shuffle, dropout = np.random.default_rng(seed), np.random.default_rng([seed, 2])

    if made := getattr(optimizer, "updates", 0):
        raise ValueError(f"optimizer must be new, got one after {made} update(s)")
    optimizer = copy.deepcopy(optimizer)
    warn_of_plan(optimizer, total)
    learning_rates = np.atleast_1d(optimizer.learning_rate)
    initial = model.initialize(len(learning_rates), seed, x.dtype)
    # All weights of a run lie in one row, and so do their gradients: the model works on views,
    # the optimizer, unless it tells the parameters apart, on a single array.
    weights, parameters = side_by_side(initial)
    weight_gradients, gradients = side_by_side(initial)  # which the model overwrites
    if getattr(optimizer, "multipliers", None) is None:
        to_step = [weights], [weight_gradients]
    else:
        to_step = parameters, gradients
    record = _Record(model, parameters, (x, y), validation, keep_path)

    # Far from the minimum numbers may overflow. That is a result, seen in the losses.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        record.measure(0, optimizer.learning_rate)  # here the model also checks its arguments
        update = 0
        for _ in progress_bar(progress, 0, epochs, "epochs", range(epochs)):
            order = shuffle.permutation(len(x))
            x_shuffled, y_shuffled = x[order], y[order]
            for start in range(0, len(x), batch_size):
                batch = slice(start, start + batch_size)
                model.gradients(
                    parameters, x_shuffled[batch], y_shuffled[batch], gradients, dropout
                )
                optimizer.step(*to_step)
                update += 1
                if update in checkpoints:
                    record.measure(update, optimizer.learning_rate)
    return record.history(learning_rates, updates_per_epoch)


def _trainable(data):
    """Return inputs and targets, to train on and to validate on, as arrays of one float type."""
    if len(checks.sequence("data", data)) != 4:
        raise ValueError(f"data must be four arrays, as Data is, got {len(data)}")
    x, y = checks.examples("training data", data[0], data[1])
    x_validation, y_validation = checks.examples("validation data", data[2], data[3])
    dtype = np.float32 if x.dtype == np.float32 else np.float64
    return [np.ascontiguousarray(each, dtype) for each in (x, y, x_validation, y_validation)]


def _checkpoints(evaluate_every, updates_per_epoch, total):
    """Return the numbers of updates after which there is a checkpoint."""
    if isinstance(evaluate_every, (list, tuple, range)):
        return {*checks.several(checks.whole)("evaluate_every", evaluate_every), total}
    if evaluate_every is None:
        evaluate_every = updates_per_epoch
    return {*range(0, total, checks.positive_integer("evaluate_every", evaluate_every)), total}


def warn_of_plan(optimizer, updates: int) -> None:
    """Warn if a schedule of the optimizer does not fit a training of so many updates."""
    given = getattr(optimizer, "_given", None)
    for schedule in given if isinstance(given, list) else [given]:
        if isinstance(schedule, Schedule) and (problem := misfit(schedule, np.arange(updates))):
            warnings.warn(problem, stacklevel=3)
            return


def misfit(schedule: Schedule, steps: np.ndarray, unit: str = "update") -> str:
    """Return what does not fit between a schedule and its steps at all updates, "" if nothing.

    >>> from lrcourse.schedules import linear, warmup
    >>> misfit(linear(0.1, 50), np.arange(200))
    'linear(learning_rate=0.1, total_steps=50) is 0 at 150 of 200 updates, from update 50 on'
    >>> misfit(warmup(linear(0.1, 50), 300), np.arange(200))
    'the warmup takes 300 updates, but the training has 200: the full rate is never reached'
    """
    if zeros := zero_rates(repr(schedule), schedule(steps)):
        return zeros
    if schedule.warmup_steps > (made := steps[-1] + 1):
        return (
            f"the warmup takes {schedule.warmup_steps} {unit}s, but the training has {made}: "
            "the full rate is never reached"
        )
    return ""


def zero_rates(name: str, rates: np.ndarray) -> str:
    """Return at how many updates the rates (updates, ...) are all 0, "" at one at most."""
    zeros = np.flatnonzero(np.all(rates.reshape(len(rates), -1) == 0, axis=1))
    if len(zeros) < 2:  # one is how a warmup begins or a schedule ends
        return ""
    return f"{name} is 0 at {len(zeros)} of {len(rates)} updates, from update {zeros[0]} on"


def progress_bar(progress: bool, done: int, total: int, unit: str, over=None):
    """Return tqdm's bar, over what is to be done; on a terminal, if there is to be progress."""
    from tqdm import tqdm

    hidden = None if progress else True
    return tqdm(over, initial=done, total=total, unit=f" {unit}", leave=False, disable=hidden)


def side_by_side(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the arrays (runs, ...) as rows of one, and views of it that have their shapes."""
    rows = np.concatenate([array.reshape(len(array), -1) for array in arrays], axis=1)
    return rows, views(rows, arrays)


def views(rows: np.ndarray, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return views of the rows that have the shapes of `arrays`, side by side."""
    ends = np.cumsum([array[0].size for array in arrays])
    pieces = np.split(rows, ends[:-1], axis=1)
    return [piece.reshape(array.shape) for piece, array in zip(pieces, arrays, strict=True)]


class _Record:
    """What a history is made of: the measurements so far, and the best parameters."""

    def __init__(self, model, parameters, train, validation, keep_path):
        self.model, self.parameters = model, parameters
        self.train, self.validation = train, validation
        runs = len(parameters[0])
        self.updates, self.measured, self.rates = [], [], []
        self.path = [[] for _ in parameters] if keep_path else None
        self.best = [parameter.copy() for parameter in parameters]
        self.lowest = np.full(runs, np.inf)
        self.best_update = np.zeros(runs, int)
        self.diverged_at = np.full(runs, NEVER)

    def measure(self, update, rates) -> None:
        """Take a checkpoint."""
        train = self.model.loss_and_accuracy(self.parameters, *self.train)
        validation = self.model.loss_and_accuracy(self.parameters, *self.validation)
        self.updates.append(update)
        self.measured.append((*train, *validation))
        self.rates.append(np.atleast_1d(rates))
        if self.path is not None:
            for kept, parameter in zip(self.path, self.parameters, strict=True):
                kept.append(parameter.copy())

        loss = validation[0]
        better = loss < self.lowest  # false for nan
        self.lowest[better], self.best_update[better] = loss[better], update
        for best, parameter in zip(self.best, self.parameters, strict=True):
            best[better] = parameter[better]
        finite = np.isfinite(train[0]) & np.isfinite(loss)
        self.diverged_at[~finite & (self.diverged_at == NEVER)] = update

    def history(self, learning_rates, updates_per_epoch) -> History:
        """Return it all."""
        return History(
            learning_rates,
            np.array(self.updates),
            updates_per_epoch,
            *np.array(self.measured).transpose(1, 0, 2),
            [parameter.copy() for parameter in self.parameters],
            self.best,
            self.best_update,
            self.diverged_at,
            np.array(self.rates),
            self.path and [np.array(kept) for kept in self.path],
        )
