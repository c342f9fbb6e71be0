"""Facts about looking for a learning rate."""

from functools import partial

import numpy as np
import pytest

from lrcourse import fit
from lrcourse.datasets import Data, school_district
from lrcourse.experiments import school_district_runs
from lrcourse.models import LogisticRegression
from lrcourse.optimizers import SGD
from lrcourse.search import RangeTest, Search, coarse_to_fine, range_test

short = partial(school_district_runs, epochs=2)


class Parabola:
    """A stand-in for training: the loss is a parabola of the logarithm of the rate."""

    def __init__(self, best, noise=0.0):
        self.best, self.noise = best, noise

    def __call__(self, learning_rates, seed=0):
        data = school_district()
        data = Data(*(array[:10] for array in data))
        history = fit(LogisticRegression(2), SGD(learning_rates), data, epochs=1, batch_size=10)
        rates = np.atleast_1d(learning_rates)
        noise = self.noise * np.random.default_rng([seed, len(rates)]).normal(size=len(rates))
        history.validation_loss[-1] = np.log10(rates / self.best) ** 2 + noise
        history.validation_loss[-1, rates > 1000 * self.best] = np.nan
        return history


@pytest.mark.parametrize("best", [3e-6, 0.0012, 0.7, 400.0])
def test_the_search_finds_the_lowest_point_from_any_default(best):
    found = coarse_to_fine(Parabola(best), 0.01, rounds=4, seeds=2)
    assert abs(np.log10(found.best / best)) < 0.03
    assert found.learning_rates.min() < best < found.learning_rates.max()


def test_each_round_looks_closer():
    found = coarse_to_fine(Parabola(0.03), 0.01, rounds=3, seeds=2)
    widths = [np.ptp(np.log(found.learning_rates[found.rounds == turn])) for turn in range(4)]
    assert widths == sorted(widths, reverse=True)
    assert np.all(np.diff(found.learning_rates) > 0)


def test_a_search_whose_loss_always_falls_says_so():
    with pytest.raises(ValueError, match="the loss still falls at 1e"):
        coarse_to_fine(Parabola(1e-300), 1.0, seeds=2)


def test_neighbours_are_tied_and_failures_are_not():
    losses = np.array([[0.5, 0.10, 0.11, np.inf], [0.6, 0.12, 0.10, 0.1], [0.5, 0.11, 0.12, 0.1]])
    found = Search(np.array([0.01, 0.1, 0.2, 1.0]), losses, np.zeros(4, int))
    assert found.best == 0.1
    assert found.tied.tolist() == [0.1, 0.2]
    assert found.differences()[3] is None
    assert found.table().rows[3][3:] == [None, None, None]


def test_a_real_search_agrees_with_its_own_seeds():
    found = coarse_to_fine(short, 0.1, seeds=2, rounds=1, points=3)
    rate = found.learning_rates[1]
    alone = [short(rate, seed=seed).validation_loss[-1, 0] for seed in range(2)]
    assert found.losses[:, 1].tolist() == [loss if np.isfinite(loss) else np.inf for loss in alone]


def test_a_search_takes_a_history_or_its_last_losses():
    def losses(rates, seed):
        return short(rates, seed=seed).validation_loss[-1]

    found, plain = (coarse_to_fine(train, 0.1, seeds=2, rounds=1) for train in (short, losses))
    assert np.array_equal(found.losses, plain.losses)
    assert np.array_equal(found.learning_rates, plain.learning_rates)


def test_the_range_test_raises_the_rate_by_a_factor():
    test = range_test(LogisticRegression(2), SGD, school_district(), low=1e-3, high=100, updates=50)
    assert test.losses.shape == (3, 50)
    assert test.learning_rates[[0, -1]] == pytest.approx([1e-3, 100])
    assert np.ptp(np.diff(np.log(test.learning_rates))) < 1e-9
    assert np.all(test.steepest < test.learning_rates[-1])


def test_the_suggestions_are_what_they_are_called():
    rates = np.geomspace(1e-4, 10, 101)
    place = np.log10(rates)
    fall = 1 / (1 + np.exp(6 * (place + 2)))  # steepest at 0.01
    rise = np.exp(4 * (place - 0.5))
    test = RangeTest(rates, np.array([fall + rise]))
    assert abs(np.log10(test.steepest[0] / 0.01)) < 0.3
    lowest = rates[(fall + rise).argmin()]
    assert test.tenth_of_minimum[0] == pytest.approx(lowest / 10)


def test_a_range_test_that_turns_nan_is_read_up_to_there():
    rates = np.geomspace(1e-4, 10, 11)
    losses = np.append(np.linspace(1, 0.5, 8), [np.inf, np.nan, np.nan])
    assert RangeTest(rates, losses[np.newaxis]).tenth_of_minimum[0] == rates[7] / 10


def test_a_search_ends_where_no_new_rate_is_left():
    def train(rates, seed=0):
        data = school_district()
        return fit(LogisticRegression(2), SGD(rates), data, epochs=1, batch_size=400, seed=seed)

    found = coarse_to_fine(train, 1.0, seeds=2, rounds=100, points=3)
    assert len(np.unique(found.learning_rates)) == len(found.learning_rates)
    with pytest.raises(ValueError, match="points must be at least 2"):
        coarse_to_fine(train, 1.0, points=1)
