"""Whatever a public function is given: a result, or an error that names the argument."""

import re

import numpy as np
import pytest

import lrcourse
from lrcourse import comparison, landscapes, models, plots, schedules, search
from lrcourse.book import figures
from lrcourse.book.claims import verdicts
from lrcourse.book.sources import quoted
from lrcourse.datasets import Data, Dataset, school_district, school_district_points, splits
from lrcourse.experiments import beside_the_textbook, learning_rate_table, school_district_runs
from lrcourse.language import translate
from lrcourse.optimizers import SGD, Adadelta, Adagrad, Adam, AdamW, RMSprop
from lrcourse.tables import Table

NAN = float("nan")
# What no argument of the functions below may be: wrong types, shapes, and not finite.
NEVER = [
    [[1.0], [1.0, 2.0]], np.ones((2, 2, 2)), {}, object(), {1.0}, b"x", 1 + 1j, 10**400,
    np.array([None, 1], object), np.array(["a", "b"]), np.array([1j, 2.0]), np.array(object()),
    np.array([NAN, 1.0]), ["a", "b"], [None, None],
]  # fmt: skip
X, Y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2.0
DATA, DATASET = Data(X, Y, X, Y), Dataset(X, Y)
NEURON, NETWORK = models.LogisticRegression(2), models.MultilayerPerceptron([2, 3, 1])
IMAGES = models.ConvolutionalNetwork((1, 6, 6))
PICTURES, CLASSES = np.ones((3, 1, 6, 6)), np.array([0, 1, 0])
RATE = schedules.constant(0.1)
BOWL = landscapes.quadratic([1.0, 2.0])
DESCENT = landscapes.descend(BOWL, SGD(0.1), [1.0, 1.0], 3)
CURVE = landscapes.quadratic(1.0)
SLIDE = landscapes.descend(CURVE, SGD([0.1, 0.2, 0.3]), 3.0, 3)
ABOVE = (X[:, 1] > X[:, 0]).astype(float)
HISTORY = lrcourse.fit(
    NEURON,
    SGD([0.1, 1.0]),
    Data(X, ABOVE, X, ABOVE),
    epochs=1,
    batch_size=10,
    evaluate_every=1,
    keep_path=True,
)
SEARCH = search.Search(np.array([0.1, 0.2]), np.ones((2, 2)), np.zeros(2, int))
TITLE, THREE, NAMES = "training loss", [0.1, 0.2, 0.3], ["1", "2", "3"]


def train(learning_rates, seed=0):
    return lrcourse.fit(NEURON, SGD(learning_rates), DATA, epochs=1, batch_size=10, seed=seed)


def stepped(parameters, gradients):
    Adam([0.1, 0.2]).step(parameters, gradients)


def effective(gradients):
    optimizer = Adam(0.1)
    optimizer.step([np.ones(2)], [np.ones(2)])
    return optimizer.effective_rates(gradients)


CALLS = [
    (schedules.constant, {"learning_rate": 0.1}),
    (schedules.time_based, {"learning_rate": 0.1, "decay": 0.1}),
    (schedules.time_based_compounding, {"learning_rate": 0.1, "decay": 0.1}),
    (schedules.inverse_power, {"learning_rate": 0.1, "power": 0.5}),
    (schedules.exponential, {"learning_rate": 0.1, "rate": 0.1}),
    (schedules.geometric, {"first": 0.1, "last": 1.0, "total_steps": 5}),
    (schedules.step_decay, {"learning_rate": 0.1, "drop": 0.5, "every": 2, "shift": 1}),
    (schedules.inverse_sqrt, {"learning_rate": 0.1, "warmup_steps": 3}),
    (schedules.polynomial, {"learning_rate": 0.1, "total_steps": 5, "power": 2.0, "end": 0.0}),
    (schedules.linear, {"learning_rate": 0.1, "total_steps": 5, "end": 0.0}),
    (schedules.cosine, {"learning_rate": 0.1, "total_steps": 5, "end": 0.0}),
    (schedules.one_cycle, {"max_rate": 0.1, "total_steps": 50, "pct_start": 0.3,
                           "div_factor": 25.0, "final_div_factor": 1e4, "anneal_strategy": "cos",
                           "three_phase": False}),
    (schedules.warmup_stable_decay, {"learning_rate": 0.1, "total_steps": 50, "warmup_steps": 3,
                                     "decay_steps": 4, "end": 0.0, "shape": "sqrt"}),
    (schedules.piecewise, {"rates": [0.1, 0.2], "boundaries": [3]}),
    (schedules.cosine_restarts, {"learning_rate": 0.1, "period": 4, "multiplier": 2,
                                 "end": 0.01, "shrink": 0.5}),
    (schedules.cyclical, {"min_rate": 0.1, "max_rate": 0.2, "half_period": 3, "mode": "exp_range",
                          "gamma": 0.9}),
    (schedules.warmup, {"schedule": RATE, "steps": 3, "start": 0.0}),
    (schedules.join, {"schedules": [RATE, RATE], "boundaries": [3]}),
    (schedules.per_epoch, {"schedule": RATE, "updates_per_epoch": 3}),
    (schedules.ReduceOnPlateau, {"learning_rate": 0.1, "factor": 0.5, "patience": 2,
                                 "threshold": 0.1, "threshold_mode": "rel", "cooldown": 1,
                                 "min_rate": 0.01, "mode": "min", "raise_after": 2}),
    (schedules.ReduceOnPlateau(0.1).restore, {"state": schedules.ReduceOnPlateau(0.1).state()}),
    (schedules.follow_cost, {"learning_rate": 0.1, "cost": 1.0, "min_rate": 0.1, "max_rate": 1.0}),
    (RATE.__call__, {"step": 3}),
    *[(make, {"learning_rate": 0.1, "multipliers": [1.0]})
      for make in (SGD, Adagrad, RMSprop, Adadelta, Adam, AdamW)],
    (SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    (Adam, {"betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.1}),
    (stepped, {"parameters": [np.ones((2, 2))], "gradients": [np.ones((2, 2))]}),
    (effective, {"gradients": [np.ones(2)]}),
    (lambda parameters: Adam(0.1).step(parameters, [np.ones(1)]), {"parameters": [np.ones(1)]}),
    (models.LogisticRegression, {"features": 2, "cross_entropy": models.cross_entropy_from_logits}),
    (models.MultilayerPerceptron, {"sizes": [2, 1], "activation": "relu", "loss": "squared_error",
                                   "dropout": 0.1, "initialization": "he"}),
    (models.ConvolutionalNetwork, {"image": (1, 8, 8), "classes": 2, "filters": (2, 2),
                                   "hidden": 3, "dropout": (0.1, 0.1), "padding": "same"}),
    *[(method, {"parameters": model.initialize(2), "x": x, "y": y})
      for model, x, y in ((NEURON, X, Y), (NETWORK, X, Y), (IMAGES, PICTURES, CLASSES))
      for method in (model.gradients, model.loss_and_accuracy)],
    (IMAGES.gradients, {"parameters": IMAGES.initialize(1), "x": PICTURES, "y": CLASSES,
                        "out": IMAGES.initialize(1), "generator": np.random.default_rng(0)}),
    *[(model.initialize, {"runs": 2, "seed": 0, "dtype": "float32"}) for model in (NEURON, IMAGES)],
    (models.cross_entropy_from_logits, {"z": np.ones((2, 3)), "y": np.ones(3)}),
    (models.cross_entropy_from_probabilities, {"z": np.ones((2, 3)), "y": np.ones(3)}),
    (lrcourse.fit, {"model": NEURON, "optimizer": SGD(0.1), "data": DATA, "epochs": 1,
                    "batch_size": 5, "evaluate_every": 2, "seed": 0, "keep_path": False,
                    "progress": False}),
    (landscapes.quadratic, {"curvature": [1.0, 2.0], "minimum": [0.0, 0.0]}),
    (landscapes.ravine, {"ratio": 5.0}),
    (landscapes.least_squares, {"x": X, "y": Y}),
    (landscapes.two_valleys, {"tilt": 0.1}),
    (landscapes.descend, {"landscape": BOWL, "optimizer": SGD(0.1), "start": [1.0, 1.0],
                          "steps": 3}),
    (landscapes.classify, {"descent": DESCENT, "tolerance": 0.1}),
    (search.coarse_to_fine, {"train": train, "learning_rate": 0.1, "seeds": 2, "factor": 10.0,
                             "rounds": 1, "points": 2}),
    (search.range_test, {"model": NEURON, "optimizer": SGD, "data": DATA, "low": 0.1, "high": 1.0,
                         "updates": 4, "batch_size": 5, "seeds": 1}),
    (comparison.paired_difference, {"first": [1.0, 2.0], "second": [1.0, 3.0], "confidence": 0.9}),
    (comparison.holm, {"chances": [0.1, 0.2, 0.3]}),
    (comparison.Comparison, {"results": {"a": [1.0, 2.0], "b": [1.0, 3.0]}, "confidence": 0.9}),
    (comparison.student, {"confidence": 0.9, "degrees": 3}),
    (plots.rate_colours, {"learning_rates": THREE}),
    *[(plot, {"history": HISTORY, "title": TITLE})
      for plot in (plots.loss_curves, figures.sample_predictions)],
    (figures.loss_valley, {"history": HISTORY, "data": DATA, "title": TITLE}),
    (plots.descent_errors, {"descent": SLIDE, "title": TITLE}),
    (plots.curves, {"x": THREE, "lines": [THREE], "labels": ["1"], "xlabel": "step", "log": True,
                    "ylabel": TITLE, "title": TITLE, "log_x": True, "level": (0.1, TITLE),
                    "colours": ["black"]}),
    (plots.error_curve, {"landscape": CURVE, "title": TITLE, "descent": SLIDE, "span": (0, 1),
                         "tangent": False}),
    (plots.places, {"learning_rates": THREE, "ends": THREE, "title": TITLE, "ylabel": TITLE,
                    "levels": [(0.1, TITLE)]}),
    (plots.error_mountain, {"landscape": BOWL, "descent": DESCENT, "title": TITLE,
                            "spans": [(0, 1), (0, 1)], "xlabel": TITLE, "ylabel": TITLE,
                            "methods": ["SGD"]}),
    (plots.spread, {"names": NAMES, "values": [THREE] * 3, "title": TITLE, "ylabel": TITLE,
                    "xlabel": TITLE, "marks": THREE, "mark_label": TITLE, "log": True}),
    (plots.intervals, {"names": NAMES, "middles": THREE, "lows": THREE, "highs": THREE,
                       "title": TITLE, "xlabel": TITLE, "level": 1.0, "log": True}),
    (plots.search_results, {"search": SEARCH, "title": TITLE}),
    (plots.range_test_curves, {"test": search.RangeTest(np.array([1.0, 2.0]), np.ones((1, 2))),
                               "title": TITLE}),
    (figures.verdict_bars, {"verdicts": verdicts(), "title": TITLE}),
    (splits.stratified_split, {"dataset": DATASET, "fraction": 0.3, "seed": 0}),
    (splits.published_split, {"dataset": DATASET._replace(test_rows=2)}),
    (splits.standardized, {"data": DATA}),
    (school_district_runs, {"learning_rates": 0.1, "epochs": 1, "batch_size": 5, "seed": 0,
                            "cross_entropy": models.cross_entropy_from_logits,
                            "keep_path": False, "progress": False}),
    *[(table, {"history": HISTORY}) for table in (learning_rate_table, beside_the_textbook)],
    (school_district_points, {"count": 5}),
    (school_district, {"seed": 0}),
    (Table, {"columns": ["a"], "rows": [[1.0]]}),
    (quoted, {"source": "aiedu", "item": "E2"}),
    (lrcourse.use_language, {"language": "en"}),
    (translate, {"text": "loss"}),
]  # fmt: skip


def named(call):
    function, arguments = call
    owner = getattr(function, "__qualname__", "").replace("<locals>.", "")
    return f"{owner}({', '.join(arguments)})"


@pytest.mark.parametrize("call", CALLS, ids=named)
def test_an_argument_that_cannot_be_meant_is_refused_by_name(call):
    function, arguments = call
    function(**arguments)
    for name in arguments:
        for wrong in NEVER:
            with pytest.raises((TypeError, ValueError)) as raised:
                function(**{**arguments, name: wrong})
            said = str(raised.value)
            assert re.search(rf"\b{name.rstrip('s')}", said), f"{name}={wrong!r}: {said}"
            # It is ours, and not one of NumPy's or Python's: it says what is needed.
            assert " must " in said, f"{name}={wrong!r}: {said}"


ZERO_IS_FINE = ("decay", "rate", "end", "start", "shift", "warmup_steps", "min_rate")
SCHEDULES = [call for call in CALLS if getattr(call[0], "__name__", "") in schedules.FACTORIES]


@pytest.mark.parametrize(("function", "arguments"), SCHEDULES)
def test_a_number_that_no_schedule_can_take_is_refused_by_name(function, arguments):
    for name, good in arguments.items():
        wrong = [-1, NAN, np.inf, None, "one", []]
        wrong += [] if name in ZERO_IS_FINE else [0]
        wrong += [] if isinstance(good, float) else [1.5]
        wrong += [] if name == "three_phase" else [True]
        for value in wrong:
            with pytest.raises((TypeError, ValueError)) as raised:
                function(**{**arguments, name: value})
            assert name in str(raised.value) and " must " in str(raised.value), f"{name}={value!r}"
