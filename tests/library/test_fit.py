"""What `fit` does with models, optimizers and data of every kind."""

import numpy as np
import pytest

from lrcourse import fit
from lrcourse.datasets import Data
from lrcourse.models import ConvolutionalNetwork, LogisticRegression, MultilayerPerceptron, networks
from lrcourse.optimizers import SGD, Adam
from lrcourse.schedules import (
    constant,
    cosine,
    inverse_sqrt,
    linear,
    per_epoch,
    warmup,
    warmup_stable_decay,
)

RESULTS = (
    "updates", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy",
    "best_update", "diverged_at", "applied_rate", "learning_rates",
)  # fmt: skip


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    x = generator.random((120, 6)).astype(np.float32)
    return Data(x[:80], (x[:80, 0] > 0.5) * 1.0, x[80:], (x[80:, 0] > 0.5) * 1.0)


def same(one, other):
    for name in RESULTS:
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True), name
    for name in ("parameters", "best_parameters", "path"):
        pairs = zip(getattr(one, name) or [], getattr(other, name) or [], strict=True)
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in pairs), name


def test_the_optimizer_given_stays_as_it_is(data):
    optimizer = Adam(0.01)
    first = fit(LogisticRegression(6), optimizer, data, epochs=2, batch_size=40)
    same(fit(LogisticRegression(6), optimizer, data, epochs=2, batch_size=40), first)


def test_an_optimizer_that_has_already_stepped_is_refused_whatever_its_arrays(data):
    for shape in ((1, 7), (3,)):
        optimizer = SGD(0.1)
        optimizer.step([np.ones(shape)], [np.ones(shape)])
        with pytest.raises(ValueError, match="optimizer must be new, got one after 1 update"):
            fit(LogisticRegression(6), optimizer, data, epochs=2, batch_size=40)


@pytest.mark.parametrize("asked", [range(0, 8, 3), [0, 3, 6], (6, 3)])
def test_checkpoints_may_be_a_list_or_a_range_of_updates(data, asked):
    history = fit(
        LogisticRegression(6), SGD(0.1), data, epochs=4, batch_size=40, evaluate_every=asked
    )
    assert history.updates.tolist() == [0, 3, 6, 8]


def test_the_rate_of_every_checkpoint_is_recorded(data):
    schedule = cosine(0.5, 8)
    history = fit(LogisticRegression(6), SGD(schedule), data, epochs=4, batch_size=40)
    assert history.updates.tolist() == [0, 2, 4, 6, 8]
    assert np.array_equal(history.applied_rate[:, 0], schedule(history.updates))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_autoencoder_has_its_inputs_as_targets(dtype, monkeypatch):
    x = np.random.default_rng(0).random((50, 8)).astype(dtype)
    data = Data(x[:40], x[:40], x[40:], x[40:])
    history = fit(MultilayerPerceptron([8, 3, 8]), Adam([0.1, 0.01]), data, epochs=9, batch_size=7)
    assert history.train_loss[-1, 0] < history.train_loss[0, 0]
    assert history.parameters[0].dtype == dtype
    copied = Data(x[:40], x[:40].copy(), x[40:], x[40:].copy())
    same(
        fit(MultilayerPerceptron([8, 3, 8]), Adam([0.1, 0.01]), copied, epochs=9, batch_size=7),
        history,
    )


def test_a_small_memory_changes_a_loss_by_rounding_alone(data, monkeypatch):
    model = MultilayerPerceptron([6, 5, 1])
    whole = fit(model, Adam([0.1, 0.01, 0.03]), data, epochs=3, batch_size=7)
    monkeypatch.setattr(networks, "AT_ONCE", 40)
    pieces = fit(model, Adam([0.1, 0.01, 0.03]), data, epochs=3, batch_size=7)
    for name in ("parameters", "best_update"):
        assert all(map(np.array_equal, getattr(whole, name), getattr(pieces, name)))
    assert pieces.train_loss == pytest.approx(whole.train_loss, rel=1e-6)
    assert pieces.validation_accuracy == pytest.approx(whole.validation_accuracy)
    alone = fit(model, Adam(0.01), data, epochs=3, batch_size=7)
    assert np.array_equal(alone.train_loss[:, 0], pieces.train_loss[:, 1])


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_a_rate_learns_the_same_in_any_company_whatever_the_model(optimizer):
    generator = np.random.default_rng(0)
    images = generator.random((40, 1, 8, 8)).astype(np.float32)
    data = Data(images[:30], np.arange(30) % 2, images[30:], np.arange(10) % 2)
    model = ConvolutionalNetwork((1, 8, 8))
    rates = [0.001, 0.01, 0.1]
    together = fit(model, optimizer(rates), data, epochs=2, batch_size=8)
    for run, rate in enumerate(rates):
        alone = fit(model, optimizer(rate), data, epochs=2, batch_size=8)
        assert np.array_equal(alone.train_loss[:, 0], together.train_loss[:, run])
        for one, several in zip(alone.parameters, together.parameters, strict=True):
            assert np.array_equal(one[0], several[run])


def test_multipliers_give_every_parameter_its_own_rate(data):
    model = MultilayerPerceptron([6, 5, 1])
    frozen = fit(model, SGD(0.1, multipliers=[0, 0, 1, 1]), data, epochs=2, batch_size=7)
    initial = model.initialize(1, 0, np.float32)
    assert np.array_equal(frozen.parameters[0], initial[0])
    assert not np.array_equal(frozen.parameters[2], initial[2])


def test_a_schedule_that_does_not_fit_the_training_is_told_once(data):
    for schedule, said in (
        (cosine(0.1, 4), "is 0 at 4 of 8 updates, from update 4 on"),
        (warmup(constant(0.1), 9), "the warmup takes 9 updates, but the training has 8"),
        (per_epoch(warmup(constant(0.1), 5, start=0.1), 2), "the warmup takes 10 updates"),
        (warmup_stable_decay(0.1, 30, 10, 10), "the warmup takes 10 updates"),
        (inverse_sqrt(0.1, 20), "the warmup takes 20 updates"),
    ):
        for given in (schedule, [constant(0.1), schedule, schedule]):
            with pytest.warns(UserWarning, match=said) as told:
                fit(LogisticRegression(6), SGD(given), data, epochs=4, batch_size=40)
            assert len(told) == 1 and told[0].filename == __file__


@pytest.mark.parametrize(
    "schedule", [linear(0.1, 8), warmup(cosine(0.1, 4), 4), cosine(0.1, 7), warmup(constant(1), 8)]
)
def test_one_update_at_rate_0_and_a_warmup_as_long_as_the_training_are_no_mistakes(data, schedule):
    fit(LogisticRegression(6), SGD(schedule), data, epochs=4, batch_size=40)
