"""Sweeps: learning rates × seeds, on one processor or on a cluster."""

import os
import time
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lrcourse import storage
from lrcourse.checks import file_path, flag, instance, one_of, positive_integer, whole
from lrcourse.checks import learning_rates as checked_rates
from lrcourse.training import NEVER, History, progress_bar

CURVES = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")


@dataclass(frozen=True)
class Sweep:
    """What a sweep found: one row a seed, one column a learning rate.

    Attributes
    ----------
    learning_rates : array (rates,)
    seeds : int array (seeds,)
    updates : int array (checkpoints,)
        The number of updates made before each checkpoint.
    curves : dict of arrays (seeds, rates, checkpoints)
        "train_loss", "train_accuracy", "validation_loss", "validation_accuracy";
        nan where a run is missing.
    diverged_at : int array (seeds, rates)
        As in `lrcourse.training.History`.
    finished : bool array (seeds, rates)
    """

    learning_rates: np.ndarray
    seeds: np.ndarray
    updates: np.ndarray
    curves: dict[str, np.ndarray]
    diverged_at: np.ndarray
    finished: np.ndarray

    def at_end(self, curve: str = "validation_loss") -> np.ndarray:
        """Return the last values of a curve, (seeds, rates)."""
        return self.curves[one_of("curve", curve, CURVES)][:, :, -1]

    def mean_and_sd(self, curve: str = "validation_loss") -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard deviation over the finished seeds, each (rates,).

        The deviation is that of a sample (n − 1): nan for a single seed. A run
        that ended in nan makes its rate's mean nan; a missing one is left out.
        """
        values = self.at_end(curve)
        columns = [values[self.finished[:, rate], rate] for rate in range(values.shape[1])]
        with np.errstate(invalid="ignore"):
            mean = [column.mean() if column.size else np.nan for column in columns]
            sd = [column.std(ddof=1) if column.size > 1 else np.nan for column in columns]
        return np.array(mean), np.array(sd)

    @property
    def missing(self) -> list[tuple[int, float]]:
        """The (seed, learning rate) of every run that is not finished."""
        return [
            (int(self.seeds[row]), float(self.learning_rates[column]))
            for row, column in np.argwhere(~self.finished)
        ]


def sweep(
    train: Callable[..., History],
    learning_rates,
    seeds: int | Iterable[int],
    *,
    executor: Executor | None = None,
    rates_per_task: int | None = None,
    progress: bool = False,
    record: str | Path | None = None,
) -> Sweep:
    """Train once for every learning rate and every seed.

    What a run computes does not depend on the executor, on how the work is split
    or on which other rates there are: it is the same to the last bit.

    Parameters
    ----------
    train : function (learning_rates, seed=...) returning a `History`
        One run for each of the rates, such as
        `lrcourse.experiments.school_district_runs`. Fix its other arguments with
        `functools.partial`. For other processes it must be picklable: a function
        of a module, not a lambda.
    learning_rates : array (rates,)
        All different.
    seeds : int or list of int
        A number n stands for the seeds 0 … n − 1.
    executor : concurrent.futures.Executor, optional
        Where to run; by default here, one seed after another. A process pool, or
        Dask's ``client.get_executor()`` or Ray's for a cluster.
    rates_per_task : int, optional
        Rates trained together. Many together cost least in all; few spread
        better. By default all of them here, and on an executor as many as give
        each of this machine's processors four tasks.
    progress : bool
        Show a progress bar on a terminal.
    record : path, optional
        A file that keeps what is finished. If it is there already, only what is
        missing in it is trained, whatever rates and seeds it was begun with. It knows
        `train` by its name and the arguments fixed.

    Returns
    -------
    Sweep
        After an interruption (Ctrl-C) with what is finished; a warning says how
        much is missing, `Sweep.missing` what.

    Raises
    ------
    TypeError, ValueError
        For rates or seeds that cannot be trained with, or a record of another
        function or other settings.
    """
    rates = np.atleast_1d(checked_rates("learning_rates", learning_rates))
    if len(np.unique(rates)) < len(rates):
        raise ValueError(f"learning_rates must all be different, got {rates}")
    seeds = _seeds(seeds)
    if not callable(train):
        raise TypeError(f"train must be a function, got {train!r}")
    if executor is not None:
        instance("executor", executor, Executor)
    flag("progress", progress)
    if record is not None:
        record = file_path("record", record)
    if rates_per_task is None:
        total, tasks = len(rates) * len(seeds), 4 * (os.cpu_count() or 1)
        rates_per_task = len(rates) if executor is None else -(-total // tasks)
    rates_per_task = positive_integer("rates_per_task", rates_per_task)

    results = _Results(train, record)
    tasks = [
        (seed, wanted[start : start + rates_per_task])
        for seed in seeds
        if (wanted := [rate for rate in rates.tolist() if (seed, rate) not in results.runs])
        for start in range(0, len(wanted), rates_per_task)
    ]
    futures, interrupted = [], False
    total, missing = len(rates) * len(seeds), sum(len(task[1]) for task in tasks)
    with progress_bar(progress, total - missing, total, "runs") as bar:
        try:
            for future in _completed(train, tasks, executor, futures):
                results.add(*future.result())
                bar.update(len(future.result()[1]))
        except KeyboardInterrupt:
            interrupted = True
        finally:
            for future in futures:
                if future.done() and not future.cancelled() and not future.exception():
                    results.add(*future.result())  # finished while nobody looked
                future.cancel()
            results.write()
    result = results.sweep(rates, seeds)
    if interrupted:
        missing = f"{len(result.missing)} of {result.finished.size} runs are missing"
        warnings.warn(f"sweep interrupted: {missing}", stacklevel=2)
    return result


def _seeds(seeds):
    single = isinstance(seeds, (str, bytes)) or getattr(seeds, "shape", None) == ()
    if single or not isinstance(seeds, Iterable):
        return list(range(positive_integer("seeds", seeds, 1_000_000)))
    seeds = [whole("seeds", seed) for seed in seeds]
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds must be different and at least one, got {seeds}")
    return seeds


def _completed(train, tasks, executor, futures):
    """Yield the futures of the tasks as they finish."""
    if executor is not None:
        futures += [executor.submit(_train, train, *task) for task in tasks]
        yield from as_completed(futures)
        return
    for task in tasks:
        future = Future()
        future.set_result(_train(train, *task))
        yield future


def _train(train, seed, rates):
    """Do one task, and return of its history what a sweep keeps."""
    history = train(np.array(rates), seed=seed)
    if not all(hasattr(history, name) for name in CURVES):
        raise TypeError(f"train must return a History, got {history!r}")
    curves = np.array([getattr(history, name) for name in CURVES])
    return seed, rates, history.updates, curves.transpose(2, 0, 1), history.diverged_at


class _Results:
    """The finished runs by (seed, rate), here and in the record."""

    def __init__(self, train, record):
        self.record, self.updates, self.runs = record, None, {}
        self.settings = storage.described(train)
        self.written = time.monotonic()
        if self.record and self.record.exists():
            kept = storage.load_work("record", record, self.settings)
            self.add(*(kept[name] for name in ("seed", "rate", "updates", "curves", "diverged_at")))

    def add(self, seeds, rates, updates, curves, diverged_at):
        """Take in the results of a task."""
        if self.updates is not None and not np.array_equal(updates, self.updates):
            raise ValueError("train must take its checkpoints at the same updates in every run")
        self.updates = updates
        seeds = np.broadcast_to(seeds, len(rates)).tolist()
        for seed, rate, run, update in zip(seeds, rates, curves, diverged_at, strict=True):
            self.runs[seed, float(rate)] = run, int(update)
        if time.monotonic() > self.written + 1:
            self.write()

    def write(self):
        """Write the record, if there is to be one."""
        if self.record and self.runs:
            keys, values = list(self.runs), list(self.runs.values())
            kept = {
                "settings": self.settings,
                "seed": np.array([seed for seed, _ in keys]),
                "rate": np.array([rate for _, rate in keys]),
                "updates": self.updates,
                "curves": np.array([curves for curves, _ in values]),
                "diverged_at": np.array([update for _, update in values]),
            }
            storage.save(self.record, kept)
        self.written = time.monotonic()

    def sweep(self, rates, seeds) -> Sweep:
        """Return the runs of these rates and seeds as arrays."""
        shape = len(seeds), len(rates)
        updates = np.zeros(1, int) if self.updates is None else self.updates
        curves = np.full((len(CURVES), *shape, len(updates)), np.nan)
        diverged_at, finished = np.full(shape, NEVER), np.zeros(shape, bool)
        for row, seed in enumerate(seeds):
            for column, rate in enumerate(rates.tolist()):
                if (seed, rate) in self.runs:
                    curves[:, row, column], diverged_at[row, column] = self.runs[seed, rate]
                    finished[row, column] = True
        named = dict(zip(CURVES, curves, strict=True))
        return Sweep(rates, np.array(seeds), updates, named, diverged_at, finished)
