"""Every comparison that the course rests on, in one table."""

import numpy as np

from lrcourse.book.records import load
from lrcourse.comparison import Comparison, paired_difference
from lrcourse.experiments import (
    autoencoder,
    bowls,
    digits,
    factors,
    houses,
    images,
    ionosphere,
    practice,
    questions,
    rivals,
    splits,
)
from lrcourse.tables import Table

ASKED = {
    "bowls": bowls.QUESTIONS,
    "houses": houses.QUESTIONS,
    "digits": digits.QUESTIONS,
    "rivals": rivals.QUESTIONS,
    "practice": practice.QUESTIONS,
    "splits": splits.QUESTIONS,
}
_RESULT = ["runs", "margin", "difference", "low", "high", "outcome"]
COLUMNS = ["experiment", "question", "measured", "setting", "other setting", "chosen on", *_RESULT]


def comparisons() -> Table:
    """Return all comparisons: what differs, on which runs, by what margin, and the outcome.

    "chosen on" says on which seeds what suits a setting was chosen, where it was; reported are
    the seeds 0, 1, 2 …, as many as "runs". Difference, interval and margin are in the unit of
    what is measured.
    """
    rows = []
    for name in ASKED:
        rows += _answers(name, ASKED[name])
    return Table(COLUMNS, rows + _of_rates() + _of_factors() + _of_methods() + _of_sharpness())


def answers(experiment: str, *asked: str) -> Table:
    """Return the answers of an experiment to some of its questions, as a chapter shows them.

    Each setting with its mean over the runs; all but the first with their difference from it.
    """
    rows = []
    for question in asked:
        found = [row for row in _answers(experiment, ASKED[experiment]) if row[1] == question]
        means = questions.results(load(experiment), question)
        means = {name: float(values.mean()) for name, values in means.items()}
        against = found[0][4]
        rows.append([question, against, means[against], *[None] * 4])
        rows += [[question, row[3], means[row[3]], *row[8:12]] for row in found]
    return Table(["question", "setting", "mean", *_RESULT[2:]], rows)


def _answers(name, asked) -> list[list]:
    record, rows = load(name), []
    if record.labels["question"] != list(asked):
        raise ValueError(f"{name}-full.json does not answer all questions of {name}")
    for row in questions.answers(record, asked).rows:
        question = asked[row[0]]
        seeds = "10000–10049" if name == "bowls" else "10000–10009"
        chosen = seeds if question.chosen else None
        rows.append([name, row[0], question.measured, *row[1:3], chosen, *row[3:]])
    return rows


def _compared(name, question, measured, compared: Comparison, pairs) -> list[list]:
    rows = []
    for first, second in pairs:
        found = compared.results
        d = paired_difference(found[first], found[second], compared.margin)
        result = [d.seeds, d.margin, d.mean, d.low, d.high, compared.outcome(first, second)]
        rows.append([name, question, measured, first, second, None, *result])
    return rows


def _of_rates() -> list[list]:
    record, rows = load("autoencoder"), []
    compared = autoencoder.comparison(record, autoencoder.RATES)
    pairs = [pair for pair in compared.differences if "0.0017" in pair]
    rows += _compared("autoencoder", "seven rates", "validation loss", compared, pairs)
    runs = [(0.001, 130), (0.001, 70), (0.0017, 70), (0.002, 70), (0.01, 70)]
    compared = Comparison(
        {f"{rate:g} × {epochs}": autoencoder.losses(record, rate, epochs) for rate, epochs in runs},
        margin=0.001,
    )
    pairs = [pair for pair in compared.differences if "0.001 × 130" in pair]
    rows += _compared("autoencoder", "rate and epochs", "validation loss", compared, pairs)
    record = load("seeds")
    rates = record.settings["learning_rates"]
    found = {
        f"{rate:g}": autoencoder.losses(record, rate, record.settings["epochs"]) for rate in rates
    }
    pairs = [(rate, "0.005") for rate in found if rate != "0.005"]
    compared = Comparison(found, margin=0.003)
    rows += _compared("seeds", "eight rates", "validation loss", compared, pairs)
    record = load("table")
    rates = record.settings["learning_rates"]
    short, long = (
        record.values("train_loss", epochs=epochs, batch_size=10).T for epochs in (50, 500)
    )
    found = {"10 × 50": short[rates.index(10.0)]}
    found |= {f"{rate:g} × 500": long[rates.index(rate)] for rate in (0.1, 0.5, 1.0)}
    pairs = [(name, "10 × 50") for name in found if name != "10 × 50"]
    compared = Comparison(found, margin=0.003)
    return rows + _compared("table", "rate and epochs", "training loss", compared, pairs)


def _of_factors() -> list[list]:
    rows, record = [], load("factors")
    for row in factors.rules(record).rows:
        ratio, low, high = np.log(row[3:6]).tolist()
        result = [len(record.seeds), 0.0, ratio, low, high]
        outcome = "undecided" if low <= 0 <= high else "higher" if low > 0 else "lower"
        rows.append(
            ["factors", row[0], "ln of the best rate", row[2], row[1], None, *result, outcome]
        )
    return rows


def _of_methods() -> list[list]:
    record, rows = load("ionosphere"), []
    for split in record.labels["split"]:
        compared = ionosphere.comparison(record, split)
        pairs = [(name, "constant") for name in compared.results if name != "constant"]
        pairs.append(("drop-based", "constant, momentum 0.9"))
        rows += _compared("ionosphere", split, "validation accuracy", compared, pairs)
    record = load("images")
    for terms, claim, *result in images.conclusions(record).rows:
        first, _, second = claim.partition(" minus ")
        result = [len(record.seeds), images.MARGIN, *result]
        chosen = "held-out rows" if terms == "equal terms" else None
        rows.append(["images", terms, "test accuracy", first, second, chosen, *result])
    return rows


def _of_sharpness() -> list[list]:
    record, rows = load("edge"), []
    for loss in record.labels["loss"]:
        curves = record.values("sharpness", loss=loss)
        ended = np.isfinite(record.values("train_loss", loss=loss)[:, :, -1])
        tenth = max(1, curves.shape[2] // 10)
        for i, rate in enumerate(record.settings["learning_rates"][loss]):
            shares = curves[ended[:, i], i, -tenth:].mean(axis=1) * rate / 2
            if len(shares) > 1:
                d = paired_difference(shares, np.ones(len(shares)), 0.1)
                result = [d.seeds, d.margin, d.mean, d.low, d.high, d.outcome]
                row = ["edge", loss, "sharpness, of 2/rate", f"rate {rate:g}", "2/rate", None]
                rows.append([*row, *result])
    return rows
