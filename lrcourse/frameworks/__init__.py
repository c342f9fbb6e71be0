"""The bridge to PyTorch, Keras 3 and Optax, both ways.

`to_torch`, `to_keras`, `to_keras_callback` and `to_optax` give a `Schedule` to a
framework; `trace` returns the rate that a framework will really apply at every
update; `find` looks for a rate with any training. A framework is imported when it
is asked for.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from lrcourse.checks import instance, one_for_each, one_of, positive_integer
from lrcourse.frameworks.installed import framework
from lrcourse.frameworks.tracing import trace
from lrcourse.language import LANGUAGES, current_language, shipped
from lrcourse.schedules import ReduceOnPlateau, Schedule
from lrcourse.search import find
from lrcourse.tables import Code, Table

__all__ = [
    "counterparts",
    "differences",
    "find",
    "keras_training",
    "to_keras",
    "to_keras_callback",
    "to_optax",
    "to_torch",
    "torch_training",
    "trace",
]


def to_torch(schedule: Schedule | ReduceOnPlateau, optimizer):
    """Return a PyTorch scheduler: after n calls of its ``step()`` the rate is ``schedule(n)``.

    Call ``step()`` after every update for a schedule of updates, after every
    epoch for one of epochs; with gradient accumulation an update is what
    ``optimizer.step()`` makes, not a batch. A `ReduceOnPlateau` becomes a scheduler whose
    ``step(metric)`` is called after every epoch.

    Parameter groups keep the ratios of their own ``lr``: a group whose ``lr`` is the
    optimizer's follows the schedule, and where there is none, the first group does.
    A group that is added later takes part at once.

    It is saved and restored by ``state_dict``, without the schedule. Restore it before or
    after the optimizer: the next update takes the rate at which the training was left.

    Parameters
    ----------
    schedule : Schedule or ReduceOnPlateau
        The rule is copied.
    optimizer : torch.optim.Optimizer
        Its rates are replaced. The one that follows the schedule must not be 0.

    Raises
    ------
    ModuleNotFoundError
        Without PyTorch.
    """
    torch = framework("torch")
    from lrcourse.frameworks import on_torch

    if not isinstance(schedule, (Schedule, ReduceOnPlateau)):
        raise TypeError(f"schedule must be a Schedule or ReduceOnPlateau, got {schedule!r}")
    instance("optimizer", optimizer, torch.optim.Optimizer)
    if not on_torch.reference(optimizer):
        raise ValueError("optimizer must have an lr above 0, to tell the groups' shares, got 0")
    made = on_torch.Scheduled if isinstance(schedule, Schedule) else on_torch.OnPlateau
    return made(optimizer, schedule)


def to_keras(schedule: Schedule, total_steps: int, accumulate: int = 1):
    """Return a Keras ``LearningRateSchedule``, of updates: Keras asks it before each.

    It looks the rates up in a table of the steps 0 to `total_steps`, so that it
    works in compiled code; after them it stays at the last. For a schedule of
    epochs see `lrcourse.schedules.per_epoch` or `to_keras_callback`.

    It is saved with the model. Before ``keras.models.load_model`` in another program,
    ``import lrcourse.frameworks.on_keras``, so that Keras knows it.

    Parameters
    ----------
    schedule : Schedule
    total_steps : int
        The updates of the training.
    accumulate : int
        The optimizer's ``gradient_accumulation_steps``. Keras asks a schedule for the number
        of the batch, of which an update then has several.

    Raises
    ------
    ModuleNotFoundError
        Without Keras 3 and a backend.
    """
    framework("keras")
    instance("schedule", schedule, Schedule)
    total_steps = positive_integer("total_steps", total_steps)
    accumulate = positive_integer("accumulate", accumulate)
    from lrcourse.frameworks import on_keras

    return on_keras.Scheduled(schedule, total_steps, accumulate)


def to_keras_callback(schedule: Schedule):
    """Return a Keras callback that sets the rate of every epoch, ``schedule(epoch)``.

    Raises
    ------
    ModuleNotFoundError
        Without Keras 3 and a backend.
    """
    keras = framework("keras")
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
    jax = framework("jax")
    steps = np.arange(positive_integer("total_steps", total_steps) + 1)
    rates = instance("schedule", schedule, Schedule)(steps)

    def scheduled(count):
        return jax.numpy.asarray(rates)[jax.numpy.minimum(count, total_steps)]

    return scheduled


def torch_training(model, optimizer, loss: Callable, batches: Iterable):
    """Return a PyTorch training that `lrcourse.search.find` takes, and puts back in the end.

    Weights, buffers, gradients, the optimizer's state and the state of all random generators
    are afterwards as before, to the bit.

    Parameters
    ----------
    model : torch.nn.Module
    optimizer : torch.optim.Optimizer
        The rates of its groups keep their ratios, as with `to_torch`.
    loss : function of the model's outputs and the targets
    batches : iterable of pairs of tensors, inputs and targets
        Such as a ``DataLoader`` that shuffles; it is gone through anew when it is used up.

    Raises
    ------
    ModuleNotFoundError
        Without PyTorch.
    """
    torch = framework("torch")
    from lrcourse.frameworks import on_torch

    instance("model", model, torch.nn.Module)
    instance("optimizer", optimizer, torch.optim.Optimizer)
    if not callable(loss):
        raise TypeError(f"loss must be a function of outputs and targets, got {loss!r}")
    if not isinstance(batches, Iterable) or isinstance(batches, Iterator):
        raise TypeError(
            f"batches must be iterable more than once, as a DataLoader is, got {batches!r}"
        )
    return on_torch.Training(model, optimizer, loss, batches)


def keras_training(model, x, y, batch_size: int = 32):
    """Return a Keras training that `lrcourse.search.find` takes, and puts back in the end.

    The variables of model, optimizer and metrics are afterwards as before, to the bit.

    Parameters
    ----------
    model : keras.Model
        Compiled, with a rate that is no schedule.
    x, y : arrays (rows, ...)
    batch_size : int
        Rows of an update, drawn without replacement.

    Raises
    ------
    ModuleNotFoundError
        Without Keras 3 and a backend.
    """
    keras = framework("keras")
    from lrcourse.frameworks import on_keras

    instance("model", model, keras.Model)
    if getattr(model, "optimizer", None) is None:
        raise ValueError("model must be compiled")
    if isinstance(model.optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule):
        raise ValueError("model must be compiled with a number as its rate, got a schedule")
    x, y = np.asarray(x), np.asarray(y)
    one_for_each("x", x, y=y)
    batch_size = positive_integer("batch_size", batch_size, len(x), " (the rows)")
    return on_keras.Training(model, x, y, batch_size)


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
