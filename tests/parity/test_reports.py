"""Public reports of wrong rates, each as a kind: drawn settings on the real frameworks.

The numbers of the reports stand in chapter "The learning rate in PyTorch, Keras and Optax".
"""

import copy
import itertools
import subprocess
import sys

import jax
import keras
import numpy as np
import optax
import pytest
import torch

from lrcourse import optimizers
from lrcourse.frameworks import to_keras, to_optax, to_torch, trace
from lrcourse.schedules import (
    ReduceOnPlateau,
    constant,
    cosine,
    cosine_restarts,
    exponential,
    join,
    linear,
    one_cycle,
    per_epoch,
    piecewise,
    step_decay,
    warmup,
    warmup_stable_decay,
)
from test_bridge import fitted

DRAWN = pytest.mark.parametrize("seed", range(25))
# PyTorch's own: of schedulers that are stepped though the update was left out, or twice.
pytestmark = pytest.mark.filterwarnings("ignore:Detected call of .lr_scheduler.step")


def drawn_schedule(draw):
    """Any of twelve schedules, for some fifty steps."""
    rate, steps = 10 ** draw.uniform(-4, 0), int(draw.integers(5, 60))
    kinds = [
        lambda: constant(rate),
        lambda: cosine(rate, steps, rate / 10),
        lambda: linear(rate, steps),
        lambda: exponential(rate, 0.1),
        lambda: step_decay(rate, 0.5, 1 + steps // 4),
        lambda: piecewise([rate, rate / 3, rate / 9], [steps // 3 + 1, steps]),
        lambda: cosine_restarts(rate, 1 + steps // 3, 2),
        lambda: warmup(cosine(rate, steps), 1 + steps // 5, rate / 7),
        lambda: warmup_stable_decay(rate, steps + 10, 5, 5),
        lambda: one_cycle(rate, steps + 20),
        lambda: join([constant(rate), linear(rate / 2, steps)], [1 + steps // 4]),
        lambda: per_epoch(exponential(rate, 0.5), 1 + steps // 6),
    ]
    return kinds[draw.integers(len(kinds))]()


def weights(*shapes):
    return [torch.nn.Parameter(torch.ones(shape or (1,))) for shape in shapes or [()]]


def sgd(rate=0.1, **settings):
    return torch.optim.SGD(weights(), lr=rate, **settings)


def rates_of(optimizer):
    return [group["lr"] for group in optimizer.param_groups]


# Plateau rules (google-deepmind/optax#1767, pytorch/pytorch#38622 and #47513).


def drawn_metrics(draw):
    """Metrics that stay, fall, rise, cross 0, and may be infinite or nan."""
    metrics = draw.normal(draw.choice([-5, 0, 5]), 10 ** draw.uniform(-4, 0), size=30)
    metrics = np.where(draw.random(30) < 0.3, np.roll(metrics, 1), metrics)
    extreme = draw.choice([0.0, np.inf, -np.inf, np.nan], size=30)
    return np.where(draw.random(30) < 0.1, extreme, metrics).tolist()


def reference_rates(metrics, mode, threshold, threshold_mode, patience, factor):
    """The rule in words: better is by more than the margin, whatever the signs."""
    sign, best, bad, rate, rates = (1 if mode == "min" else -1), np.inf, 0, 1.0, []
    for metric in (sign * np.array(metrics)).tolist():
        margin = threshold * (abs(best) if threshold_mode == "rel" else 1)
        first = best == np.inf and metric < np.inf
        if first or (abs(best) < np.inf and metric < best - margin):
            best, bad = metric, 0
        else:
            bad += 1
        if bad > patience:
            rate, bad = rate * factor, 0
        rates.append(rate)
    return rates


@DRAWN
@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
def test_a_plateau_is_one_whatever_the_signs_of_the_metrics(seed, mode, threshold_mode):
    draw = np.random.default_rng([seed, 1])
    metrics = drawn_metrics(draw)
    settings = (mode, 10 ** draw.uniform(-5, -1), threshold_mode, int(draw.integers(0, 4)), 0.5)
    expected = reference_rates(metrics, *settings)
    rule = ReduceOnPlateau(1.0, 0.5, settings[3], settings[1], threshold_mode, mode=mode)
    assert [rule.update(metric) for metric in metrics] == expected
    rule = ReduceOnPlateau(1.0, 0.5, settings[3], settings[1], threshold_mode, mode=mode)
    scheduler = to_torch(rule, sgd())
    traced = trace(scheduler, 1, 31, stepped="epoch", metrics=[*metrics, 0.0])
    assert traced[1:].tolist() == expected
    if threshold_mode == "abs":  # in which PyTorch is right
        theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
            sgd(1.0), mode, 0.5, settings[3], settings[1], "abs", eps=0.0
        )
        theirs = trace(theirs, 1, 31, stepped="epoch", metrics=[*metrics, 0.0])
        assert theirs[1:].tolist() == expected


@DRAWN
def test_a_plateau_rule_drives_all_groups_and_is_restored(seed):
    draw = np.random.default_rng([seed, 2])
    metrics = drawn_metrics(draw)
    shares = [1.0, *10 ** draw.uniform(-2, 1, size=2)]

    def made():
        groups = [{"params": weights(), "lr": 0.3 * share} for share in shares]
        optimizer = torch.optim.SGD(groups, lr=0.3)
        rule = ReduceOnPlateau(0.05, 0.5, 2, cooldown=1, min_rate=1e-4, raise_after=2)
        return optimizer, to_torch(rule, optimizer), rule

    optimizer, scheduler, rule = made()
    stop = int(draw.integers(30))
    for epoch, metric in enumerate(metrics):
        expected = np.array(shares) * rule.learning_rate
        assert rates_of(optimizer) == pytest.approx(expected, rel=1e-12)
        if epoch == stop:
            saved = copy.deepcopy([optimizer.state_dict(), scheduler.state_dict()])
            optimizer, scheduler, _ = made()
            for which in draw.permutation(2):
                (optimizer, scheduler)[which].load_state_dict(saved[which])
            assert rates_of(optimizer) == pytest.approx(expected, rel=1e-12)
        optimizer.step()
        scheduler.step(metric)
        rule.update(metric)


# Restoring (hpcaitech/ColossalAI#5151, torch-points3d/torch-points3d#630).

ORDERS = [  # what is not made cannot be loaded
    order
    for order in itertools.permutations(["make", "optimizer", "scheduler"])
    if order.index("make") < order.index("scheduler")
]


@DRAWN
@pytest.mark.parametrize("order", ORDERS)
def test_the_first_update_after_restoring_has_the_rate_at_which_it_was_left(seed, order):
    draw = np.random.default_rng([seed, 3])
    schedule, stop = drawn_schedule(draw), int(draw.integers(0, 50))
    kind = [torch.optim.SGD, torch.optim.AdamW][draw.integers(2)]
    base = float(10 ** draw.uniform(-3, 0))
    optimizer = kind(weights(), lr=base)
    scheduler = to_torch(schedule, optimizer)
    for _ in range(stop):
        optimizer.step()
        scheduler.step()
    saved = copy.deepcopy(
        {"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    )
    optimizer = kind(weights(), lr=base)
    for action in order:
        if action == "make":
            scheduler = to_torch(schedule, optimizer)
        else:
            {"optimizer": optimizer, "scheduler": scheduler}[action].load_state_dict(saved[action])
    for step in range(stop, stop + 5):
        assert rates_of(optimizer) == pytest.approx([schedule(step)], rel=1e-12)
        assert scheduler.get_last_lr() == pytest.approx([schedule(step)], rel=1e-12)
        optimizer.step()
        scheduler.step()


@DRAWN
def test_a_scheduler_that_is_loaded_alone_sets_the_rate(seed):
    draw = np.random.default_rng([seed, 4])
    schedule, stop = drawn_schedule(draw), int(draw.integers(0, 50))
    scheduler = to_torch(schedule, sgd())
    for _ in range(stop):
        scheduler.optimizer.step()
        scheduler.step()
    restored = to_torch(schedule, sgd(0.7))
    restored.load_state_dict(scheduler.state_dict())
    assert trace(restored, 5, 1) == pytest.approx(schedule(stop + np.arange(5)), rel=1e-12)


def test_a_sequence_of_ours_is_restored_in_its_first_part():
    def made():
        optimizer = sgd()
        parts = [to_torch(linear(0.1, 20), optimizer), to_torch(cosine(0.1, 20), optimizer)]
        return optimizer, torch.optim.lr_scheduler.SequentialLR(optimizer, parts, [10])

    optimizer, sequence = made()
    for _ in range(3):
        optimizer.step()
        sequence.step()
    saved = copy.deepcopy((optimizer.state_dict(), sequence.state_dict()))
    optimizer, sequence = made()
    optimizer.load_state_dict(saved[0])
    sequence.load_state_dict(saved[1])
    assert rates_of(optimizer) == pytest.approx([linear(0.1, 20)(3)])


# Parameter groups (pytorch/ignite#856).


@DRAWN
@pytest.mark.parametrize("default", [True, False])
def test_groups_keep_their_ratios_and_the_schedule_its_size(seed, default):
    draw = np.random.default_rng([seed, 5])
    schedule, bases = drawn_schedule(draw), 10 ** draw.uniform(-4, 0, size=draw.integers(1, 4))
    kind = [torch.optim.SGD, torch.optim.AdamW][draw.integers(2)]
    groups = [{"params": weights(), "lr": float(base)} for base in bases]
    reference = bases[0]
    if default:  # a group at the optimizer's own rate follows the schedule
        groups.insert(int(draw.integers(len(groups) + 1)), {"params": weights()})
        optimizer, reference = kind(groups, lr=0.02), 0.02
    else:  # none at it: the first does, as Adam's default of 0.001 was never meant
        optimizer = kind(groups)
    own = np.array([group.get("lr", 0.02) for group in groups])
    seen = np.reshape(trace(to_torch(schedule, optimizer), 20, 1), (20, -1))
    assert seen == pytest.approx(np.outer(schedule(range(20)), own / reference), rel=1e-12)


@DRAWN
@pytest.mark.parametrize("by", ["update", "epoch"])
def test_a_group_that_is_added_later_takes_part_from_its_first_update(seed, by):
    draw = np.random.default_rng([seed, 6])
    schedule, joins = drawn_schedule(draw), int(draw.integers(0, 30))
    base = float(10 ** draw.uniform(-2, 1))
    first, second = weights(), weights()
    optimizer, seen = torch.optim.SGD(first, lr=0.5), []
    optimizer.register_step_post_hook(lambda *_: seen.append(rates_of(optimizer)))
    scheduler = to_torch(schedule, optimizer)
    for update in range(35):
        if update == joins:
            optimizer.add_param_group({"params": second, "lr": base})
        optimizer.step()
        if by == "update" or update % 7 == 6:
            scheduler.step()
    counts = np.arange(35) // (1 if by == "update" else 7)
    assert [rates[0] for rates in seen] == pytest.approx(schedule(counts), rel=1e-12)
    late = [rates[1] for rates in seen[joins:]]
    assert late == pytest.approx(schedule(counts[joins:]) * base / 0.5, rel=1e-12, abs=1e-300)


def test_a_group_whose_rate_is_zero_stays_frozen():
    groups = [{"params": weights(), "lr": 0.2}, {"params": weights(), "lr": 0.0}]
    seen = trace(to_torch(cosine(0.1, 10), torch.optim.SGD(groups, lr=0.2)), 5, 1)
    assert seen[:, 1].tolist() == [0.0] * 5 and seen[0, 0] == 0.1


# Accumulation and processes (huggingface/accelerate#963, diffusers#3954).


@DRAWN
@pytest.mark.parametrize("stepped", ["update", "batch", "epoch"])
def test_the_trace_of_an_accumulation_is_what_pytorch_applies(seed, stepped):
    draw = np.random.default_rng([seed, 7])
    schedule, k, processes, updates = drawn_schedule(draw), *draw.integers(1, 5, size=3).tolist()
    optimizer, seen = sgd(), []
    optimizer.register_step_post_hook(lambda *_: seen.append(rates_of(optimizer)[0]))
    scheduler = to_torch(schedule, optimizer)
    arguments = {"stepped": stepped, "accumulate": k, "processes": processes}
    traced = trace(scheduler, updates, 3, **arguments)

    def step():
        for _ in range(processes):
            scheduler.step()

    for _ in range(3):
        for batch in range(updates * k):
            if (batch + 1) % k == 0:
                optimizer.step()
                if stepped == "update":
                    step()
            if stepped == "batch":
                step()
        if stepped == "epoch":
            step()
    assert traced == pytest.approx(seen, rel=1e-15)
    assert trace(schedule, updates, 3, **arguments) == pytest.approx(seen, rel=1e-12)


@DRAWN
@pytest.mark.parametrize("mended", [False, True])
def test_the_trace_of_an_accumulation_is_what_keras_applies(seed, mended):
    draw = np.random.default_rng([seed, 8])
    schedule, k = drawn_schedule(draw), int(draw.choice([2, 3, 5]))

    def made():
        counted = to_keras(schedule, 75, accumulate=k if mended else 1)
        return keras.optimizers.SGD(counted, gradient_accumulation_steps=k)

    # `fitted` makes 5 batches an epoch; with 3k epochs a whole number of updates.
    seen = fitted(made(), [], epochs=3 * k)
    optimizer = made()
    assert trace(optimizer, 5, 3) == pytest.approx(seen, rel=1e-12)
    assert int(optimizer.iterations) == 0
    counts = np.arange(15) if mended else k * np.arange(15) + k - 1
    assert seen == pytest.approx(schedule(counts), rel=1e-12)


@DRAWN
def test_optax_counts_the_updates_of_an_accumulation(seed):
    draw = np.random.default_rng([seed, 9])
    schedule, k = drawn_schedule(draw), int(draw.integers(2, 5))
    optimizer = optax.MultiSteps(optax.sgd(to_optax(schedule, 60)), k)
    w, steps = jax.numpy.zeros(()), []
    state, update = optimizer.init(w), jax.jit(optimizer.update)
    for _ in range(5 * k):
        change, state = update(jax.numpy.ones(()), state)
        steps.append(-float(change))
    assert steps[k - 1 :: k] == pytest.approx(trace(to_optax(schedule, 60), 5, 1), rel=1e-12)


# Mixed precision (Lightning-AI/pytorch-lightning#18828, pytorch/pytorch#44511).


@DRAWN
def test_the_trace_with_skipped_updates_is_what_pytorch_applies(seed):
    draw = np.random.default_rng([seed, 10])
    schedule, bad = drawn_schedule(draw), draw.random(20) < 0.3
    (w,) = parameters = weights()
    optimizer, seen, update = torch.optim.SGD(parameters, lr=0.1), np.full(20, np.nan), 0

    def note(*_):
        seen[update] = rates_of(optimizer)[0]

    optimizer.register_step_post_hook(note)
    scheduler = to_torch(schedule, optimizer)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    traced = trace(scheduler, 20, 1, skipped=np.flatnonzero(bad).tolist())
    for update in range(20):  # noqa: B007  (which `note` reads)
        optimizer.zero_grad()
        scaler.scale((w * (np.inf if bad[update] else 1.0)).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
    assert np.array_equal(np.isnan(seen), bad)
    assert traced == pytest.approx(seen, rel=1e-15, nan_ok=True)


@DRAWN
def test_the_trace_with_skipped_updates_is_what_keras_and_optax_apply(seed):
    draw = np.random.default_rng([seed, 11])
    schedule, bad = drawn_schedule(draw), draw.random(15) < 0.3
    skipped = np.flatnonzero(bad).tolist()
    inner = keras.optimizers.SGD(to_keras(schedule, 60))
    optimizer = keras.optimizers.LossScaleOptimizer(inner, initial_scale=4.0)
    w, seen = keras.Variable(np.zeros(1)), []
    traced = trace(optimizer, 15, 1, skipped=skipped)
    for wrong in bad:
        before = float(keras.ops.convert_to_numpy(w)[0])
        scale = float(optimizer.dynamic_scale) if optimizer.built else 4.0
        optimizer.apply([keras.ops.array([np.inf if wrong else scale])], [w])
        seen.append(np.nan if wrong else before - float(keras.ops.convert_to_numpy(w)[0]))
    assert traced == pytest.approx(seen, rel=1e-9, abs=1e-15, nan_ok=True)

    guarded = optax.apply_if_finite(optax.sgd(to_optax(schedule, 60)), 100)
    w, seen = jax.numpy.zeros(()), []
    state, update = guarded.init(w), jax.jit(guarded.update)
    for wrong in bad:
        change, state = update(jax.numpy.asarray(np.nan if wrong else 1.0), state)
        seen.append(np.nan if wrong else -float(change))
    traced = trace(to_optax(schedule, 60), 15, 1, skipped=skipped)
    assert traced == pytest.approx(seen, rel=1e-12, nan_ok=True)


# Saved models (keras-team/keras-hub#973).


@DRAWN
def test_a_saved_model_comes_back_with_its_schedule(seed, tmp_path):
    draw = np.random.default_rng([seed, 12])
    schedule, k = drawn_schedule(draw), int(draw.integers(1, 4))
    counted = to_keras(schedule, 40, accumulate=k)
    optimizer = keras.optimizers.Adam(counted, gradient_accumulation_steps=k if k > 1 else None)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer, "mse")
    x = np.ones((6, 2))
    model.fit(x, x[:, 0], batch_size=2, verbose=0)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.optimizer._learning_rate.schedule == schedule
    expected = trace(optimizer, 10, 1)
    assert trace(loaded.optimizer, 10, 1) == pytest.approx(expected, rel=1e-15)
    fresh = keras.models.clone_model(model)
    fresh.compile(type(optimizer).from_config(optimizer.get_config()), "mse")
    fresh.optimizer.build(fresh.trainable_variables)
    fresh.load_weights(tmp_path / "model.weights.h5")
    before = [np.array(each) for each in model.get_weights()]
    assert all(np.array_equal(*pair) for pair in zip(fresh.get_weights(), before, strict=True))
    assert fresh.optimizer._learning_rate.schedule == schedule


def test_another_program_loads_the_model_after_one_import(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    schedule = warmup(cosine(0.1, 30), 5)
    model.compile(keras.optimizers.SGD(to_keras(schedule, 35)), "mse")
    model.save(tmp_path / "model.keras")
    program = (
        "import lrcourse.frameworks.on_keras, keras, sys\n"
        "print(keras.models.load_model(sys.argv[1]).optimizer._learning_rate.schedule)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "model.keras")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == repr(schedule)


# Half precision (chainer/chainer#6299, keras-team/keras#11860).


@pytest.mark.parametrize("name", ["SGD", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW"])
def test_half_precision_is_refused_where_epsilon_would_be_zero(name):
    w = np.ones(2, np.float16)
    with pytest.raises(TypeError, match="must be float arrays of 32 or 64 bits, got float16"):
        getattr(optimizers, name)().step([w], [w])
    if name != "SGD":
        w = np.ones(2, np.float32)
        with pytest.raises(ValueError, match="eps must be above 0 in float32, got 1e-60"):
            getattr(optimizers, name)(eps=1e-60).step([w], [0 * w])


# The step that is not the rate (huggingface/pytorch-image-models#2791).


@DRAWN
def test_the_effective_rate_of_adam_is_what_its_averages_are_multiplied_with(seed):
    draw = np.random.default_rng([seed, 13])
    schedule, betas = drawn_schedule(draw), draw.uniform([0.5, 0.9], [0.95, 0.999])
    kind, before = [torch.optim.Adam, torch.optim.AdamW][draw.integers(2)], int(draw.integers(4))
    (w,) = parameters = weights()
    optimizer = kind(parameters, lr=0.1, betas=tuple(betas), eps=0.0, weight_decay=0.0)
    scheduler, seen = to_torch(schedule, optimizer), []
    for step in range(before + 6):
        if step == before:
            traced = trace(scheduler, 6, 1, effective=True)
        old, w.grad = w.item(), torch.tensor([draw.normal() + 1])
        optimizer.step()
        state = optimizer.state[w]
        seen.append((old - w.item()) * state["exp_avg_sq"].item() ** 0.5 / state["exp_avg"].item())
        scheduler.step()
    assert traced == pytest.approx(seen[before:], rel=1e-6, abs=1e-12)
    theirs = keras.optimizers.Adam(to_keras(schedule, 60), *betas)
    assert trace(theirs, before + 6, 1, effective=True)[before:] == pytest.approx(traced, rel=1e-9)


@DRAWN
@pytest.mark.parametrize("adjust", ["original", "match_rms_adamw"])
def test_the_effective_rate_of_muon_has_the_factor_of_the_shape(seed, adjust):
    draw = np.random.default_rng([seed, 14])
    shapes = [tuple(shape) for shape in draw.integers(1, 9, size=(2, 2)).tolist()]
    parameters = weights(*shapes)
    settings = {"weight_decay": 0.0, "momentum": 0.0, "nesterov": False, "ns_steps": 5}
    optimizer = torch.optim.Muon(parameters, lr=0.1, adjust_lr_fn=adjust, **settings)
    scheduler = to_torch(cosine(0.1, 10), optimizer)
    traced = trace(scheduler, 3, 1, effective=True)
    from torch.optim._muon import _zeropower_via_newtonschulz as orthogonal

    for step in range(3):
        before = [w.detach().clone() for w in parameters]
        for w in parameters:
            w.grad = torch.tensor(draw.normal(size=tuple(w.shape)))
        optimizer.step()
        scheduler.step()
        group = optimizer.param_groups[0]
        for column, (w, old) in enumerate(zip(parameters, before, strict=True)):
            made = orthogonal(w.grad, group["ns_coefficients"], 5, group["eps"])
            ratio = ((old - w.detach()).norm() / made.norm()).item()
            assert traced[step, column] == pytest.approx(ratio, rel=1e-2)  # of 16 bits


@DRAWN
def test_the_effective_rate_of_muon_in_keras_has_the_factor_of_the_shape(seed):
    draw = np.random.default_rng([seed, 15])
    w = keras.Variable(np.zeros(draw.integers(1, 9, size=2)), name="kernel")
    rms = [None, 0.2][draw.integers(2)]
    settings = {"weight_decay": None, "momentum": 0.0, "nesterov": False, "rms_rate": rms}
    optimizer = keras.optimizers.Muon(0.1, **settings)
    gradient = keras.ops.convert_to_tensor(draw.normal(size=w.shape))
    optimizer.apply([gradient], [w])
    made = optimizer.zeropower_via_newtonschulz5(gradient, optimizer.ns_steps)
    w, made = keras.ops.convert_to_numpy(w), keras.ops.convert_to_numpy(made)
    ratio = np.linalg.norm(w) / np.linalg.norm(made)
    assert trace(optimizer, 1, 1, effective=True) == pytest.approx([ratio], rel=1e-6)


# A decay that ends half-way (huggingface/smollm#37), a warmup from 0 (transformers#34754).


@DRAWN
def test_a_decay_planned_for_half_of_the_training_is_seen_in_the_trace(seed):
    draw = np.random.default_rng([seed, 16])
    k, updates = int(draw.integers(2, 5)), int(draw.integers(5, 30))
    schedule = linear(0.1, updates * k)  # planned in updates, stepped in batches
    applied = trace(to_torch(schedule, sgd()), updates * k, 1, accumulate=k, stepped="batch")
    assert np.flatnonzero(applied == 0)[0] == updates
    mended = trace(to_torch(schedule, sgd()), updates * k, 1, accumulate=k, stepped="update")
    assert np.all(mended > 0) and mended[-1] == pytest.approx(0.1 / (updates * k))


@DRAWN
def test_a_warmup_from_zero_wastes_its_first_update_unless_it_starts_at_a_share(seed):
    w = int(np.random.default_rng([seed, 17]).integers(2, 50))
    wasted = trace(to_torch(warmup(constant(0.1), w), sgd()), 2 * w, 1)
    assert wasted[0] == 0 and wasted[w] == 0.1
    mended = trace(to_torch(warmup(constant(0.1), w - 1, start=0.1 / w), sgd()), 2 * w, 1)
    assert mended[:w] == pytest.approx(0.1 * np.arange(1, w + 1) / w)


@DRAWN
def test_one_cycle_goes_on_after_its_last_step_where_pytorchs_raises(seed):
    steps = int(np.random.default_rng([seed, 18]).integers(20, 60))
    ours = trace(to_torch(one_cycle(0.1, steps), sgd()), steps + 5, 1)
    assert np.all(ours[steps:] == ours[steps - 1])
    theirs = torch.optim.lr_scheduler.OneCycleLR(sgd(), 0.1, steps, cycle_momentum=False)
    with pytest.raises(ValueError, match="Tried to step"):
        trace(theirs, steps + 5, 1)
