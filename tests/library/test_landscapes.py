"""Facts about the way down."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lrcourse.landscapes import (
    beale,
    classify,
    descend,
    least_squares,
    quadratic,
    ravine,
    rosenbrock,
    saddle,
    two_valleys,
)
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


NAMED = [saddle(), rosenbrock(), beale(), ravine(), two_valleys()]


@pytest.mark.parametrize("landscape", NAMED)
def test_a_named_landscape_has_its_minimum_and_its_curvature_where_it_says(landscape):
    assert landscape.gradient(landscape.minimum) == pytest.approx(0, abs=1e-9)
    step = 1e-4
    for curvature, axis in zip(landscape.curvature, landscape.axes.T, strict=True):
        ahead, behind = (landscape.minimum + sign * step * axis for sign in (1, -1))
        bend = landscape.error(ahead) - 2 * landscape.error(landscape.minimum)
        bend = (bend + landscape.error(behind)) / step**2
        assert bend == pytest.approx(curvature, rel=1e-3)
    assert np.all(np.diff(landscape.curvature) >= 0)


@given(st.floats(-2, 2), st.floats(-2, 2))
def test_gradients_of_named_landscapes_are_slopes(first, second):
    for landscape in NAMED:
        point = np.array([first, second])[: landscape.weights]
        slopes = [
            (landscape.error(point + 1e-6 * axis) - landscape.error(point - 1e-6 * axis)) / 2e-6
            for axis in np.eye(landscape.weights)
        ]
        assert landscape.gradient(point) == pytest.approx(slopes, rel=1e-3, abs=1e-3)


def test_the_origin_of_the_saddle_holds_a_descent_that_starts_on_its_ridge():
    descent = descend(saddle(), SGD(0.1), [1.0, 0.0], 200)
    assert descent.points[-1, 0] == pytest.approx([0, 0], abs=1e-6)
    descent = descend(saddle(), SGD(0.1), [1.0, 1e-6], 400)
    assert descent.points[-1, 0] == pytest.approx([0, 1], abs=1e-6)


@given(
    st.lists(st.floats(0.05, 20), min_size=1, max_size=4),
    st.floats(0.01, 3),
    st.integers(10, 60),
)
def test_on_a_quadratic_the_scenario_is_exact(curvature, ratio, steps):
    """Monotone below 1/L, oscillating between 1/L and 2/L, diverging above."""
    assume(abs(ratio - 1) > 0.01 and abs(ratio - 2) > 0.01)
    bowl = quadratic(curvature)
    start = np.ones(len(curvature))
    (name,) = classify(descend(bowl, SGD(ratio / bowl.curvature[-1]), start, steps))
    expected = (
        {"slow", "converging"} if ratio < 1 else {"oscillating"} if ratio < 2 else {"diverging"}
    )
    assert name in expected


def test_a_rotated_bowl_is_judged_along_its_own_axes():
    bowl = least_squares(X, Y)
    L = bowl.curvature[-1]
    names = classify(descend(bowl, SGD([0.5 / L, 1.5 / L, 2.1 / L]), [0.0, 5.0], 40))
    assert names == ["slow", "oscillating", "diverging"]


def test_enough_steps_turn_slow_into_converging():
    assert classify(descend(quadratic(1.0), SGD(0.01), 1.0, 20)) == ["slow"]
    assert classify(descend(quadratic(1.0), SGD(0.01), 1.0, 500)) == ["converging"]


def test_a_descent_that_left_the_numbers_diverges():
    assert classify(descend(quadratic(1.0), SGD(1e200), 1.0, 5)) == ["diverging"]


def test_one_step_shows_no_scenario():
    one = descend(quadratic(1.0), SGD([0.5, 1.5, 2.5]), 1.0, 1)
    with pytest.raises(ValueError, match="descent must have at least two steps"):
        classify(one)
    two = descend(quadratic(1.0), SGD([0.5, 1.5, 2.5]), 1.0, 2)
    assert classify(two) == ["slow", "oscillating", "diverging"]
