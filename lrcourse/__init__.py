"""The learning rate, in NumPy: the library behind the course of the same name.

>>> import lrcourse
>>> from lrcourse.datasets import school_district
>>> from lrcourse.models import LogisticRegression
>>> model, data = LogisticRegression(2), school_district()
>>> optimizer = lrcourse.SGD([0.01, 0.1, 1])  # three rates, three runs
>>> history = lrcourse.fit(model, optimizer, data, epochs=5, batch_size=10)
>>> history.train_loss[-1].round(2)
array([0.38, 0.23, 0.09])

Here is what one reaches for first: `fit`, the optimizers and the schedules. The other modules
are `models`, `landscapes`, `search`, `comparison`, `datasets`, `tables`, `plots`; `frameworks`
for trainings in PyTorch, Keras and Optax; and, for this course, `book`, `experiments`,
`explorer` and `exercises`. Importing the package loads nothing yet, and what is used of it
loads NumPy alone.
"""

from importlib import import_module

__version__ = "0.1.0"
_OFFERED = {
    "training": ["History", "fit"],
    "language": ["use_language"],
    "optimizers": ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "RMSprop"],
    "schedules": [
        "ReduceOnPlateau", "constant", "cosine", "cosine_restarts", "cyclical", "exponential",
        "inverse_sqrt", "join", "linear", "one_cycle", "per_epoch", "piecewise", "polynomial",
        "step_decay", "time_based", "time_based_compounding", "warmup", "warmup_stable_decay",
    ],
}  # fmt: skip
__all__ = [name for names in _OFFERED.values() for name in names]


def __getattr__(name):
    # Loaded when it is asked for: so the command line is at once where it can be interrupted.
    for module, names in _OFFERED.items():
        if name == module:
            return import_module(f"lrcourse.{module}")
        if name in names:
            return getattr(import_module(f"lrcourse.{module}"), name)
    raise AttributeError(f"module 'lrcourse' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_OFFERED, *__all__})
