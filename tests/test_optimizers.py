"""What a step does, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from lrcourse.optimizers import SGD

finite = st.floats(-1e6, 1e6)


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
        ([np.ones(2)], [], ValueError, "one for each parameter, got 0 for 1"),
        ([np.ones(2)], [np.ones(3)], ValueError, r"shapes of the parameters \(2,\), got \(3,\)"),
        ([np.ones(2, int)], [np.ones(2)], TypeError, "float arrays.*int64"),
        ([[1.0]], [[1.0]], TypeError, "float arrays.*list"),
    ],
)
def test_a_step_that_would_go_wrong_silently_is_refused(parameters, gradients, error, message):
    with pytest.raises(error, match=message):
        SGD(0.1).step(parameters, gradients)


def test_rates_for_other_runs_than_there_are_get_refused():
    with pytest.raises(ValueError, match="2 runs, but a parameter has shape"):
        SGD([0.1, 0.2]).step([np.ones((3, 2))], [np.ones((3, 2))])
