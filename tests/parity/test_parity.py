"""Each schedule and optimizer beside its counterpart, with drawn settings, to 1e-12."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neural_network import MLPClassifier

from cases import OPTIMIZERS, SCHEDULES, framework_rates, framework_weights
from lrcourse import optimizers
from lrcourse.schedules import FACTORIES, inverse_power
from steps import STEPS, gradients, our_weights

TOLERANCE = 1e-12

settings = st.fixed_dictionaries(
    {
        "rate": st.floats(1e-4, 1.0),
        "decay": st.floats(0, 1),
        "drop": st.floats(0.05, 0.95),
        "every": st.integers(1, 40),
        "total": st.integers(1, 150),
        "power": st.floats(0.3, 3),
        "times": st.integers(1, 3),
        "pct": st.floats(0.05, 0.45),
        "momentum": st.floats(0.05, 0.95),
        "beta": st.floats(0.5, 0.9999),
        "eps": st.floats(1e-10, 0.1),
    }
)


def worst(ours, theirs):
    """The largest difference, relative to the largest number of its column."""
    return np.max(np.abs(ours - theirs) / np.max(np.abs(theirs), axis=0))


@pytest.mark.parametrize(("framework", "ours", "theirs"), SCHEDULES)
@given(drawn=settings)
def test_a_schedule_gives_the_rates_of_its_counterpart(framework, ours, theirs, drawn):
    schedule = eval(ours.format(**drawn), dict(FACTORIES))
    expected = framework_rates(framework, theirs.format(**drawn))
    assert worst(schedule(np.arange(STEPS)), expected) < TOLERANCE


@pytest.mark.parametrize(("framework", "ours", "theirs"), OPTIMIZERS)
@given(drawn=settings, seed=st.integers(0, 1000))
def test_an_optimizer_makes_the_steps_of_its_counterpart(framework, ours, theirs, drawn, seed):
    optimizer = eval(ours.format(**drawn), dict(vars(optimizers)))
    steps = gradients(seed)
    expected = framework_weights(framework, theirs.format(**drawn, w="[w]"), steps)
    assert worst(our_weights(optimizer, steps), expected) < TOLERANCE


def test_a_perceptron_of_scikit_learn_takes_a_rate_of_invscaling_for_each_epoch():
    x, y = np.arange(14.0).reshape(7, 2), [0, 1] * 3 + [0]
    model = MLPClassifier(
        [2], solver="sgd", learning_rate="invscaling", learning_rate_init=0.1, power_t=0.3
    )
    rates = []
    for _ in range(10):
        model.partial_fit(x, y, classes=[0, 1])
        rates.append(model._optimizer.learning_rate)  # what the next epoch takes
    assert rates == pytest.approx(inverse_power(0.1, 0.3)(7 * np.arange(1, 11)), rel=1e-14)


def test_every_schedule_and_optimizer_is_compared():
    compared = " ".join(ours for _, ours, _ in SCHEDULES + OPTIMIZERS)
    missing = [name for name in [*FACTORIES, *OPTIMIZER_NAMES] if f"{name}(" not in compared]
    assert missing == []


OPTIMIZER_NAMES = ["SGD", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW"]
