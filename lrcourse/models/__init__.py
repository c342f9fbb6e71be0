"""Models: parameters are a list of arrays whose leading axis is the run.

`losses` has the loss functions, `logistic` the one-neuron model of the first
chapters, `layers` the operations of a network, each with its backward under its
forward, and `networks` puts them together.

Every model has

* ``initialize(runs, seed=0, dtype=float)``: the parameters to begin with, the
  same for every run;
* ``gradients(parameters, x, y)``: the gradients of the mean loss, one array for
  each parameter. ``out`` takes arrays to write them into; where a model has
  dropout, ``generator`` draws it, and without one nothing is dropped;
* ``loss_and_accuracy(parameters, x, y)``: two arrays (runs,), without dropout;
* ``width``: how many numbers an example takes up on its way through the model.

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
