"""The models beside values that PyTorch computed; `make parity` asks it anew."""

import json

import numpy as np
import pytest

from models_cases import CASES, REFERENCE, example

FILE = json.loads(REFERENCE.read_text("utf-8"))


@pytest.mark.parametrize(("name", "run", "loss", "expected"), FILE["values"])
def test_losses_and_gradients_are_those_that_pytorch_computed(name, run, loss, expected):
    model, parameters, x, y = example(name)
    losses, _ = model.loss_and_accuracy(parameters, x, y)
    assert losses[run] == pytest.approx(loss, rel=1e-12)
    for ours, theirs in zip(model.gradients(parameters, x, y), expected, strict=True):
        assert np.abs(ours[run].ravel() - theirs).max() < 1e-10


def test_the_file_says_what_made_it_and_has_every_case():
    assert FILE["command"] == "python tests/parity/models_cases.py"
    assert {"torch", "numpy", "python"} == set(FILE["versions"])
    assert {name for name, *_ in FILE["values"]} == set(CASES)
