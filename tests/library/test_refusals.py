"""Bad input gets an error that names the argument, what it got and what it needs."""

import numpy as np
import pytest

import lrcourse
from lrcourse import comparison, datasets, landscapes, models, optimizers, schedules, search
from lrcourse.book.sources import quoted
from lrcourse.tables import Table

NAMES = {
    "quoted": quoted, "Table": Table, "nan": float("nan"), "inf": float("inf"),
    "rows": datasets.Data([[1.0], [2.0]], [0.0, 1.0], [[1.0], [2.0]], [0.0, 1.0]),
    "six": datasets.Dataset(np.ones((6, 1)), np.array([0, 1, 0, 1, 1, 1]), name="six"),
    "unlabelled": datasets.Dataset(np.ones((6, 1)), np.zeros(5)),
    "net": models.MultilayerPerceptron([2, 3, 1]),
    "classes": models.MultilayerPerceptron([2, 3], loss="softmax_cross_entropy"),
    "neuron": models.LogisticRegression(2),
    "bowl": landscapes.quadratic(1.0),
}  # fmt: skip
for module in (
    lrcourse, comparison, datasets, datasets.splits, landscapes, models, optimizers, schedules,
    search,
):  # fmt: skip
    NAMES |= {name: value for name, value in vars(module).items() if not name.startswith("_")}

# What is called, and the parts of what is said. It is a ValueError, unless that stands there.
SCHEDULES = [
    ("piecewise([0.1], [5])", "rates must be one more than the boundaries, got 1 for 1"),
    ("piecewise([0.1, 1, 2], [5, 5])", "boundaries must be ascending, got [5, 5]"),
    ("piecewise([0.1, -1], [5])", "each of rates must be positive and finite, got -1"),
    ("piecewise([0.1, 1], [1.5], 10)", "each of boundaries must be between 0 and 1"),
    ("piecewise([0.1, 1], [0.5], 0)", "total_steps must be at least 1, got 0"),
    ("join([constant(1)], [5])", "schedules must be one more than the boundaries"),
    ("cyclical(0.2, 0.1, 5)", "max_rate must be at least min_rate=0.2, got 0.1"),
    ("cyclical(0.1, 0.2, 5, gamma=0.9)", "gamma must be left out unless mode is exp_range"),
    ("one_cycle(0.1, 10, pct_start=1.0)",
     "pct_start must leave steps for 2 phases in total_steps=10, got 1.0"),
    ("one_cycle(0.1, 10, pct_start=0.1)", "pct_start must leave steps for 2 phases"),
    ("one_cycle(0.1, 10, 0.6, three_phase=True)", "pct_start must leave steps for 3 phases"),
    ("warmup_stable_decay(0.1, 10, 6, 5)",
     "total_steps must be at least 11 for warmup and decay, got 10"),
    ("step_decay(0.1, 1.5, 10)", "drop must be between 0 and 1, got 1.5"),
    ("inverse_sqrt(0.1, 0)", "warmup_steps must be at least 1, got 0"),
    ("constant(0.1)(-1)", "step must be at least 0, got -1"),
    ("warmup(cosine(0.1, 5), 3)(np.array([3, -2]))", "step must be at least 0, got -2"),
    ("constant(0.1)(1.0)", "TypeError: step must be a whole number or an array of them, got 1.0"),
    *[(f"warmup(cosine(0.1, 5), 3)({step})", "TypeError: step must be")
      for step in ("nan", "inf", "True", "'3'", "None", "[0.5]", "[[1], [1, 2]]", "10**30", "1j")],
    ("time_based_compounding(0.1, 0.1)(2**60)", "step must be at most 10000000, got"),
    ("ReduceOnPlateau(0)", "learning_rate must be positive"),
    ("ReduceOnPlateau(0.1, factor=1)", "factor must be below 1"),
    ("ReduceOnPlateau(0.1, factor=nan)", "factor must be positive"),
    ("ReduceOnPlateau(0.1, patience=-1)", "patience must be at least 0"),
    ("ReduceOnPlateau(0.1, patience=1.5)", "TypeError: patience must be a whole number"),
    ("ReduceOnPlateau(0.1, threshold=-1)", "threshold must be between 0"),
    ("ReduceOnPlateau(0.1, threshold=1)", "threshold must be below 1"),
    ("ReduceOnPlateau(0.1, threshold_mode='x')", "threshold_mode must be one of rel, abs"),
    ("ReduceOnPlateau(0.1, cooldown=-1)", "cooldown must be at least 0"),
    ("ReduceOnPlateau(0.1, min_rate=1)", "min_rate must be between 0 and 0.1"),
    ("ReduceOnPlateau(0.1, mode='low')", "mode must be one of min, max"),
    ("ReduceOnPlateau(0.1, raise_after=0)", "raise_after must be at least 1"),
    ("ReduceOnPlateau(0.1).update('low')", "TypeError: metric must be a number"),
    ("ReduceOnPlateau(0.1).restore({'best': 1})",
     "state must have learning_rate, best, bad_epochs, cooling, reductions, got {'best': 1}"),
    ("follow_cost(0, 1)", "learning_rate must be positive"),
    ("follow_cost(0.1, nan)", "cost must be a number, got nan"),
    ("follow_cost(0.1, '1')", "TypeError: cost must be a number, got '1'"),
    ("follow_cost(0.1, 1, min_rate=-1)", "min_rate must be finite and at least 0"),
    ("follow_cost(0.1, 1, 0.2, 0.1)", "max_rate must be finite and at least 0.2"),
]  # fmt: skip
OPTIMIZERS = [
    *[(f"SGD({rate})", "learning_rate must be")
      for rate in ("-0.1", "0", "nan", "inf", "[]", "[[0.1]]", "[0.1, -1]")],
    *[(f"SGD({rate})", "TypeError: learning_rate must be") for rate in
      ("'0.1'", "None", "True", "1j", "[[0.1], [0.1, 0.2]]", "abs", "[cosine(0.1, 5), None]")],
    ("SGD([cosine(0.1, 5), -1])", "learning_rate must be positive"),
    ("SGD(0.1, momentum=1)", "momentum must be below 1, got 1"),
    ("SGD(0.1, momentum=-0.1)", "momentum must be between 0 and 1"),
    ("SGD(0.1, momentum=nan)", "momentum must be between 0 and 1"),
    ("SGD(0.1, nesterov=True)", "momentum must be above 0 for nesterov, got 0"),
    ("SGD(0.1, nesterov=1)", "TypeError: nesterov must be True or False, got 1"),
    ("SGD(0.1, weight_decay=-1)", "weight_decay must be finite and at"),
    ("Adagrad(0.1, eps=0)", "eps must be positive"),
    ("RMSprop(0.1, alpha=1)", "alpha must be below 1, got 1"),
    ("RMSprop(0.1, alpha=inf)", "alpha must be between 0 and 1"),
    ("RMSprop(0.1, eps=0)", "eps must be positive"),
    ("Adadelta(0.1, rho=1)", "rho must be below 1, got 1"),
    ("Adadelta(0.1, eps=nan)", "eps must be positive and finite, got nan"),
    ("Adadelta(0.1, eps=0)", "eps must be positive and finite, got 0"),
    ("Adam(0.1, betas=0.9)", "TypeError: betas must be a sequence, got 0.9"),
    ("Adam(0.1, betas=(0.9, 1))", "each of betas must be below 1"),
    ("Adam(0.1, betas=(0.9, None))", "TypeError: each of betas must be a number"),
    ("Adam(0.1, betas=(0.9,))", "betas must be a sequence of 2"),
    ("Adam(0.1, eps=0)", "eps must be positive and finite, got 0"),
    ("Adam(0.1, weight_decay=-1)", "weight_decay must be finite and at least 0"),
    ("AdamW(0.1, weight_decay=inf)", "weight_decay must be finite"),
    ("SGD(0.1, multipliers=2)", "TypeError: multipliers must be a sequence, got 2"),
    ("SGD(0.1, multipliers=[-1])", "each of multipliers must be finite"),
    ("SGD(0.1, multipliers=[1]).step([np.ones(1)] * 2, [np.ones(1)] * 2)",
     "multipliers must be one for each of parameters, got 1 for 2"),
    ("SGD([0.1, 0.2]).step([np.ones((3, 2))], [np.ones((3, 2))])",
     "learning_rate has 2 runs, a parameter (3, 2)"),
]  # fmt: skip
for each in ("SGD", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW"):
    OPTIMIZERS += [
        (f"{each}(0.1).step({step})", said) for step, said in [
            ("[np.ones(2)], []", "gradients must be one for each of parameters, got 0 for 1"),
            ("[], []", "parameters must be at least one array, got none"),
            ("np.ones(2), 3", "TypeError: gradients must be a sequence, got 3"),
            ("3, [np.ones(2)]", "TypeError: parameters must be a sequence, got 3"),
            ("[np.broadcast_to(1.0, 2)], [np.ones(2)]", "parameters must be writeable"),
            ("[np.ones(2)], [np.ones(2) * 1j]", "TypeError: gradients must be an array of numbers"),
            ("[np.ones(2)], [['a', 'b']]", "TypeError: array of numbers, got ['a', 'b']"),
            ("[np.ones(2)], [np.ones(3)]", "gradients must have the shapes (2,), got (3,)"),
            ("[[1.0]], [[1.0]]", "TypeError: parameters must be float arrays of 32 or 64 bits"),
            *[(f"[np.ones(2, '{dtype}')], [np.ones(2)]",
               f"TypeError: parameters must be float arrays of 32 or 64 bits, got {dtype}")
              for dtype in ("int64", "float16", "complex128")],
        ]
    ]  # fmt: skip
MODELS = [
    ("LogisticRegression(0)", "features must be at least 1"),
    ("LogisticRegression(nan)", "TypeError: features must be a whole number"),
    ("MultilayerPerceptron([3])", "sizes must be"),
    ("MultilayerPerceptron([])", "sizes must be"),
    ("MultilayerPerceptron(3)", "TypeError: sizes must be"),
    ("MultilayerPerceptron([3, 0, 1])", "sizes must be at least 1, got 0"),
    ("MultilayerPerceptron([3, 1.5, 1])", "TypeError: each of sizes must be a whole number"),
    ("MultilayerPerceptron([3, 1], 'step')", "activation must be one of"),
    ("MultilayerPerceptron([3, 1], loss='hinge')", "loss must be one of"),
    ("MultilayerPerceptron([3, 1], dropout=1)", "dropout must be below 1"),
    ("MultilayerPerceptron([3, 1], dropout=-0.1)", "dropout must be"),
    ("MultilayerPerceptron([3, 1], dropout='a')", "TypeError: dropout must be a number"),
    ("MultilayerPerceptron([3, 1], initialization=0)", "initialization must"),
    ("ConvolutionalNetwork((3, 5, 8))", "at least 6 pixels"),
    ("ConvolutionalNetwork((3, 1, 8), padding='same')", "at least 2 pixels"),
    ("ConvolutionalNetwork((32, 32))", "image must be a sequence of 3"),
    ("ConvolutionalNetwork((3, 8.0, 8))", "TypeError: each of image must be a whole number"),
    ("ConvolutionalNetwork((3, 8, 8), filters=4)", "TypeError: filters must be a sequence"),
    ("ConvolutionalNetwork((3, 8, 8), classes=0)", "classes must be"),
    ("ConvolutionalNetwork((3, 8, 8), dropout=0.5)", "TypeError: dropout must be a sequence"),
    ("ConvolutionalNetwork((3, 8, 8), dropout=(0, inf))", "dropout must"),
    ("ConvolutionalNetwork((3, 8, 8), padding='full')", "padding must be"),
    ("net.initialize(0)", "runs must be at least 1"),
    ("neuron.initialize(1.0)", "TypeError: runs must be a whole number"),
    ("net.initialize(1, -1)", "seed must be"),
    ("net.initialize(1, None)", "TypeError: seed must be"),
    ("net.initialize(1, 0, int)", "dtype must be"),
    ("neuron.initialize(1, 0, 'i4')", "dtype must be"),
    ("net.gradients(neuron.initialize(1), np.ones((4, 2)), np.ones(4))",
     "parameters must have the shapes"),
    ("neuron.gradients(net.initialize(1), np.ones((4, 2)), np.ones(4))",
     "parameters must have the shapes"),
    *[(f"classes.gradients(classes.initialize(1), np.ones((3, 2)), {y})", said) for y, said in [
        ("[0, 1, 3]", "classes from 0 to 2, got 3"), ("[0, -1, 2]", "classes from 0 to 2, got -1"),
        ("np.array([0, 0.5, 2])", "one whole number a row"),
        ("[[0], [1], [2]]", "one whole number a row"), ("[0, 1, nan]", "y must be finite")]],
    *[(f"cross_entropy_from_{of}(np.zeros((2, 3)), np.array([0.0, {wrong}, 1.0]))",
       f"y must be labels from 0 to 1, got {wrong}")
      for of in ("logits", "probabilities") for wrong in ("2.0", "-1.0", "nan")],
    *[(f"{model}.{method}({model}.initialize(2), {data})", said)
      for model in ("net", "neuron") for method in ("gradients", "loss_and_accuracy")
      for data, said in [
        ("np.ones((4, 3)), np.ones(4)", "x must have"),
        ("np.ones(4), np.ones(4)", "x must have"),
        ("1.0, np.ones(4)", "x … must have at least one axis, got the single number 1.0"),
        ("np.ones((4, 2)), np.ones((4, 2))", "y must … for each row, got shape (4, 2)"),
        ("'text', np.ones(4)", "TypeError: x … must be an array of numbers, got 'text'"),
        ("np.ones((4, 2)), ['a'] * 4", "TypeError: y … must be an array of numbers, got ['a'"),
        ("np.ones((4, 2)) * 1j, np.ones(4)", "TypeError: x … must be an array of numbers"),
        ("[[nan, 1.0]] * 4, np.ones(4)", "x … must be finite"),
        ("np.ones((2, 2)), [0.0, nan]", "y … must be finite")]],
    *[(f"{model}.loss_and_accuracy({model}.initialize(2), {data})", said) for model, data, said in [
        ("net", "np.ones((0, 2)), np.ones(0)", "x must have the shape ('n', 2), got (0, 2)"),
        ("net", "np.ones((4, 2)), np.ones(3)", "y must have 4 rows as x has, got shape (3,)"),
        ("net", "np.ones((2, 2)), [0.0, 2.0]", "y must be labels from 0 to 1, got 2.0"),
        ("neuron", "np.ones((0, 2)), np.ones(0)", "at least one row, got x of shape (0, 2)"),
        ("neuron", "np.ones((4, 2)), np.ones(3)", "one label for each row … y of shape (3,)"),
        ("neuron", "np.ones((2, 2)), [0.0, -1.0]", "y must be labels from 0 to 1, got -1.0")]],
]  # fmt: skip
TRAINING = [
    (f"fit(LogisticRegression(1), SGD(0.1), {data}, epochs={epochs}, batch_size={size}{more})",
     said) for data, epochs, size, more, said in [
        ("rows", 0, 1, "", "epochs must be at least 1, got 0"),
        ("rows", 1.5, 1, "", "TypeError: epochs must be a whole number, got 1.5"),
        ("rows", True, 1, "", "TypeError: epochs must be a whole number"),
        ("rows", 1, 3, "", "batch_size must be between 1 and 2 (the training rows), got 3"),
        ("rows", 1, 0, "", "batch_size must be between 1 and 2"),
        ("rows", 1, 1, ", evaluate_every=0", "evaluate_every must be at least 1, got 0"),
        *[(f"rows._replace({changed})", 1, 1, "", said) for changed, said in [
            ("x_train=[[nan], [1]]", "x of training data must be finite"),
            ("y_validation=[inf, 1]", "y of validation data must be finite"),
            ("y_train=[1]", "training data must have one label for each row"),
            ("y_train=[1, 2.0]", "y must be labels from 0 to 1, got 2.0"),
            ("x_train=[['a']] * 2", "TypeError: x of training data must be an array of numbers"),
            ("x_train=[[1], [1, 2]]", "TypeError: x of training data must be an array of numbers"),
            ("x_validation=np.zeros((2, 3))", "x must have 1 features, got shape (2, 3)"),
            ("x_validation=np.zeros((0, 1)), y_validation=[]", "at least one row")]],
    ]
]  # fmt: skip
SPLITS = [
    ("tail_split(six, 0)", "rows on both sides, got 0 of 6 rows"),
    ("tail_split(six, 1.0)", "rows on both sides, got 1.0 of 6 rows"),
    ("tail_split(six, 1.5)", "fraction must be between 0 and 1, got 1.5"),
    ("tail_split(six, nan)", "fraction must be between 0 and 1, got nan"),
    ("tail_split(six, 'half')", "TypeError: fraction must be a number, got 'half'"),
    ("shuffled_split(six, 0.5, -1)", "seed must be at least 0, got -1"),
    ("shuffled_split(six, 0.5, None)", "TypeError: seed must be a whole number, got None"),
    ("stratified_split(six, 0.5, 1.5)", "TypeError: seed must be a whole number, got 1.5"),
    ("stratified_split(six, 0.1, 0)", "every class on both sides, got 0.1 of classes w"),
    ("published_split(six)", "dataset must have a test set, got six"),
    *[(f"{split}, 0.5{seed})", "one label for each row, got x of shape (6, 1)") for split, seed in
      (("tail_split(unlabelled", ""), ("shuffled_split(unlabelled", ", 0"),
       ("stratified_split(unlabelled", ", 0"))],
]  # fmt: skip
OTHERS = [
    ("quadratic([1.0, 0.0])", "curvature must be positive"),
    ("quadratic(nan)", "curvature must be finite"),
    ("least_squares([[1.0, 2.0]] * 3, [1, 2, 3])", "linearly independent"),
    ("least_squares([[1.0], [2.0]], [1])", "x must be (n, weights) and y (n,)"),
    ("descend(bowl, SGD(0.1), [1.0, 2.0], 3)", "start must have 1 weights"),
    ("descend(bowl, SGD(0.1), 1.0, 0)", "steps must be at least 1"),
    ("classify(descend(bowl, SGD(0.5), 1.0, 1))", "descent must have at least two steps"),
    ("coarse_to_fine(abs, 0)", "learning_rate must be positive"),
    ("coarse_to_fine(abs, nan)", "learning_rate must be positive"),
    ("coarse_to_fine(abs, 0.1, seeds=1)", "seeds must be at least 2"),
    ("coarse_to_fine(abs, 0.1, factor=1.0)", "factor must be above 1"),
    ("coarse_to_fine(abs, 0.1, rounds=0)", "rounds must be at least 1"),
    ("coarse_to_fine(abs, 0.1, points=1.5)", "TypeError: points must be a whole"),
    ("coarse_to_fine(abs, 0.1, points=1)", "points must be at least 2"),
    ("coarse_to_fine('abs', 0.1)", "TypeError: train must be a function"),
    ("coarse_to_fine(lambda rates, seed: [0.5], 0.1)", "a loss for each of 3 rates, got 1"),
    ("coarse_to_fine(lambda rates, seed: None, 0.1)",
     "TypeError: what train returns must be an array of numbers"),
    ("range_test(None, SGD, None, low=1, high=0.1)", "low must be below"),
    ("range_test(None, SGD, None, low=-1)", "low must be positive"),
    ("range_test(None, SGD, None, updates=1)", "updates must be at least 2"),
    *[(f"paired_difference({pair})", "first and second must be one value for each of the same two")
      for pair in ("[1.0], [1.0]", "[1.0, 2.0], [1.0]", "[[1.0, 2.0]], [[1.0, 2.0]]")],
    ("paired_difference([1.0, nan], [1.0, 2.0])", "first must be finite"),
    ("paired_difference([1.0, 2.0], [1.0, nan])", "second must be finite"),
    *[(f"Comparison({results})", "results must be a dict of two or more settings") for results in
      ("{}", "{'a': [1.0, 2.0]}", "[[1.0, 2.0], [1.0, 2.0]]")],
    *[(f"student({confidence}, 3)", f"confidence must be between 0 and 1, got {confidence}")
      for confidence in ("0", "1", "1.5")],
    ("student(0.9, 0)", "degrees must be at least 1, got 0"),
    ("use_language('de')", "language must be one of en, zh, got 'de'"),
    ("Table(['a', 'b'], []).column('c')", "name must be one of a, b, got 'c'"),
    ("quoted('F', 'E3')", "source must be one of"),
    ("quoted('aiedu', 'E9')", "item must be one of"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "said"), SCHEDULES + OPTIMIZERS + MODELS + TRAINING + SPLITS + OTHERS
)
def test_what_cannot_be_meant_is_refused_with_its_name(call, said):
    kind, said = (TypeError, said[11:]) if said.startswith("TypeError: ") else (ValueError, said)
    with pytest.raises(kind) as raised:
        eval(call, dict(NAMES))
    assert all(part in str(raised.value) for part in said.split(" … "))
