"""`trace` warns of frameworks' schedules that would let a training stand still."""

import warnings

import pytest

from lrcourse.frameworks import trace


def torchs_linear(torch, updates):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.1)
    return torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, updates)


def kerass_linear(keras, updates):
    return keras.optimizers.SGD(keras.optimizers.schedules.PolynomialDecay(0.1, updates, 0.0))


def optaxs_linear(optax, updates):
    return optax.linear_schedule(0.1, 0.0, updates)


@pytest.mark.parametrize(
    ("framework", "linear"),
    [("torch", torchs_linear), ("keras", kerass_linear), ("optax", optaxs_linear)],
)
def test_more_than_one_update_at_rate_0_is_told_once(framework, linear):
    framework = pytest.importorskip(framework)
    with warnings.catch_warnings(record=True) as every:
        warnings.simplefilter("always")
        trace(linear(framework, 4), updates_per_epoch=5, epochs=2)
    # Keras has warnings of its own.
    told = [each for each in every if each.category is UserWarning]
    assert [str(each.message) for each in told] == [
        "the rate is 0 at 6 of 10 updates, from update 4 on"
    ]
    assert told[0].filename == __file__
    assert trace(linear(framework, 9), updates_per_epoch=5, epochs=2)[-1] == pytest.approx(0)


def test_frozen_weights_are_no_mistake():
    torch = pytest.importorskip("torch")
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in (0.0, 0.1)]
    scheduler = torch.optim.lr_scheduler.LinearLR(torch.optim.SGD(groups, 0.1))
    assert trace(scheduler, updates_per_epoch=5, epochs=2).shape == (10, 2)
