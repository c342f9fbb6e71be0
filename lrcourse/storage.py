"""Half-finished work on disk: what a training or a sweep needs to go on."""

import contextlib
import json
import os
import zipfile
from pathlib import Path

import numpy as np


def save(path, tree) -> None:
    """Write nested dicts and lists of arrays, numbers and texts to one npz file.

    The file is replaced at once or not at all, whatever interrupts the writing.
    """
    path, arrays = Path(path), []
    content = json.dumps(_packed(tree, arrays))
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, content=np.array(content), **{str(i): a for i, a in enumerate(arrays)})
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


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
