"""Schedules and adaptive methods on images: as source D compares them, and on equal terms.

The source lets eight methods tell cats from dogs, each with a rate of its own and the
schedules with different momenta. "published" are these settings. "equal" is the comparison
that was not made: the same momentum for all schedules, every schedule fitted to the length of
the training, and every method's rate found by the same search on a part of the training set.
"""

import numpy as np

from lrcourse.book.sources import quoted
from lrcourse.comparison import Comparison, paired_difference
from lrcourse.datasets import Dataset
from lrcourse.datasets.splits import published_split, stratified_split
from lrcourse.experiments.running import Experiment, catalogued, each_of
from lrcourse.models import ConvolutionalNetwork
from lrcourse.optimizers import SGD, Adadelta, Adagrad, Adam, RMSprop
from lrcourse.schedules import constant, exponential, per_epoch, step_decay, time_based
from lrcourse.tables import Table
from lrcourse.training import fit

# As published, given the updates of an epoch. Keras's old argument `decay` counts updates.
PUBLISHED = {
    "constant": lambda per: SGD(0.1),
    "time-based": lambda per: SGD(time_based(0.1, 0.001), momentum=0.5),
    "step decay": lambda per: SGD(per_epoch(step_decay(0.1, 0.5, 10, shift=1), per), momentum=0.5),
    "exponential": lambda per: SGD(per_epoch(exponential(0.1, 0.1), per), momentum=0.8),
    "Adagrad": lambda per: Adagrad(0.01, eps=1e-8),
    "Adadelta": lambda per: Adadelta(1.0, rho=0.95, eps=1e-8),
    "RMSprop": lambda per: RMSprop(0.001, alpha=0.9, eps=1e-8),
    "Adam": lambda per: Adam(0.001, eps=1e-8),
}

# What the published schedules do in 100 epochs of 157 updates, done in so many updates.
SCHEDULES = {
    "constant": lambda rate, updates: constant(rate),
    "time-based": lambda rate, updates: time_based(rate, 15.7 / updates),
    "step decay": lambda rate, updates: step_decay(rate, 0.5, -(-updates // 10)),
    "exponential": lambda rate, updates: exponential(rate, 10 / updates),
}
MOMENTUM = 0.5
LAST = 2  # measurements are averaged, as the source's last ten epochs are
ADAPTIVE = {
    "Adagrad": lambda rates: Adagrad(rates, eps=1e-8),
    "Adadelta": lambda rates: Adadelta(rates, rho=0.95, eps=1e-8),
    "RMSprop": lambda rates: RMSprop(rates, alpha=0.9, eps=1e-8),
    "Adam": lambda rates: Adam(rates, eps=1e-8),
}


def train(settings: dict, seed: int, terms: str, method: str) -> dict[str, np.ndarray]:
    """Train the network once, on equal terms after the search for a rate.

    Returned are the "learning_rate" to begin with; the curves "train_loss", "validation_loss" and
    "validation_accuracy", on the published test set, at the beginning and after
    every so many epochs; and on equal terms what the search tried and saw, "searched_rates" and
    "searched_loss".
    """
    dataset = _pictures(catalogued(settings["data"]))._replace(test_rows=settings["test_rows"])
    data = published_split(dataset)
    network = ConvolutionalNetwork(data.x_train.shape[1:])
    batch_size, epochs = settings["batch_size"], settings["epochs"]
    per = -(-len(data.x_train) // batch_size)
    searched = {}
    if terms == "published":
        optimizer = PUBLISHED[method](per)
    else:
        rates = PUBLISHED[method](per).learning_rate * np.array(settings["searched_factors"])
        part = stratified_split(Dataset(data.x_train, data.y_train), settings["held_out"], seed)
        updates = settings["search_epochs"] * -(-len(part.x_train) // batch_size)
        history = fit(
            network, equal_terms(method, rates, updates), part,
            epochs=settings["search_epochs"], batch_size=batch_size,
            evaluate_every=updates, seed=seed,
        )  # fmt: skip
        searched["searched_rates"] = rates
        searched["searched_loss"] = loss = history.validation_loss[-1]
        best = rates[np.where(np.isfinite(loss), loss, np.inf).argmin()]
        optimizer = equal_terms(method, [best], epochs * per)
    history = fit(
        network, optimizer, data,
        epochs=epochs, batch_size=batch_size, evaluate_every=settings["measured_every"] * per,
        seed=seed,
    )  # fmt: skip
    curves = ("train_loss", "validation_loss", "validation_accuracy")
    measured = {name: getattr(history, name)[:, 0] for name in curves}
    return {"learning_rate": history.learning_rates[0], **measured, **searched}


def equal_terms(method: str, rates, updates: int):
    """Return the optimizer with these rates (runs,) for a training of so many updates."""
    if method in ADAPTIVE:
        return ADAPTIVE[method](np.array(rates))
    return SGD([SCHEDULES[method](rate, updates) for rate in rates], momentum=MOMENTUM)


def _pictures(dataset: Dataset) -> Dataset:
    """Return pictures of two classes, (rows, channels, height, width)."""
    if dataset.name == "digits":  # even or odd, in the place of cats and dogs
        # In float64 another processor's rounding does not change what is recorded.
        return dataset._replace(x=dataset.x.reshape(-1, 1, 8, 8).astype(float), y=dataset.y % 2)
    return dataset._replace(x=np.ascontiguousarray(dataset.x.transpose(0, 3, 1, 2)))


def accuracies(record, terms: str, last: int = LAST) -> dict[str, np.ndarray]:
    """Return each method's test accuracy (seeds,), the mean of the last so many measured."""
    return {
        method: record.values("validation_accuracy", terms=terms, method=method)[:, -last:].mean(1)
        for method in record.labels["method"]
    }


_SAID = {"published": "published", "equal": "equal terms"}
MARGIN = 0.01  # a point of accuracy, as much as the test set leaves open in a single run


def comparison(record, terms: str) -> Comparison:
    """Compare the methods by their test accuracy, the mean of the last measured."""
    return Comparison(accuracies(record, terms), MARGIN)


def summary(record) -> Table:
    """Return rates, accuracies and standard errors of every method beside the source's figures.

    "last" is the mean of the last measurements and the seeds, "standard deviation" that of
    the seeds, and "standard error" what the size of the test set leaves open in a
    single run: √(p(1 − p)/n).
    """
    quotes = quoted("lau2017", "D3")
    published = dict(zip(quotes.column("method"), quotes.column("last ten"), strict=True))
    rows = []
    for terms in record.labels["terms"]:
        final, last = accuracies(record, terms, 1), accuracies(record, terms)
        for method in record.labels["method"]:
            rates = record.values("learning_rate", terms=terms, method=method)
            mean = float(last[method].mean())
            theirs = terms == "published" and record.size == "full"
            rows.append({
                "terms": terms, "method": method,
                "learning rate": float(np.exp(np.log(rates).mean())),
                "final": float(final[method].mean()), "last": mean,
                "standard deviation": float(last[method].std(ddof=1)),
                "standard error": (mean * (1 - mean) / record.settings["test_rows"]) ** 0.5,
                "the source's last ten": published[method] if theirs else None,
            })  # fmt: skip
    return Table.of(rows)


def conclusions(record) -> Table:
    """Return what is left of the source's two conclusions, as paired differences in accuracy.

    That adaptive methods do better than schedules (the mean of the four minus the mean of
    the four), and that among them Adadelta is the best (minus the mean of the other three).
    """
    rows = []
    for terms in record.labels["terms"]:
        found = accuracies(record, terms)
        adaptive = {method: found[method] for method in found if method in ADAPTIVE}
        schedules = [found[method] for method in found if method in SCHEDULES]
        others = [values for method, values in adaptive.items() if method != "Adadelta"]
        for claim, first, second in (
            ("adaptive minus schedules", list(adaptive.values()), schedules),
            ("Adadelta minus the other three", [adaptive["Adadelta"]], others),
        ):
            d = paired_difference(np.mean(first, axis=0), np.mean(second, axis=0), MARGIN)
            rows.append([_SAID[terms], claim, d.mean, d.low, d.high, d.outcome])
    return Table(["terms", "claim", "difference", "low", "high", "outcome"], rows)


_COMMON = {
    "terms": ["published", "equal"],
    "method": list(PUBLISHED),
    "batch_size": 64,
    "measured_every": 2,
    "held_out": 0.2,
}

EXPERIMENT = Experiment(
    name="images",
    about="four schedules and four adaptive methods on pictures, as published and on equal terms; "
    "test accuracy over epochs",
    sizes={
        "quick": {
            **_COMMON,
            "data": "digits",
            "test_rows": 599,
            "epochs": 4,
            "search_epochs": 1,
            "searched_factors": [1.0, 3.0, 10.0],
            "seeds": 2,
        },
        "full": {
            **_COMMON,
            "data": "cats_dogs",
            "test_rows": 2000,
            # The source trained for 100, which would take three times as long.
            "epochs": 30,
            "search_epochs": 2,
            "searched_factors": [0.3, 1.0, 3.0, 10.0],
            "seeds": 3,
        },
    },
    runs=each_of("terms", "method"),
    train=train,
    summary=summary,
)
