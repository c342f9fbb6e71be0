"""How many seeds it takes to tell learning rates apart: a small autoencoder, many times."""

from dataclasses import replace

from lrcourse.experiments import autoencoder

_SETTINGS = {
    "data": "digits",
    "dtype": "float64",
    "code": 16,
    "epochs": 15,
    "checkpoints": [0, 1, 15],
    "longer_at": None,
    "longer": None,
    "batch_size": 32,
}

EXPERIMENT = replace(
    autoencoder.EXPERIMENT,
    name="seeds",
    about="Adam's rate on a small autoencoder, with more seeds than anybody takes",
    sizes={
        "quick": _SETTINGS | {"learning_rates": [0.005, 0.02], "seeds": 2},
        "full": _SETTINGS
        | {"learning_rates": [0.003, 0.004, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03], "seeds": 40},
    },
)
