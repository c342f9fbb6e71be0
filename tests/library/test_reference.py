"""Beside numbers that PyTorch, Keras and Optax computed; `make parity` asks them anew."""

import json
from pathlib import Path

import numpy as np
import pytest

from lrcourse import optimizers
from lrcourse.schedules import FACTORIES
from steps import SEEN_STEPS, SEEN_UPDATES, gradients, our_weights

PATH = Path(__file__).with_name("reference.json")
REFERENCE = json.loads(PATH.read_text("utf-8"))


def test_the_reference_says_what_made_it_and_is_small():
    assert REFERENCE["command"] == "make record"
    assert {"torch", "keras", "optax", "jax", "numpy"} <= set(REFERENCE["versions"])
    assert PATH.stat().st_size < 100_000


@pytest.mark.parametrize(("ours", "framework", "theirs", "rates"), REFERENCE["schedules"])
def test_a_schedule_gives_the_recorded_rates(ours, framework, theirs, rates):
    schedule = eval(ours, dict(FACTORIES))
    assert schedule(SEEN_STEPS) == pytest.approx(rates, rel=1e-12, abs=1e-12 * max(rates))


@pytest.mark.parametrize(("ours", "framework", "theirs", "weights"), REFERENCE["optimizers"])
def test_an_optimizer_gets_to_the_recorded_weights(ours, framework, theirs, weights):
    seen = our_weights(eval(ours, dict(vars(optimizers))), gradients())[[*SEEN_UPDATES]]
    assert seen == pytest.approx(np.array(weights), rel=1e-12, abs=1e-12)
