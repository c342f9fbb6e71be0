"""What the training loop promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcourse import fit
from lrcourse.book.sources import quoted
from lrcourse.datasets import Data, school_district, school_district_points
from lrcourse.experiments import learning_rate_table, school_district_runs
from lrcourse.models import (
    LogisticRegression,
    cross_entropy_from_logits,
    cross_entropy_from_probabilities,
)
from lrcourse.optimizers import SGD


@pytest.fixture(scope="module")
def history():
    return school_district_runs()


@pytest.fixture(scope="module")
def small():
    """A tenth of the data: enough for what does not depend on its size."""
    data = school_district()
    return Data(data[0][:160], data[1][:160], data[2][:40], data[3][:40])


def train(data, rates, **settings):
    return fit(
        LogisticRegression(2), SGD(rates), data, **{"epochs": 3, "batch_size": 10, **settings}
    )


def test_the_data_are_those_that_the_textbook_describes():
    x, y = school_district_points()
    facts = quoted("aiedu", "E2")
    assert x.shape == (facts["points"], 2)
    assert y.mean() == facts["positive"]
    assert np.array_equal(x, x.round(facts["decimals"]))
    legacy = np.random.RandomState(facts["numpy_seed"])
    first = legacy.uniform(0, 1, facts["points"])
    second = legacy.uniform(0, 1, facts["points"])
    assert np.array_equal(y == 1, second > first + facts["offset"])
    # Decided before rounding: on the rounded coordinates some labels would differ.
    assert not np.array_equal(y == 1, x[:, 1] > x[:, 0] + facts["offset"])


def test_a_shuffle_splits_the_points_without_loss():
    x, y = school_district_points()
    data = school_district(seed=3)
    together = np.column_stack(
        [
            np.concatenate([data.x_train, data.x_validation]),
            np.concatenate([data.y_train, data.y_validation]),
        ]
    )
    assert len(data.x_train) == 1600
    assert sorted(map(tuple, together)) == sorted(map(tuple, np.column_stack([x, y])))


def test_the_textbooks_table_is_reproduced(history):
    ours, theirs = learning_rate_table(history), quoted("aiedu", "E3")
    loss, printed = np.array(ours.column("train_loss")), np.array(theirs.column("train_loss"))
    assert abs(loss[0] - printed[0]) < 0.02
    assert np.all(np.abs(loss[1:5] - printed[1:5]) < 0.006)
    assert np.isnan(loss[5]) and np.isnan(printed[5])
    for name in ("w1", "w2", "b"):
        ratio = np.array(ours.column(name)[1:4]) / theirs.column(name)[1:4]
        assert np.all(np.abs(ratio - 1) < 0.1), name
    for name in ("train_accuracy", "val_accuracy"):
        assert np.all(np.abs(np.subtract(ours.column(name), theirs.column(name))) <= 0.02), name


def test_the_default_shuffle_is_the_first_that_meets_the_textbooks_accuracies():
    printed = np.array(quoted("aiedu", "E3").column("val_accuracy"))
    for seed in range(20):
        accuracy = school_district_runs(0.01, seed=seed).validation_accuracy[-1]
        assert abs(accuracy[0] - printed[0]) > 0.02, seed


def test_the_same_seed_gives_the_same_digits(history):
    again = school_district_runs()
    assert learning_rate_table(again).csv() == learning_rate_table(history).csv()
    assert (
        learning_rate_table(school_district_runs(seed=1)).csv() != learning_rate_table(again).csv()
    )


@settings(max_examples=20, deadline=None)
@given(
    rates=st.lists(st.floats(1e-3, 100), min_size=1, max_size=9),
    chosen=st.data(),
)
def test_a_rate_learns_the_same_whatever_its_company(small, rates, chosen):
    one = chosen.draw(st.integers(0, len(rates) - 1))
    together, alone = train(small, rates), train(small, rates[one])
    assert np.array_equal(together.train_loss[:, one], alone.train_loss[:, 0])
    for several, single in zip(together.parameters, alone.parameters, strict=True):
        assert np.array_equal(several[one], single[0])


def test_a_rate_learns_the_same_among_a_hundred(history):
    crowd = np.append(np.geomspace(1e-3, 100, 94), history.learning_rates)
    with_company = school_district_runs(crowd)
    assert np.array_equal(with_company.train_loss[:, 94:], history.train_loss, equal_nan=True)
    assert np.array_equal(with_company.best_parameters[0][94:], history.best_parameters[0])


def test_checkpoints_fall_where_they_are_asked_for(small):
    history = train(small, 0.1, evaluate_every=7)
    assert history.updates.tolist() == [*range(0, 48, 7), 48]
    assert history.epochs[-1] == 3
    assert train(small, 0.1).updates.tolist() == [0, 16, 32, 48]


def test_before_the_first_update_nothing_is_known(small):
    history = train(small, [0.1, 1.0])
    assert history.train_loss[0] == pytest.approx(np.log(2))
    assert np.ptp(history.validation_loss[0]) == 0


def test_the_last_batch_may_be_smaller(small):
    history = train(small, 0.1, batch_size=100, epochs=1)
    assert history.updates_per_epoch == 2
    # One update on 100 rows and one on 60, by hand.
    order = np.random.default_rng(0).permutation(160)
    w, b = np.zeros(2), 0.0
    for rows in (order[:100], order[100:]):
        x, y = small.x_train[rows], small.y_train[rows]
        error = 1 / (1 + np.exp(-(x @ w + b))) - y
        w, b = w - 0.1 * x.T @ error / len(rows), b - 0.1 * error.mean()
    assert history.parameters[0][0] == pytest.approx([*w, b])


def test_the_best_parameters_are_those_of_the_lowest_validation_loss(small):
    history = train(small, [0.1, 50.0], evaluate_every=1, epochs=5, keep_path=True)
    best = history.validation_loss.argmin(axis=0)
    assert history.best_update.tolist() == history.updates[best].tolist()
    for parameters, path in zip(history.best_parameters, history.path, strict=True):
        for run in range(2):
            assert np.array_equal(parameters[run], path[best[run], run])


def test_at_50_the_textbooks_loss_is_nan_and_the_training_is_not(history):
    assert history.diverged_at.tolist()[:5] == [-1] * 5
    first = history.diverged_at[5]
    row = history.updates.tolist().index(first)
    assert np.isfinite(history.train_loss[:row, 5]).all()
    assert np.isfinite(history.validation_loss[:row, 5]).all()
    assert not np.isfinite([history.train_loss[row, 5], history.validation_loss[row, 5]]).all()

    stable = school_district_runs(cross_entropy=cross_entropy_from_logits)
    assert np.isfinite(stable.train_loss).all()
    assert stable.diverged_at.tolist() == [-1] * 6
    for one, other in zip(stable.parameters, history.parameters, strict=True):
        assert np.array_equal(one, other)
    for losses in ("train_loss", "validation_loss"):
        seen = np.isfinite(getattr(history, losses))
        assert getattr(stable, losses)[seen] == pytest.approx(getattr(history, losses)[seen])


def test_a_run_that_explodes_is_recorded_and_the_others_go_on():
    """Least squares with far too large a rate, through the same loop."""

    class Line(LogisticRegression):
        def gradients(self, parameters, x, y, out, generator):
            error = (self.logits(parameters, x) - y) / len(y)
            out[0][...] = error @ np.column_stack([x, np.ones(len(x))])

        def loss_and_accuracy(self, parameters, x, y):
            with np.errstate(over="ignore", invalid="ignore"):
                loss = np.mean((self.logits(parameters, x) - y) ** 2, axis=1)
            return loss, np.zeros(len(loss))

    data = school_district()
    rates = [0.1, 1e6]
    history = fit(Line(2), SGD(rates), data, epochs=1, batch_size=10, evaluate_every=10)
    assert history.diverged_at[0] == -1 and history.diverged_at[1] > 0
    assert history.train_loss[-1, 0] < 0.1
    assert history.best_update[1] == 0


@pytest.mark.parametrize("z", [0.0, 1.0, -1.0, 10.0, -10.0])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_both_ways_of_computing_the_loss_agree_where_both_can(z, y):
    z, y = np.array([z]), np.array([y])
    expected = cross_entropy_from_probabilities(z, y)
    assert cross_entropy_from_logits(z, y) == pytest.approx(expected, rel=1e-9, abs=1e-13)


@given(
    st.lists(st.floats(-5, 5), min_size=3, max_size=3),
    st.integers(0, 10_000),
)
def test_the_gradient_is_the_slope_of_the_loss(weights, seed):
    generator = np.random.default_rng(seed)
    x, y = generator.normal(size=(20, 2)), generator.integers(0, 2, 20).astype(float)
    model = LogisticRegression(2)

    def loss(point):
        return model.loss_and_accuracy([point[None]], x, y)[0][0]

    point, step = np.array(weights), 1e-5
    [gradient] = model.gradients([point[None]], x, y)
    slopes = [
        (loss(point + step * axis) - loss(point - step * axis)) / (2 * step) for axis in np.eye(3)
    ]
    assert gradient[0] == pytest.approx(slopes, abs=1e-8)


def test_integer_data_train_as_floats_do(small):
    whole = Data(*(np.round(array).astype(int) for array in small))
    floats = Data(*(array.astype(float) for array in whole))
    assert np.array_equal(train(whole, 0.1).train_loss, train(floats, 0.1).train_loss)
