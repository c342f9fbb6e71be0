"""What is trained on and what is validated on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrcourse.datasets import Data, Dataset, breast_cancer
from lrcourse.datasets.splits import (
    published_split,
    shuffled_split,
    standardized,
    stratified_split,
    tail_split,
)


def numbered(labels, **others):
    """Rows that carry their own number."""
    return Dataset(np.arange(len(labels), dtype=float)[:, np.newaxis], np.array(labels), **others)


def row_numbers(data):
    return data.x_train[:, 0].astype(int), data.x_validation[:, 0].astype(int)


@st.composite
def splittable(draw):
    sizes = draw(st.lists(st.integers(4, 60), min_size=1, max_size=4))
    labels = draw(st.permutations(np.repeat(np.arange(len(sizes)), sizes).tolist()))
    return numbered(labels), draw(st.floats(0.3, 0.7)), draw(st.integers(0, 2**32))


@given(splittable())
def test_every_row_is_on_one_side_with_its_own_label(case):
    dataset, fraction, seed = case
    for data in (
        tail_split(dataset, fraction),
        shuffled_split(dataset, fraction, seed),
        stratified_split(dataset, fraction, seed),
    ):
        train, validation = row_numbers(data)
        assert sorted([*train, *validation]) == list(range(len(dataset.x)))
        assert np.array_equal(data.y_train, dataset.y[train])
        assert np.array_equal(data.y_validation, dataset.y[validation])
        assert len(validation) == len(tail_split(dataset, fraction).y_validation)


@given(splittable())
def test_a_stratified_split_gives_each_class_its_share_to_the_nearest_row(case):
    dataset, fraction, seed = case
    data = stratified_split(dataset, fraction, seed)
    share = len(data.y_train) / len(dataset.y)
    for label in np.unique(dataset.y):
        difference = np.sum(data.y_train == label) - share * np.sum(dataset.y == label)
        assert abs(difference) < 1


@given(splittable())
def test_a_seed_is_a_split(case):
    dataset, fraction, seed = case
    for split in (shuffled_split, stratified_split):
        for one, other in zip(
            split(dataset, fraction, seed), split(dataset, fraction, seed), strict=True
        ):
            assert np.array_equal(one, other)


def test_another_seed_is_another_split():
    dataset = numbered([0, 1] * 50)
    for split in (shuffled_split, stratified_split):
        assert set(row_numbers(split(dataset, 0.5, 1))[0]) != set(
            row_numbers(split(dataset, 0.5, 2))[0]
        )


@pytest.mark.parametrize(
    ("rows", "fraction", "training"),
    # int(rows * (1.0 - fraction)), as in Keras: not what rounding the fraction would give.
    [(351, 0.33, 235), (10, 0.2, 8), (10, 0.7, 3), (100, 0.34, 65), (569, 0.3, 398)],
)
def test_the_tail_is_cut_where_keras_cuts_it(rows, fraction, training):
    train, validation = row_numbers(tail_split(numbered([0] * rows), fraction))
    assert train.tolist() == list(range(training))
    assert validation.tolist() == list(range(training, rows))


def test_the_tail_of_sorted_data_is_of_one_class():
    data = tail_split(numbered([0] * 50 + [1] * 50), 0.3)
    assert data.y_train.mean() < 0.3 and data.y_validation.mean() == 1
    fair = stratified_split(numbered([0] * 50 + [1] * 50), 0.3, seed=0)
    assert fair.y_train.mean() == fair.y_validation.mean() == 0.5


def test_a_published_test_set_is_validated_on():
    data = published_split(numbered([0] * 7 + [1] * 3, test_rows=3))
    assert data.y_train.tolist() == [0] * 7 and data.y_validation.tolist() == [1] * 3


def test_a_split_without_a_shuffle_copies_nothing():
    dataset = numbered([0] * 10, test_rows=3)
    for data in (tail_split(dataset, 0.3), published_split(dataset)):
        assert np.shares_memory(data.x_train, dataset.x)


def test_scaling_learns_from_the_training_rows_alone():
    data = shuffled_split(breast_cancer(), 0.3, seed=0)
    scaled = standardized(data)
    assert scaled.x_train.mean(axis=0) == pytest.approx(0, abs=1e-9)
    assert scaled.x_train.std(axis=0) == pytest.approx(1)
    changed = data._replace(x_validation=data.x_validation * 2)
    assert np.array_equal(standardized(changed).x_train, scaled.x_train)
    mean, deviation = data.x_train.mean(axis=0), data.x_train.std(axis=0)
    assert scaled.x_validation * deviation + mean == pytest.approx(data.x_validation)


def test_a_constant_feature_is_shifted_only():
    data = Data(np.full((3, 1), 0.1), np.zeros(3), np.full((2, 1), 0.4), np.zeros(2))
    scaled = standardized(data)
    assert np.abs(scaled.x_train).max() < 1e-15
    assert scaled.x_validation == pytest.approx(0.3)
