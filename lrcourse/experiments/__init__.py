"""The sources' experiments, each defined once.

A module for each has its settings, at two sizes, and a function for a single run:
"quick" takes seconds and the data that come with the course, "full" takes those of the
source. `run` goes through the runs; `lrcourse.records` has what they found.
"""

from lrcourse.experiments import autoencoder, edge, factors, images, ionosphere, seeds, table
from lrcourse.experiments.running import Experiment, run
from lrcourse.experiments.table import (
    EVALUATE_EVERY,
    SAMPLES,
    TEXTBOOK_RATES,
    beside_the_textbook,
    learning_rate_table,
    school_district_runs,
)

EXPERIMENTS = {
    module.EXPERIMENT.name: module.EXPERIMENT
    for module in (autoencoder, edge, factors, images, ionosphere, seeds, table)
}

__all__ = [
    "EVALUATE_EVERY",
    "EXPERIMENTS",
    "SAMPLES",
    "TEXTBOOK_RATES",
    "Experiment",
    "beside_the_textbook",
    "learning_rate_table",
    "run",
    "school_district_runs",
]
