"""Two ways to look for a learning rate, and what they decide."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lrcourse.checks import instance, learning_rates, numbers, positive, positive_integer, whole
from lrcourse.comparison import Difference, paired_difference
from lrcourse.datasets import Data
from lrcourse.schedules import geometric
from lrcourse.tables import Table
from lrcourse.training import History, fit

_WIDEST = 12  # rates that the bracket may be widened by: twelve powers of ten


@dataclass(frozen=True)
class Search:
    """What a coarse-to-fine search tried, in the order of the rates.

    `losses` (seeds, rates) are those at the end of each run, infinite where it did not end in a
    number; `rounds` says in which round each rate was tried, 0 being the search for the bracket.
    """

    learning_rates: np.ndarray
    losses: np.ndarray
    rounds: np.ndarray

    @property
    def best(self) -> float:
        """The rate with the lowest mean loss."""
        return float(self.learning_rates[self.losses.mean(axis=0).argmin()])

    def differences(self) -> list[Difference | None]:
        """Return the paired difference of each rate from the best, None where a seed failed."""
        best = self.losses[:, self.losses.mean(axis=0).argmin()]
        return [
            paired_difference(losses, best) if np.isfinite(losses).all() else None
            for losses in self.losses.T
        ]

    @property
    def tied(self) -> np.ndarray:
        """The best rate, and those of which these seeds leave undecided whether they are worse."""
        tied = [d is not None and d.outcome == "undecided" for d in self.differences()]
        return self.learning_rates[tied]

    def table(self) -> Table:
        """Return rate, round, mean loss, its deviation, and the interval of the difference."""
        each = (self.learning_rates, self.rounds, self.losses.T, self.differences())
        return Table.of(
            {
                "learning rate": float(rate),
                "round": int(turn),
                "mean loss": float(losses.mean()),
                "standard deviation": d and float(losses.std(ddof=1)),
                "above the best, at least": d and d.low,
                "above the best, at most": d and d.high,
            }
            for rate, turn, losses, d in zip(*each, strict=True)
        )


def coarse_to_fine(
    train: Callable[..., History | np.ndarray],
    learning_rate: float,
    *,
    seeds: int = 5,
    factor: float = 10.0,
    rounds: int = 2,
    points: int = 5,
) -> Search:
    """Search for a learning rate as one does by hand.

    Start from the optimizer's default. Go up and down by a factor until a rate
    that is too small and one that is too large enclose the best; then search
    between its two neighbours, a few times.  [Pramoditha 2022] Every rate is
    tried with the same seeds, and what is compared is the mean of the last
    validation losses; a run that ends in nan or infinity counts as infinitely bad.

    Parameters
    ----------
    train : function (learning_rates, seed=...)
        Train once for each rate of an array, such as
        `lrcourse.experiments.school_district_runs`, and return a `History` or the
        last losses, (rates,).
    learning_rate : float
        The default to start from, at most twelve coarse steps away from the best rate.
    seeds : int
        At least two: one run decides nothing.
    factor : float
        Of the coarse steps, above 1.
    rounds : int
        Of refinement; there are fewer where no new rate is left between the neighbours.
    points : int
        Rates of each round, at least two, evenly spaced in their logarithm. One that
        was tried before is not tried again.

    >>> def distance(rates, seed):
    ...     return np.abs(np.log(rates / 0.03))
    >>> f"{coarse_to_fine(distance, 1.0, rounds=3).best:.3f}"
    '0.030'
    """
    if not callable(train):
        raise TypeError(f"train must be a function, got {train!r}")
    learning_rate = positive("learning_rate", learning_rate)
    seeds = whole("seeds", seeds, 2, 1_000_000)  # one run decides nothing
    rounds, points = whole("rounds", rounds, 1, 100), whole("points", points, 2, 10_000)
    if positive("factor", factor) <= 1:
        raise ValueError(f"factor must be above 1, got {factor}")
    tried = {}  # of each rate the losses and the round

    def measure(rates, turn):
        rates = learning_rates("learning_rate", rates)
        losses = np.array([_last_losses(train(rates, seed=s), rates) for s in range(seeds)])
        tried.update((rate, (losses[:, run], turn)) for run, rate in enumerate(rates.tolist()))

    def bracket():
        """Return the best rate so far and those beside it, None where none was tried."""
        rates = sorted(tried)
        best = np.argmin([tried[rate][0].mean() for rate in rates])
        low, best, high = [None, *rates, None][best : best + 3]
        return low, best, high

    measure(learning_rate * factor ** np.arange(-1.0, 2.0), 0)
    for _ in range(_WIDEST):
        low, best, high = bracket()
        if low and high:
            break
        measure([best * factor if low else best / factor], 0)
    else:
        raise ValueError(
            f"learning_rate must be within {_WIDEST} factors of {factor:g} of the best: "
            f"the loss still falls at {best:g}"
        )
    for turn in range(1, rounds + 1):
        low, best, high = bracket()
        new = np.geomspace(low or best, high or best, points + 2)[1:-1]
        new = new[~np.isclose(new[:, np.newaxis], list(tried)).any(axis=1)]
        if new.size:
            measure(new, turn)
    rates = sorted(tried)
    losses, turns = zip(*[tried[rate] for rate in rates], strict=True)
    return Search(np.array(rates), np.stack(losses, axis=1), np.array(turns))


def _last_losses(found, rates):
    if isinstance(found, History):
        found = found.validation_loss[-1]
    losses = numbers("what train returns", found, 1)
    if losses.shape != rates.shape:
        raise ValueError(
            f"train must return a loss for each of {len(rates)} rates, got {len(losses)}"
        )
    return np.where(np.isfinite(losses), losses, np.inf)


@dataclass(frozen=True)
class RangeTest:
    """The loss while the rate grows: `learning_rates` (updates,) and `losses` (seeds, updates)."""

    learning_rates: np.ndarray
    losses: np.ndarray

    @property
    def steepest(self) -> np.ndarray:
        """The rate at which the loss falls fastest over the logarithm of the rate, (seeds,)."""
        return np.array([self.learning_rates[_steepest(losses)] for losses in self.losses])

    @property
    def tenth_of_minimum(self) -> np.ndarray:
        """A tenth of the rate at which the loss is lowest, (seeds,)."""
        return self.learning_rates[np.nanargmin(self.losses, axis=1)] / 10


def _steepest(losses):
    lowest = int(np.nanargmin(losses))
    # A mean over a tenth of the way keeps the noise of single batches out of the slope.
    width = max(1, lowest // 10)
    smooth = np.convolve(losses[: lowest + 1], np.ones(width) / width, mode="valid")
    if len(smooth) < 2:
        return lowest
    return int(np.diff(smooth).argmin()) + width // 2


def range_test(
    model,
    optimizer: Callable,
    data: Data,
    *,
    low: float = 1e-5,
    high: float = 10.0,
    updates: int = 200,
    batch_size: int = 32,
    seeds: int = 3,
) -> RangeTest:
    """Raise the rate from update to update and watch the loss.  [Smith 2017]

    The rate grows by the same factor at every update, from `low` to `high`. What
    is recorded is the loss on the whole training set after it, which is steadier than the
    last batch's; for a large set, pass a part of it. `model`, `data` and `batch_size` are as for
    `lrcourse.training.fit`; `optimizer` makes one from a schedule, as `lrcourse.optimizers.SGD`
    does. The test is repeated with the seeds 0 … `seeds` − 1.
    """
    low, high = positive("low", low), positive("high", high)
    if low >= high:
        raise ValueError(f"low must be below high, got {low:g} and {high:g}")
    updates = whole("updates", updates, 2)
    if not callable(optimizer):
        raise TypeError(f"optimizer must be a function of a schedule, got {optimizer!r}")
    rows = max(1, len(instance("data", data, Data).x_train))  # `fit` refuses none
    schedule = geometric(low, high, updates - 1)
    epochs = -(-updates * positive_integer("batch_size", batch_size) // rows)
    histories = [
        fit(
            model, optimizer(schedule), data,
            epochs=epochs, batch_size=batch_size, evaluate_every=1, seed=seed,
        )
        for seed in range(positive_integer("seeds", seeds))
    ]  # fmt: skip
    losses = np.array([history.train_loss[1 : updates + 1, 0] for history in histories])
    return RangeTest(schedule(np.arange(losses.shape[1])), losses)
