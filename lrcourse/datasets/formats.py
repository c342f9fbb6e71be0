"""The formats in which the data sets are published. None of them can hold a program."""

import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np

from lrcourse.datasets.downloads import DataUnavailable


def from_idx(content: bytes) -> np.ndarray:
    """Return the bytes of an idx file, MNIST's format, as an array.

    >>> from_idx(bytes([0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9]))
    array([[7, 8, 9]], dtype=uint8)
    """
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def to_idx(array: np.ndarray) -> bytes:
    """Return an array of bytes as an idx file.

    >>> to_idx(np.array([[7, 8, 9]], np.uint8)).hex(" ")
    '00 00 08 02 00 00 00 01 00 00 00 03 07 08 09'
    """
    shape = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes([0, 0, 8, array.ndim]) + shape + array.tobytes()


def from_cifar(path: Path) -> tuple[np.ndarray, np.ndarray, int]:
    """Return CIFAR-10's pictures and classes, and how many of the last are the test set.

    In the binary edition a picture is a byte with its class and then a plane of
    bytes for each colour; the pictures returned are (rows, 32, 32, 3).
    """
    names = [f"data_batch_{number}.bin" for number in range(1, 6)] + ["test_batch.bin"]
    with tarfile.open(path) as archive:
        batches = [archive.extractfile(f"cifar-10-batches-bin/{name}").read() for name in names]
    records = np.frombuffer(b"".join(batches), np.uint8).reshape(-1, 1 + 3 * 32 * 32)
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return images, records[:, 0], len(batches[-1]) // records.shape[1]


def from_npz(path: Path, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Return arrays of bytes from an npz file that someone has made by hand.

    Raises
    ------
    DataUnavailable
        If it is damaged, lacks an array, or has one of another shape or type. Python
        objects (pickles) are not loaded.
    """
    damage = AttributeError, EOFError, LookupError, MemoryError, OSError, TypeError, ValueError
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in shapes}
    except (*damage, zipfile.BadZipFile, zlib.error) as problem:
        raise unusable(path, " ".join(str(problem).split())) from None
    for name, array in arrays.items():
        if (array.shape, array.dtype) != (shapes[name], np.uint8):
            found = f"{array.dtype} {array.shape}"
            raise unusable(path, f"{name} must be uint8 {shapes[name]}, got {found}")
    return arrays


def unusable(path: Path, problem: str) -> DataUnavailable:
    """Return the error that says what is wrong with a file, and what to do."""
    return DataUnavailable(
        f"{path} cannot be used: {problem}. Remove it to have the published files downloaded"
    )
