"""Files: those that come with the library, and what a training or a sweep needs to go on."""

import json
import os
import zipfile
import zlib
from contextlib import contextmanager, suppress
from functools import cache, partial
from importlib.resources import files
from pathlib import Path

import numpy as np


@cache
def shipped(name: str):
    """Return what a JSON file of the library says."""
    return json.loads(files("lrcourse").joinpath(name).read_text("utf-8"))


@contextmanager
def replacing(path: Path):
    """Give a path to write to: what is there at the end takes the place of `path` at once.

    Or not at all, whatever interrupts the writing.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def save(path, tree) -> None:
    """Write nested dicts and lists of arrays, numbers and texts to one npz file.

    The file is replaced at once or not at all, whatever interrupts the writing.
    """
    arrays = []
    content = json.dumps(_packed(tree, arrays))
    with replacing(Path(path)) as unfinished, unfinished.open("wb") as file:
        np.savez(file, content=np.array(content), **{str(i): a for i, a in enumerate(arrays)})
        file.flush()
        os.fsync(file.fileno())


def load(path):
    """Return what `save` wrote. Nothing in the file is executed.

    Raises
    ------
    ValueError
        For a file that `save` did not write, or that is damaged.
    """
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return _unpacked(json.loads(str(arrays["content"])), arrays)
    except (KeyError, ValueError, EOFError, zipfile.BadZipFile, TypeError) as problem:
        raise ValueError(f"{path} is not a file of saved work, or is damaged: {problem}") from None


def load_work(name: str, path, settings: str) -> dict:
    """Return what was saved with these settings in the file that the argument `name` names.

    Raises
    ------
    ValueError
        As `load`, and for a file that was saved with others.
    """
    work = load(path)
    if not isinstance(work, dict) or work.get("settings") != settings:
        raise ValueError(f"{name} {path} was made with other settings")
    return work


def described(value) -> str:
    """Return what tells settings from others: of a function its name and the arguments fixed."""
    if isinstance(value, partial):
        fixed = [*map(described, value.args)]
        fixed += [f"{name}={described(each)}" for name, each in sorted(value.keywords.items())]
        return f"{described(value.func)}({', '.join(fixed)})"
    if isinstance(value, np.ndarray):
        return f"{value.shape} {value.dtype} {zlib.crc32(np.ascontiguousarray(value)):08x}"
    if isinstance(value, tuple):
        return f"({', '.join(map(described, value))})"
    if hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return repr(value)


def _packed(tree, arrays):
    """The tree with its arrays replaced by their numbers, so that JSON can write it."""
    if isinstance(tree, np.ndarray):
        arrays.append(tree)
        return {"array": len(arrays) - 1}
    if isinstance(tree, dict):
        return {"dict": {key: _packed(value, arrays) for key, value in tree.items()}}
    if isinstance(tree, (list, tuple)):
        return [_packed(value, arrays) for value in tree]
    return tree.item() if isinstance(tree, np.generic) else tree


def _unpacked(tree, arrays):
    if isinstance(tree, list):
        return [_unpacked(value, arrays) for value in tree]
    if not isinstance(tree, dict):
        return tree
    if "array" in tree:
        return arrays[str(tree["array"])]
    return {key: _unpacked(value, arrays) for key, value in tree["dict"].items()}
