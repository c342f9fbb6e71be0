"""Models: parameters are a list of arrays whose leading axis is the run.

`losses` has the loss functions, `logistic` the one-neuron model of the first
chapters, `layers` the operations of a network, each with its backward under its
forward, and `networks` puts them together.

A model is anything with three methods:

* ``initialize(runs, seed, dtype)``: the parameters to begin with, a list of arrays (runs, ...),
  the same for every run;
* ``gradients(parameters, x, y, out=None, generator=None)``: the gradients of the mean loss over
  the rows of inputs x (n, ...) and targets y (n, ...), one array for each parameter. If arrays
  are given as `out`, these are overwritten, and the arguments need not be checked: `fit`
  calls it so, with a ``numpy.random.Generator`` that draws the dropout, where there is one;
* ``loss_and_accuracy(parameters, x, y)``: the mean loss and the share of right answers, two
  arrays (runs,), without dropout.

A run's numbers do not depend on the other runs: every product over the run axis
is one BLAS call for each run, always of the same shape.
"""

from lrcourse.models.logistic import LogisticRegression
from lrcourse.models.losses import (
    cross_entropy_from_logits,
    cross_entropy_from_probabilities,
    sigmoid,
)
from lrcourse.models.networks import ConvolutionalNetwork, MultilayerPerceptron

__all__ = [
    "ConvolutionalNetwork",
    "LogisticRegression",
    "MultilayerPerceptron",
    "cross_entropy_from_logits",
    "cross_entropy_from_probabilities",
    "sigmoid",
]
