"""What is wrong with a training, told from its losses and rates.

`read` takes a file as people have it, `diagnose` says which fault its curves show, how sure
that is and what to try. It is a classifier: `lrcourse.experiments.diagnosis` tests it on
trainings with known faults.

>>> halves = [2.0**-epoch for epoch in range(40)]
>>> diagnose(Record(halves)).fault
'none'
>>> diagnose(Record(halves, learning_rates=[0.1] * 15 + [0.0] * 25)).fault
'ended early'
"""

import csv
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lrcourse.checks import instance, numbers
from lrcourse.language import translate

# Each fault: what the curves show, and what to try.
FAULTS = {
    "none": (
        "This looks like a healthy training: the loss fell and has settled.",
        "Nothing needs a remedy. For a lower loss, end with a decay of the rate, or train longer.",
    ),
    "diverged": (
        "The training diverged: the loss is far above its beginning, or no number.",
        "Take a tenth of the rate, or let `lrcourse.frameworks.find` suggest one; with a "
        "warmup, a larger rate may do.",
    ),
    "rate too high": (
        "The rate is too high: the loss jumps up and down and does not settle.",
        "Take a third of the rate, then a tenth; or lower it towards the end.",
    ),
    "rate too low": (
        "The rate is too low, or the training too short: the loss was still falling fast.",
        "Take three times the rate, then ten times, until the loss begins to jump; or train "
        "longer.",
    ),
    "never fell": (
        "The loss never fell.",
        "Check that the rate is not 0 and that the optimizer has the weights; then try a rate "
        "that is 100 times as large, and one that is a hundredth.",
    ),
    "overfitting": (
        "The training overfits: the validation loss rises while the training loss falls.",
        "The rate is not to blame. Stop at the lowest validation loss; then more data, "
        "weight decay or dropout.",
    ),
    "no warmup": (
        "The loss jumped up at the beginning, and the training lost its first part.",
        "Begin with a warmup over the first twentieth of the updates, or with a third of the rate.",
    ),
    "decay too fast": (
        "The rate was gone at the beginning of the training: a decay meant per epoch was "
        "probably applied at every update.",
        "Multiply the lengths of the schedule by the updates of an epoch, or call "
        "scheduler.step() once an epoch.",
    ),
    "ended early": (
        "The schedule ended long before the training, and the rest was trained with almost no "
        "rate. Was its length counted for other batches, or stepped several times an update?",
        "Plan the schedule for all updates: epochs × batches, divided by what is accumulated, "
        "and call scheduler.step() once an update.",
    ),
    "hardly moves": (
        "The schedule had hardly begun when the training ended: one of updates was probably "
        "stepped once an epoch.",
        "Call scheduler.step() after every update, or count the schedule in epochs.",
    ),
    "restarted": (
        "The rates began again in the middle: the training was probably resumed without the "
        "state of its schedule.",
        "Save and load the scheduler's state_dict with the optimizer's; in Keras give fit its "
        "initial_epoch.",
    ),
    "plateau always": (
        "The rate was cut again and again within a few records: a plateau rule fires all the time.",
        "Raise its patience, lower its threshold, and feed it the validation loss of an epoch, "
        "smaller being better.",
    ),
}
_ONCE = {
    "zero first": "The first rate is 0: the first update does nothing. Begin at 1/w of a warmup "
    "of w updates.",
    "constant": "The rate never changed and the loss has not improved in the last half: a plateau "
    "rule, if there is one, did not fire.",
    "off by one": "The rate drops at {place}, one before a round number: is the schedule stepped "
    "once too early?",
    "gradients": "The norm of the gradient grew {factor} times.",
}

# What a number of the curves is compared with; set on the even seeds of the experiment.
THRESHOLDS = {
    "diverged": 1.5,  # how far the end is above the beginning, in units of the fall
    "never fell": 0.02,  # the fall, of the first loss
    "overfitting": 0.1,  # the rise of the validation loss, of its fall
    "no warmup": 0.5,  # an early peak above the first loss, in units of the fall
    "rate too high": 0.045,  # the jumps of the last half, of the fall
    "rate too low": 0.09,  # what the last quarter contributed to the fall
}
_SURE = 0.6  # below it, and above what it leaves, the diagnosis is "unclear"
_LEAST = 8  # losses that it takes
_MOST = 2000  # points that are looked at; longer records are thinned


@dataclass(frozen=True)
class Record:
    """What was recorded of a training, in its order: by update or by epoch.

    Attributes
    ----------
    losses : array (records,)
        Of the training; nan and infinity may be in it.
    validation_losses, learning_rates, gradient_norms : arrays, optional
        Over the same training, as often as they were recorded.
    """

    losses: Sequence[float]
    validation_losses: Sequence[float] = ()
    learning_rates: Sequence[float] = ()
    gradient_norms: Sequence[float] = ()

    def __post_init__(self):
        for name in ("losses", "validation_losses", "learning_rates", "gradient_norms"):
            object.__setattr__(self, name, numbers(name, getattr(self, name), 1))


@dataclass(frozen=True)
class Diagnosis:
    """What a record shows.

    Attributes
    ----------
    fault : str
        One of `FAULTS`, or "unclear".
    sure : float
        From 0 to 1.
    notes : list of str
        What else is odd, in the chosen language.
    suspected : list of str
        Of an unclear record, the faults that it may have.
    """

    fault: str
    sure: float
    notes: list[str] = field(default_factory=list)
    suspected: list[str] = field(default_factory=list)

    def __str__(self):
        """One paragraph, in the chosen language."""
        if self.fault == "unclear":
            names = ", ".join(translate(each) for each in self.suspected)
            told = [
                translate("It is unclear what this record shows; perhaps: {names}.", names=names),
                translate("Record more of it, with the rates."),
            ]
        else:
            told = [translate(each) for each in FAULTS[self.fault]]
            told.append(translate("Sure to {sure}%.", sure=f"{100 * self.sure:.0f}"))
        return " ".join([*told, *self.notes])

    def json(self) -> str:
        """Return it as JSON."""
        content = {"fault": self.fault, "sure": round(self.sure, 3), "text": str(self)}
        content |= {"notes": self.notes, "suspected": self.suspected}
        return json.dumps(content, ensure_ascii=False, indent=1)


def diagnose(record: Record | Mapping) -> Diagnosis:
    """Say which fault a training shows, and how sure that is.

    The rates are looked at first, since what they show is a cause; then the losses. Each fault
    has a number that is compared with a threshold; where none is clearly above its threshold,
    and not all are clearly below, the diagnosis is "unclear".

    Parameters
    ----------
    record : Record, or mapping with its attributes
        At least 8 losses.

    Raises
    ------
    TypeError, ValueError
        If the record is none, or too short.
    """
    if isinstance(record, Mapping):
        if "losses" not in record or not set(record) <= set(Record.__dataclass_fields__):
            needed = ", ".join(Record.__dataclass_fields__)
            raise ValueError(f"record must have losses, and at most {needed}, got {list(record)}")
        record = Record(**record)
    instance("record", record, Record)
    if len(record.losses) < _LEAST:
        raise ValueError(f"record must have at least {_LEAST} losses, got {len(record.losses)}")
    losses, validation = _thinned(record.losses), _thinned(record.validation_losses)
    rates = record.learning_rates[np.isfinite(record.learning_rates)]
    with np.errstate(all="ignore"):
        scores = _rate_scores(rates) | _loss_scores(losses, validation)
    notes = _notes(rates, losses, record.gradient_norms)
    for fault, score in scores.items():
        if score >= _SURE:
            return Diagnosis(fault, score, notes)
    suspected = [fault for fault, score in scores.items() if score > 1 - _SURE]
    if suspected:
        return Diagnosis("unclear", 0.0, notes, ["none", *suspected])
    return Diagnosis("none", 1 - max(scores.values()), notes)


def _thinned(values):
    """Return at most `_MOST` medians of blocks, and nan where a block has a number that is none."""
    size = -(-len(values) // _MOST)
    if size <= 1:
        return values
    blocks = np.array_split(values, -(-len(values) // size))
    return np.array([np.median(each) for each in blocks])  # nan if one is


def _score(value, threshold) -> float:
    """Return 0.5 at the threshold, near 1 far above it and near 0 far below."""
    if not value > 0:  # nan too
        return 0.0
    return 1.0 if value == math.inf else float(1 / (1 + (threshold / value) ** 2))


def _loss_scores(losses, validation) -> dict[str, float]:
    finite = np.isfinite(losses)
    if not finite.all():
        # What comes after is no training any more.
        return {"diverged": 1.0}
    n = len(losses)
    width = max(1, min(n // 8, 25))
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(losses, width), axis=1)
    first, lowest = losses[: max(1, n // 40)].mean(), smooth.min()
    end = np.median(losses[-max(2, n // 10) :])
    fall = max(first - lowest, 1e-12 * abs(first), 1e-300)
    jumps = _jumps(losses[n // 2 :])
    quarters = [part.mean() for part in np.array_split(smooth, 4)]
    early = losses[: max(1, n // 4)].max() - max(first, losses[0])
    early *= jumps < fall / 10 and early > 0.3 * abs(first)
    small = max(THRESHOLDS["never fell"] * abs(first), min(4 * jumps, 0.05 * abs(first)))
    steadily = quarters[2] - quarters[3] > jumps and np.all(np.diff(quarters) < 0)
    worse = (end - first) / max(fall, abs(first)) + 1
    return {
        "diverged": _score(worse, THRESHOLDS["diverged"]),
        "never fell": _score(small / fall, 1),
        "no warmup": _score(early / fall, THRESHOLDS["no warmup"]) * (end < first),
        "overfitting": _overfitting(validation)
        * (_learns_on(losses, validation, jumps) and jumps < fall / 20),
        "rate too low": _score((quarters[2] - quarters[3]) / fall, THRESHOLDS["rate too low"])
        * steadily,
        "rate too high": _score(max(jumps, end - lowest) / fall, THRESHOLDS["rate too high"]),
    }


def _jumps(losses) -> float:
    """Return the standard deviation of what is neither steady nor straight."""
    if len(losses) < 4:
        return 0.0
    return float(np.median(np.abs(np.diff(losses, 2))) / (0.67 * np.sqrt(6)))


def _overfitting(validation) -> float:
    if len(validation) < _LEAST or not np.isfinite(validation).all():
        return 0.0
    lowest, end = validation.min(), np.median(validation[-max(2, len(validation) // 10) :])
    fall = max(validation[0] - lowest, 0.05 * abs(lowest))
    noise = _jumps(validation[len(validation) // 2 :])
    return _score((end - lowest - noise) / fall, THRESHOLDS["overfitting"])


def _learns_on(losses, validation, jumps) -> bool:
    """Whether the training loss goes on falling after the lowest validation loss."""
    if len(validation) < _LEAST:
        return False
    place = int(np.nanargmin(validation) / len(validation) * len(losses))
    after = losses[place : place + max(1, len(losses) // 20)].mean()
    return bool(after - np.median(losses[-max(2, len(losses) // 10) :]) > 2 * jumps)


def _rate_scores(rates) -> dict[str, float]:
    """Return the faults that the rates alone show, each with 0 or nearly 1."""
    n, top = len(rates), rates.max(initial=0)
    if n < _LEAST or top <= 0:
        return {"never fell": 0.95} if n >= _LEAST else {}
    gone = np.flatnonzero(rates > 1e-3 * top)[-1] + 1  # the first from which on it is nothing
    cuts = np.flatnonzero(rates[1:] < 0.7 * rates[:-1]) + 1
    cuts = cuts[rates[cuts] > 1e-12 * top]
    begun = int(rates.argmax())
    found = {"restarted": _restarted(rates, top)}
    often = len(cuts) >= 4 and np.median(np.diff(cuts)) <= max(3, 0.12 * n)
    # Each by the same factor, and level in between: no curve does that.
    factors = np.log(rates[cuts] / rates[cuts - 1]) if often else np.array([0.0, 1.0])
    level = often and np.isclose(rates[cuts[:-1]], rates[cuts[1:] - 1]).mean() > 0.5
    stairs = level and np.ptp(factors) < 0.05 and np.median(np.diff(cuts)) >= 2
    found["plateau always"] = stairs
    found["decay too fast"] = gone < 0.25 * n
    found["ended early"] = gone < 0.8 * n and np.ptp(rates[-n // 5 :]) == 0
    falls = np.diff(rates[begun:])
    still_rises = (
        begun >= 0.95 * n and rates[-1] > 1.05 * rates[n // 2] and np.all(np.diff(rates) >= 0)
    )
    little = 0.8 * top < rates[-1] < (1 - 1e-6) * top and np.all(falls <= 0) and len(cuts) == 0
    found["hardly moves"] = still_rises or (little and begun < 0.5 * n and rates[0] > 0.8 * top)
    return {fault: 0.95 * bool(said) for fault, said in found.items()}


def _restarted(rates, top) -> bool:
    """Whether the rates jump, and go on as they had begun."""
    n = len(rates)
    size = max(3, n // 20)
    with np.errstate(divide="ignore"):
        steps = np.abs(np.diff(np.log(np.maximum(rates, 1e-9 * top))))
    for place in np.flatnonzero(steps > 0.05)[:200] + 1:
        part = rates[place : place + size]
        again = np.allclose(part, rates[: len(part)], rtol=0.03, atol=1e-6 * top)
        planned = rates[place - 1] < 0.05 * top  # the end of a period, as warm restarts have it
        if len(part) >= 3 and again and not planned and place > 2:
            return True
    return False


def _notes(rates, losses, norms) -> list[str]:
    notes, n = [], len(rates)
    if n >= _LEAST and rates[0] == 0 and rates.max() > 0:
        notes.append(translate(_ONCE["zero first"]))
    half = len(losses) // 2
    if n >= _LEAST and np.ptp(rates) == 0 and np.isfinite(losses).all():
        fall = losses[0] - losses.min()
        if np.median(losses[half : half + half // 4 + 1]) - np.median(losses[-half // 4 :]) < (
            0.01 * fall
        ):
            notes.append(translate(_ONCE["constant"]))
    drops = np.flatnonzero(rates[1:] < 0.7 * rates[:-1]) + 1 if n else []
    if len(drops) and all(drop >= 9 and drop % 10 == 9 for drop in drops):
        notes.append(translate(_ONCE["off by one"], place=", ".join(map(str, drops[:3]))))
    norms = norms[np.isfinite(norms)]
    if len(norms) >= _LEAST and np.median(norms[-3:]) > 10 * np.median(norms[:3]) > 0:
        factor = np.median(norms[-3:]) / np.median(norms[:3])
        notes.append(translate(_ONCE["gradients"], factor=f"{factor:.0f}"))
    return notes


# Files.

_LARGEST = 500_000_000  # bytes
_NAMES = {  # of columns and keys, in lower case and without what separates words
    "losses": ("loss", "trainloss", "trainingloss", "lossepoch", "trainlossepoch", "lossstep",
               "trainlossstep", "value"),
    "validation_losses": ("valloss", "validloss", "validationloss", "evalloss", "testloss",
                          "vallossepoch"),
    "learning_rates": ("lr", "learningrate", "trainlr", "trainlearningrate"),
    "gradient_norms": ("gradnorm", "gradientnorm", "traingradnorm", "grad2normtotal"),
}  # fmt: skip
_NUMBER = r"[-+]?(?:\d{1,400}\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|nan|inf(?:inity)?)\b"
_SAID = re.compile(
    r"(?<![a-z])((?:(?:val|valid|validation|eval|test|train|training)[ _/]{0,2})?loss"
    r"|lr|learning[ _]rate|grad(?:ient)?[ _]norm)"
    rf"\s{{0,3}}[:=]?\s{{0,3}}({_NUMBER})",
    re.IGNORECASE,
)


def read(path: str | Path) -> Record:
    """Return what a file says of a training.

    It may be CSV with a header (also Lightning's ``metrics.csv`` and TensorBoard's download),
    JSON (a Keras history, ``trainer_state.json`` of transformers, or a list of records), or
    lines of a log, such as ``epoch 3 loss 0.21 val_loss 0.3 lr 0.01``.

    Raises
    ------
    ValueError
        In one line, if the file is none, not text, too large, or says nothing of a loss.
    """
    if not isinstance(path, (str, Path)):
        raise TypeError(f"FILE must be a path, got {path!r}")
    path = Path(path)
    try:
        if not path.is_file():
            raise ValueError(f"FILE must be a file, got {str(path)[:99]}")
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"FILE must have at most {_LARGEST // 1_000_000} MB")
        content = path.read_bytes()
    except OSError as problem:
        raise ValueError(f"FILE cannot be read: {problem.strerror or problem}") from None
    return parse(_text(content))


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if b"\0" in content[:100_000]:
        raise ValueError("FILE must be text, got a binary file")
    return content.decode("utf-8-sig", errors="replace")


def parse(text: str) -> Record:
    """Return what a text says of a training: see `read`."""
    if not instance("text", text, str).strip():
        raise ValueError("FILE must say something of a training, but it is empty")
    series = _from_json(text) if text.lstrip()[0] in "[{" else None
    if series is None:
        series = _from_csv(text) or _from_lines(text)
    if not len(series.get("losses", ())) and len(series.get("validation_losses", ())):
        series["losses"] = series["validation_losses"]
    if not len(series.get("losses", ())):
        raise ValueError("FILE must say something of a loss: CSV with a header, JSON, or a log")
    return Record(**series)


def _column(name) -> str | None:
    """Return which of the four series a name stands for."""
    plain = re.sub(r"[^a-z0-9]", "", str(name)[:60].lower())
    for series, names in _NAMES.items():
        if plain in names:
            return series
    first = re.match(r"(lr|learning.?rate)(?![a-z])", str(name)[:60].lower())
    return "learning_rates" if first else None  # lr-Adam, lr-SGD/pg1


def _gathered(pairs) -> dict[str, list[float]]:
    """Collect (name, number) pairs; of names for the same, the one that was said most often."""
    found = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    series = {}
    for name, values in found.items():
        kind = _column(name)
        if kind and len(values) > len(series.get(kind, ())):
            series[kind] = values
    return series


def _float(value) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return math.inf
    except (TypeError, ValueError):
        return None


def _from_json(text):
    try:
        content = json.loads(text)
    except RecursionError:
        raise ValueError("FILE must be JSON that is not nested that deeply") from None
    except ValueError:
        lines = text.splitlines()
        try:
            content = [json.loads(line) for line in lines if line.strip()]  # a record a line
        except (ValueError, RecursionError):
            return None  # a log may begin with a bracket
    if isinstance(content, dict):
        content = content.get("log_history", content.get("history", content))
    if isinstance(content, dict):
        columns = {name: value for name, value in content.items() if isinstance(value, list)}
        pairs = [(name, _float(each)) for name, value in columns.items() for each in value]
    else:
        rows = (
            [row for row in content if isinstance(row, dict)] if isinstance(content, list) else []
        )
        pairs = [(name, _float(value)) for row in rows for name, value in row.items()]
    return _gathered((name, value) for name, value in pairs if value is not None)


def _from_csv(text):
    header = text.lstrip().split("\n", 1)[0].rstrip("\r")
    separator = max(",;\t", key=header.count)
    names = header.split(separator)
    if len(names) < 2 or not any(_column(name.strip(' "')) for name in names):
        return {}
    try:
        rows = csv.reader(io.StringIO(text.lstrip()), delimiter=separator)
        next(rows)
        names = [name.strip(' "') for name in names]
        kinds = [place for place, name in enumerate(names) if _column(name)]
        pairs = (
            (names[place], _float(row[place]))
            for row in rows
            for place in kinds
            if place < len(row) and row[place].strip()
        )
        return _gathered((name, value) for name, value in pairs if value is not None)
    except csv.Error as problem:
        raise ValueError(f"FILE must be CSV, but {problem}") from None


def _from_lines(text):
    return _gathered((name.lower(), float(said)) for name, said in _SAID.findall(text))
