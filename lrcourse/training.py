"""The one training loop of the course."""

import copy
import inspect
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lrcourse import storage
from lrcourse.checks import examples, file_path, flag, having, positive_integer, sequence, whole
from lrcourse.datasets import Data

NEVER = -1

# How many numbers are worked on at once: of the data, and of the runs where these
# can be evaluated some at a time. What the caches of a processor hold.
AT_ONCE, RUNS_AT_ONCE = 2**20, 2**15


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
        schedule made of `learning_rates`.
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
    checkpoint: str | Path | None = None,
) -> History:
    """Train one model once for each learning rate of the optimizer, all on the same batches.

    Every run starts from the same parameters and sees the same examples in the
    same order: what differs between two runs is their learning rate alone. A run
    whose loss is no longer finite is recorded as diverged, and goes on.

    Parameters
    ----------
    model
        As those of `lrcourse.models`.
    optimizer
        As those of `lrcourse.optimizers`. One rate is one run, an array is one run
        each. It is copied: the one given stays as it is.
    data : Data
        x_train, y_train, x_validation, y_validation. The same array as inputs and
        as targets makes an autoencoder. Of float32 inputs the whole training is in
        float32, of all others in float64.
    epochs : int
        Passes over the training rows, each in a new random order.
    batch_size : int
        Rows of an update. If it does not divide the rows, the last batch is smaller.
    evaluate_every : int or sequence of int, optional
        Updates between checkpoints, or the numbers of updates after which there is
        one; by default an epoch. There is one at the beginning and one at the end in
        any case.
    seed : int
        Of the initial parameters, the order of the rows and the dropout.
    keep_path : bool
        Keep the parameters of every checkpoint.
    progress : bool
        Show a progress bar on a terminal.
    checkpoint : path, optional
        A file in which the state is kept, written after an epoch if a second has
        passed, and at the end. If it is there already, training goes on from it and
        ends as if it had never been interrupted, to the last bit.

    Raises
    ------
    TypeError, ValueError
        For epochs, a batch size or data that cannot be trained on, and for a
        checkpoint of another training.
    """
    having("model", model, "initialize", "gradients", "loss_and_accuracy", "width")
    having("optimizer", optimizer, "learning_rate", "step")
    if len(sequence("data", data)) != 4:
        raise ValueError(f"data must be four arrays, as Data is, got {len(data)}")
    x, y = _trainable("training data", data[0], data[1])
    validation = _trainable("validation data", data[2], data[3], x.dtype)
    rows = len(x)
    epochs = positive_integer("epochs", epochs)
    batch_size = positive_integer("batch_size", batch_size, rows, " (the training rows)")
    updates_per_epoch = -(-rows // batch_size)
    if evaluate_every is None:
        evaluate_every = updates_per_epoch
    if isinstance(evaluate_every, (list, tuple)):
        evaluate_every = [positive_integer("evaluate_every", each) for each in evaluate_every]
        is_checkpoint = set(evaluate_every).__contains__
    else:
        evaluate_every = positive_integer("evaluate_every", evaluate_every)
        is_checkpoint = range(0, epochs * updates_per_epoch + 1, evaluate_every).__contains__
    keep_path, progress = flag("keep_path", keep_path), flag("progress", progress)
    if checkpoint is not None:
        checkpoint = file_path("checkpoint", checkpoint)
        made = (model, optimizer, x, y, *validation, seed)
        settings = storage.described((*made, epochs, batch_size, evaluate_every, keep_path))

    run = _Run(model, optimizer, (x, y), validation, whole("seed", seed), keep_path)
    if checkpoint and checkpoint.exists():
        run.restore(storage.load_work("checkpoint", checkpoint, settings))
    else:
        run.measure()
    inputs = model.prepared(x) if _is_planned(model) else x
    done, last = run.update // updates_per_epoch, epochs * updates_per_epoch
    saved = time.monotonic()
    # Far from the minimum numbers may overflow. That is a result, seen in the losses.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for epoch in progress_bar(progress, done, epochs, "epochs", range(done, epochs)):
            order = run.order.permutation(rows)
            for update, batch in enumerate(_batches(inputs, y, order, batch_size), run.update + 1):
                run.step(*batch)
                if is_checkpoint(update) or update == last:
                    run.update = update
                    run.measure()
            run.update = update
            if checkpoint and (time.monotonic() > saved + 1 or epoch == epochs - 1):
                storage.save(checkpoint, {"settings": settings, **run.state()})
                saved = time.monotonic()
    return run.history(updates_per_epoch)


def _trainable(name, x, y, dtype=None):
    """Return inputs and targets as arrays of one float type."""
    same = y is x
    x, y = examples(name, x, y)
    dtype = dtype or (np.float32 if x.dtype == np.float32 else np.float64)
    x = np.ascontiguousarray(x, dtype)
    return x, x if same else np.ascontiguousarray(y, dtype)


def _is_planned(model) -> bool:
    """Whether the model has a `plan` of its `gradients`: a subclass may have changed these."""
    owner = next(cls for cls in type(model).__mro__ if "gradients" in vars(cls))
    return "plan" in vars(owner)


def progress_bar(progress: bool, done: int, total: int, unit: str, over=None):
    """Return tqdm's bar, over what is to be done; on a terminal, if there is to be progress."""
    from tqdm import tqdm

    hidden = None if progress else True
    return tqdm(over, initial=done, total=total, unit=f" {unit}", leave=False, disable=hidden)


def _batches(x, y, order, batch_size):
    """Yield the rows in this order, batch by batch; gathered in larger pieces, which is faster."""
    piece = batch_size * max(1, AT_ONCE // (batch_size * x[0].size))
    for first in range(0, len(order), piece):
        rows = order[first : first + piece]
        x_piece = x[rows]
        y_piece = x_piece if y is x else y[rows]
        for start in range(0, len(rows), batch_size):
            batch = slice(start, start + batch_size)
            yield x_piece[batch], y_piece[batch]


class _Run:
    """A training as it goes: everything that changes from one update to the next."""

    def __init__(self, model, optimizer, train, validation, seed, keep_path):
        self.model, self.optimizer = model, copy.deepcopy(optimizer)
        self.train, self.validation = train, validation
        self.learning_rates = np.atleast_1d(self.optimizer.learning_rate)
        runs = len(self.learning_rates)
        # All parameters of a run in one row: the model works on views of it, and the
        # optimizer, unless it tells parameters apart, on a single array.
        initial = model.initialize(runs, seed, train[0].dtype)
        self.flat = np.concatenate([array.reshape(runs, -1) for array in initial], axis=1)
        self.flat_gradient = np.empty_like(self.flat)
        self.parameters = views(self.flat, initial)
        self.gradients = views(self.flat_gradient, initial)
        if getattr(self.optimizer, "multipliers", None) is None:
            self.updated, self.slopes = (self.flat,), (self.flat_gradient,)
        else:
            self.updated, self.slopes = tuple(self.parameters), tuple(self.gradients)
        self.dropout = np.random.default_rng([seed, 2])
        self.functions = {}
        self.order = np.random.default_rng(seed)
        self.update = 0
        self.updates, self.measured, self.applied = [], [], []
        self.path = [[] for _ in initial] if keep_path else None
        self.best = self.flat.copy()
        self.lowest = np.full(runs, np.inf)
        self.best_update = np.zeros(runs, int)
        self.diverged_at = np.full(runs, NEVER)

    def step(self, x, y) -> None:
        """Make one update."""
        renew_gradient = self.functions.get(len(x))
        if renew_gradient is None:
            renew_gradient = self.functions[len(x)] = self._gradient_function(len(x))
        renew_gradient(x, y)
        self.optimizer.step(self.updated, self.slopes)

    def _gradient_function(self, n):
        """Return a function of n rows of inputs and targets that renews the gradient."""
        if _is_planned(self.model):
            return self.model.plan(self.flat, self.flat_gradient, n)
        # What this model's `gradients` can make use of.
        taken = inspect.signature(self.model.gradients).parameters
        options = {"out": self.gradients, "generator": self.dropout}
        options = {name: options[name] for name in options if name in taken}

        def gradients(x, y):
            computed = self.model.gradients(self.parameters, x, y, **options)
            if "out" not in taken:
                for own, gradient in zip(self.gradients, computed, strict=True):
                    own[...] = gradient

        return gradients

    def measure(self) -> None:
        """Take a checkpoint."""
        train = _evaluated(self.model, self.parameters, *self.train)
        validation = _evaluated(self.model, self.parameters, *self.validation)
        self.updates.append(self.update)
        self.measured.append((*train, *validation))
        self.applied.append(np.atleast_1d(self.optimizer.learning_rate))

        if self.path is not None:
            for kept, parameter in zip(self.path, self.parameters, strict=True):
                kept.append(parameter.copy())

        loss = validation[0]
        better = loss < self.lowest  # false for nan
        self.lowest[better] = loss[better]
        self.best_update[better] = self.update
        self.best[better] = self.flat[better]

        finite = np.isfinite(train[0]) & np.isfinite(loss)
        self.diverged_at[~finite & (self.diverged_at == NEVER)] = self.update

    _STATE = (
        "update", "updates", "measured", "applied", "path", "flat", "best", "lowest",
        "best_update", "diverged_at",
    )  # fmt: skip

    def state(self) -> dict:
        """Return all of it, to be saved."""
        return {
            **{name: getattr(self, name) for name in self._STATE},
            "optimizer": self.optimizer.state(),
            "order": self.order.bit_generator.state,
            "dropout": self.dropout.bit_generator.state,
        }

    def restore(self, state: dict) -> None:
        """Go on from a state."""
        self.flat[...] = state.pop("flat")  # in place: the parameters are views of it
        for name in self._STATE:
            if name in state:
                setattr(self, name, state[name])
        self.optimizer.restore(state["optimizer"])
        self.order.bit_generator.state = state["order"]
        self.dropout.bit_generator.state = state["dropout"]

    def history(self, updates_per_epoch) -> History:
        """Return what was seen."""
        return History(
            self.learning_rates.copy(),
            np.array(self.updates),
            updates_per_epoch,
            *np.array(self.measured).transpose(1, 0, 2),
            [parameter.copy() for parameter in self.parameters],
            [parameter.copy() for parameter in views(self.best, self.parameters)],
            self.best_update,
            self.diverged_at,
            np.array(self.applied),
            self.path and [np.array(kept) for kept in self.path],
        )


def views(flat: np.ndarray, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return views of the rows of `flat` that have the shapes of `arrays`, side by side."""
    ends = np.cumsum([array[0].size for array in arrays])
    pieces = np.split(flat, ends[:-1], axis=1)
    return [piece.reshape(array.shape) for piece, array in zip(pieces, arrays, strict=True)]


def _evaluated(model, parameters, x, y):
    """Return loss and accuracy on all the data, each (runs,), in pieces that fit the memory.

    How the rows are cut depends on the model alone, so that a run's loss is, to
    the bit, the same in any company.
    """
    rows = min(len(x), max(1, AT_ONCE // model.width))
    runs = max(1, RUNS_AT_ONCE // (rows * model.width))
    measured = np.empty((2, len(parameters[0])))
    for first in range(0, measured.shape[1], runs):
        some = slice(first, first + runs)
        chosen = [parameter[some] for parameter in parameters]
        if rows == len(x):
            measured[:, some] = model.loss_and_accuracy(chosen, x, y)
            continue
        measured[:, some] = 0
        for start in range(0, len(x), rows):
            piece = slice(start, start + rows)
            share = len(x[piece]) / len(x)
            part = np.array(model.loss_and_accuracy(chosen, x[piece], y[piece]), float)
            measured[:, some] += share * part
    return measured
