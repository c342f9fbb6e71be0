"""The experiments of the course, each defined once.

Each has a module with its settings, at two sizes, with a function for a single run, and
with functions of a `lrcourse.book.records.Record` that say what the runs have found. The size
"quick" takes data that need no download. `run` makes all runs of an experiment, such as
``EXPERIMENTS["ionosphere"]``, and records them.
"""

from lrcourse.experiments import (
    autoencoder,
    bowls,
    diagnosis,
    digits,
    edge,
    factors,
    houses,
    images,
    ionosphere,
    practice,
    rivals,
    seeds,
    splits,
    table,
)
from lrcourse.experiments.running import Experiment, run
from lrcourse.experiments.table import (
    EVALUATE_EVERY,
    TEXTBOOK_RATES,
    beside_the_textbook,
    learning_rate_table,
    school_district_runs,
)

EXPERIMENTS = {
    module.EXPERIMENT.name: module.EXPERIMENT
    for module in (
        autoencoder,
        bowls,
        diagnosis,
        digits,
        edge,
        factors,
        houses,
        images,
        ionosphere,
        practice,
        rivals,
        seeds,
        splits,
        table,
    )
}

__all__ = [
    "EVALUATE_EVERY",
    "EXPERIMENTS",
    "TEXTBOOK_RATES",
    "Experiment",
    "beside_the_textbook",
    "learning_rate_table",
    "run",
    "school_district_runs",
]
