"""Every line of the table of differences, checked on the real frameworks."""

import inspect
import json
from importlib.resources import files

import jax
import keras
import numpy as np
import optax
import pytest
import torch
from optax.contrib import reduce_on_plateau

from cases import framework_rates, framework_weights
from lrcourse import optimizers
from lrcourse.frameworks import trace
from lrcourse.schedules import ReduceOnPlateau, cosine, one_cycle, piecewise, warmup
from steps import our_weights

ROWS = {
    row["id"]: [cell[0] if isinstance(cell, list) else cell for cell in row["cells"]]
    for row in json.loads(files("lrcourse").joinpath("differences.json").read_text("utf-8"))
}
CHECKS = {}
MODULES = (optimizers, torch.optim, keras.optimizers, optax)


def defaults(name, *arguments):
    """What an argument is by default: its name in ours, PyTorch, Keras and Optax."""
    for module, argument in zip(MODULES, arguments, strict=True):
        function = getattr(module, name.lower() if module is optax else name)
        default = inspect.signature(function).parameters[argument].default
        yield None if default is inspect.Parameter.empty else default


def check(*rows):
    """Let a function check these rows, given the name of each."""
    return lambda function: CHECKS.update(dict.fromkeys(rows, function)) or function


@pytest.mark.parametrize("row", ROWS)
def test_a_row_of_the_table_is_so(row):
    CHECKS[row](row)


@check(*(f"default rate of {name}" for name in ("SGD", "Adagrad", "RMSprop", "Adadelta", "Adam")))
def default_rates(row):
    for name in ["Adam", "AdamW"] if row.endswith("Adam") else [row.split()[-1]]:
        rates = list(defaults(name, "learning_rate", "lr", "learning_rate", "learning_rate"))
        assert rates == ROWS[row]


@check("RMSprop alpha", "Adadelta rho", "Adadelta eps", "AdamW decay")
def default_constants(row):
    arguments = {
        "RMSprop alpha": ("alpha", "alpha", "rho", "decay"),
        "Adadelta rho": ("rho", "rho", "rho", "rho"),
        "Adadelta eps": ("eps", "eps", "epsilon", "eps"),
        "AdamW decay": ("weight_decay",) * 4,
    }[row]
    assert list(defaults(row.split()[0], *arguments)) == ROWS[row]


def first_step(calls, gradient):
    """The first step of each of the four, at a rate of 1."""
    ours = eval(calls[0], dict(vars(optimizers)))
    steps = np.full((1, 4), gradient)
    yield our_weights(ours, steps)[0, 0] - 1
    for framework, call in zip(("PyTorch", "Keras", "Optax"), calls[1:], strict=True):
        yield framework_weights(framework, call, steps)[0, 0] - 1


@check("Adagrad sum")
def the_sum_with_which_adagrad_begins(row):
    calls = ["Adagrad(1.0)", "Adagrad({w}, 1.0)", "Adagrad(1.0)", "adagrad(1.0)"]
    expected = [-0.1 / np.sqrt(start + 0.01) for start in ROWS[row]]
    assert list(first_step(calls, 0.1)) == pytest.approx(expected, rel=1e-5)


@check("Adagrad eps", "RMSprop eps", "Adam eps")
def the_place_of_epsilon(row):
    calls, square, g = {
        "Adagrad eps": (["Adagrad(1.0)", "Adagrad({w}, 1.0)", "Adagrad(1.0, 0.0)",
                         "adagrad(1.0, 0.0)"], 1, 1e-5),
        "RMSprop eps": (["RMSprop(1.0)", "RMSprop({w}, 1.0)", "RMSprop(1.0, 0.99)",
                         "rmsprop(1.0, 0.99)"], 0.01, 1e-4),
        "Adam eps": (["Adam(1.0)", "Adam({w}, 1.0)", "Adam(1.0)", "adam(1.0)"], 0.001, 1e-7),
    }[row]  # fmt: skip
    # The table's formulas, with s after one step and c for Adam's correction.
    names = {"s": square * g**2, "c": 0.001, "sqrt": np.sqrt}
    formulas = [cell.replace("√(", "sqrt(").replace("√s", "sqrt(s)") for cell in ROWS[row]]
    formulas = [formula.replace("√c", "sqrt(c)") for formula in formulas]
    expected = [-g / eval(formula, names) for formula in formulas]
    assert list(first_step(calls, g)) == pytest.approx(expected, rel=1e-9)


@check("momentum")
def momentum_and_a_rate_that_changes(row):
    # One gradient of 1, then none, while the rate falls from 1 to 0.1: the
    # second step is 0.5 times the old velocity, at the new rate or at the old.
    rates = piecewise([1.0, 0.1], [1])
    ours = optimizers.SGD(rates, momentum=0.5)
    steps = np.array([[1.0] * 4, [0.0] * 4])
    moved = [np.diff(our_weights(ours, steps)[:, 0])[0]]
    w = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([w], 1.0, momentum=0.5)
    for rate, gradient in ((1.0, 1.0), (0.1, 0.0)):
        before, w.grad = w.item(), torch.tensor([gradient])
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
    moved.append(w.item() - before)
    for framework, schedule in (
        ("Keras", "schedules.PiecewiseConstantDecay([0], [1.0, 0.1])"),
        ("Optax", "piecewise_constant_schedule(1.0, {1: 0.1})"),
    ):
        name = "SGD" if framework == "Keras" else "sgd"
        seen = framework_weights(framework, f"{name}({schedule}, 0.5)", steps)
        moved.append(np.diff(seen[:, 0])[0])
    expected = [-0.05 if "at once" in cell else -0.5 for cell in ROWS[row]]
    assert moved == pytest.approx(expected)


@check("boundary")
def the_first_step_with_a_new_rate(row):
    ours = piecewise([1.0, 0.1], [5])(range(120))
    calls = {
        "PyTorch": "MultiStepLR(sgd(1.0), [5], 0.1)",
        "Keras": "PiecewiseConstantDecay([5], [1.0, 0.1])",
        "Optax": "piecewise_constant_schedule(1.0, {5: 0.1})",
    }
    seen = [ours, *(framework_rates(*item) for item in calls.items())]
    first = [int(np.argmax(rates < 0.5)) for rates in seen]
    assert first == [{"the boundary": 5, "the step after it": 6}[c] for c in ROWS[row]]


@check("after the cosine")
def a_cosine_after_its_end(row):
    calls = {
        "PyTorch": "CosineAnnealingLR(sgd(1.0), 50)",
        "Keras": "CosineDecay(1.0, 50)",
        "Optax": "cosine_decay_schedule(1.0, 50)",
    }
    seen = [cosine(1.0, 50)(range(120)), *(framework_rates(*item) for item in calls.items())]
    said = ["rises again" if rates[60:].max() > 0.1 else "stays" for rates in seen]
    assert said == ROWS[row]


@check("after the cycle")
def the_end_of_one_cycle(row):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], momentum=0.9)
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, 100)
    seen = [
        one_cycle(1.0, 100)(range(110)),
        trace(theirs, 100, 1),
        trace(optax.cosine_onecycle_schedule(100, 1.0), 110, 1),
    ]
    said = [cell for cell in ROWS[row] if cell is not None]
    assert [int(np.argmin(rates)) for rates in seen] == [{"T − 1": 99, "T": 100}[c] for c in said]


@check("total with warmup")
def the_total_of_a_cosine_with_warmup(row):
    ours = warmup(cosine(1.0, 50), 10)(range(120))
    seen = [
        ours,
        framework_rates("Keras", "CosineDecay(0.0, 50, warmup_target=1.0, warmup_steps=10)"),
        framework_rates("Optax", "warmup_cosine_decay_schedule(0.0, 1.0, 10, 50)"),
    ]
    ends = [int(np.argmax(rates[10:] < 1e-12)) + 10 for rates in seen]
    said = [cell for cell in ROWS[row] if cell is not None]
    assert ends == [{"no": 60, "yes": 50}[cell] for cell in said]


def plateaus(metrics, rate=1.0, **settings):
    """The rates after each metric, in all four."""
    factor, patience = 0.5, settings.get("patience", 0)
    ours = ReduceOnPlateau(rate, factor, patience)
    yield [ours.update(metric) for metric in metrics]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, "min", factor, patience)
    yield trace(theirs, 1, len(metrics) + 1, stepped="epoch", metrics=[*metrics, 0])[1:].tolist()
    callback = keras.callbacks.ReduceLROnPlateau("loss", factor, patience)
    sgd = keras.optimizers.SGD(rate)
    count = len(metrics) + 1
    yield trace(sgd, 1, count, callbacks=[callback], metrics=[*metrics, 0])[1:].tolist()
    transform = reduce_on_plateau(factor, patience)
    state, rates = transform.init(jax.numpy.zeros(1)), []
    for metric in metrics:
        _, state = transform.update(jax.numpy.ones(1), state, value=jax.numpy.asarray(metric))
        rates.append(rate * float(state.scale))
    yield rates


@check("patience")
def patience(row):
    seen = list(plateaus([1.0] * 6, patience=2))
    assert [rates.index(0.5) for rates in seen] == ROWS[row]


@check("small reductions")
def small_reductions(row):
    seen = list(plateaus([1.0] * 5, rate=1.5e-8, patience=1))
    said = ["made" if rates[-1] < 1.4e-8 else "ignored" for rates in seen]
    assert said == ROWS[row]


@check("threshold")
def the_default_threshold(row):
    # From 1000 to 999.95: better by 0.05 in all, by 0.00005 of the best.
    seen = list(plateaus([1000.0, 999.95, 999.90, 999.85, 999.80], patience=1))
    said = ["in all" if rates[-1] == 1.0 else "of the best" for rates in seen]
    assert said == ROWS[row]


@check("negative losses")
def eight_losses_of_minus_one(row):
    seen = list(plateaus([-1.0] * 8, patience=1))
    said = ["lowers the rate" if rates[-1] < 1 else "never does" for rates in seen]
    assert said == ROWS[row]


@check("worse below zero")
def losses_that_get_worse_below_zero(row):
    # Each is worse by 0.00005, less than the margin on the wrong side.
    seen = list(plateaus([-1.0, -0.99995, -0.9999, -0.99985], patience=2))
    said = ["better" if rates[-1] == 1 else "worse" for rates in seen]
    assert said == ROWS[row]


@check("batches of an accumulation")
def what_a_schedule_counts_under_accumulation(row):
    rate = keras.optimizers.schedules.PolynomialDecay(1.0, 100, 0.0)
    theirs = keras.optimizers.SGD(rate, gradient_accumulation_steps=2)
    seen = [trace(theirs, 2, 1)]
    optimizer = optax.MultiSteps(optax.sgd(optax.linear_schedule(1.0, 0.0, 100)), 2)
    state, steps = optimizer.init(jax.numpy.zeros(())), []
    for _ in range(4):
        change, state = optimizer.update(jax.numpy.ones(()), state)
        steps.append(-float(change))
    seen.append(steps[1::2])
    rates = {"batches": [0.99, 0.97], "updates": [1.0, 0.99]}
    said = [cell for cell in ROWS[row] if cell is not None]
    for applied, cell in zip(seen, said, strict=True):
        assert list(applied) == pytest.approx(rates[cell])
