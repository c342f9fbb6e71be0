"""The bridge, without the frameworks: what needs none, and what is said of one that is missing."""

import sys

import numpy as np
import pytest

import lrcourse
from lrcourse.frameworks import differences, to_keras, to_keras_callback, to_optax, to_torch, trace
from lrcourse.schedules import constant, linear, per_epoch, step_decay, warmup


@pytest.mark.parametrize(
    ("call", "module", "said"),
    [
        (lambda: to_torch(constant(0.1), None), "torch", "PyTorch is missing .*pip install torch"),
        (lambda: to_keras(constant(0.1), 5), "keras", "Keras 3 is missing .*pip install keras"),
        (lambda: to_keras_callback(constant(0.1)), "keras", "Keras 3 is missing"),
        (lambda: to_optax(constant(0.1), 5), "jax", "JAX is missing .*pip install optax"),
        (lambda: trace(lambda count: 0.1, 2, 2), "jax", "JAX is missing"),
    ],
)
def test_a_framework_that_is_missing_is_named(call, module, said, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModuleNotFoundError, match=said):
        call()


def test_a_schedule_is_traced_as_it_is_stepped():
    schedule = step_decay(0.1, 0.5, 1)
    by_epoch = trace(schedule, 4, 3, stepped="epoch")
    assert np.array_equal(by_epoch, per_epoch(schedule, 4)(range(12)))
    assert np.array_equal(trace(schedule, 4, 3), schedule(range(12)))
    assert np.array_equal(trace(schedule, 4, 3, stepped="before update"), schedule(range(1, 13)))
    assert np.array_equal(trace(schedule, 2, 2, stepped="before epoch"), schedule([1, 1, 2, 2]))


def test_a_warmup_in_epochs_that_is_counted_in_updates_is_over_in_the_first():
    schedule = warmup(linear(0.1, 50), 5)
    with pytest.warns(UserWarning, match="is 0 at 146 of 200 updates, from update 0 on"):
        assert trace(schedule, 100, 2).argmax() == 5
    with pytest.warns(UserWarning, match="is 0 at 100 of 1000 updates"):  # the first epoch
        assert trace(schedule, 100, 10, stepped="epoch").argmax() == 500


def test_a_trace_tells_of_a_schedule_that_does_not_fit_the_training():
    for schedule, stepped, said in (
        (linear(0.1, 4), "update", "is 0 at 4 of 8 updates, from update 4 on"),
        (warmup(constant(0.1), 9), "update", "the warmup takes 9 updates, but the training has 8"),
        (warmup(constant(0.1), 3, 0.1), "epoch", "takes 3 epochs, but the training has 2"),
    ):
        with pytest.warns(UserWarning, match=said) as told:
            trace(schedule, updates_per_epoch=4, epochs=2, stepped=stepped)
        assert len(told) == 1 and told[0].filename == __file__


@pytest.mark.parametrize("schedule", [linear(0.1, 8), linear(0.1, 7), warmup(constant(0.1), 8)])
def test_a_trace_is_silent_about_one_update_at_rate_0(schedule):
    trace(schedule, updates_per_epoch=4, epochs=2)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3, 1, 1), TypeError, "applied must be a PyTorch scheduler, a Keras optimizer"),
        ((None, 1, 1), TypeError, "applied must be"),
        ((constant(1), 0, 1), ValueError, "updates_per_epoch must be at least 1, got 0"),
        ((constant(1), 1, -1), ValueError, "epochs must be at least 1, got -1"),
        ((constant(1), 1, 1.5), TypeError, "epochs must be a whole number"),
        ((constant(1), 1, 1, {"stepped": "batch"}), ValueError, "stepped must be one of update"),
        ((constant(1), 1, 1, {"callbacks": [3]}), ValueError, "callbacks must be left out"),
        ((constant(1), 1, 2, {"metrics": [3]}), ValueError, "metrics must be one for each epoch"),
        ((constant(1), 1, 1, {"metrics": ["x"]}), TypeError, "each of metrics must be a number"),
    ],
)
def test_what_cannot_be_traced_is_named(arguments, error, message):
    keywords = arguments[3] if len(arguments) > 3 else {}
    with pytest.raises(error, match=message):
        trace(*arguments[:3], **keywords)


@pytest.mark.parametrize("convert", [to_keras, to_optax])
def test_what_is_no_schedule_is_not_given_to_a_framework(convert, monkeypatch):
    for module in ("keras", "jax"):
        monkeypatch.setitem(sys.modules, module, object())
    with pytest.raises(TypeError, match="schedule must be a Schedule, got 0.1"):
        convert(0.1, 5)
    with pytest.raises(ValueError, match="total_steps must be at least 1, got 0"):
        convert(constant(0.1), 0)


def test_the_table_of_differences_speaks_both_languages_and_has_no_row_that_is_none():
    try:
        english = differences()
        lrcourse.use_language("zh")
        chinese = differences()
        assert "差异" in chinese.text()  # and no label is missing, or there were a warning
        assert all(not str(row[0]).isascii() for row in chinese.rows)
    finally:
        lrcourse.use_language("en")
    for row, translated in zip(english.rows, chinese.rows, strict=True):
        told = [cell for cell in row[1:] if cell is not None]
        assert len(set(told)) > 1 or (None in row[1:] and len(told) > 1), row
        assert [c is None for c in row] == [c is None for c in translated]
