"""A schedule of ours in the frameworks' hands, and what they really apply."""

import copy

import jax
import keras
import numpy as np
import optax
import pytest
import torch

from lrcourse.frameworks import to_keras, to_keras_callback, to_optax, to_torch, trace
from lrcourse.schedules import constant, cosine, one_cycle, per_epoch, step_decay, warmup

SCHEDULE = warmup(cosine(0.1, 30), 5)


def sgd(rate=0.1, **settings):
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=rate, **settings)


def test_a_schedule_drives_pytorch_and_is_restored_with_its_state():
    optimizer = sgd()
    scheduler, seen = to_torch(SCHEDULE, optimizer), []
    for step in range(40):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
        if step == 20:
            saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
            optimizer = sgd()
            scheduler = to_torch(SCHEDULE, optimizer)
            optimizer.load_state_dict(saved[0])
            scheduler.load_state_dict(saved[1])
    assert seen == pytest.approx(SCHEDULE(range(40)), rel=1e-15)


def test_a_group_keeps_its_multiple_of_the_schedule():
    layers = [torch.nn.Parameter(torch.ones(1)) for _ in range(2)]
    optimizer = torch.optim.SGD(
        [{"params": layers[:1]}, {"params": layers[1:], "lr": 0.05}], lr=0.5
    )
    seen = trace(to_torch(SCHEDULE, optimizer), 10, 2)
    assert seen == pytest.approx(SCHEDULE(np.arange(20))[:, None] * [1, 0.1], rel=1e-12)


def test_a_schedule_drives_keras_by_update_and_by_epoch():
    by_update = keras.optimizers.SGD(to_keras(SCHEDULE, 35))
    assert trace(by_update, 10, 4) == pytest.approx(SCHEDULE(range(40)), rel=1e-15)
    by_epoch = keras.optimizers.SGD(0.3)
    seen = trace(by_epoch, 3, 40, callbacks=[to_keras_callback(SCHEDULE)])
    assert seen == pytest.approx(per_epoch(SCHEDULE, 3)(range(120)), rel=1e-15)
    assert float(by_epoch.learning_rate) == 0.3


def test_a_schedule_drives_optax_under_jit():
    schedule = to_optax(SCHEDULE, 35)
    assert trace(schedule, 10, 4) == pytest.approx(SCHEDULE(range(40)), rel=1e-15)
    assert float(jax.jit(schedule)(3)) == SCHEDULE(3)
    optimizer = optax.sgd(schedule)

    @jax.jit
    def step(w, state):
        update, state = optimizer.update(jax.numpy.ones(()), state)
        return optax.apply_updates(w, update), state

    w, state = jax.numpy.zeros(()), optimizer.init(jax.numpy.zeros(()))
    for _ in range(35):
        w, state = step(w, state)
    assert -float(w) == pytest.approx(SCHEDULE(range(35)).sum())


def fitted(optimizer, callbacks, epochs=3):
    """The rates of a real Keras training, five updates an epoch."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    seen = []

    class Recording(type(optimizer)):
        def _backend_update_step(self, grads, trainable_variables, learning_rate):
            seen.append(float(learning_rate))
            super()._backend_update_step(grads, trainable_variables, learning_rate)

    optimizer.__class__ = Recording
    model.compile(optimizer, "mse")
    x = np.ones((10, 2))
    model.fit(x, x[:, 0], batch_size=2, epochs=epochs, verbose=0, callbacks=callbacks)
    return seen


@pytest.mark.parametrize("by", ["constant", "keras", "ours", "callback"])
def test_the_trace_of_keras_is_what_a_training_applies(by):
    def made():
        decay = keras.optimizers.schedules.InverseTimeDecay(0.1, 1, 0.5)
        rate = {"keras": decay, "ours": to_keras(SCHEDULE, 15)}.get(by, 0.1)
        calls = [to_keras_callback(step_decay(0.2, 0.5, 1))] if by == "callback" else []
        return keras.optimizers.SGD(rate), calls

    optimizer, callbacks = made()
    traced = trace(optimizer, 5, 3, callbacks=callbacks)
    assert traced == pytest.approx(fitted(*made()), rel=1e-12)
    assert int(optimizer.iterations) == 0


def test_the_trace_of_pytorch_is_what_a_training_applies_and_changes_nothing():
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.ones(2))], lr=0.1)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=20)
    for _ in range(3):
        optimizer.step()
        scheduler.step()
    before = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    traced = trace(scheduler, 17, 1)
    assert repr((optimizer.state_dict(), scheduler.state_dict())) == repr(before)
    seen = []
    for _ in range(17):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert traced.tolist() == seen


def test_one_cycle_stepped_per_epoch_never_leaves_its_first_rates():
    optimizer = sgd()
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=100)
    meant, done = (trace(scheduler, 10, 10, stepped=when) for when in ("update", "epoch"))
    assert meant == pytest.approx(one_cycle(1.0, 100)(range(100)), rel=1e-12)
    assert meant.max() == pytest.approx(1.0) and done.max() < 0.3
    assert done == pytest.approx(per_epoch(one_cycle(1.0, 100), 10)(range(100)), rel=1e-12)


def test_a_scheduler_stepped_before_the_epoch_is_an_epoch_early():
    scheduler = torch.optim.lr_scheduler.MultiStepLR(sgd(), [3])
    assert (trace(scheduler, 1, 5, stepped="epoch") < 0.05).tolist() == [0, 0, 0, 1, 1]
    assert (trace(scheduler, 1, 5, stepped="before epoch") < 0.05).tolist() == [0, 0, 1, 1, 1]


def test_a_decay_per_epoch_taken_per_batch_is_gone_in_an_epoch():
    scheduler = torch.optim.lr_scheduler.ExponentialLR(sgd(), 0.9)
    assert trace(scheduler, 100, 2, stepped="epoch")[-1] == pytest.approx(0.09)
    assert trace(scheduler, 100, 2)[-1] == pytest.approx(0.1 * 0.9**199)


def test_get_lr_is_not_the_rate_that_is_applied():
    optimizer = sgd()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.1)
    applied, asked = [], []
    for _ in range(3):
        applied.append(scheduler.get_last_lr()[0])
        with pytest.warns(UserWarning, match="get_last_lr"):
            asked.append(scheduler.get_lr()[0])
        optimizer.step()
        scheduler.step()
    assert applied == pytest.approx(trace(torch.optim.lr_scheduler.StepLR(sgd(), 2, 0.1), 1, 3))
    assert asked[2] == pytest.approx(applied[2] / 10)


def test_a_plateau_is_traced_with_the_metrics_that_it_will_see():
    losses = [3.0, 2.0, 2.0, 2.0, 1.0]
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(sgd(), factor=0.5, patience=1)
    expected = [0.1, 0.1, 0.1, 0.1, 0.05]
    assert trace(scheduler, 1, 5, stepped="epoch", metrics=losses) == pytest.approx(expected)
    with pytest.raises(ValueError, match="metrics must be given"):
        trace(scheduler, 1, 5, stepped="epoch")
    callback = keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=2, monitor="loss")
    seen = trace(keras.optimizers.SGD(0.1), 1, 5, callbacks=[callback], metrics=losses)
    assert seen == pytest.approx(expected)


def test_a_callback_that_stops_ends_the_trace():
    stop = keras.callbacks.EarlyStopping("loss", patience=1)
    assert len(trace(keras.optimizers.SGD(0.1), 4, 5, callbacks=[stop], metrics=[1] * 5)) == 8


def test_what_cannot_be_given_or_traced_is_named():
    with pytest.raises(TypeError, match="optimizer must be an Optimizer"):
        to_torch(SCHEDULE, None)
    with pytest.raises(ValueError, match="optimizer must have an lr above 0"):
        to_torch(SCHEDULE, sgd(0.0))
    with pytest.raises(TypeError, match="callbacks must be Keras callbacks"):
        trace(keras.optimizers.SGD(0.1), 1, 1, callbacks=[3])
    with pytest.raises(ValueError, match="callbacks must be left out"):
        trace(to_torch(constant(0.1), sgd()), 1, 1, callbacks=[to_keras_callback(SCHEDULE)])
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    for applied, instead in (
        (sgd(), "the optimizer SGD: give the scheduler that changes its rate"),
        (keras.optimizers.schedules.CosineDecay(0.1, 5), "give the optimizer that it was handed"),
        (optax.adam(0.1), "give the schedule that it was made with"),
        (model, "give its optimizer"),
        (torch.nn.Linear(1, 1), "applied must be a PyTorch scheduler, a Keras optimizer"),
    ):
        with pytest.raises(TypeError, match=instead):
            trace(applied, 1, 1)
