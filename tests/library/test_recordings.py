"""What a notebook shows of a framework that is not there is what its own code did there."""

import json
from pathlib import Path

import numpy as np
import pytest

from lrcourse.book import framework_runs as recordings
from lrcourse.book.framework_runs import live_or_recorded
from lrcourse.schedules import constant

PATH = Path(recordings.__file__).with_name("framework_runs.json")


def test_the_record_says_what_made_it_and_is_small():
    assert json.loads(PATH.read_text("utf-8"))["command"] == "make record"
    assert set(recordings.framework_versions()) == {"torch", "keras", "optax", "jax"}
    assert PATH.stat().st_size < 100_000


def needs_a_framework(schedule):
    if schedule == constant(0.1):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")
    return schedule([0, 1, 2]) / 3


def test_where_nothing_is_missing_the_function_is_called():
    assert live_or_recorded(needs_a_framework, constant(1)).tolist() == [0.3333333333] * 3


def test_a_record_is_taken_for_the_recorded_code_and_arguments_alone(monkeypatch):
    numbers = np.array([[0.1, 0.1, 0.1], [0.2, 0.3, 0.3]])
    entry = recordings.entry(needs_a_framework, (constant(0.1),), numbers)
    assert entry["numbers"] == [[0.1, 3], [0.2, 1], [0.3, 2]]
    monkeypatch.setattr(recordings, "recorded", lambda: {"needs_a_framework": entry})
    assert np.array_equal(live_or_recorded(needs_a_framework, constant(0.1)), numbers)
    for change in ({"code": "def needs_a_framework(schedule): pass"}, {"arguments": ["0.1"]}):
        changed = {"needs_a_framework": {**entry, **change}}
        monkeypatch.setattr(recordings, "recorded", lambda changed=changed: changed)
        with pytest.raises(ModuleNotFoundError, match="torch is missing, and nothing is recorded"):
            live_or_recorded(needs_a_framework, constant(0.1))
    monkeypatch.setattr(recordings, "recorded", dict)
    with pytest.raises(ModuleNotFoundError, match="nothing is recorded of needs_a_framework"):
        live_or_recorded(needs_a_framework, constant(0.1))


def test_a_missing_package_that_is_no_framework_is_not_covered_up():
    def lacks_another():
        raise ModuleNotFoundError("No module named 'pandas'", name="pandas")

    with pytest.raises(ModuleNotFoundError, match="pandas"):
        live_or_recorded(lacks_another)
