"""Live: every call in the tables of counterparts, and every recording of the notebook."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import keras
import numpy as np
import optax
import pytest
import torch

from cases import framework_weights
from lrcourse import optimizers
from lrcourse.book import framework_runs as recordings
from lrcourse.frameworks import counterparts, trace
from lrcourse.schedules import FACTORIES
from steps import gradients, our_weights

STEPS = 101


def calls(of):
    found = []
    for framework, call in counterparts(of).rows:
        if framework == "lrcourse":
            ours = str(call)
        elif framework != "formula":
            found.append((framework, ours, str(call)))
    return found


@pytest.mark.filterwarnings("ignore:The epoch parameter")
@pytest.mark.parametrize(("framework", "ours", "theirs"), calls("schedules"))
def test_the_calls_of_a_row_give_the_same_rates(framework, ours, theirs):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    names = {
        "PyTorch": {**vars(torch.optim.lr_scheduler), "optimizer": optimizer},
        "Keras": vars(keras.optimizers.schedules),
        "Optax": {**vars(optax), "jnp": jax.numpy},
    }[framework]
    made = eval(theirs, {**names, "exp": np.exp})
    made = keras.optimizers.SGD(made) if framework == "Keras" else made
    # One cycle has 100 steps, from 0 to 99, and PyTorch's allows no more.
    steps = STEPS - ours.startswith("one_cycle")
    expected = eval(ours, dict(FACTORIES))(np.arange(steps))
    assert trace(made, steps, 1) == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize(("framework", "ours", "theirs"), calls("optimizers"))
def test_the_calls_of_a_row_make_the_same_steps(framework, ours, theirs):
    steps = gradients()
    call = theirs.replace("(w, ", "({w}, ") if framework == "PyTorch" else theirs
    seen = framework_weights(framework, call, steps)
    expected = our_weights(eval(ours, dict(vars(optimizers))), steps)
    # In Keras, and in Optax's Adagrad, ε stands elsewhere: what is left is small gradients.
    tolerance = 1e-3 if framework == "Keras" or "adagrad" in theirs else 1e-10
    assert np.max(np.abs(seen - expected) / np.abs(expected).max(axis=0)) < tolerance


def test_what_the_notebook_shows_is_what_the_frameworks_do():
    program = "import json, recordings; print('LIVE', json.dumps(recordings.live()))"
    output = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
        env={**os.environ, "KERAS_BACKEND": "torch", "JAX_PLATFORMS": "cpu"},
    ).stdout
    live = json.loads(output.split("LIVE ")[-1])
    assert live.keys() == recordings.recorded().keys()
    for name, entry in recordings.recorded().items():
        assert recordings.same_code(entry["code"], live[name]["code"]), name
        assert entry["arguments"] == live[name]["arguments"], name
        assert unrolled(live[name]) == pytest.approx(unrolled(entry), rel=1e-9, abs=1e-12), name


def unrolled(entry):
    values, counts = np.array(entry["numbers"]).T
    return np.repeat(values, counts.astype(int)).reshape(entry["shape"])
