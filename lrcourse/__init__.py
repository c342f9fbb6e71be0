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
`explorer` and `exercises`. Importing the package loads NumPy and nothing else.
"""

from lrcourse.language import use_language
from lrcourse.optimizers import SGD, Adadelta, Adagrad, Adam, AdamW, RMSprop
from lrcourse.schedules import (
    ReduceOnPlateau,
    constant,
    cosine,
    cosine_restarts,
    cyclical,
    exponential,
    inverse_sqrt,
    join,
    linear,
    one_cycle,
    per_epoch,
    piecewise,
    polynomial,
    step_decay,
    time_based,
    time_based_compounding,
    warmup,
    warmup_stable_decay,
)
from lrcourse.training import History, fit

__version__ = "0.1.0"
__all__ = [
    "History", "fit", "use_language",
    "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "RMSprop",
    "ReduceOnPlateau", "constant", "cosine", "cosine_restarts", "cyclical", "exponential",
    "inverse_sqrt", "join", "linear", "one_cycle", "per_epoch", "piecewise", "polynomial",
    "step_decay", "time_based", "time_based_compounding", "warmup", "warmup_stable_decay",
]  # fmt: skip
