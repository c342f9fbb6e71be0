"""The bridge to PyTorch, Keras 3 and Optax, both ways.

`to_torch`, `to_keras`, `to_keras_callback` and `to_optax` give a `Schedule` to a
framework; `trace` returns the rate that a framework will really apply at every
update. A framework is imported when it is asked for.
"""

import copy
import importlib
import warnings
from collections import defaultdict
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np

from lrcourse.checks import instance, number, one_of, positive_integer, sequence, several
from lrcourse.language import LANGUAGES, current_language, shipped
from lrcourse.schedules import Schedule
from lrcourse.tables import Code, Table
from lrcourse.training import misfit, zero_rates

_INSTALL = {
    "torch": ("PyTorch", "pip install torch"),
    "keras": ("Keras 3", "pip install keras torch, with KERAS_BACKEND=torch"),
    "jax": ("JAX", "pip install optax"),
}
WHEN = ("update", "epoch", "before update", "before epoch")


def to_torch(schedule: Schedule, optimizer):
    """Return a PyTorch scheduler: after n calls of its ``step()`` the rate is ``schedule(n)``.

    Call ``step()`` after every update for a schedule of updates, after every
    epoch for one of epochs. A parameter group whose ``lr`` is a multiple of the
    optimizer's stays that multiple of the schedule. It is saved and restored by
    ``state_dict``, which holds the number of steps; the schedule itself is not in it.

    Parameters
    ----------
    schedule : Schedule
    optimizer : torch.optim.Optimizer
        Its ``lr``, which must not be 0, is replaced.

    Raises
    ------
    ModuleNotFoundError
        Without PyTorch.
    """
    torch = _framework("torch")
    instance("schedule", schedule, Schedule)
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(f"optimizer must be a torch.optim.Optimizer, got {optimizer!r}")
    if not optimizer.defaults.get("lr"):
        raise ValueError(f"optimizer must have an lr, got {optimizer.defaults.get('lr')}")
    scale = 1 / float(optimizer.defaults["lr"])

    class Scheduled(torch.optim.lr_scheduler.LRScheduler):
        def get_lr(self):
            rate = schedule(self.last_epoch)
            return [rate * (float(base) * scale) for base in self.base_lrs]

    return Scheduled(optimizer)


def to_keras(schedule: Schedule, total_steps: int):
    """Return a Keras ``LearningRateSchedule``, of updates: Keras asks it before each.

    It looks the rates up in a table of the steps 0 to `total_steps`, so that it
    works in compiled code; after them it stays at the last. For a schedule of
    epochs see `lrcourse.schedules.per_epoch` or `to_keras_callback`.

    Parameters
    ----------
    schedule : Schedule
    total_steps : int
        The updates of the training.

    Raises
    ------
    ModuleNotFoundError
        Without Keras 3 and a backend.
    """
    keras = _framework("keras")
    rates = _table(schedule, total_steps)

    class Scheduled(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            table = keras.ops.convert_to_tensor(rates, keras.config.floatx())
            step = keras.ops.minimum(keras.ops.cast(step, "int32"), total_steps)
            return keras.ops.take(table, step)

        def get_config(self):
            return {"schedule": repr(schedule), "total_steps": total_steps}

    return Scheduled()


def to_keras_callback(schedule: Schedule):
    """Return a Keras callback that sets the rate of every epoch, ``schedule(epoch)``.

    Raises
    ------
    ModuleNotFoundError
        Without Keras 3 and a backend.
    """
    keras = _framework("keras")
    instance("schedule", schedule, Schedule)
    return keras.callbacks.LearningRateScheduler(lambda epoch, rate: schedule(epoch))


def to_optax(schedule: Schedule, total_steps: int):
    """Return an Optax schedule: a function of the count of updates, also under ``jax.jit``.

    It looks the rates up in a table of the steps 0 to `total_steps`; after them
    it stays at the last. The numbers are 32-bit unless JAX's ``jax_enable_x64`` is set.

    Raises
    ------
    ModuleNotFoundError
        Without JAX.
    """
    jax = _framework("jax")
    rates = _table(schedule, total_steps)

    def scheduled(count):
        return jax.numpy.asarray(rates)[jax.numpy.minimum(count, total_steps)]

    return scheduled


def trace(
    applied,
    updates_per_epoch: int,
    epochs: int,
    *,
    stepped: str = "update",
    callbacks: Sequence = (),
    metrics: Sequence[float] | None = None,
) -> np.ndarray:
    """Return the rate that will be applied at every update of a training, without training.

    Parameters
    ----------
    applied
        What decides on the rate: a PyTorch scheduler, a Keras optimizer, an
        Optax schedule, or a `Schedule`. It goes on from where it is, and is
        afterwards as it was.
    updates_per_epoch, epochs : int
    stepped : {"update", "epoch", "before update", "before epoch"}
        When ``scheduler.step()`` is called: after every update or epoch, as
        PyTorch asks for, or, as in a common mistake, before. A schedule (Optax's
        or a `Schedule`) is called with the number of steps made. A Keras
        optimizer counts updates; its callbacks know what they do.
    callbacks : sequence of Keras callbacks
        Their methods are called as ``fit`` calls them, on copies.
    metrics : sequence of float, optional
        The metric of every epoch, for rules such as ``ReduceLROnPlateau``; in
        Keras it is both ``loss`` and ``val_loss``.

    Returns
    -------
    array (updates,), or (updates, groups) for a PyTorch optimizer with several groups
        Shorter if a callback stops the training.

    Warns
    -----
    UserWarning
        When more than one update has a rate of exactly 0, or the warmup of a `Schedule` outlasts
        the run.

    >>> from lrcourse.schedules import step_decay
    >>> trace(step_decay(0.1, 0.5, 1), updates_per_epoch=2, epochs=3, stepped="epoch")
    array([0.1  , 0.1  , 0.05 , 0.05 , 0.025, 0.025])
    """
    updates_per_epoch = positive_integer("updates_per_epoch", updates_per_epoch)
    epochs = positive_integer("epochs", epochs)
    one_of("stepped", stepped, WHEN)
    if metrics is not None:
        metrics = several(number)("metrics", metrics)
        if len(metrics) != epochs:
            raise ValueError(f"metrics must be one for each epoch, got {len(metrics)}")
    kinds = {kind.__module__.split(".")[0] for kind in type(applied).__mro__}
    if len(sequence("callbacks", callbacks)) and "keras" not in kinds:
        raise ValueError("callbacks must be left out unless a Keras optimizer is traced")
    if "torch" in kinds and hasattr(applied, "optimizer"):
        return _told(_trace_torch(applied, updates_per_epoch, epochs, stepped, metrics))
    if "keras" in kinds and hasattr(applied, "learning_rate"):
        return _told(_trace_keras(applied, updates_per_epoch, epochs, callbacks, metrics))
    if not callable(applied) or kinds & {"torch", "keras"}:
        raise TypeError(
            "applied must be a PyTorch scheduler, a Keras optimizer, an Optax schedule "
            f"or a Schedule, got {applied!r}"
        )
    counts = np.arange(updates_per_epoch * epochs)
    if stepped.endswith("epoch"):
        counts //= updates_per_epoch
    counts += stepped.startswith("before")
    if isinstance(applied, Schedule):
        return _told(applied(counts), misfit(applied, counts, stepped.split()[-1]))
    jax = _framework("jax")
    rates = jax.vmap(lambda count: jax.numpy.asarray(applied(count)))(counts)
    return _told(np.asarray(rates, float))


def _told(rates, problem=""):
    """Return the rates, with a warning if they cannot be meant."""
    if problem := problem or zero_rates("the rate", rates):
        warnings.warn(problem, stacklevel=3)
    return rates


def differences() -> Table:
    """Return where this library, PyTorch, Keras and Optax differ, in the chosen language.

    All else that has a counterpart is equal, to 1e-12 in 64 bits. Each row is
    checked against the real frameworks by ``make parity``.

    >>> differences().column("PyTorch")[:2]
    [0.001, 0.01]
    """
    language = LANGUAGES.index(current_language())
    rows = [
        [
            cell[language] if isinstance(cell, list) else cell
            for cell in (row["what"], *row["cells"])
        ]
        for row in shipped("differences.json")
    ]
    return Table(["what differs", "lrcourse", "PyTorch", "Keras", "Optax"], rows)


def counterparts(of: str) -> Table:
    """Return schedules or optimizers as calls of this library, PyTorch, Keras and Optax.

    The calls under a formula do the same; a framework that has none is left out.
    ``make parity`` runs them all. The rates of the steps 0 to 100 agree to 1e-12; the
    weights over 200 updates to 1e-10, or, where ε stands under the root, to 1e-3.

    Parameters
    ----------
    of : {"schedules", "optimizers"}

    >>> counterparts("schedules").rows[:2]
    [['formula', 'η₀'], ['lrcourse', 'constant(0.1)']]
    """
    one_of("of", of, ("schedules", "optimizers"))
    rows = shipped("counterparts.json")[of]
    return Table(
        ["framework", "call"],
        [
            [name, call if name == "formula" else Code(call)]
            for row in rows
            for name, call in zip(
                ("formula", "lrcourse", "PyTorch", "Keras", "Optax"), row, strict=True
            )
            if call is not None
        ],
    )


def _trace_torch(scheduler, updates_per_epoch, epochs, stepped, metrics):
    # A copy with small parameters and no optimizer state: all that matters is
    # the rate in each group when the optimizer would step.
    torch = _framework("torch")
    memo = {id(scheduler.optimizer.state): defaultdict(dict)}
    for group in scheduler.optimizer.param_groups:
        memo |= {id(w): torch.nn.Parameter(torch.zeros(1)) for w in group["params"]}
    scheduler = copy.deepcopy(scheduler, memo)
    optimizer = scheduler.optimizer
    takes_metric = isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau)
    if takes_metric and metrics is None:
        raise ValueError("metrics must be given for ReduceLROnPlateau, got None")
    rates = []

    def step(epoch):
        scheduler.step(*([metrics[epoch]] if takes_metric else []))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the order of steps, which is the question here
        for epoch in range(epochs):
            if stepped == "before epoch":
                step(epoch)
            for _ in range(updates_per_epoch):
                if stepped == "before update":
                    step(epoch)
                rates.append([float(group["lr"]) for group in optimizer.param_groups])
                optimizer._opt_called = True
                if stepped == "update":
                    step(epoch)
            if stepped == "epoch":
                step(epoch)
    return np.array(rates)[:, 0] if len(rates[0]) == 1 else np.array(rates)


def _trace_keras(optimizer, updates_per_epoch, epochs, callbacks, metrics):
    keras = _framework("keras")
    if any(not isinstance(callback, keras.callbacks.Callback) for callback in callbacks):
        raise TypeError(f"callbacks must be Keras callbacks, got {callbacks!r}")
    model = SimpleNamespace(optimizer=optimizer, stop_training=False, metrics=[])
    copies = []
    for callback in callbacks:
        shared = getattr(callback, "_model", None)
        copies.append(copy.deepcopy(callback, {id(shared): shared}))
        copies[-1].set_model(model)
        copies[-1].set_params({"epochs": epochs, "steps": updates_per_epoch, "verbose": 0})

    def call(hook, *arguments):
        for callback in copies:
            getattr(callback, hook)(*arguments)

    given = optimizer._learning_rate
    variable = isinstance(given, keras.Variable)
    rate = keras.ops.convert_to_numpy(given).copy() if variable else None
    iterations = int(keras.ops.convert_to_numpy(optimizer.iterations))
    rates = []
    try:
        call("on_train_begin", {})
        for epoch in range(epochs):
            call("on_epoch_begin", epoch, {})
            for update in range(updates_per_epoch):
                call("on_train_batch_begin", update, {})
                optimizer.iterations.assign(iterations + len(rates))
                rates.append(float(keras.ops.convert_to_numpy(optimizer.learning_rate)))
                optimizer.iterations.assign(iterations + len(rates))
                call("on_train_batch_end", update, {})
            metric = {} if metrics is None else {"loss": metrics[epoch], "val_loss": metrics[epoch]}
            call("on_epoch_end", epoch, metric)
            if model.stop_training:
                break
        call("on_train_end", {})
    finally:
        optimizer.iterations.assign(iterations)
        if variable:
            given.assign(rate)
    return np.array(rates)


def _table(schedule, total_steps):
    steps = np.arange(positive_integer("total_steps", total_steps) + 1)
    return instance("schedule", schedule, Schedule)(steps)


def _framework(name):
    try:
        return importlib.import_module(name)
    except ImportError as problem:
        title, command = _INSTALL[name]
        raise ModuleNotFoundError(
            f"{title} is missing ({problem}); install it: {command}"
        ) from None
