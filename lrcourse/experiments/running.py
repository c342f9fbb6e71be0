"""Running an experiment: run by run, on several processors, and on from where it was stopped."""

import hashlib
import json
import multiprocessing
import os
import platform
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import numpy as np

import lrcourse
from lrcourse import storage
from lrcourse.book.records import FOLDER, Record, rounded
from lrcourse.checks import instance, one_of, positive_integer
from lrcourse.datasets import CATALOGUE, Dataset, downloads
from lrcourse.tables import Table
from lrcourse.training import progress_bar

# What decides on the numbers of a run, beside the experiment's own module. A run that
# was finished before one of them changed is made again.
_DECIDING = (
    "checks", "datasets", "datasets.formats", "models.layers", "models.logistic", "models.losses",
    "models.networks", "optimizers", "schedules", "datasets.splits", "training",
)  # fmt: skip


@lru_cache(maxsize=1)
def catalogued(name: str) -> Dataset:
    """Return a data set of `lrcourse.datasets.CATALOGUE`, loaded once in a process."""
    return CATALOGUE[name].load()


@dataclass(frozen=True)
class Experiment:
    """An experiment: its settings at each size, and what a single run is.

    Parameters
    ----------
    name, about : str
    sizes : dict of dicts
        The settings of "quick" and of "full", such as JSON can hold. "seeds" is how
        many, "data" the name of a data set.
    runs : function of the settings, returning a list of dicts
        The labels of every run that there is for each seed, such as
        ``{"split": "tail", "method": "cosine"}``.
    train : function (settings, seed, **labels) returning a dict of arrays
        One run, on one processor. A function of a module: other processes find it there.
    summary : function of a `Record` returning a `Table`
        What the experiment found.
    data : function of ``settings["data"]`` returning a `Dataset`
        By default the data set of that name of `lrcourse.datasets`.
    """

    name: str
    about: str
    sizes: dict[str, dict]
    runs: Callable[[dict], list[dict]]
    train: Callable[..., dict[str, np.ndarray]]
    summary: Callable[[Record], Table]
    data: Callable[[str], Dataset] = catalogued


def run(
    experiment: Experiment,
    size: str = "quick",
    *,
    seeds: int | None = None,
    processes: int | None = None,
    output: str | Path | None = None,
    progress: bool = False,
) -> tuple[Record, Path]:
    """Run an experiment and record it.

    Every run is kept as soon as it is finished, in the user's cache, until the
    record is written. After an interruption, whatever its kind, only what is
    missing is run, and the record is to the bit what it would have been.

    Parameters
    ----------
    experiment : Experiment
    size : str
        "quick" or "full".
    seeds : int, optional
        Run the seeds 0 … seeds − 1 instead of as many as the settings say.
    processes : int, optional
        By default as many as there are processors. The results do not depend on it.
    output : path, optional
        Where to write the record; by default among those that come with the course,
        if it has as many seeds as they have, else in the current folder.
    progress : bool
        Show a progress bar on a terminal.

    Returns
    -------
    Record, pathlib.Path
        And where it was written.

    Raises
    ------
    ValueError
        For another size or a wrong number of seeds or processes.
    DataUnavailable
        If the data are not here and cannot be had.
    """
    instance("experiment", experiment, Experiment)
    settings = dict(experiment.sizes[one_of("size", size, experiment.sizes)])
    usual = settings.pop("seeds")
    command = f"python -m lrcourse run {experiment.name} --size {size}"
    name = f"{experiment.name}-{size}"
    if seeds is not None and positive_integer("seeds", seeds) != usual:
        command += f" --seeds {seeds}"
        output = output or f"{name}-{seeds}-seeds.json"
    seeds = list(range(seeds or usual))
    if processes is None:
        processes = os.cpu_count() or 1
    processes = positive_integer("processes", processes)
    path = Path(output or FOLDER / f"{name}.json")

    data = experiment.data(settings["data"])
    data = {"name": data.name, "source": data.source, "checksum": data.checksum}
    catalogued.cache_clear()  # the other processes load their own
    tasks = [(seed, labels) for seed in seeds for labels in experiment.runs(settings)]
    folder, code = downloads.cache_folder() / "runs" / name, _code(experiment)
    files = [folder / f"{_digest(code, settings, data, task)}.npz" for task in tasks]
    results = [_kept(file) for file in files]
    missing = [number for number, kept in enumerate(results) if kept is None]
    with progress_bar(progress, len(tasks) - len(missing), len(tasks), "runs") as bar:
        calls = {
            number: (experiment.train, settings, *tasks[number], files[number])
            for number in missing
        }
        for number, result in _computed(calls, processes):
            results[number] = result
            bar.update()

    record = Record(
        experiment=experiment.name,
        size=size,
        about=experiment.about,
        command=command,
        settings=settings,
        data=data,
        seeds=seeds,
        versions=_versions(),
        machine=_machine() | {"processes": processes},
        seconds=round(_covered([(each["began"], each["ended"]) for each in results]), 1),
        runs=[
            {
                "seed": seed,
                "labels": labels,
                "results": {key: rounded(value) for key, value in each["results"].items()},
            }
            for (seed, labels), each in zip(tasks, results, strict=True)
        ],
    )
    record.save(path)
    for file in (*files, *folder.glob(".*.partial")):
        file.unlink(missing_ok=True)
    with suppress(OSError):  # another run's
        folder.rmdir()
    return record, path


def _computed(calls, processes):
    """Yield the numbers and the results of the calls of `_compute`, as they are finished."""
    if not calls:
        return
    others = multiprocessing.active_children()
    # A product's last bits may depend on the number of threads. Here it is one,
    # which processes of their own take over: one way to run, whatever their number.
    with (
        _environment(OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", OMP_NUM_THREADS="1"),
        ProcessPoolExecutor(
            min(processes, len(calls)),
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_end_with_parent,
        ) as pool,
    ):
        try:
            with _interrupts_ignored():  # by the processes that begin here
                futures = {pool.submit(_compute, *call): number for number, call in calls.items()}
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                if process not in others:
                    process.terminate()
            raise


@contextmanager
def _environment(**variables):
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _interrupts_ignored():
    """Let processes that begin here leave Ctrl-C, which reaches them too, to this one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end_with_parent():
    """End this process when the one that began it is no more, even if it was killed."""

    def wait():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _compute(train, settings, seed, labels, file):
    """Do one run and keep it."""
    began = time.time()
    results = train(settings, seed, **labels)
    results = {name: np.asarray(value) for name, value in results.items()}
    kept = {"began": began, "ended": time.time(), "results": results}
    file.parent.mkdir(parents=True, exist_ok=True)
    storage.save(file, kept)
    return kept


def _kept(file):
    """Return a run that was kept, None if there is none or its file is damaged."""
    with suppress(OSError, ValueError):
        kept = storage.load(file)
        if isinstance(kept, dict) and kept.keys() == {"began", "ended", "results"}:
            return kept
    return None


def _digest(*what) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:24]


def _code(experiment) -> str:
    """Return what tells the code behind a run, and NumPy's version, from every other."""
    modules = [import_module(f"lrcourse.{name}") for name in _DECIDING]
    modules.append(import_module(experiment.train.__module__))
    sources = [Path(module.__file__).read_bytes() for module in modules]
    return hashlib.sha256(b"".join([np.__version__.encode(), *sources])).hexdigest()


def _covered(intervals) -> float:
    """Return the length of what the intervals cover together.

    >>> _covered([(0, 2), (5, 6), (1, 3)])
    4.0
    """
    total, until = 0.0, -np.inf
    for began, ended in sorted(intervals):
        total += max(0.0, ended - max(began, until))
        until = max(until, ended)
    return total


def _versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "lrcourse": lrcourse.__version__,
    }


def _machine() -> dict:
    processor = platform.processor() or platform.machine()
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
    system = f"{platform.system()} {platform.machine()}"
    return {"processor": processor, "cores": os.cpu_count(), "system": system}
