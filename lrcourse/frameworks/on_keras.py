"""Schedules and trainings for Keras, which importing this imports.

It lets Keras know the class of the schedules: import it before ``keras.models.load_model`` in a
program that has not called `lrcourse.frameworks.to_keras`.
"""

import random

import keras
import numpy as np

from lrcourse.schedules import FACTORIES, Schedule


@keras.saving.register_keras_serializable("lrcourse")
class Scheduled(keras.optimizers.schedules.LearningRateSchedule):
    """The rates of a schedule of updates, looked up in a table."""

    def __init__(self, schedule, total_steps: int, accumulate: int = 1):
        schedule = schedule if isinstance(schedule, Schedule) else _read(schedule)
        self.schedule, self.total_steps, self.accumulate = schedule, total_steps, accumulate
        self.rates = schedule(np.arange(total_steps + 1))

    def __call__(self, step):
        """Return the rate; Keras gives the number of the batch, from 0."""
        table = keras.ops.convert_to_tensor(self.rates, keras.config.floatx())
        update = keras.ops.floor_divide(keras.ops.cast(step, "int32"), self.accumulate)
        return keras.ops.take(table, keras.ops.minimum(update, self.total_steps))

    def get_config(self):
        """Return what JSON can hold, and `__init__` can read."""
        return {
            "schedule": _written(self.schedule),
            "total_steps": self.total_steps,
            "accumulate": self.accumulate,
        }


def _written(value):
    """Return a schedule, with all the schedules in it, as dicts, lists and numbers."""
    if isinstance(value, Schedule):
        arguments = {name: _written(each) for name, each in value._arguments.items()}
        return {"schedule": value._name, "arguments": arguments}
    return [_written(each) for each in value] if isinstance(value, tuple) else value


def _read(value):
    if isinstance(value, dict):
        arguments = {name: _read(each) for name, each in value["arguments"].items()}
        return FACTORIES[value["schedule"]](**arguments)
    return [_read(each) for each in value] if isinstance(value, (list, tuple)) else value


class Training:
    """A training that `lrcourse.search.find` can restart and put back: see `keras_training`."""

    def __init__(self, model, x, y, batch_size: int):
        self.model, self.x, self.y, self.batch_size = model, x, y, batch_size
        if not model.built:
            model.build((None, *x.shape[1:]))
        model.optimizer.build(model.trainable_variables)
        self._order, self._rows = np.random.default_rng(0), []
        variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
        self._begun = [(each, keras.ops.convert_to_numpy(each).copy()) for each in variables]
        self._generators = np.random.get_state(), random.getstate()  # noqa: NPY002

    def __call__(self, rate: float) -> float:
        """Make one update at that rate; return the loss before it."""
        if len(self._rows) < self.batch_size:  # a last batch that is not full is left out
            self._rows = self._order.permutation(len(self.x))
        rows, self._rows = np.split(self._rows, [self.batch_size])
        self.model.optimizer.learning_rate = rate
        self.model.reset_metrics()  # the loss is one of them, a mean over the batches
        return float(
            self.model.train_on_batch(self.x[rows], self.y[rows], return_dict=True)["loss"]
        )

    def restart(self, seed: int) -> None:
        """Go back to the beginning, with other batches."""
        self.restore()
        self._order, self._rows = np.random.default_rng(seed), []

    def restore(self) -> None:
        """Put everything back."""
        for variable, value in self._begun:
            variable.assign(value)
        np.random.set_state(self._generators[0])  # noqa: NPY002
        random.setstate(self._generators[1])
