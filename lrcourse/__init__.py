"""The learning rate, in NumPy: the library behind the course of the same name.

>>> import lrcourse
>>> from lrcourse.datasets import school_district
>>> from lrcourse.models import LogisticRegression
>>> from lrcourse.optimizers import SGD
>>> model, data = LogisticRegression(2), school_district()
>>> optimizer = SGD([0.01, 0.1, 1])  # three rates, three runs
>>> history = lrcourse.fit(model, optimizer, data, epochs=5, batch_size=10)
>>> history.train_loss[-1].round(2)
array([0.38, 0.23, 0.09])

Importing the package loads NumPy and nothing else; matplotlib, tabulate and
tqdm load when a figure, a table or a progress bar is asked for.
"""

from lrcourse.language import use_language
from lrcourse.training import History, fit

__version__ = "0.1.0"
__all__ = ["History", "fit", "use_language"]
