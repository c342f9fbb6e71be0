"""Which examples to train on and which to validate on.

>>> from lrcourse.datasets import breast_cancer
>>> data = standardized(stratified_split(breast_cancer(), 0.3, seed=0))
>>> data.x_train.shape, data.x_validation.shape
((398, 30), (171, 30))
"""

import math

import numpy as np

from lrcourse.checks import instance, real, whole
from lrcourse.datasets import Data, Dataset


def tail_split(dataset: Dataset, fraction: float) -> Data:
    """Keep the last `fraction` of the rows for validation, unshuffled, at least one on each side.

    What Keras does when it is given ``validation_split=fraction``, with the same
    rounding. Data that are sorted in any way are split into unlike parts.
    """
    return _cut(dataset, _training_rows(dataset, fraction))


def shuffled_split(dataset: Dataset, fraction: float, seed: int) -> Data:
    """Keep a random `fraction` of the rows for validation: as many as `tail_split` does."""
    training = _training_rows(dataset, fraction)
    order = _order(dataset, seed)
    return _chosen(dataset, order[:training], order[training:])


def stratified_split(dataset: Dataset, fraction: float, seed: int) -> Data:
    """Keep a random `fraction` for validation, the same of each class to the nearest row.

    As many rows in all as `tail_split` keeps.
    """
    training = _training_rows(dataset, fraction)
    order = _order(dataset, seed)
    _, labels, sizes = np.unique(dataset.y[order], return_inverse=True, return_counts=True)
    # Each class gives its share, rounded down; the rows still missing come from
    # those that rounding has cost most.
    shares = sizes * training / len(order)
    counts = np.floor(shares).astype(int)
    counts[np.argsort(counts - shares, kind="stable")[: training - counts.sum()]] += 1
    if np.any(counts == 0) or np.any(counts == sizes):
        raise ValueError(
            f"fraction must leave rows of every class on both sides, got {fraction} "
            f"of classes with {', '.join(map(str, sizes))} rows"
        )
    trained = np.zeros(len(order), bool)
    for label, count in enumerate(counts):
        trained[np.flatnonzero(labels == label)[:count]] = True
    return _chosen(dataset, order[trained], order[~trained])


def published_split(dataset: Dataset) -> Data:
    """Validate on the rows that were published as the test set; there must be some."""
    if not instance("dataset", dataset, Dataset).test_rows:
        raise ValueError(f"dataset must have a test set, got {dataset.name or 'one without name'}")
    return _cut(dataset, len(dataset.x) - dataset.test_rows)


def standardized(data: Data) -> Data:
    """Shift and scale each feature to mean 0 and standard deviation 1 on the training rows.

    The validation rows are shifted and scaled by the same numbers: nothing is
    learned from them. A feature that is constant in training is only shifted.
    """
    instance("data", data, Data)
    mean, deviation = data.x_train.mean(axis=0), data.x_train.std(axis=0)
    deviation[np.ptp(data.x_train, axis=0) == 0] = 1
    train, validation = ((x - mean) / deviation for x in (data.x_train, data.x_validation))
    return Data(train, data.y_train, validation, data.y_validation)


def _training_rows(dataset, fraction):
    rows = len(instance("dataset", dataset, Dataset).x)
    if rows != len(dataset.y):
        raise ValueError(
            "dataset must have one label for each row, "
            f"got x of shape {dataset.x.shape} and y of shape {dataset.y.shape}"
        )
    training = math.floor(rows * (1.0 - real("fraction", fraction, 0, 1)))
    if not 0 < training < rows:
        raise ValueError(f"fraction must leave rows on both sides, got {fraction} of {rows} rows")
    return training


def _order(dataset, seed):
    return np.random.default_rng(whole("seed", seed)).permutation(len(dataset.x))


def _chosen(dataset, train, validation):
    return Data(dataset.x[train], dataset.y[train], dataset.x[validation], dataset.y[validation])


def _cut(dataset, row):
    return _chosen(dataset, slice(row), slice(row, None))
