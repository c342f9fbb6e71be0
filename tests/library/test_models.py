"""Facts about models: their gradients are slopes, and a run keeps to itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcourse.models import (
    ConvolutionalNetwork,
    LogisticRegression,
    MultilayerPerceptron,
)
from lrcourse.models.layers import MaxPool

LOSSES = ["sigmoid_cross_entropy", "softmax_cross_entropy", "squared_error"]


def targets(loss, n, outputs, generator):
    if loss == "softmax_cross_entropy":
        return generator.integers(0, outputs, n)
    if loss == "squared_error":
        return generator.normal(size=(n, outputs))  # any number is a target
    return generator.random((n, outputs))


def slopes(model, parameters, x, y, step=1e-6):
    """Finite differences of the loss of a single run."""
    for parameter in parameters:
        slope = np.empty_like(parameter)
        for place in np.ndindex(parameter.shape):
            kept = parameter[place]
            parameter[place] = kept + step
            above = model.loss_and_accuracy(parameters, x, y)[0][0]
            parameter[place] = kept - step
            below = model.loss_and_accuracy(parameters, x, y)[0][0]
            parameter[place], slope[place] = kept, (above - below) / (2 * step)
        yield slope


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_of_a_perceptron_is_the_slope_of_its_loss(activation, loss):
    generator = np.random.default_rng(1)
    model = MultilayerPerceptron([4, 6, 5, 3], activation, loss)
    x, y = generator.normal(size=(7, 4)), targets(loss, 7, 3, generator)
    parameters = [p + generator.normal(size=p.shape) / 10 for p in model.initialize(1, seed=3)]
    expected = list(slopes(model, parameters, x, y))
    for gradient, slope in zip(model.gradients(parameters, x, y), expected, strict=True):
        assert gradient == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("size", [(8, 8), (9, 7)])
def test_the_gradient_of_the_convolutional_network_is_the_slope_of_its_loss(padding, size):
    generator = np.random.default_rng(2)
    model = ConvolutionalNetwork((2, *size), 3, (2, 3), 4, padding=padding)
    x, y = generator.normal(size=(3, 2, *size)), generator.integers(0, 3, 3)
    parameters = [p + generator.normal(size=p.shape) / 10 for p in model.initialize(1)]
    expected = list(slopes(model, parameters, x, y))
    for gradient, slope in zip(model.gradients(parameters, x, y), expected, strict=True):
        assert gradient == pytest.approx(slope, abs=1e-6)


def cases():
    generator = np.random.default_rng(5)
    for dtype in (np.float64, np.float32):
        x = generator.random((10, 6)).astype(dtype)
        labels = generator.integers(0, 2, 10).astype(dtype)
        images = generator.random((10, 3, 10, 10)).astype(dtype)
        yield LogisticRegression(6), x, labels
        yield MultilayerPerceptron([6, 8, 1], "relu", dropout=0.3), x, labels
        yield MultilayerPerceptron([6, 3, 6], "tanh"), x, x
        yield MultilayerPerceptron([6, 8, 2], "relu", "softmax_cross_entropy"), x, labels
        yield ConvolutionalNetwork((3, 10, 10)), images, labels


CASES = list(cases())


@pytest.mark.parametrize(("model", "x", "y"), CASES)
@pytest.mark.parametrize("runs", [2, 7, 40])
def test_what_a_run_computes_does_not_depend_on_its_company(model, x, y, runs):
    generator = np.random.default_rng(runs)
    together = [
        p + generator.normal(size=p.shape).astype(p.dtype) / 3
        for p in model.initialize(runs, dtype=x.dtype)
    ]
    gradients, measured = model.gradients(together, x, y), model.loss_and_accuracy(together, x, y)
    for run in (0, runs - 1):
        alone = [p[run : run + 1].copy() for p in together]
        for several, single in zip(gradients, model.gradients(alone, x, y), strict=True):
            assert np.array_equal(several[run], single[0])
        for several, single in zip(measured, model.loss_and_accuracy(alone, x, y), strict=True):
            assert several[run] == single[0]


@pytest.mark.parametrize(("model", "x", "y"), CASES)
def test_a_model_computes_in_the_float_type_of_its_parameters_and_data(model, x, y):
    parameters = model.initialize(2, dtype=x.dtype)
    assert all(gradient.dtype == x.dtype for gradient in model.gradients(parameters, x, y))


@pytest.mark.parametrize(("model", "x", "y"), CASES)
def test_every_run_begins_with_the_same_parameters_and_another_seed_with_others(model, x, y):
    first, again = model.initialize(3, seed=4), model.initialize(1, seed=4)
    for several, single in zip(first, again, strict=True):
        assert np.array_equal(several, np.repeat(single, 3, axis=0))
    if not isinstance(model, LogisticRegression):
        assert not np.array_equal(first[0], model.initialize(3, seed=5)[0])


def test_initial_weights_are_as_large_as_glorot_and_he_say():
    for name, limit in (("glorot", np.sqrt(6 / 500)), ("he", np.sqrt(6 / 300))):
        w, b = MultilayerPerceptron([300, 200], initialization=name).initialize(1)
        assert np.abs(w).max() == pytest.approx(limit, rel=1e-3)
        assert w.std() == pytest.approx(limit / np.sqrt(3), rel=0.01)
        assert not b.any()


def test_dropout_is_the_same_in_all_runs_and_keeps_the_mean():
    model = MultilayerPerceptron([1, 1000, 1], dropout=0.4)
    w, b, v, c = model.initialize(2, seed=1)
    x, y = np.ones((50, 1)), np.ones(50)
    gradients = model.gradients([abs(w), b, v, c], x, y, generator=np.random.default_rng(0))
    assert np.array_equal(gradients[2][0], gradients[2][1])
    without = model.gradients([abs(w), b, v, c], x, y)
    assert not np.array_equal(gradients[2], without[2])
    assert gradients[2].mean() == pytest.approx(without[2].mean(), rel=0.05)


@given(st.floats(-800, 800), st.integers(0, 1))
def test_no_logit_is_too_large_for_the_loss_or_its_gradient(z, label):
    """With a single weight 1 the input is the logit."""
    for loss in LOSSES[:2]:
        outputs = 1 if loss == "sigmoid_cross_entropy" else 2
        model = MultilayerPerceptron([1, outputs], loss=loss)
        w = np.ones((1, 1, 1)) if outputs == 1 else np.array([[[0.0, 1.0]]])
        parameters = [w, np.zeros((1, outputs))]
        gradient = model.gradients(parameters, np.array([[z]]), np.array([label]))
        value, right = model.loss_and_accuracy(parameters, np.array([[z]]), np.array([label]))
        p = 1 / (1 + np.exp(-z)) if z > -700 else 0.0
        assert gradient[1][0, -1] == pytest.approx(p - label, abs=1e-12)
        assert value[0] == pytest.approx(np.logaddexp(0, z) - label * z, abs=1e-9)
        assert z == 0 or right[0] == ((z > 0) == label)


def test_sigmoid_and_softmax_are_the_same_for_two_classes():
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(20, 3)), generator.integers(0, 2, 20)
    one, two = MultilayerPerceptron([3, 1]), MultilayerPerceptron([3, 2], "relu", LOSSES[1])
    w, b = generator.normal(size=(1, 3, 1)), np.zeros((1, 1))
    pair = [np.concatenate([np.zeros_like(w), w], axis=2), np.zeros((1, 2))]
    for sigmoid, softmax in zip(
        one.loss_and_accuracy([w, b], x, y), two.loss_and_accuracy(pair, x, y), strict=True
    ):
        assert sigmoid == pytest.approx(softmax)


def test_a_perceptron_without_hidden_layer_is_logistic_regression():
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(20, 3)), generator.integers(0, 2, 20).astype(float)
    w, b = generator.normal(size=(2, 3)), generator.normal(size=(2, 1))
    [neuron] = LogisticRegression(3).gradients([np.hstack([w, b])], x, y)
    of_w, of_b = MultilayerPerceptron([3, 1]).gradients([w[:, :, None], b], x, y)
    assert neuron == pytest.approx(np.hstack([of_w[:, :, 0], of_b]), abs=1e-14)


def test_of_equal_pixels_the_first_gets_the_derivative():
    pool = MaxPool()
    largest, saved = pool.forward((), np.ones((1, 2, 1, 3, 1)), None)
    assert largest.shape == (1, 1, 1, 1, 1)  # the odd column is left out
    d = pool.backward((), saved, np.full((1, 1, 1, 1, 1), 5.0), (), False)
    assert d[0, :, 0, :, 0].tolist() == [[5, 0, 0], [0, 0, 0]]


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), st.sampled_from(LOSSES))
def test_given_places_for_the_gradients_are_used_and_inputs_left_alone(runs, n, outputs, loss):
    generator = np.random.default_rng(0)
    model = MultilayerPerceptron([2, 3, outputs], "relu", loss)
    parameters = model.initialize(runs)
    x, y = generator.normal(size=(n, 2)), targets(loss, n, outputs, generator)
    kept = [array.copy() for array in (*parameters, x, y)]
    out = [np.full_like(parameter, np.nan) for parameter in parameters]
    assert model.gradients(parameters, x, y, out=out) is out
    for one, other in zip(out, model.gradients(parameters, x, y), strict=True):
        assert np.array_equal(one, other)
    assert all(np.array_equal(a, b) for a, b in zip(kept, (*parameters, x, y), strict=True))


def test_integer_inputs_and_labels_are_taken_as_floats():
    x, y = np.arange(8).reshape(4, 2), np.array([0, 1, 1, 0])
    for model in (LogisticRegression(2), MultilayerPerceptron([2, 3, 1])):
        parameters = model.initialize(1)
        whole = model.gradients(parameters, x, y)
        floats = model.gradients(parameters, x.astype(float), y.astype(float))
        assert all(np.array_equal(a, b) for a, b in zip(whole, floats, strict=True))


def test_a_run_that_has_diverged_does_not_spoil_the_others():
    model = MultilayerPerceptron([2, 3, 1])
    parameters = model.initialize(2)
    parameters[0][1] = np.nan
    gradients = model.gradients(parameters, np.ones((4, 2)), np.ones(4))
    assert all(np.isfinite(gradient[0]).all() for gradient in gradients)
    assert np.isnan(gradients[0][1]).any()
