"""The rates that a training will really apply, without the training."""

import copy
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import numpy as np

from lrcourse.checks import flag, number, one_of, positive_integer, sequence, several, whole
from lrcourse.frameworks.installed import framework
from lrcourse.schedules import ReduceOnPlateau, Schedule
from lrcourse.training import misfit, zero_rates

WHEN = ("update", "epoch", "before update", "before epoch", "batch")


def trace(
    applied,
    updates_per_epoch: int,
    epochs: int,
    *,
    stepped: str = "update",
    callbacks: Sequence = (),
    metrics: Sequence[float] | None = None,
    accumulate: int = 1,
    skipped: Sequence[int] = (),
    processes: int = 1,
    effective: bool = False,
) -> np.ndarray:
    r"""Return the rate that will be applied at every update of a training, without training.

    Parameters
    ----------
    applied
        What decides on the rate: a PyTorch scheduler, a Keras optimizer, an
        Optax schedule, a `Schedule` or a `ReduceOnPlateau`. It goes on from where it is,
        and is afterwards as it was.
    updates_per_epoch, epochs : int
        An update is a step of the optimizer. With gradient accumulation an epoch has
        `accumulate` times as many batches.
    stepped : {"update", "epoch", "before update", "before epoch", "batch"}
        When ``scheduler.step()`` is called: after every update or epoch, as
        PyTorch asks for, or, as in common mistakes, before, or after every batch
        of an accumulation. A schedule (Optax's or a `Schedule`) is called with the
        number of steps made. A Keras optimizer counts batches; its callbacks know
        what they do.
    callbacks : sequence of Keras callbacks
        Their methods are called as ``fit`` calls them, on copies.
    metrics : sequence of float, optional
        The metric of every epoch, for rules such as ``ReduceLROnPlateau``, which are
        stepped by the epoch; in Keras it is both ``loss`` and ``val_loss``.
    accumulate : int
        The batches whose gradients make one update. A Keras optimizer knows its own.
    skipped : sequence of int
        The updates, from 0, that mixed precision leaves out because a gradient was not
        finite; their rate is nan. ``scheduler.step()`` is called all the same, and a
        PyTorch scheduler moves on. Keras and Optax count only what was applied.
    processes : int
        The steps that one call of ``scheduler.step()`` makes: with Hugging Face's
        Accelerate as many as there are processes.
    effective : bool
        Return what the running average of the gradients is multiplied with instead: the
        rate times Adam's correction :math:`\sqrt{1 - \beta_2^t} / (1 - \beta_1^t)`, or
        Muon's factor for the shape of a weight.

    Returns
    -------
    array (updates,), or (updates, groups) for a PyTorch optimizer with several groups
        Shorter if a callback stops the training. `effective` gives a column to each
        parameter, if there are several.

    Warns
    -----
    UserWarning
        When more than one update has a rate of exactly 0, or the warmup of a `Schedule` outlasts
        the run.

    >>> from lrcourse.schedules import linear, step_decay
    >>> trace(step_decay(0.1, 0.5, 1), updates_per_epoch=2, epochs=3, stepped="epoch")
    array([0.1  , 0.1  , 0.05 , 0.05 , 0.025, 0.025])
    >>> trace(linear(0.1, 20), 5, 1, accumulate=4, stepped="batch")
    array([0.085, 0.065, 0.045, 0.025, 0.005])
    """
    updates_per_epoch = positive_integer("updates_per_epoch", updates_per_epoch)
    epochs = positive_integer("epochs", epochs)
    accumulate = positive_integer("accumulate", accumulate)
    processes = positive_integer("processes", processes)
    one_of("stepped", stepped, WHEN), flag("effective", effective)
    updates = updates_per_epoch * epochs
    skipped = [whole("each of skipped", each, 0, updates - 1) for each in skipped]
    if metrics is not None:
        metrics = several(number)("metrics", metrics)
        if len(metrics) != epochs:
            raise ValueError(f"metrics must be one for each epoch, got {len(metrics)}")
    kinds = {kind.__module__.split(".")[0] for kind in type(applied).__mro__}
    if len(sequence("callbacks", callbacks)) and "keras" not in kinds:
        raise ValueError("callbacks must be left out unless a Keras optimizer is traced")
    plan = SimpleNamespace(
        n=updates_per_epoch, epochs=epochs, stepped=stepped, metrics=metrics,
        accumulate=accumulate, skipped=set(skipped), processes=processes, effective=effective,
    )  # fmt: skip
    if "torch" in kinds and hasattr(applied, "optimizer"):
        return _told(_columns(_trace_torch(applied, plan)))
    if "keras" in kinds and hasattr(applied, "learning_rate") and hasattr(applied, "iterations"):
        return _told(_columns(_trace_keras(applied, plan, callbacks)))
    if effective:
        raise ValueError("effective must be False unless the optimizer is known, got True")
    if isinstance(applied, ReduceOnPlateau):
        return _told(_trace_rule(copy.copy(applied), plan))
    if not callable(applied) or kinds & {"torch", "keras"}:
        raise TypeError(
            "applied must be a PyTorch scheduler, a Keras optimizer, an Optax schedule "
            f"or a Schedule, got {_named(applied)}"
        )
    rates, counts = _trace_function(applied, plan)
    unit = stepped.split()[-1]
    return _told(rates, misfit(applied, counts, unit) if isinstance(applied, Schedule) else "")


def _told(rates, problem=""):
    """Return the rates, with a warning if they cannot be meant."""
    if problem := problem or zero_rates("the rate", rates):
        warnings.warn(problem, stacklevel=3)
    return rates


def _named(applied) -> str:
    """Say what was given, and what to give in its place."""
    name = type(applied).__name__
    if hasattr(applied, "param_groups"):
        return f"the optimizer {name}: give the scheduler that changes its rate"
    if hasattr(applied, "init") and hasattr(applied, "update"):
        return "an Optax optimizer: give the schedule that it was made with"
    if hasattr(applied, "fit"):
        return f"the model {name}: give its optimizer, model.optimizer"
    if hasattr(applied, "get_config"):
        return f"{name}: give the optimizer that it was handed to, keras.optimizers.SGD({name}(…))"
    return repr(applied)[:200]


def _columns(rates):
    rates = np.array(rates)
    return rates[:, 0] if rates.ndim == 2 and rates.shape[1] == 1 else rates


def _trace_function(schedule, plan):
    update = np.arange(plan.n * plan.epochs)
    if not isinstance(schedule, Schedule) and plan.processes > 1:
        raise ValueError("processes must be 1 for Optax, which steps no scheduler")
    made = update.copy()
    if not isinstance(schedule, Schedule):  # what a transformation left out, Optax does not count
        made -= np.searchsorted(sorted(plan.skipped), update)
    if plan.stepped.endswith("epoch"):
        made = update // plan.n
    if plan.stepped == "batch":  # the last batch of an update has not been counted
        made = made * plan.accumulate + plan.accumulate - 1
    counts = (made + plan.stepped.startswith("before")) * plan.processes
    if isinstance(schedule, Schedule):
        rates = schedule(counts)
    else:
        jax = framework("jax")
        rates = jax.vmap(lambda count: jax.numpy.asarray(schedule(count)))(counts)
    rates = np.array(rates, float)
    rates[sorted(plan.skipped)] = np.nan
    return rates, counts


def _trace_rule(rule, plan):
    rates = []
    for metric in _needed(plan.metrics):
        rates += [rule.learning_rate] * plan.n
        rule.update(metric)
    return np.array(rates)


def _needed(metrics):
    if metrics is None:
        raise ValueError("metrics must be given for a rule on a plateau, got None")
    return metrics


def _trace_torch(scheduler, plan):
    # A copy with small parameters and no optimizer state: all that matters is
    # the rate in each group when the optimizer would step.
    torch = framework("torch")
    from lrcourse.frameworks.on_torch import OnPlateau, Scheduled, adopt

    original = scheduler.optimizer
    factors = _Factors(original) if plan.effective else None
    memo = {id(original.state): defaultdict(dict)}
    for group in original.param_groups:
        memo |= {id(w): torch.nn.Parameter(torch.zeros(1)) for w in group["params"]}
    scheduler = copy.deepcopy(scheduler, memo)
    optimizer = scheduler.optimizer
    if isinstance(scheduler, (Scheduled, OnPlateau)):
        adopt(optimizer)  # as the next update does
    by_metric = isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau)
    if by_metric:
        _needed(plan.metrics)
    rates = []

    def step(epoch, when):
        if when == plan.stepped:
            for _ in range(plan.processes):
                scheduler.step(*([plan.metrics[epoch]] if by_metric else []))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the order of steps, which is the question here
        optimizer._opt_called = True
        for epoch in range(plan.epochs):
            step(epoch, "before epoch")
            for _ in range(plan.n):
                step(epoch, "before update")
                for _ in range(plan.accumulate - 1):
                    step(epoch, "batch")
                applied = [float(group["lr"]) for group in optimizer.param_groups]
                if len(rates) in plan.skipped:
                    applied = [np.nan] * len(applied)
                if factors:
                    applied = factors.effective(applied, len(rates) not in plan.skipped)
                rates.append(applied)
                step(epoch, "batch")
                step(epoch, "update")
            step(epoch, "epoch")
    return rates


def _adam(t, beta1, beta2):
    return np.sqrt(1 - beta2**t) / (1 - beta1**t)


def _muon(group, shape):
    rows, columns = shape[0], shape[1]
    if group["adjust_lr_fn"] == "match_rms_adamw":
        return 0.2 * np.sqrt(max(rows, columns))
    return np.sqrt(max(1, rows / columns)) if group["adjust_lr_fn"] in (None, "original") else 1.0


_TORCH_FACTORS: dict[str, Callable] = {
    "SGD": lambda t, group, shape: 1.0,
    "RMSprop": lambda t, group, shape: 1.0,
    "Adagrad": lambda t, group, shape: 1 / (1 + (t - 1) * group["lr_decay"]),
    "Adam": lambda t, group, shape: _adam(t, *group["betas"]),
    "AdamW": lambda t, group, shape: _adam(t, *group["betas"]),
    "Muon": lambda t, group, shape: _muon(group, shape),
}


class _Factors:
    """What the optimizer makes of the rate, for each of its parameters."""

    def __init__(self, optimizer):
        name = type(optimizer).__name__
        if name not in _TORCH_FACTORS:
            known = ", ".join(_TORCH_FACTORS)
            raise ValueError(f"effective must be False but for {known}, got True for {name}")
        self.factor = _TORCH_FACTORS[name]
        self.parameters = [
            (number, group, tuple(w.shape), float(optimizer.state.get(w, {}).get("step", 0)))
            for number, group in enumerate(optimizer.param_groups)
            for w in group["params"]
        ]
        self.made = 0

    def effective(self, rates, applied):
        self.made += applied
        return [
            rates[number] * float(self.factor(before + self.made, group, shape)) if applied
            else np.nan
            for number, group, shape, before in self.parameters
        ]  # fmt: skip


def _trace_keras(optimizer, plan, callbacks):
    keras = framework("keras")
    if any(not isinstance(callback, keras.callbacks.Callback) for callback in callbacks):
        raise TypeError(f"callbacks must be Keras callbacks, got {callbacks!r}")
    model = SimpleNamespace(optimizer=optimizer, stop_training=False, metrics=[])
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # of a LossScaleOptimizer
    every = optimizer.gradient_accumulation_steps or 1
    if plan.accumulate not in (1, every):
        raise ValueError(f"accumulate must be the optimizer's {every}, got {plan.accumulate}")
    if plan.processes > 1:
        raise ValueError("processes must be 1 for Keras, which steps no scheduler")
    if plan.skipped and every > 1:
        raise ValueError("skipped must be empty for a Keras optimizer that accumulates")
    copies = []
    for callback in callbacks:
        shared = getattr(callback, "_model", None)
        copies.append(copy.deepcopy(callback, {id(shared): shared}))
        copies[-1].set_model(model)
        copies[-1].set_params({"epochs": plan.epochs, "steps": plan.n * every, "verbose": 0})

    def call(hook, *arguments):
        for callback in copies:
            getattr(callback, hook)(*arguments)

    given = optimizer._learning_rate
    variable = isinstance(given, keras.Variable)
    rate = keras.ops.convert_to_numpy(given).copy() if variable else None
    counter = optimizer._iterations  # of batches, also where several make an update
    iteration = before = int(keras.ops.convert_to_numpy(counter))
    rates = []
    try:
        call("on_train_begin", {})
        for epoch in range(plan.epochs):
            call("on_epoch_begin", epoch, {})
            for batch in range(plan.n * every):
                call("on_train_batch_begin", batch, {})
                counter.assign(iteration)
                if (iteration + 1) % every == 0:
                    applied = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
                    skip = len(rates) in plan.skipped
                    applied = np.nan if skip else applied
                    if plan.effective:
                        applied = _keras_effective(optimizer, applied, iteration // every + 1)
                    rates.append(applied)
                    iteration -= skip
                iteration += 1
                counter.assign(iteration)
                call("on_train_batch_end", batch, {})
            metric = () if plan.metrics is None else ("loss", "val_loss")
            call("on_epoch_end", epoch, {name: plan.metrics[epoch] for name in metric})
            if model.stop_training:
                break
        call("on_train_end", {})
    finally:
        counter.assign(before)
        if variable:
            given.assign(rate)
    return rates


def _keras_effective(optimizer, rate, t):
    match type(optimizer).__name__:
        case "SGD" | "RMSprop" | "Adagrad":
            return rate
        case "Adam" | "AdamW":
            return rate * _adam(t, optimizer.beta_1, optimizer.beta_2)
        case "Muon" if optimizer.built:
            adam = optimizer.adam_lr_ratio * _adam(t, optimizer.adam_beta_1, optimizer.adam_beta_2)
            rms = optimizer.rms_rate
            return [
                rate * (adam if optimizer._should_use_adamw(each)
                        else 1.0 if rms is None else rms * max(each.shape) ** 0.5)
                for each in optimizer._trainable_variables
            ]  # fmt: skip
        case "Muon":
            raise ValueError("effective needs the shapes: build the model, or train it once")
    known = "SGD, RMSprop, Adagrad, Adam, AdamW, Muon"
    raise ValueError(
        f"effective must be False but for {known}, got True for {type(optimizer).__name__}"
    )
