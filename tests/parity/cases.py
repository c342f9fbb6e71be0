"""What is compared: each of ours, as a call, beside the framework's call that should do the same.

Both sides are Python expressions. `compute` evaluates the framework's; the live
comparison draws the numbers in them, the recorded one uses `EXAMPLES`.
"""

import warnings

import jax
import keras
import numpy as np
import optax
import torch
from sklearn import linear_model

from lrcourse.frameworks import trace
from steps import START, STEPS

# {name} fields are settings, drawn for the live comparison.
SCHEDULES = [
    ("PyTorch", "constant({rate})", "ConstantLR(sgd({rate}), 1.0)"),
    ("PyTorch", "time_based_compounding({rate}, {decay})",
     "MultiplicativeLR(sgd({rate}), lambda t: 1 / (1 + {decay} * t))"),
    ("PyTorch", "exponential({rate}, {decay})", "ExponentialLR(sgd({rate}), exp(-{decay}))"),
    ("PyTorch", "step_decay({rate}, {drop}, {every})", "StepLR(sgd({rate}), {every}, {drop})"),
    ("PyTorch", "piecewise([{rate}, {rate} * {drop}, {rate} * {drop}**2], [{every}, 2 * {every}])",
     "MultiStepLR(sgd({rate}), [{every}, 2 * {every}], {drop})"),
    ("PyTorch", "linear({rate}, {total}, {rate} * {drop})",
     "LinearLR(sgd({rate}), 1.0, {drop}, {total})"),
    ("PyTorch", "polynomial({rate}, {total}, {power})",
     "PolynomialLR(sgd({rate}), {total}, {power})"),
    ("PyTorch", "cosine({rate}, 120, {rate} * {drop})",
     "CosineAnnealingLR(sgd({rate}), 120, {rate} * {drop})"),
    ("PyTorch", "cosine_restarts({rate}, {every}, {times}, {rate} * {drop})",
     "CosineAnnealingWarmRestarts(sgd({rate}), {every}, {times}, {rate} * {drop})"),
    *[("PyTorch", f"cyclical({{rate}}, 3 * {{rate}}, {{every}}, '{mode}'{ours})",
       f"CyclicLR(sgd(1.0), {{rate}}, 3 * {{rate}}, {{every}}, mode='{mode}'{theirs}, "
       "cycle_momentum=False)")
      for mode, ours, theirs in [("triangular", "", ""), ("triangular2", "", ""),
                                 ("exp_range", ", {drop}", ", gamma={drop}")]],
    *[("PyTorch", f"one_cycle({{rate}}, 120, {{pct}}, 10.0, 100.0, '{way}', {three})",
       f"OneCycleLR(sgd(1.0), {{rate}}, 120, pct_start={{pct}}, anneal_strategy='{way}', "
       f"div_factor=10.0, final_div_factor=100.0, three_phase={three}, cycle_momentum=False)")
      for way in ("cos", "linear") for three in (False, True)],
    ("PyTorch", "warmup(constant({rate}), {every}, {rate} * {drop})",
     "LinearLR(sgd({rate}), {drop}, 1.0, {every})"),
    ("PyTorch", "join([step_decay({rate}, {drop}, 3), cosine({rate}, 120)], [{every}])",
     "sequential(sgd({rate}), lambda o: StepLR(o, 3, {drop}), "
     "lambda o: CosineAnnealingLR(o, 120), [{every}])"),
    ("Keras", "time_based({rate}, {decay})", "InverseTimeDecay({rate}, 1, {decay})"),
    ("Keras", "per_epoch(time_based({rate}, {decay}), {every})",
     "InverseTimeDecay({rate}, {every}, {decay}, staircase=True)"),
    ("Keras", "exponential({rate}, {decay})", "ExponentialDecay({rate}, 1, exp(-{decay}))"),
    ("Keras", "step_decay({rate}, {drop}, {every})",
     "ExponentialDecay({rate}, {every}, {drop}, staircase=True)"),
    ("Keras", "piecewise([{rate}, {rate} * {drop}], [{every} + 1])",
     "PiecewiseConstantDecay([{every}], [{rate}, {rate} * {drop}])"),
    ("Keras", "polynomial({rate}, {total}, {power}, {rate} * {drop})",
     "PolynomialDecay({rate}, {total}, {rate} * {drop}, {power})"),
    ("Keras", "cosine({rate}, {total}, {rate} * {drop})", "CosineDecay({rate}, {total}, {drop})"),
    ("Keras", "warmup(cosine({rate}, {total}), {every}, {rate} * {drop})",
     "CosineDecay({rate} * {drop}, {total}, warmup_target={rate}, warmup_steps={every})"),
    ("Keras", "cosine_restarts({rate}, {every}, {times}, {rate} * {drop})",
     "CosineDecayRestarts({rate}, {every}, t_mul=float({times}), m_mul=1.0, alpha={drop})"),
    ("Keras", "cosine_restarts({rate}, {every}, {times}, {rate} * {pct}, shrink={drop})",
     "CosineDecayRestarts({rate}, {every}, t_mul=float({times}), m_mul={drop}, alpha={pct})"),
    ("Optax", "constant({rate})", "constant_schedule({rate})"),
    ("Optax", "exponential({rate}, {decay})", "exponential_decay({rate}, 1, exp(-{decay}))"),
    ("Optax", "geometric({rate}, {rate} * {drop}, {total})",
     "exponential_decay({rate}, {total}, {drop}, end_value={rate} * {drop})"),
    ("Optax", "step_decay({rate}, {drop}, {every})",
     "exponential_decay({rate}, {every}, {drop}, staircase=True)"),
    ("Optax", "piecewise([{rate}, {rate} * {drop}], [{every}])",
     "piecewise_constant_schedule({rate}, {{{every}: {drop}}})"),
    ("Optax", "linear({rate}, {total}, {rate} * {drop})",
     "linear_schedule({rate}, {rate} * {drop}, {total})"),
    ("Optax", "polynomial({rate}, {total}, {power}, {rate} * {drop})",
     "polynomial_schedule({rate}, {rate} * {drop}, {power}, {total})"),
    ("Optax", "cosine({rate}, {total}, {rate} * {drop})",
     "cosine_decay_schedule({rate}, {total}, {drop})"),
    ("Optax", "warmup(cosine({rate}, {total}, {rate} * {drop}), {every})",
     "warmup_cosine_decay_schedule(0.0, {rate}, {every}, {total} + {every}, {rate} * {drop})"),
    ("Optax", "warmup_stable_decay({rate}, 100 + {every}, {every}, 20, {rate} * {drop})",
     "join_schedules([linear_schedule(0.0, {rate}, {every}), constant_schedule({rate}), "
     "linear_schedule({rate}, {rate} * {drop}, 20)], [{every}, 80 + {every}])"),
    ("Optax", "warmup_stable_decay({rate}, 100 + {every}, {every}, 20, shape='cosine')",
     "join_schedules([linear_schedule(0.0, {rate}, {every}), constant_schedule({rate}), "
     "cosine_decay_schedule({rate}, 20)], [{every}, 80 + {every}])"),
    ("Optax", "warmup_stable_decay({rate}, 100 + {every}, {every}, 20, {rate} * {drop}, 'sqrt')",
     "join_schedules([linear_schedule(0.0, {rate}, {every}), constant_schedule({rate}), "
     "lambda t: {rate} * ({drop} + (1 - {drop}) * (1 - jnp.sqrt(jnp.minimum(t, 20) / 20)))], "
     "[{every}, 80 + {every}])"),
    ("scikit-learn", "inverse_power({rate}, {power})",
     "SGDClassifier(learning_rate='invscaling', eta0={rate}, power_t={power}, penalty=None, "
     "fit_intercept=False)"),
    ("scikit-learn", "inverse_power({rate}, {power})",
     "SGDRegressor(learning_rate='invscaling', eta0={rate}, power_t={power}, penalty=None, "
     "fit_intercept=False, loss='epsilon_insensitive', epsilon=0)"),
    ("Optax", "inverse_sqrt({rate}, {every})",
     "lambda t: {rate} * jnp.minimum(t / {every}, jnp.sqrt({every} / jnp.maximum(t, 1)))"),
]  # fmt: skip

# eps 1e-150 stands for an ε whose place, under the root or not, does not show. The
# decay in Adam's gradient is small: a large one feeds the weights back into nearly
# sign-sized steps, and roundings grow from step to step.
OPTIMIZERS = [
    ("PyTorch", "SGD({rate}, {momentum}, weight_decay={drop})",
     "SGD({w}, {rate}, {momentum}, weight_decay={drop})"),
    ("PyTorch", "SGD({rate}, {momentum}, nesterov=True)",
     "SGD({w}, {rate}, {momentum}, nesterov=True)"),
    ("PyTorch", "Adagrad({rate}, {eps})", "Adagrad({w}, {rate}, eps={eps})"),
    ("PyTorch", "RMSprop({rate}, {momentum}, {eps})", "RMSprop({w}, {rate}, {momentum}, {eps})"),
    ("PyTorch", "Adadelta({rate}, {momentum}, {eps})", "Adadelta({w}, {rate}, {momentum}, {eps})"),
    ("PyTorch", "Adam({rate}, ({momentum}, {beta}), {eps}, 0.001 * {drop})",
     "Adam({w}, {rate}, ({momentum}, {beta}), {eps}, 0.001 * {drop})"),
    ("PyTorch", "AdamW({rate}, ({momentum}, {beta}), {eps}, {drop})",
     "AdamW({w}, {rate}, ({momentum}, {beta}), {eps}, {drop})"),
    ("Keras", "SGD({rate}, {momentum})", "SGD({rate}, {momentum})"),
    ("Keras", "SGD({rate}, {momentum}, nesterov=True)", "SGD({rate}, {momentum}, nesterov=True)"),
    ("Keras", "Adagrad({rate}, 1e-150)", "Adagrad({rate}, 0.0, 1e-300)"),
    ("Keras", "RMSprop({rate}, {momentum}, 1e-150)", "RMSprop({rate}, {momentum}, epsilon=1e-300)"),
    ("Keras", "Adadelta({rate}, {momentum}, {eps})", "Adadelta({rate}, {momentum}, {eps})"),
    ("Keras", "Adam({rate}, ({momentum}, {beta}), 1e-150)",
     "Adam({rate}, {momentum}, {beta}, 1e-150)"),
    ("Keras", "AdamW({rate}, ({momentum}, {beta}), 1e-150, {drop})",
     "AdamW({rate}, {drop}, {momentum}, {beta}, 1e-150)"),
    ("Optax", "SGD({rate}, {momentum})", "sgd({rate}, {momentum})"),
    ("Optax", "SGD({rate}, {momentum}, nesterov=True)", "sgd({rate}, {momentum}, nesterov=True)"),
    ("Optax", "Adagrad({rate}, 1e-150)", "adagrad({rate}, 0.0, 1e-300)"),
    ("Optax", "RMSprop({rate}, {momentum}, {eps})",
     "rmsprop({rate}, {momentum}, {eps}, eps_in_sqrt=False)"),
    ("Optax", "Adadelta({rate}, {momentum}, {eps})", "adadelta({rate}, {momentum}, {eps})"),
    ("Optax", "Adam({rate}, ({momentum}, {beta}), {eps})",
     "adam({rate}, {momentum}, {beta}, {eps})"),
    ("Optax", "AdamW({rate}, ({momentum}, {beta}), {eps}, {drop})",
     "adamw({rate}, {momentum}, {beta}, {eps}, weight_decay={drop})"),
]  # fmt: skip

EXAMPLES = [
    {"rate": 0.1, "decay": 0.02, "drop": 0.5, "every": 7, "total": 90, "power": 1.7, "times": 2,
     "pct": 0.3, "momentum": 0.9, "beta": 0.999, "eps": 1e-8},
    {"rate": 0.003, "decay": 0.5, "drop": 0.13, "every": 10, "total": 33, "power": 0.5, "times": 1,
     "pct": 0.17, "momentum": 0.45, "beta": 0.97, "eps": 1e-3},
]  # fmt: skip


def sgd(rate):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)


def sequential(optimizer, first, second, milestones):
    schedulers = [first(optimizer), second(optimizer)]
    return torch.optim.lr_scheduler.SequentialLR(optimizer, schedulers, milestones)


NAMES = {
    "PyTorch": {**vars(torch.optim.lr_scheduler), "sgd": sgd, "sequential": sequential},
    "Keras": vars(keras.optimizers.schedules),
    "Optax": {**vars(optax), "jnp": jax.numpy},
    "scikit-learn": vars(linear_model),
}


def framework_rates(framework: str, call: str) -> np.ndarray:
    """The rates of the steps 0 to STEPS - 1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of its own SequentialLR
        made = eval(call, {**NAMES[framework], "exp": np.exp})
    if framework == "Keras":
        made = keras.optimizers.SGD(made)
    if framework == "scikit-learn":
        return np.array([_rate_of_the_next_row(made) for _ in range(STEPS)])
    return trace(made, STEPS, 1)


def _rate_of_the_next_row(model):
    """The step that a linear model makes from 0 where the slope of its loss is -1."""
    classes = {"classes": [0, 1]} if hasattr(model, "decision_function") else {}
    model.partial_fit([[1.0]], [1], **classes)
    (step,) = model.coef_.ravel().copy()
    model.coef_[...] = 0
    return step


def framework_weights(framework: str, call: str, steps: np.ndarray) -> np.ndarray:
    """The weights after each of the updates, (UPDATES, weights)."""
    seen = []
    if framework == "PyTorch":
        w = torch.nn.Parameter(torch.tensor(START, dtype=torch.float64))
        optimizer = eval(call.replace("{w}", "[w]"), {**vars(torch.optim), "w": w})
        for gradient in steps:
            w.grad = torch.tensor(gradient)
            optimizer.step()
            seen.append(w.detach().numpy().copy())
    elif framework == "Keras":
        w = keras.Variable(np.array(START), dtype="float64")
        optimizer = eval(call, dict(vars(keras.optimizers)))
        for gradient in steps:
            optimizer.apply([keras.ops.convert_to_tensor(gradient, "float64")], [w])
            seen.append(np.array(keras.ops.convert_to_numpy(w)))
    else:
        w = jax.numpy.array(START)
        optimizer = eval(call, dict(vars(optax)))
        state = optimizer.init(w)
        update = jax.jit(optimizer.update)
        for gradient in steps:
            change, state = update(jax.numpy.array(gradient), state, w)
            w = optax.apply_updates(w, change)
            seen.append(np.asarray(w))
    return np.array(seen)
