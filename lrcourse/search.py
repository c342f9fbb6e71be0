"""Ways to look for a learning rate: trainings of many rates, or one whose rate grows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lrcourse.checks import (
    instance,
    learning_rates,
    number,
    numbers,
    positive,
    positive_integer,
    whole,
)
from lrcourse.comparison import Difference, paired_difference
from lrcourse.datasets import Data
from lrcourse.schedules import geometric
from lrcourse.tables import Table
from lrcourse.training import History, fit

_WINDOW = 5  # losses that are smoothed
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
    train: Callable[..., History | np.ndarray], learning_rate: float, *, seeds: int = 5,
    rounds: int = 2,
) -> Search:  # fmt: skip
    """Search for a learning rate as one does by hand.

    Start from the optimizer's default. Go up and down by factors of ten until a rate
    that is too small and one that is too large enclose the best; then try five rates, evenly
    spaced in their logarithm, between its neighbours, a few times.  [Pramoditha 2022] Every rate is
    tried with the same seeds, and what is compared is the mean of the last
    validation losses; a run that ends in nan or infinity counts as infinitely bad.

    Parameters
    ----------
    train : function (learning_rates, seed=...)
        Train once for each rate of an array, such as
        `lrcourse.experiments.school_district_runs`, and return a `History` or the
        last losses, (rates,). Of a training for a single rate:
        ``lambda rates, seed: [train(rate, seed) for rate in rates]``.
    learning_rate : float
        The default to start from, at most twelve powers of ten away from the best rate.
    seeds : int
        At least two: one run decides nothing.
    rounds : int
        Of refinement; no rate is tried twice, and there are fewer where no new one is left.

    >>> def distance(rates, seed):
    ...     return np.abs(np.log(rates / 0.03))
    >>> f"{coarse_to_fine(distance, 1.0, rounds=3).best:.3f}"
    '0.030'
    """
    if not callable(train):
        raise TypeError(f"train must be a function, got {train!r}")
    learning_rate = positive("learning_rate", learning_rate)
    seeds = whole("seeds", seeds, 2, 1_000_000)  # one run decides nothing
    rounds = whole("rounds", rounds, 1, 100)
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

    measure(learning_rate * 10 ** np.arange(-1.0, 2.0), 0)
    for _ in range(_WIDEST):
        low, best, high = bracket()
        if low and high:
            break
        measure([best * 10 if low else best / 10], 0)
    else:
        raise ValueError(
            f"learning_rate must be within {_WIDEST} factors of 10 of the best: "
            f"the loss still falls at {best:g}"
        )
    for turn in range(1, rounds + 1):
        low, best, high = bracket()
        new = np.geomspace(low or best, high or best, 7)[1:-1]
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
class Suggestion:
    """A rate to begin with, or why there is none.

    Attributes
    ----------
    rate : float or None
        Half of where the loss stops falling: the median over the seeds.
    low, high : float or None
        The lowest and the highest of the seeds.
    reason : str
        Why there is none, "" if there is one.
    """

    rate: float | None
    low: float | None
    high: float | None
    reason: str = ""

    def __str__(self):
        if self.rate is None:
            return f"no suggestion: {self.reason}"
        return f"{self.rate:.2g} (from {self.low:.2g} to {self.high:.2g} over the seeds)"


@dataclass(frozen=True)
class RangeTest:
    """The loss while the rate grows: `learning_rates` (updates,) and `losses` (seeds, updates).

    A loss is nan after its seed was stopped.
    """

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

    @property
    def suggestion(self) -> Suggestion:
        r"""Half of the highest rate at which the loss still falls, or the reason why there is none.

        On a quadratic of curvature L that rate is 2/L, and half of it the rate that takes the
        steepest direction to its minimum at once. When a loss begins to rise, the rate has been
        too high for some updates; but then, above the minimum :math:`J^*`,

        .. math:: J_{t+1} - J^* = (1 - \eta_t L)^2 (J_t - J^*),

        and so the speed of the rise tells L. Where the loss rises otherwise, the edge is the rate
        at which it leaves its minimum. There is no suggestion unless the loss falls and rises
        by more than its noise in at least half of the seeds.
        """
        found = [_edge(self.learning_rates, losses) for losses in self.losses]
        rates = [edge / 2 for edge, _ in found if edge]
        if 2 * len(rates) < len(found):
            reasons = [reason for edge, reason in found if not edge]
            return Suggestion(None, None, None, max(reasons, key=reasons.count))
        middle = float(np.exp(np.median(np.log(rates))))
        return Suggestion(middle, float(min(rates)), float(max(rates)))


def _edge(rates, losses):
    """Return the rate at which one seed's loss stops falling, and "", or None and the reason."""
    stop = int(np.argmin(np.append(np.isfinite(losses), False)))
    losses = losses[:stop]
    if stop < _WINDOW:
        return None, f"the loss is not finite from the rate {rates[stop]:.2g} on: begin lower"
    windows = np.lib.stride_tricks.sliding_window_view(losses, _WINDOW)
    smooth = np.median(windows, axis=1)  # which a single loss cannot move
    # Second differences leave out what falls or rises steadily; half of a normal
    # distribution's are within 0.67 deviations.
    noise = np.median(np.abs(np.diff(losses, 2))) / (0.67 * np.sqrt(6))
    lowest = int(smooth.argmin())
    fall = smooth[0] - smooth[lowest]
    clear = max(4 * noise, 1e-6 * abs(smooth[0]))
    rise = max(clear, fall / 100)
    high = lowest + int(np.argmax(np.append(smooth[lowest:] > smooth[lowest] + rise, True)))
    if fall <= clear:
        rose = losses[-1] - smooth[0] > clear or stop < len(rates)
        return None, "the loss only rose: begin lower" if rose else "the loss never fell"
    if high == len(smooth) and stop == len(rates):
        return None, f"the loss has not risen again at the rate {rates[-1]:.2g}: go higher"
    turn = rates[min(high + _WINDOW // 2, stop - 1)]
    above = losses[lowest:] - losses.min()
    # Of a small rise the steepest direction has a share, of a large one it is all.
    rising = above[:-1] > fall / 10
    rising = rising if rising.any() else above[:-1] > rise
    ratios = above[1:][rising] / above[:-1][rising]
    at = np.sqrt(rates[lowest : stop - 1] * rates[lowest + 1 : stop])[rising]
    told = 2 * at / (1 + np.sqrt(np.maximum(ratios, 1)))
    return min(turn, np.median(told[-3:])) if len(told) else turn, ""


def _steepest(losses):
    lowest = int(np.nanargmin(losses))
    # A mean over a tenth of the way keeps the noise of single batches out of the slope.
    width = max(1, lowest // 10)
    smooth = np.convolve(losses[: lowest + 1], np.ones(width) / width, mode="valid")
    if len(smooth) < 2:
        return lowest
    return int(np.diff(smooth).argmin()) + width // 2


def range_test(
    model, optimizer: Callable, data: Data, *, low: float = 1e-5, high: float = 10.0,
    updates: int = 200, batch_size: int = 32, seeds: int = 3,
) -> RangeTest:  # fmt: skip
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


def find(
    step: Callable[[float], float],
    low: float = 1e-5,
    high: float = 10.0,
    *,
    updates: int = 200,
    seeds: int | None = None,
    restart: Callable[[int], object] | None = None,
) -> RangeTest:
    """Look for a rate with any training: raise it from update to update.  [Smith 2017]

    The rate grows by the same factor at every update, from `low` to `high`. A seed is stopped
    when its loss is not finite or clearly above where it began, twice in a row. Print the
    `suggestion` of what is returned, and draw it with `lrcourse.plots.range_test_curves`.

    Parameters
    ----------
    step : function of a rate
        It makes one update at that rate and returns the loss of its batch. Or a training
        of `lrcourse.frameworks.torch_training` or `keras_training`, which can be restarted,
        and is put back to where it was in the end, whatever happens.
    low, high : float
    updates : int
        At least 10.
    seeds : int, optional
        The sweep is repeated with the seeds 0 … n − 1: by default 3 times if the training can
        be restarted, else once.
    restart : function of a seed, optional
        Called before every sweep. It puts the training back to its beginning and draws the
        batches anew.

    Raises
    ------
    TypeError, ValueError
        For arguments that are no such numbers or functions, if `low` is not below `high`, and
        for several seeds without `restart`.

    >>> w = np.array([1.0, 1.0])
    >>> def step(rate, curvature=np.array([1.0, 20.0])):
    ...     w[...] = w - rate * curvature * w
    ...     return float(curvature @ w**2 / 2)
    >>> print(find(step, 1e-4, 10).suggestion)  # about 1/20, half of 2/20
    0.049 (from 0.049 to 0.049 over the seeds)
    """
    if not callable(step):
        raise TypeError(f"step must be a function of a rate, got {step!r}")
    low, high = positive("low", low), positive("high", high)
    if low >= high:
        raise ValueError(f"low must be below high, got {low:g} and {high:g}")
    restart = getattr(step, "restart", None) if restart is None else restart
    if restart is not None and not callable(restart):
        raise TypeError(f"restart must be a function of a seed, got {restart!r}")
    seeds = positive_integer("seeds", (1 if restart is None else 3) if seeds is None else seeds)
    if seeds > 1 and restart is None:
        raise ValueError(f"seeds must be 1 without restart, got {seeds}")
    rates = geometric(low, high, whole("updates", updates, 10) - 1)(np.arange(updates))
    losses = np.full((seeds, updates), np.nan)
    try:
        for seed in range(seeds):
            if restart is not None:
                restart(seed)
            _sweep(step, rates, losses[seed])
    finally:
        getattr(step, "restore", bool)()
    return RangeTest(rates, losses)


def _sweep(step, rates, losses):
    """Fill in the losses, until one is not finite or two in a row are far above the first."""
    with np.errstate(over="ignore", invalid="ignore"):
        for update, rate in enumerate(rates.tolist()):
            loss = step(rate)
            loss = loss.item() if hasattr(loss, "item") else loss  # of a tensor
            losses[update] = number("what step returns", loss)
            seen = losses[: update + 1]
            if not np.isfinite(losses[update]):
                break
            first = seen[:_WINDOW].max()
            far = first + max(3 * (first - seen.min()), abs(first))
            if update > _WINDOW and seen[-2:].min() > far:
                break
