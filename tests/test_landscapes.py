"""Facts about the way down."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrcourse.landscapes import descend, least_squares, quadratic
from lrcourse.optimizers import SGD

X = np.array([[1.0, 1], [2, 1], [3, 1], [4, 1]])
Y = np.array([2.0, 4, 5, 8])


@given(st.floats(0.1, 10), st.floats(0.01, 2.5))
def test_on_a_quadratic_each_step_multiplies_the_distance_by_one_minus_rate_times_curvature(
    curvature, ratio
):
    descent = descend(quadratic(curvature), SGD(ratio / curvature), 1.0, 20)
    assert descent.points[:, 0, 0] == pytest.approx((1 - ratio) ** np.arange(21), abs=1e-9)


def test_two_over_L_is_where_a_quadratic_stops_converging():
    descent = descend(quadratic([1.0, 4.0]), SGD([0.49, 0.5, 0.51]), [1.0, 1.0], 400)
    below, at, above = descent.errors[-1]
    assert below < 1e-5
    assert at == pytest.approx(2.0)  # swings between w₂ = 1 and w₂ = −1 for ever
    assert above > 1e5


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_gradients_are_slopes(first, second):
    point = np.array([first, second])
    for landscape in (quadratic([1.0, 3.0], [1.0, -2.0]), least_squares(X, Y)):
        slopes = [
            (landscape.error(point + 1e-5 * axis) - landscape.error(point - 1e-5 * axis)) / 2e-5
            for axis in np.eye(2)
        ]
        assert landscape.gradient(point) == pytest.approx(slopes, abs=1e-4)


def test_least_squares_knows_its_minimum_and_its_curvature():
    mountain = least_squares(X, Y)
    assert mountain.gradient(mountain.minimum) == pytest.approx([0, 0], abs=1e-12)
    limit = 2 / mountain.curvature[-1]
    errors = descend(mountain, SGD([0.99 * limit, 1.01 * limit]), [0.0, 0.0], 2000).errors
    assert errors[-1, 0] == pytest.approx(mountain.error(mountain.minimum))
    assert errors[-1, 1] > errors[0, 1]


def test_a_descent_out_of_the_range_of_numbers_is_a_result():
    errors = descend(quadratic(1.0), SGD(1e200), 1.0, 5).errors
    assert not np.isfinite(errors[-1, 0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: quadratic([1.0, 0.0]), "curvature must be positive"),
        (lambda: quadratic(np.nan), "curvature must be finite"),
        (lambda: least_squares([[1.0, 2.0]] * 3, [1, 2, 3]), "linearly independent"),
        (lambda: least_squares(X, Y[:2]), r"x must be \(n, weights\) and y \(n,\)"),
        (lambda: descend(quadratic(1.0), SGD(0.1), [1.0, 2.0], 3), "start must have 1 weights"),
        (lambda: descend(quadratic(1.0), SGD(0.1), 1.0, 0), "steps must be at least 1"),
    ],
)
def test_what_is_no_landscape_or_descent_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
