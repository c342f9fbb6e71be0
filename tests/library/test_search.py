"""Facts about looking for a learning rate."""

from functools import partial

import numpy as np
import pytest

from lrcourse import fit, plots
from lrcourse.datasets import Data, school_district
from lrcourse.experiments import school_district_runs
from lrcourse.models import LogisticRegression
from lrcourse.optimizers import SGD
from lrcourse.search import RangeTest, Search, coarse_to_fine, find, range_test

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
    found = coarse_to_fine(short, 0.1, seeds=2, rounds=1)
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

    found = coarse_to_fine(train, 1.0, seeds=2, rounds=100)
    assert len(np.unique(found.learning_rates)) == len(found.learning_rates)


def quadratic(draw):
    """A random quadratic, its highest rate 2/L, and a step of gradient descent."""
    d, largest = int(draw.integers(1, 50)), 10 ** draw.uniform(-2, 3)
    curvatures = largest * 10 ** np.append(0, draw.uniform(-4, 0, size=d - 1))
    directions = np.linalg.qr(draw.normal(size=(d, d)))[0]
    hessian = directions @ np.diag(curvatures) @ directions.T
    w, lowest, before = draw.normal(size=d), draw.choice([0.0, 0.3]), draw.random() < 0.5

    def loss():
        return float(w @ hessian @ w / 2 + lowest)

    def step(rate):
        first = loss()
        w[...] = w - rate * hessian @ w
        return first if before else loss()  # as people measure it

    return 2 / largest, step


def test_half_of_two_over_the_curvature_is_suggested_for_random_quadratics():
    draw, shares = np.random.default_rng(0), []
    for _ in range(200):
        highest, step = quadratic(draw)
        low, high = highest * 10 ** draw.uniform([-5, 1], [-2, 3])
        found = find(step, low, high, updates=int(draw.choice([60, 100, 200, 500])))
        shares.append(found.suggestion.rate / highest)
    assert min(shares) >= 0.3 and max(shares) <= 1
    assert np.median(shares) == pytest.approx(0.5, abs=0.05)


def flat_or_exploding(draw, kind):
    """Losses that tell nothing about a good rate."""
    level = 10 ** draw.uniform(-3, 3) * draw.choice([-1, 1])
    noise, w = abs(level) * 10 ** draw.uniform(-6, 1), [1.0]

    def explode(rate):
        w[0] *= 1 + rate
        return w[0]

    return {
        "constant": lambda rate: level,
        "noise": lambda rate: level + noise * draw.normal(),
        "skewed": lambda rate: level + noise * draw.exponential(),
        "exploding": explode,
        "not finite": lambda rate: draw.choice([np.nan, np.inf]),
    }[kind]


@pytest.mark.parametrize("kind", ["constant", "noise", "skewed", "exploding", "not finite"])
def test_nothing_is_suggested_where_the_loss_is_flat_or_explodes(kind):
    draw = np.random.default_rng(1)
    for _ in range(50):
        step = flat_or_exploding(draw, kind)
        found = find(step, 1e-6, 10, updates=int(draw.choice([50, 200, 500])))
        assert found.suggestion.rate is None
        assert str(found.suggestion).startswith("no suggestion: the loss ")


def test_a_loss_that_still_falls_at_the_highest_rate_is_told_so():
    highest, step = quadratic(np.random.default_rng(0))
    found = find(step, highest / 1e4, highest / 4)
    assert "has not risen again" in found.suggestion.reason and "go higher" in str(found.suggestion)


def test_seeds_are_restarted_and_their_spread_is_told():
    w, seeds = [1.0], []

    def restart(seed):
        w[0] = 1.0
        seeds.append(seed)

    def step(rate):
        w[0] -= rate * (1 + seeds[-1]) * w[0]
        return w[0] ** 2

    found = find(step, 1e-3, 100, restart=restart)
    assert seeds == [0, 1, 2]
    # Half of 2/L, where L is 1, 2 and 3.
    assert found.suggestion.low == pytest.approx(1 / 3, rel=0.1)
    assert found.suggestion.rate == pytest.approx(1 / 2, rel=0.1)
    assert found.suggestion.high == pytest.approx(1, rel=0.1)
    assert plots.range_test_curves(found, title="learning rate") is not None


def test_a_training_is_put_back_whatever_happens():
    class Training:
        restored = 0

        def __call__(self, rate):
            raise RuntimeError("no data")

        def restore(self):
            self.restored += 1

    training = Training()
    with pytest.raises(RuntimeError, match="no data"):
        find(training)
    assert training.restored == 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: find(None), TypeError, "step must be a function of a rate, got None"),
        (lambda: find(float, 1, 1), ValueError, "low must be below high"),
        (lambda: find(float, updates=9), ValueError, "updates must be at least 10, got 9"),
        (lambda: find(float, seeds=2), ValueError, "seeds must be 1 without restart, got 2"),
        (lambda: find(float, restart=3), TypeError, "restart must be a function of a seed"),
        (lambda: find(lambda rate: None), TypeError, "what step returns must be a number"),
    ],
)
def test_a_finder_that_cannot_begin_says_why(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_plain_losses_of_a_training_for_one_rate_are_searched():
    def train(rate, seed):
        return (np.log10(rate) + 2) ** 2

    found = coarse_to_fine(lambda rates, seed: [train(rate, seed) for rate in rates], 0.1, seeds=2)
    assert found.best == pytest.approx(0.01, rel=0.3)
