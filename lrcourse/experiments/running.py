"""Running an experiment: run by run, on several processors, and on from where it was stopped."""

import hashlib
import inspect
import os
import platform
import shutil
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

import numpy as np

import lrcourse
from lrcourse.book.records import Record, replaceable, rounded
from lrcourse.checks import instance, one_of, positive_integer
from lrcourse.datasets import CATALOGUE, Dataset, downloads
from lrcourse.tables import Table
from lrcourse.training import progress_bar


@lru_cache(maxsize=1)
def catalogued(name: str) -> Dataset:
    """Return a data set of `lrcourse.datasets.CATALOGUE`, loaded once in a process."""
    return CATALOGUE[name].load()


def each_of(*names: str) -> Callable[[dict], list[dict]]:
    """Return the `runs` of an experiment that goes through all that its settings list there."""
    return lambda settings: [
        dict(zip(names, each, strict=True)) for each in product(*map(settings.get, names))
    ]


@dataclass(frozen=True)
class Experiment:
    """An experiment: its settings at each size, and what a single run is.

    Parameters
    ----------
    name, about : str
    sizes : dict of dicts
        The settings of "quick" and of "full", such as JSON can hold. "seeds" is how
        many, "data" the name of a data set, if there is one.
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
    experiment: Experiment, size: str = "quick", *, seeds: int | None = None,
    processes: int | None = None, output: str | Path | None = None, progress: bool = False,
) -> tuple[Record, Path]:  # fmt: skip
    """Run an experiment and record it; return the record, and where it was written.

    Every run is kept in the user's cache as soon as it is finished, until the record is
    written. After an interruption, whatever its kind, only what is missing is run, and
    the record is to the bit what it would have been.

    The runs go through `joblib`: by default to all processors of this machine, else
    wherever `joblib.parallel_config` sends them. To a Dask cluster ::

        client = dask.distributed.Client("tcp://scheduler:8786")
        with joblib.parallel_config(backend="dask"):
            run(EXPERIMENTS["ionosphere"], "full")

    and to a Ray cluster ::

        ray.util.joblib.register_ray()
        with joblib.parallel_config(backend="ray"):
            run(EXPERIMENTS["ionosphere"], "full")

    On other machines, what is finished is kept if they share the cache's folder.

    Parameters
    ----------
    experiment : Experiment
    size : {"quick", "full"}
    seeds : int, optional
        Run the seeds 0 … seeds − 1 instead of as many as the settings say.
    processes : int, optional
        By default as many as there are processors. The results do not depend on it.
    output : path, optional
        The file of the record, or a folder for it; by default the current one. There it
        is called NAME-SIZE.json. No link, device or read-only file is replaced.
    progress : bool
        Show a progress bar on a terminal.
    """
    instance("experiment", experiment, Experiment)
    settings = dict(experiment.sizes[one_of("size", size, experiment.sizes)])
    usual = settings.pop("seeds")
    command = f"python -m lrcourse run {experiment.name} --size {size}"
    name = f"{experiment.name}-{size}"
    if seeds is not None and positive_integer("seeds", seeds, 10_000) != usual:
        command += f" --seeds {seeds}"
        name += f"-{seeds}-seeds"
    seeds = list(range(seeds or usual))
    if processes is not None:
        processes = positive_integer("processes", processes, 1000)
    path = _destination(output, f"{name}.json")

    data = {}
    if "data" in settings:
        dataset = experiment.data(settings["data"])
        data = {name: getattr(dataset, name) for name in ("name", "source", "checksum")}
    labels = experiment.runs(settings)
    made_of = [_code(experiment.train), np.__version__, data]
    calls = [(experiment.train, settings, seed, each, made_of) for seed in seeds for each in labels]
    folder = downloads.cache_folder() / "runs" / name
    results, processes = _computed(calls, folder, processes, progress)
    record = Record(
        experiment=experiment.name, size=size, about=experiment.about, command=command,
        settings=settings, data=data, seeds=seeds, versions=_versions(),
        machine=_machine() | {"processes": processes},
        seconds=round(_covered([(began, ended) for began, ended, _ in results]), 1),
        runs=[
            {
                "seed": seed,
                "labels": labels,
                "results": {key: rounded(value) for key, value in result.items()},
            }
            for (_, _, seed, labels, _), (_, _, result) in zip(calls, results, strict=True)
        ],
    )  # fmt: skip
    record.save(path)
    shutil.rmtree(folder, ignore_errors=True)  # all is in the record
    return record, path


def _destination(output, name) -> Path:
    """Return the file to write, which may be written as far as one can tell before."""
    if output is None:
        output = name
    elif isinstance(output, (str, Path)) and output and Path(output).is_dir():
        output = Path(output, name)
    return replaceable("output", output)


def _computed(calls, folder, processes, progress):
    """Return what the calls of `_compute` return, and how many processes there were."""
    try:
        import joblib
    except ModuleNotFoundError as problem:
        needed = f"{problem.name} is missing; to run experiments: pip install 'lrcourse[data]'"
        raise ModuleNotFoundError(needed, name=problem.name) from None
    from concurrent.futures import BrokenExecutor

    cached = joblib.Memory(folder, compress=True, verbose=0).cache(_compute)
    cached.check_call_in_cache(*calls[0])  # notes the code of `_compute`, once for all processes
    backend, configured = joblib.parallel.get_active_backend()
    jobs = processes or configured or -1
    as_finished = "generator_unordered" if backend.supports_return_generator else "list"
    results = [None] * len(calls)
    try:
        with (
            progress_bar(progress, 0, len(calls), "runs") as bar,
            joblib.Parallel(jobs, return_as=as_finished) as parallel,
        ):
            tasks = (joblib.delayed(_numbered)(i, cached, call) for i, call in enumerate(calls))
            for number, result in parallel(tasks):
                results[number] = result
                bar.update()
    except BrokenExecutor:
        raise ChildProcessError(
            "a process was killed, perhaps because memory ran out; finished runs are kept: "
            "go on with fewer processes"
        ) from None
    return results, joblib.effective_n_jobs(jobs)


def _numbered(number, cached, call):
    return number, cached(*call)


def _compute(train, settings, seed, labels, made_of):
    """Do one run; `made_of` tells its code and data from every other when it is looked for."""
    import multiprocessing

    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    if multiprocessing.parent_process():  # Ctrl-C reaches it too, but is for that one
        with suppress(ValueError):  # in a thread
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    tqdm.set_lock(threading.RLock())  # its own, for several processes, outlives a killed one
    began = time.time()
    with threadpool_limits(1):  # the last bits of a product may depend on it
        results = train(settings, seed, **labels)
    return began, time.time(), {name: np.asarray(value) for name, value in results.items()}


def _code(train) -> str:
    """Return what tells this library and the module of `train` from every other version."""
    module = inspect.getsourcefile(train) if inspect.isfunction(train) else None
    if module is None or not Path(module).is_file():
        raise TypeError(f"train must be a function of a module, got {train!r}")
    files = sorted(Path(lrcourse.__file__).parent.rglob("*.py"))
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in (*files, Path(module))]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


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
