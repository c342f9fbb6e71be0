"""What several seeds allow one to say."""

import numpy as np
import pytest

from lrcourse.comparison import paired_difference, student


@pytest.mark.parametrize(
    ("confidence", "degrees", "t"),
    # The two-sided quantiles of the tables in every statistics book.
    [(0.95, 1, 12.706), (0.95, 2, 4.303), (0.95, 10, 2.228), (0.99, 4, 4.604), (0.9, 29, 1.699)],
)
def test_student_agrees_with_the_tables(confidence, degrees, t):
    assert student(confidence, degrees) == pytest.approx(t, abs=6e-4)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(1000):
        seeds = generator.normal(size=5)  # what both settings share with a seed
        first = seeds + generator.normal(0.3, 0.1, 5)
        second = seeds + generator.normal(0.0, 0.1, 5)
        difference = paired_difference(first, second)
        held += difference.low <= 0.3 <= difference.high
    assert 930 <= held <= 970


def test_pairing_sees_through_what_the_seeds_share():
    seeds = np.array([0.0, 10.0, 20.0, 30.0])
    assert paired_difference(seeds + [0.1, 0.12, 0.09, 0.11], seeds).told_apart


def test_equal_results_cannot_be_told_apart():
    difference = paired_difference([1.0, 2.0], [1.0, 2.0])
    assert difference.mean == difference.low == difference.high == 0
    assert not difference.told_apart


@pytest.mark.parametrize(
    ("first", "second"), [([1.0], [1.0]), ([1.0, 2.0], [1.0]), ([[1.0, 2.0]], [[1.0, 2.0]])]
)
def test_one_seed_or_other_seeds_are_no_pair(first, second):
    with pytest.raises(ValueError, match="same two or more seeds"):
        paired_difference(first, second)


def test_a_result_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="first must be finite"):
        paired_difference([1.0, np.nan], [1.0, 2.0])
