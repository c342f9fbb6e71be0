"""What a step does, and what it refuses."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from lrcourse.optimizers import SGD, Adadelta, Adagrad, Adam, AdamW, RMSprop
from lrcourse.schedules import constant, cosine, linear, step_decay

finite = st.floats(-1e6, 1e6)
OPTIMIZERS = {
    SGD: [{}, {"momentum": 0.9, "weight_decay": 0.1}, {"momentum": 0.9, "nesterov": True}],
    Adagrad: [{}],
    RMSprop: [{}, {"alpha": 0.5}],
    Adadelta: [{}],
    Adam: [{}, {"weight_decay": 0.1}],
    AdamW: [{}],
}
EVERY = [(make, settings) for make, several in OPTIMIZERS.items() for settings in several]
every_optimizer = pytest.mark.parametrize(("make", "settings"), EVERY)


def walk(optimizer, parameters, steps, seed=0):
    """Take steps with gradients that depend on the step and the weights alone."""
    for _ in range(steps):
        generator = np.random.default_rng([seed, optimizer.updates])
        noise = [generator.normal(size=w.shape).astype(w.dtype) for w in parameters]
        gradients = [w + n for w, n in zip(parameters, noise, strict=True)]
        optimizer.step(parameters, gradients)
    return parameters


def start(runs=3, dtype=float):
    return [np.full((runs, 2, 3), 0.5, dtype), np.full((runs, 1), -0.5, dtype)]


@given(arrays(float, array_shapes(), elements=finite), st.floats(1e-6, 10), st.randoms())
def test_sgd_goes_against_the_gradient_and_leaves_it_as_it_was(w, rate, _):
    gradient = 3 * w + 1
    kept, before = gradient.copy(), w.copy()
    SGD(rate).step([w], [gradient])
    assert np.array_equal(gradient, kept)
    assert np.array_equal(w, before - rate * kept)


def test_each_run_takes_its_own_rate():
    w, b = np.ones((2, 3)), np.ones((2, 1))
    SGD([0.1, 1.0]).step([w, b], [np.ones((2, 3)), np.ones((2, 1))])
    assert w.tolist() == [[0.9] * 3, [0.0] * 3]
    assert b.tolist() == [[0.9], [0.0]]


@pytest.mark.parametrize(
    ("rate", "error"),
    [
        (-0.1, ValueError), (0, ValueError), (np.nan, ValueError), (np.inf, ValueError),
        ([], ValueError), ([[0.1]], ValueError), ([0.1, -1], ValueError),
        ("0.1", TypeError), (None, TypeError), (True, TypeError), (1j, TypeError),
        ([[0.1], [0.1, 0.2]], TypeError),
    ],
)  # fmt: skip
def test_a_rate_that_is_none_is_refused(rate, error):
    with pytest.raises(error, match="learning_rate must be"):
        SGD(rate)


@pytest.mark.parametrize(
    ("parameters", "gradients", "error", "message"),
    [
        ([np.ones(2)], [], ValueError, "one for each of parameters, got 0 for 1"),
        ([], [], ValueError, "at least one array"),
        ([np.broadcast_to(1.0, 2)], [np.ones(2)], ValueError, "must be writeable"),
        ([np.ones(2)], [np.ones(2, complex)], TypeError, "gradients must be an array of numbers"),
        ([np.ones(2)], [["a", "b"]], TypeError, "array of numbers, got .'a', 'b'"),
        (
            [np.ones(2)],
            [np.ones(3)],
            ValueError,
            r"gradients must have the shapes \(2,\), got \(3,\)",
        ),
        ([np.ones(2, int)], [np.ones(2)], TypeError, "float arrays.*int64"),
        ([[1.0]], [[1.0]], TypeError, "float arrays.*list"),
    ],
)
def test_a_step_that_would_go_wrong_silently_is_refused(parameters, gradients, error, message):
    for optimizer in OPTIMIZERS:
        with pytest.raises(error, match=message):
            optimizer(0.1).step(parameters, gradients)


def test_rates_for_other_runs_than_there_are_get_refused():
    with pytest.raises(ValueError, match=r"2 runs, a parameter \(3, 2\)"):
        SGD([0.1, 0.2]).step([np.ones((3, 2))], [np.ones((3, 2))])


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
    together = walk_equal(make(rates, **settings), 3)
    for run, rate in enumerate(rates):
        alone = walk_equal(make(rate, **settings), 1)
        assert all(np.array_equal(a[0], t[run]) for a, t in zip(alone, together, strict=True))


def walk_equal(optimizer, runs):
    """Steps on a landscape that is the same for every run."""
    parameters = start(runs)
    for step in range(20):
        optimizer.step(parameters, [np.sin(w + step) for w in parameters])
    return parameters


@every_optimizer
@pytest.mark.parametrize(
    "rate", [0.1, [0.1, 0.2, 0.3], cosine(0.1, 30), [cosine(0.1, 30), 0.2, constant(0.3)]]
)
def test_a_resumed_run_equals_an_uninterrupted_one_to_the_bit(make, settings, rate):
    whole = walk(make(rate, **settings), start(), 25)
    first = make(rate, **settings)
    parameters = walk(first, start(), 11)
    second = pickle.loads(pickle.dumps(first))
    walk(second, parameters, 14)
    assert all(np.array_equal(a, b) for a, b in zip(parameters, whole, strict=True))
    assert second.updates == 25


@every_optimizer
def test_no_array_is_added_or_taken_away_after_the_first_step(make, settings):
    optimizer = make(0.1, **settings)
    optimizer.step([np.ones(2)], [np.ones(2)])
    for others in ([np.ones(2), np.ones(2)], []):
        with pytest.raises(ValueError, match="must be 1 arrays as in the first step, got"):
            optimizer.step(others, others)
    optimizer.step([np.ones(2)], [np.ones(2)])  # equal arrays may take the place of the old


@every_optimizer
def test_no_other_type_than_32_or_64_bits_is_updated(make, settings):
    for dtype in (np.float16, np.longdouble, int, complex):
        with pytest.raises(
            TypeError, match=f"float arrays of 32 or 64 bits, got {np.dtype(dtype)}"
        ):
            make(0.1, **settings).step([np.ones(2, dtype)], [np.ones(2)])


@every_optimizer
def test_a_schedule_gives_the_rate_of_every_update_from_step_0(make, settings):
    schedule = linear(0.1, 1500)  # beyond what is asked for ahead
    scheduled, by_hand = make(schedule, **settings), make(1.0, **settings)
    a, b = start(1), start(1)
    for step in range(1600):
        assert scheduled.learning_rate == schedule(step)
        if schedule(step) > 0:
            by_hand.learning_rate = schedule(step)
            by_hand.step(b, [np.cos(w) for w in b])
            scheduled.step(a, [np.cos(w) for w in a])
    assert np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])


def test_each_run_may_have_its_own_schedule():
    schedules = [step_decay(0.1, 0.5, 3), cosine(0.2, 10), 0.3]
    optimizer, w = SGD(schedules), np.zeros((3, 1))
    for _ in range(10):
        optimizer.step([w], [np.ones((3, 1))])
    sums = [schedules[0](range(10)).sum(), schedules[1](range(10)).sum(), 3.0]
    assert -w[:, 0] == pytest.approx(sums)


@every_optimizer
def test_a_layer_may_have_its_own_rate(make, settings):
    grouped = walk(make([0.1, 0.2, 0.3], **settings, multipliers=[1, 0.5]), start(), 5)
    full = walk(make([0.1, 0.2, 0.3], **settings), start(), 5)
    half = walk(make([0.05, 0.1, 0.15], **settings), start(), 5)
    assert np.array_equal(grouped[0], full[0]) and np.array_equal(grouped[1], half[1])
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


def test_an_optimizer_prints_as_it_was_made():
    for make, settings in EVERY:
        for rate in (0.1, [0.1, 0.2], cosine(0.1, 5), [cosine(0.1, 5), constant(0.2)]):
            optimizer = make(rate, **settings, multipliers=[1.0, 0.5])
            names = {"cosine": cosine, "constant": constant, make.__name__: make}
            assert repr(eval(repr(optimizer), names)) == repr(optimizer)
    assert repr(SGD(0.1)) == "SGD(0.1)"
    assert repr(Adam([1.0], eps=0.1)) == "Adam([1.0], eps=0.1)"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: SGD(lambda step: 0.1), TypeError, "learning_rate must be"),
        (lambda: SGD([cosine(0.1, 5), -1]), ValueError, "learning_rate must be positive"),
        (lambda: SGD([cosine(0.1, 5), None]), TypeError, "learning_rate must be"),
        (lambda: SGD(0.1, momentum=1), ValueError, "momentum must be below 1, got 1"),
        (lambda: SGD(0.1, momentum=-0.1), ValueError, "momentum must be between 0 and 1"),
        (lambda: SGD(0.1, momentum=np.nan), ValueError, "momentum must be between 0 and 1"),
        (lambda: SGD(0.1, nesterov=True), ValueError, "momentum must be above 0 for nesterov"),
        (lambda: SGD(0.1, nesterov=1), TypeError, "nesterov must be True or False, got 1"),
        (lambda: SGD(0.1, weight_decay=-1), ValueError, "weight_decay must be finite and at"),
        (lambda: Adagrad(0.1, eps=0), ValueError, "eps must be positive"),
        (lambda: RMSprop(0.1, alpha=np.inf), ValueError, "alpha must be between 0 and 1"),
        (lambda: RMSprop(0.1, eps="x"), TypeError, "eps must be a number, got 'x'"),
        (lambda: Adadelta(0.1, rho=2), ValueError, "rho must be between 0 and 1, got 2"),
        (lambda: Adadelta(0.1, eps=np.nan), ValueError, "eps must be positive and finite, got nan"),
        (lambda: Adam(0.1, betas=0.9), TypeError, "betas must be a sequence, got 0.9"),
        (lambda: Adam(0.1, betas=(0.9, 1)), ValueError, "each of betas must be below 1"),
        (lambda: Adam(0.1, betas=(0.9, None)), TypeError, "each of betas must be a number"),
        (lambda: Adam(0.1, eps=-1), ValueError, "eps must be positive and finite, got -1"),
        (lambda: AdamW(0.1, weight_decay=np.inf), ValueError, "weight_decay must be finite"),
        (lambda: SGD(0.1, multipliers=2), TypeError, "multipliers must be a sequence, got 2"),
        (lambda: SGD(0.1, multipliers=[-1]), ValueError, "each of multipliers must be finite"),
        (lambda: SGD(0.1, multipliers=[1]).step(start(), start()), ValueError,
         "multipliers must be one for each of parameters, got 1 for 2"),
    ],
)  # fmt: skip
def test_constants_that_make_no_optimizer_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


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
