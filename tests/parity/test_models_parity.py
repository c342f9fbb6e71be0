"""Live: the models' losses and gradients are PyTorch's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_cases import CASES, computed_by_torch, example


@pytest.mark.parametrize("name", CASES)
@given(seed=st.integers(0, 1000), n=st.integers(1, 20))
def test_losses_and_gradients_are_pytorchs(name, seed, n):
    model, parameters, x, y = example(name, seed, n)
    losses, _ = model.loss_and_accuracy(parameters, x, y)
    gradients = model.gradients(parameters, x, y)
    for run in (0, 1):
        loss, expected = computed_by_torch(name, [p[run] for p in parameters], x, y)
        assert losses[run] == pytest.approx(loss, rel=1e-12, abs=1e-13)
        for ours, theirs in zip(gradients, expected, strict=True):
            assert np.abs(ours[run] - theirs).max() < 1e-10


@pytest.mark.parametrize("name", CASES)
def test_in_float32_they_are_pytorchs_to_its_precision(name):
    model, parameters, x, y = example(name, dtype=np.float32)
    gradients = model.gradients(parameters, x, y)
    _, expected = computed_by_torch(name, [p[0] for p in parameters], x, y)
    for ours, theirs in zip(gradients, expected, strict=True):
        assert ours.dtype == np.float32
        assert np.abs(ours[0] - theirs).max() < 1e-5
