"""How the files of the data sets are read, once their checksums are known to be right."""

import gzip
import tarfile
from pathlib import Path

import numpy as np


def from_idx(paths: list[Path]) -> tuple[np.ndarray, np.ndarray, int]:
    """Return MNIST's pictures and classes, and how many of the last are the test set.

    The files are those of the training pictures, their classes, and the same for tests.
    Behind a header, which is longer for pictures, they have a byte for each number.
    """
    x_train, y_train, x_test, y_test = (
        np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header)
        for path, header in zip(paths, (16, 8, 16, 8), strict=True)
    )
    x = np.concatenate([x_train, x_test]).reshape(-1, 28, 28)
    return x, np.concatenate([y_train, y_test]), len(y_test)


def from_npz(path: Path) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the same from one file with an array for each part. No pickle is loaded."""
    with np.load(path, allow_pickle=False) as parts:
        x = np.concatenate([parts["x_train"], parts["x_test"]])
        y = np.concatenate([parts["y_train"], parts["y_test"]])
        return x, y, len(parts["y_test"])


def from_cifar(path: Path) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the same of CIFAR-10; the pictures are (rows, 32, 32, 3).

    In the binary edition a picture is a byte with its class and then a plane of
    bytes for each colour.
    """
    names = [f"data_batch_{number}.bin" for number in range(1, 6)] + ["test_batch.bin"]
    with tarfile.open(path) as archive:
        batches = [archive.extractfile(f"cifar-10-batches-bin/{name}").read() for name in names]
    records = np.frombuffer(b"".join(batches), np.uint8).reshape(-1, 1 + 3 * 32 * 32)
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return images, records[:, 0], len(batches[-1]) // records.shape[1]
