"""Questions: settings that are compared on many seeds, with what would count as a difference.

What is chosen, such as the rate that suits a setting, is chosen on seeds of its own, `CHOOSING`;
what is reported are the seeds 0, 1, 2 …, as many as the record has.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lrcourse.comparison import Comparison, Difference, paired_difference
from lrcourse.experiments.running import Experiment
from lrcourse.tables import Table

CHOOSING = range(10_000, 10_050)


@dataclass(frozen=True)
class Question:
    """What is compared, and what would count.

    Parameters
    ----------
    differs : str
        What differs between the settings, and nothing else does.
    measured : str
        What each run gives for each setting; the lower the better, unless it is an accuracy
        or a share.
    margin : float
        What would not count as a difference: a share of the mean of the setting that others are
        compared with, or where `absolute`, in the unit of what is measured.
    against : str
        The setting that the others are compared with.
    results : function of a seed, returning a dict of floats
        A result of each setting, all from the same seed.
    chosen : str
        What was chosen for each setting, by its mean over the seeds `CHOOSING`.
    absolute : bool
    """

    differs: str
    measured: str
    margin: float
    against: str
    results: Callable[[int], Mapping[str, float]]
    chosen: str = ""
    absolute: bool = False


def experiment(
    name: str, about: str, questions: Mapping[str, Question], train, full: int, quick=None
):
    """Return the experiment that asks these questions on as many seeds as `full`.

    Parameters
    ----------
    name, about : str
    questions : dict of Question
    train : function (settings, seed, question) returning a dict
        ``questions[question].results(seed)``, as a function of the module of the questions.
    full : int
    quick : list of questions, by default all
        Which questions the size "quick" asks, on 2 seeds: such as soon have an answer.
    """
    return Experiment(
        name=name,
        about=about,
        sizes={
            "quick": {"question": quick or list(questions), "seeds": 2},
            "full": {"question": list(questions), "seeds": full},
        },
        runs=lambda settings: [{"question": key} for key in settings["question"]],
        train=train,
        summary=lambda record: answers(record, questions),
    )


def answers(record, questions: Mapping[str, Question]) -> Table:
    """Return the answer of a record to each question that it was asked."""
    columns = ["question", "setting", "other setting", "runs", "margin", "difference"]
    rows = []
    for key in record.labels["question"]:
        question = questions[key]
        compared = comparison(record, key, question)
        for setting in compared.results:
            if setting != question.against:
                d = difference(record, key, question, setting)
                outcome = compared.outcome(setting, question.against)
                row = [key, setting, question.against, d.seeds, d.margin]
                rows.append([*row, d.mean, d.low, d.high, outcome])
    return Table([*columns, "low", "high", "outcome"], rows)


def results(record, key: str) -> dict[str, np.ndarray]:
    """Return the results (seeds,) of every setting of a question."""
    names = next(run["results"] for run in record.runs if run["labels"]["question"] == key)
    return {name: record.values(name, question=key) for name in names}


def comparison(record, key: str, question: Question) -> Comparison:
    """Compare every two settings of a question, with all pairs in view."""
    found = results(record, key)
    unit = 1.0 if question.absolute else found[question.against].mean()
    return Comparison(found, question.margin * unit)


def difference(record, key: str, question: Question, setting: str) -> Difference:
    """Return how far a setting is above the one that others are compared with."""
    compared = comparison(record, key, question)
    found = compared.results
    return paired_difference(found[setting], found[question.against], compared.margin)


def best(candidates, result: Callable, seeds=CHOOSING):
    """Return the candidate whose result has the lowest mean over the seeds that choose.

    Parameters
    ----------
    candidates : sequence
    result : function of a seed, returning an array (candidates,)
    """
    means = np.mean([result(seed) for seed in seeds], axis=0)
    return candidates[int(np.argmin(means))]
