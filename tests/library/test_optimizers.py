"""What a step does, to which run, and what is remembered of it."""

import pickle

import numpy as np
import pytest

from lrcourse.optimizers import SGD, Adadelta, Adagrad, Adam, AdamW, RMSprop
from lrcourse.schedules import constant, cosine, linear

EVERY = [
    (SGD, {}), (SGD, {"momentum": 0.9, "weight_decay": 0.1}), (Adagrad, {}), (RMSprop, {}),
    (SGD, {"momentum": 0.9, "nesterov": True}), (RMSprop, {"alpha": 0.5}), (Adadelta, {}),
    (Adam, {}), (Adam, {"weight_decay": 0.1}), (AdamW, {}),
]  # fmt: skip
every_optimizer = pytest.mark.parametrize(("make", "settings"), EVERY)


def start(runs=3, dtype=float):
    return [np.full((runs, 2, 3), 0.5, dtype), np.full((runs, 1), -0.5, dtype)]


def walk(optimizer, parameters, steps):
    """Take steps with gradients that depend on the step and the weights alone."""
    for _ in range(steps):
        optimizer.step(parameters, [np.sin(w + optimizer.updates) for w in parameters])
    return parameters


def equal(some, others):
    return all(np.array_equal(one, other) for one, other in zip(some, others, strict=True))


def test_each_run_takes_its_own_rate():
    w, b = np.ones((2, 3)), np.ones((2, 1))
    SGD([0.1, 1.0]).step([w, b], [np.ones((2, 3)), np.ones((2, 1))])
    assert w.tolist() == [[0.9] * 3, [0.0] * 3]
    assert b.tolist() == [[0.9], [0.0]]


@every_optimizer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_gradient_is_ever_touched_and_no_type_changed(make, settings, dtype):
    optimizer, parameters = make(0.1, **settings), start(dtype=dtype)
    for _ in range(3):
        gradients = [np.sin(w) + dtype(0.3) for w in parameters]
        kept = [g.copy() for g in gradients]
        optimizer.step(parameters, gradients)
        assert all(np.array_equal(g, k) for g, k in zip(gradients, kept, strict=True))
    assert {w.dtype for w in parameters} == {np.dtype(dtype)}
    assert {a.dtype for memory in optimizer.memory for a in memory.values()} <= {np.dtype(dtype)}


@every_optimizer
def test_a_run_does_the_same_to_the_bit_whatever_its_company(make, settings):
    rates = [0.001, 0.1, 0.7]
    together = walk(make(rates, **settings), start(3), 20)
    for run, rate in enumerate(rates):
        alone = walk(make(rate, **settings), start(1), 20)
        assert equal([a[0] for a in alone], [t[run] for t in together])


@every_optimizer
@pytest.mark.parametrize(
    "rate", [0.1, [0.1, 0.2, 0.3], cosine(0.1, 30), [cosine(0.1, 30), 0.2, constant(0.3)]]
)
def test_a_resumed_run_equals_an_uninterrupted_one_to_the_bit(make, settings, rate):
    whole = walk(make(rate, **settings), start(), 25)
    first = make(rate, **settings)
    parameters = walk(first, start(), 11)
    second = pickle.loads(pickle.dumps(first))
    assert equal(walk(second, parameters, 14), whole) and second.updates == 25


@every_optimizer
def test_no_array_is_added_or_taken_away_after_the_first_step(make, settings):
    optimizer = make(0.1, **settings)
    optimizer.step([np.ones(2)], [np.ones(2)])
    for others in ([np.ones(2), np.ones(2)], []):
        with pytest.raises(ValueError, match="must be 1 arrays as in the first step, got"):
            optimizer.step(others, others)
    optimizer.step([np.ones(2)], [np.ones(2)])  # equal arrays may take the place of the old


@every_optimizer
def test_a_schedule_gives_the_rate_of_every_update_from_step_0_to_each_run_its_own(make, settings):
    schedules = [linear(0.1, 1500), cosine(0.2, 1400, 0.01), 0.3]  # beyond what is asked for ahead
    scheduled, by_hand = make(schedules, **settings), make([1.0] * 3, **settings)
    a, b = start(), start()
    for step in range(1060):
        rates = [schedules[0](step), schedules[1](step), 0.3]
        assert scheduled.learning_rate.tolist() == rates
        by_hand.learning_rate = rates
        walk(scheduled, a, 1), walk(by_hand, b, 1)
    assert equal(a, b)
    alone = walk(make(schedules[0], **settings), start(1), 1060)
    assert equal([w[0] for w in alone], [w[0] for w in a])


@every_optimizer
def test_a_layer_may_have_its_own_rate(make, settings):
    grouped, full, half = (
        walk(make(rates, **settings, multipliers=multipliers), start(), 5)
        for rates, multipliers in [
            ([0.1, 0.2, 0.3], [1, 0.5]), ([0.1, 0.2, 0.3], None), ([0.05, 0.1, 0.15], None),
        ]
    )  # fmt: skip
    assert equal(grouped, [full[0], half[1]])
    frozen = walk(make(0.1, **settings, multipliers=(0, 1)), start(), 5)
    assert np.array_equal(frozen[0], start()[0])


@every_optimizer
def test_the_effective_rate_times_the_gradient_is_the_step(make, settings):
    optimizer, w = make(0.1, **settings), np.array([[1.0, -2.0, 0.5]])
    assert optimizer.last_steps == []
    for step in range(4):
        before, g = w.copy(), np.array([[0.5, 1e-4, 0.0]]) * (step + 1)
        optimizer.step([w], [g])
        (delta,), (rates,) = optimizer.last_steps, optimizer.effective_rates([g])
        assert delta == pytest.approx(w - before, rel=1e-9, abs=1e-15)
        assert np.isnan(rates[0, 2])
        assert (-rates * g)[0, :2] == pytest.approx(delta[0, :2])
    with pytest.raises(ValueError, match="gradients must be those of the last step, of shapes"):
        optimizer.effective_rates([g, g])


def test_adams_first_step_is_the_learning_rate_for_every_weight():
    w, g = np.zeros(3), np.array([1e-3, -1.0, 1e3])
    optimizer = Adam(0.1)
    optimizer.step([w], [g])
    assert w == pytest.approx(-0.1 * np.sign(g), rel=1e-4)
    assert optimizer.effective_rates([g])[0] == pytest.approx(0.1 / np.abs(g), rel=1e-4)


def test_adagrads_effective_rate_only_shrinks_and_rmsprops_recovers():
    for make, recovers in ((Adagrad, False), (RMSprop, True)):
        optimizer, w, rates = make(0.1, **({"alpha": 0.9} if recovers else {})), np.zeros(1), []
        for size in [10.0] * 20 + [0.1] * 200:
            g = np.array([size])
            optimizer.step([w], [g])
            rates.append(optimizer.effective_rates([g])[0][0])
        assert (np.diff(rates) > 0).any() == recovers


def test_adadelta_barely_starts_with_a_small_epsilon():
    for g in (1e-3, 1e3):
        optimizer, w = Adadelta(eps=1e-8), np.zeros(1)
        optimizer.step([w], [np.array([g])])
        assert -w[0] == pytest.approx(np.sqrt(1e-8 / (0.1 * g**2 + 1e-8)) * g)
    assert -w[0] == pytest.approx(1e-4 / np.sqrt(0.1))


@every_optimizer
@pytest.mark.parametrize("rate", [0.1, [0.1, 0.2], cosine(0.1, 5), [cosine(0.1, 5), constant(0.2)]])
def test_an_optimizer_prints_as_it_was_made(make, settings, rate):
    optimizer = make(rate, **settings, multipliers=[1.0, 0.5])
    names = {"cosine": cosine, "constant": constant, make.__name__: make}
    assert repr(eval(repr(optimizer), names)) == repr(optimizer)
    assert repr(Adam([1.0], eps=0.1)) == "Adam([1.0], eps=0.1)"


def test_a_step_that_is_refused_changes_nothing():
    optimizer, w = Adam(0.1), [np.ones(2), np.ones(2)]
    for gradients in ([np.ones(2), np.ones(3)], [np.ones(2), ["a", "b"]]):
        with pytest.raises((TypeError, ValueError), match="gradients must"):
            optimizer.step(w, gradients)
    assert optimizer.updates == 0 and optimizer.memory == []
    assert np.array_equal(w, np.ones((2, 2)))
    optimizer.step(w, w)
    with pytest.raises(ValueError, match="must be 2 arrays"):
        optimizer.step(w[:1], w[:1])
    assert optimizer.updates == 1
