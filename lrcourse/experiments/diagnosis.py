"""How often `lrcourse.diagnosis` is right: trainings with known faults, of four models.

Each training is made with a fault, and its record is diagnosed as that of a stranger: with
noise in its log, mostly with its rates. What is a fault of the rate is so by its outcome:
beside the faulty training runs a healthy one, on the same batches, whose loss says what
was to be had. The thresholds were set on the even seeds; the odd ones are the test.
"""

import warnings

import numpy as np

from lrcourse.datasets import Data, make_dataset
from lrcourse.diagnosis import FAULTS, Record, diagnose
from lrcourse.experiments.running import Experiment
from lrcourse.models import LogisticRegression, MultilayerPerceptron
from lrcourse.optimizers import SGD, Adam
from lrcourse.schedules import (
    Schedule,
    constant,
    cosine,
    exponential,
    join,
    linear,
    one_cycle,
    per_epoch,
    piecewise,
    step_decay,
    warmup,
)
from lrcourse.tables import Table
from lrcourse.training import fit

SAID = [*FAULTS, "unclear"]
_EPOCHS = 40
_SHARP = np.geomspace(5, 9, 60)  # of the quadratic, whose edge is
_LOW, _HIGH = np.geomspace(1e-3, 0.3, 10), np.geomspace(1.5, 1000, 14)  # of a good rate


def train(settings: dict, seed: int, model: str, fault: str) -> dict[str, np.ndarray]:
    """Make one training with the fault and diagnose its record.

    Returns
    -------
    dict
        "said", the place of the diagnosis in `SAID`, and "sure".
    """
    draw = np.random.default_rng([seed, sum(map(ord, model + fault))])
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of `fit`: the schedule does not fit, on purpose
        losses, validation, rates = _MAKERS.get(fault, _with_schedule)(model, fault, draw)
        noise = 1 + 0.01 * draw.normal(size=(2, len(losses)))
        record = Record(
            losses * noise[0],
            validation * noise[1] if draw.random() < 0.8 else (),
            rates if fault in _OF_RATES or draw.random() < 0.5 else (),
        )
        found = diagnose(record)
    return {"said": np.array(SAID.index(found.fault)), "sure": np.array(found.sure)}


# The models: each trains once for every schedule of a list, all on the same batches.


def _quadratic(schedules, draw, **_):
    """Noisy gradient descent in up to 20 directions, a record every fifth update."""
    d, updates, every = int(draw.integers(2, 20)), 5 * _EPOCHS * 3, 5
    curvatures = 10 ** np.append(0, draw.uniform(-1.5, 0, size=d - 1))
    w = draw.normal(size=d)
    w = np.tile(w / np.sqrt(curvatures @ w**2 / 2), (len(schedules), 1))  # a loss of 1 to begin
    noise = 0.03 * draw.normal(size=(updates, d))
    rates = np.array([schedule(np.arange(updates)) for schedule in schedules])
    losses = np.empty((len(schedules), updates))
    for t in range(updates):
        losses[:, t] = (curvatures * w**2).sum(axis=1) / 2 + 0.05
        w -= rates[:, t : t + 1] * (curvatures * w + noise[t])
    return losses[:, ::every], losses[:, ::every], rates[:, ::every]


def _data(kind, draw, rows):
    x = draw.normal(size=(rows + 200, 8))
    direction = draw.normal(size=8)
    y = np.tanh(x @ direction / 2) + 0.1 * draw.normal(size=len(x))
    if kind == "classes":
        y = (x @ direction + 0.5 * draw.normal(size=len(x)) > 0).astype(float)
    return Data(x[:rows], y[:rows], x[rows:], y[rows:])


_NETWORKS = {
    "logistic": (lambda: LogisticRegression(8), SGD, "classes"),
    "network": (lambda: MultilayerPerceptron([8, 16, 1], "tanh"), SGD, "classes"),
    "adam": (lambda: MultilayerPerceptron([8, 16, 1], "relu"), Adam, "classes"),
    "regression": (
        lambda: MultilayerPerceptron([8, 16, 1], "tanh", "squared_error"), SGD, "numbers",
    ),
}  # fmt: skip
_GOOD = {"quadratic": 0.3, "logistic": 1.0, "network": 1.0, "adam": 0.01, "regression": 0.1}


def _network(schedules, draw, name, rows=320, data=None):
    """A small network or a neuron, a record after every epoch of ten updates."""
    make, optimizer, kind = _NETWORKS[name]
    data = _data(kind, draw, rows) if data is None else data
    if kind == "numbers":
        data = data._replace(y_train=data.y_train[:, None], y_validation=data.y_validation[:, None])
    history = fit(
        make(), optimizer(list(schedules)), data,
        epochs=_EPOCHS, batch_size=32, seed=int(draw.integers(1 << 30)),
    )  # fmt: skip
    return history.train_loss.T, history.validation_loss.T, history.applied_rate.T


def _curves(model, schedules, draw, **more):
    run = _quadratic if model == "quadratic" else _network
    return run(schedules, draw, name=model, **more)


def _updates(model):
    return 600 if model == "quadratic" else 10 * _EPOCHS


# Faults of the rate, by their outcome.


def _healthy(model, draw) -> Schedule:
    rate, total = _GOOD[model] * 10 ** draw.uniform(-0.3, 0), _updates(model)
    shapes = [
        lambda: constant(rate / 2),
        lambda: cosine(rate, total),
        lambda: linear(rate, total),
        lambda: piecewise([rate, rate / 10, rate / 100], [0.5, 0.75], total_steps=total),
        lambda: exponential(rate, 3 / total),
        lambda: warmup(cosine(rate, total - total // 20), total // 20),
        lambda: one_cycle(rate, total),
        lambda: step_decay(rate, 0.5, total // 5),
    ]
    return shapes[draw.integers(len(shapes))]()


def _by_outcome(model, fault, draw):
    """The mildest rate whose outcome is plainly the fault, beside the healthy one."""
    high = _SHARP if (model, fault) == ("quadratic", "rate too high") else _HIGH
    factors = (_LOW if fault == "rate too low" else high) * 10 ** draw.uniform(-0.1, 0.1)
    rates = [constant(_GOOD[model] * factor) for factor in (0.5, *factors)]
    losses, validation, applied = _curves(model, rates, draw)
    quarter = losses.shape[1] // 4
    good, first = losses[0, -quarter:].mean(), losses[0, 0]
    fall = first - good
    last = losses[:, -quarter:]
    with np.errstate(all="ignore"):
        left = (np.median(last, axis=1) - good) / fall
        jumps = np.abs(np.diff(last, axis=1)).mean(axis=1) / fall
        falls = (losses[:, -2 * quarter : -quarter].mean(axis=1) - last.mean(axis=1)) / fall
    finite = np.isfinite(losses).all(axis=1)
    if fault == "rate too low":
        shown = (left > 0.2) & (left < 0.9) & (falls > 0.02)
    elif fault == "rate too high":
        shown = finite & (left > 0.1) & (left < 1) & (jumps > 0.05)
    else:
        shown = ~finite | (left > 2)
    chosen = np.flatnonzero(shown[1:]) + 1
    if not len(chosen):  # these data do not show it at any rate: others may
        return _by_outcome(model, fault, draw)
    run = chosen[draw.integers(min(3, len(chosen)))]
    return losses[run], validation[run], applied[run]


def _never(model, fault, draw):
    """A rate that is next to nothing."""
    rate = constant(_GOOD[model] * 10 ** draw.uniform(-9, -5))
    return tuple(curves[0] for curves in _curves(model, [rate], draw))


def _overfitted(model, fault, draw):
    """Thirty rows, a third of them mislabelled, and a network: the validation loss rises."""
    data = _data("classes", draw, 30)
    y = np.where(draw.random(30) < 0.3, 1 - data.y_train, data.y_train)
    make = [MultilayerPerceptron([8, 32, 1], "relu"), MultilayerPerceptron([8, 32, 32, 1], "tanh")]
    rate, batch_size = draw.uniform(0.3, 1), 10
    optimizer = Adam(0.03 * rate) if model == "adam" else SGD(rate, momentum=0.5)
    history = fit(
        make[draw.integers(2)], optimizer, data._replace(y_train=y),
        epochs=2 * _EPOCHS, batch_size=batch_size, seed=int(draw.integers(1 << 30)),
    )  # fmt: skip
    lowest = history.validation_loss.min()
    if history.validation_loss[-1, 0] - lowest < 0.3 * (history.validation_loss[0, 0] - lowest):
        return _overfitted(model, fault, draw)  # these data were learnt without harm
    return history.train_loss[:, 0], history.validation_loss[:, 0], history.applied_rate[:, 0]


# Faults that the schedule has. Its rates are good ones but for the fault.


def _resumed(schedule, at):
    return join([schedule, schedule], [at])


def _cut_always(rate, total, draw):
    every = int(draw.integers(2, 4)) * total // _EPOCHS
    return step_decay(rate, draw.choice([0.3, 0.5]), max(every, 1))


def _faulty(model, fault, draw) -> Schedule:
    rate, total = _GOOD[model] * 10 ** draw.uniform(-0.3, 0), _updates(model)
    n = total // _EPOCHS
    shape = int(draw.integers(3))
    match fault:
        case "decay too fast":  # meant by the epoch, applied by the update
            return [
                exponential(rate, draw.uniform(0.1, 0.5)),
                step_decay(rate, 0.5, int(draw.integers(2, 6))),
                cosine(rate, _EPOCHS),
            ][shape]
        case "ended early":  # the length of a part of the training
            part = int(draw.uniform(0.3, 0.7) * total)
            return [linear(rate, part), cosine(rate, part),
                    warmup(linear(rate, part - n), n)][shape]  # fmt: skip
        case "hardly moves":  # meant by the update, applied by the epoch
            return per_epoch(
                [cosine(rate, total), one_cycle(rate, total),
                 warmup(linear(rate, total), 2 * _EPOCHS)][shape], n,
            )  # fmt: skip
        case "restarted":
            at = int(draw.uniform(0.25, 0.7) * _EPOCHS) * n  # a training is resumed at an epoch
            return _resumed(
                [cosine(rate, total), linear(rate, total),
                 warmup(cosine(rate, total), total // 8)][shape], at,
            )  # fmt: skip
        case "plateau always":
            return _cut_always(rate, total, draw)


def _with_schedule(model, fault, draw):
    schedule = _healthy(model, draw) if fault == "none" else _faulty(model, fault, draw)
    return tuple(curves[0] for curves in _curves(model, [schedule], draw))


def _without_warmup(model, fault, draw):
    """A first rate beyond the edge, and a good one after a tenth of the training."""
    total = _updates(model)
    begun = draw.integers(total // 20, total // 8)
    schedules = [
        join([constant(_GOOD[model] * factor), cosine(_GOOD[model] / 2, total - begun)], [begun])
        for factor in np.geomspace(2, 3000, 15)
    ]
    losses, validation, rates = _curves(model, schedules, draw)
    with np.errstate(all="ignore"):
        peak = losses[:, : losses.shape[1] // 5].max(axis=1) / losses[:, 0]
    fine = np.isfinite(losses).all(axis=1) & (np.median(losses[:, -8:], axis=1) < losses[:, 0])
    chosen = np.flatnonzero(fine & (peak > 1.8))
    if not len(chosen):
        return _without_warmup(model, fault, draw)
    run = chosen[draw.integers(len(chosen))]
    return losses[run], validation[run], rates[run]


_MAKERS = {
    **dict.fromkeys(("diverged", "rate too high", "rate too low"), _by_outcome),
    "never fell": _never,
    "overfitting": _overfitted,
    "no warmup": _without_warmup,
}
_OF_RATES = ("decay too fast", "ended early", "hardly moves", "restarted", "plateau always")


def confusion(record, odd: bool = True) -> np.ndarray:
    """Return how often each fault (row) was called what (column), as `SAID` orders them.

    Parameters
    ----------
    odd : bool
        Of the odd seeds, the test, or of the even, on which the thresholds were set.
    """
    table = np.zeros((len(FAULTS), len(SAID)), int)
    for run in record.runs:
        if run["seed"] % 2 == odd:
            table[SAID.index(run["labels"]["fault"]), run["results"]["said"]] += 1
    return table


def summary(record) -> Table:
    """Return, for the odd seeds, how many of each fault were found, missed and called unclear."""
    table = confusion(record)
    rows = []
    for fault, row in zip(FAULTS, table, strict=True):
        right, total = row[SAID.index(fault)], row.sum()
        others = {SAID[place]: count for place, count in enumerate(row[:-1]) if count}
        others.pop(fault, None)
        worst = max(others, key=others.get) if others else ""
        rows.append([fault, int(total), float(right / total), int(row[-1]), worst])
    return Table(["fault", "trainings", "found", "unclear", "mostly taken for"], rows)


def _labels(settings):
    return [
        {"model": model, "fault": fault}
        for model in settings["models"]
        for fault in FAULTS
        if fault not in settings["impossible"].get(model, ())
    ]


_SETTINGS = {
    "data": "drawn",
    "models": ["quadratic", "logistic", "network", "adam", "regression"],
    "impossible": {
        "quadratic": ["overfitting"],
        "logistic": ["overfitting", "no warmup", "diverged"],  # its loss is convex and tame
        "adam": ["diverged"],  # its steps are bounded
        "regression": ["rate too high", "no warmup"],  # it converges or diverges
    },
}

EXPERIMENT = Experiment(
    name="diagnosis",
    about="trainings with known faults of five models, and what the diagnosis says of each",
    sizes={"quick": {**_SETTINGS, "seeds": 2}, "full": {**_SETTINGS, "seeds": 24}},
    runs=_labels,
    train=train,
    summary=summary,
    data=lambda name: make_dataset(name, "made by the experiment", np.zeros(1), np.zeros(1)),
)
