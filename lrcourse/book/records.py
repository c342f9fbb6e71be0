"""The recorded results of the experiments: ``results/NAME-SIZE.json``.

A record holds what every run of an experiment returned, all that it takes to
make it again, and a digest, so that a number changed by hand is found. The chapters
read their numbers from it:

>>> record = load("ionosphere", "quick")
>>> record.labels
{'split': ['tail', 'shuffled', 'stratified'], 'method': ['plain', 'constant', 'cosine']}
>>> record.values("train_loss", split="tail", method="cosine").shape
(3, 11)
"""

import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from lrcourse.checks import one_of

FOLDER = Path(__file__).parent / "results"

# Significant digits that are kept of a number.
DIGITS = 5


@dataclass(frozen=True)
class Record:
    """What the runs of an experiment returned, and how it was made."""

    experiment: str
    size: str  #: "quick" or "full"
    about: str  #: what was compared and measured
    command: str  #: makes the same record again
    settings: dict  #: what all runs have in common, and what they go through
    data: dict  #: "name", "source" and "checksum" as of `lrcourse.datasets.Dataset`
    seeds: list[int]
    versions: dict  #: of Python, NumPy and this library
    machine: dict
    seconds: float  #: how long at least one run was in the making
    runs: list[dict]  #: each with its "seed", its "labels" and its "results", as of `rounded`

    @property
    def labels(self) -> dict[str, list]:
        """The labels by which runs differ, each with its values, in the order of the runs."""
        found = {name: [] for name in self.runs[0]["labels"]}
        for run in self.runs:
            for name, value in run["labels"].items():
                found[name] += [] if value in found[name] else [value]
        return found

    def values(self, result: str, **labels) -> np.ndarray:
        """Return a result of the runs that have these labels, (seeds, ...).

        Of labels there must be as many as it takes to leave one run for each seed, which come in
        the order of `seeds`.
        """
        known = self.labels
        for name, value in labels.items():
            allowed = known[one_of("a label", name, known)]
            if value not in allowed:
                said = ", ".join(map(str, allowed))
                raise ValueError(f"{name} must be one of {said}, got {value!r}")
        runs = [run for run in self.runs if labels.items() <= run["labels"].items()]
        if [run["seed"] for run in runs] != self.seeds:
            raise ValueError(
                f"labels must leave one run for each of {len(self.seeds)} seeds, got "
                f"{len(runs)} runs for {labels}: there are {', '.join(known) or 'no labels'}"
            )
        one_of("result", result, runs[0]["results"])
        return np.array([_array(run["results"][result]) for run in runs])

    def save(self, path: str | Path) -> None:
        """Write the record: a line for each run, at once or not at all."""
        content = asdict(self)
        runs = content.pop("runs")
        head = "".join(f" {_json(name)}: {_json(value)},\n" for name, value in content.items())
        lines = ",\n".join(_json(run, separators=(",", ":")) for run in runs)
        text = f'{{\n{head} "runs": [\n{lines}\n]}}\n'
        with replacing(path) as unfinished:
            unfinished.write_text(f'{{\n "digest": "{_digest(text)}",{text[1:]}', "utf-8")


def load(experiment: str, size: str = "full") -> Record:
    """Return the record of an experiment that comes with the course, "quick" or "full"."""
    available = sorted(path.stem for path in FOLDER.glob("*.json"))
    return read(FOLDER / f"{one_of('record', f'{experiment}-{size}', available)}.json")


def read(path: str | Path) -> Record:
    """Return the record in a file.

    Raises
    ------
    ValueError
        If it is none, or was changed since it was written: its digest tells.
    """
    try:
        text = Path(path).read_text("utf-8")
        content = json.loads(text)
        found = content.pop("digest")
        if _digest(text.replace(f'\n "digest": "{found}",', "", 1)) != found:
            raise ValueError("its content and its digest differ")
        return Record(**content)
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise ValueError(f"{path} is not a record, or is damaged: {problem}") from None


def _digest(text: str) -> str:
    """Return the digits that a record carries, of all that it says beside them."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@contextmanager
def replacing(path: str | Path):
    """Give a path to write to: what is there at the end takes the place of `path` at once.

    Or not at all, whatever interrupts the writing.
    """
    path = replaceable("path", path)
    try:
        with TemporaryDirectory(prefix=".lrcourse-", dir=path.parent) as folder:
            unfinished = Path(folder, "unfinished")
            yield unfinished
            unfinished.replace(path)
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror, str(path)) from None


def replaceable(name: str, path) -> Path:
    """Return the path of a file that may be written, a new one or in the place of the old.

    A link, a device or a file that is read-only is not replaced.
    """
    if not isinstance(path, (str, Path)):
        raise TypeError(f"{name} must be a path, got {path!r}")
    if not path or Path(path).is_dir():
        raise ValueError(f"{name} must be the path of a file, got {path!r}")
    path = Path(path)
    folder = path.absolute().parent
    if not folder.is_dir():
        wrong = f"there is no folder {folder}: make it first"
    elif not os.access(folder, os.W_OK | os.X_OK):
        wrong = f"you may not write to the folder {folder}: choose another"
    elif path.is_symlink():
        wrong = "it is a symbolic link: choose another or remove it"
    elif path.exists() and not path.is_file():
        wrong = "it is a device: choose another"
    elif path.exists() and not (os.access(path, os.W_OK) and path.stat().st_mode & 0o222):
        wrong = "it is read-only: choose another or allow writing"
    else:
        return path
    raise ValueError(f"{name} must be a file that may be written, got {path}, but {wrong}")


def rounded(value):
    """Return an array as nested lists of numbers as they are recorded.

    JSON has no nan, which becomes None, and no infinity, which becomes a text.

    >>> rounded(np.array([1 / 3, 100000.4, np.nan, -np.inf])), rounded(np.arange(3))
    ([0.33333, 100000.0, None, '-inf'], [0, 1, 2])
    """
    value = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
    if isinstance(value, list):
        return [rounded(each) for each in value]
    if not isinstance(value, float):
        return value
    if not np.isfinite(value):
        return None if np.isnan(value) else str(value)
    return float(f"{value:.{DIGITS}g}")


def _json(value, **options) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, **options)


def _array(value) -> np.ndarray:
    """Return the array of what `rounded` returned."""
    array = np.array(value)
    return array.astype(float) if array.dtype.kind in "OU" else array
