r"""Learning-rate schedules: functions from the number of a step to a rate.

A step is whatever the caller counts, updates or epochs, from 0: the step 0 is
the first, and its rate the first that is applied. `per_epoch` turns a schedule
of epochs into one of updates.

>>> rate = warmup(cosine(0.1, 100), 5)
>>> rate(0), rate(5), rate(105)
(0.0, 0.1, 0.0)
>>> rate
warmup(schedule=cosine(learning_rate=0.1, total_steps=100), steps=5)
"""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial, wraps

import numpy as np

from lrcourse.checks import (
    array,
    below_one,
    flag,
    fraction,
    instance,
    not_negative,
    number,
    one_of,
    positive,
    positive_integer,
    real,
    several,
    whole,
)

FACTORIES: dict[str, Callable] = {}
_LONGEST_PRODUCT = 10_000_000


class Schedule:
    """A learning rate for every step; made by the functions of this module.

    Called with a step, a schedule returns a float; with an array of steps an
    array of its shape, to the bit what the single calls return. It keeps no
    state: it can be called in any order, plotted, pickled and shared. Two are
    equal when they were made by the same function with equal arguments, and
    ``repr`` is the call that makes one. A step that is no whole number is a
    `TypeError`, one below 0 a `ValueError`; as with all arguments, the error names it.
    """

    def __init__(self, name: str, arguments: dict, rate: Callable[[np.ndarray], np.ndarray]):
        self._name, self._arguments, self._rate = name, arguments, rate

    def __call__(self, step):
        """Return the rate at a step, or the rates at an array of steps."""
        steps = _steps(step)
        # One row of floats, whatever came in: NumPy computes the same function
        # for a single number and for an array in different ways.
        rates = self._rate(steps.ravel().astype(float)).reshape(steps.shape)
        return rates if steps.ndim else rates.item()

    @property
    def total_steps(self) -> int | None:
        """The step from which on the rate stays as it is, None if there is none.

        >>> warmup(cosine(0.1, 100), 5).total_steps, exponential(0.1, 0.01).total_steps
        (105, None)
        """
        given = self._arguments
        if self._name == "constant":
            return 0
        if self._name == "piecewise":  # fractions of a total are over when it is
            return given["total_steps"] or max(given["boundaries"], default=0)
        if self._name not in ("warmup", "join", "per_epoch"):
            return given.get("total_steps")
        last = given["schedules"][-1] if self._name == "join" else given["schedule"]
        if (total := last.total_steps) is None:
            return None
        before = given.get("steps", 0) + max(given.get("boundaries", ()), default=0)
        return before + total * given.get("updates_per_epoch", 1)

    def __repr__(self):
        return written(FACTORIES[self._name], self._arguments)

    def __eq__(self, other):
        if not isinstance(other, Schedule):
            return NotImplemented
        return (self._name, self._arguments) == (other._name, other._arguments)

    def __hash__(self):
        return hash((self._name, *self._arguments.items()))

    def __reduce__(self):
        return partial(FACTORIES[self._name], **self._arguments), ()

    @property
    def warmup_steps(self) -> int:
        """The steps before the full rate is reached, 0 without a warmup."""
        if self._name == "per_epoch":
            return self._arguments["schedule"].warmup_steps * self._arguments["updates_per_epoch"]
        return self._arguments.get("steps" if self._name == "warmup" else "warmup_steps", 0)


def written(make: Callable, arguments: Mapping) -> str:
    """Return the call that makes an object with these arguments; defaults are left out."""
    defaults = {each.name: each.default for each in inspect.signature(make).parameters.values()}
    said = (f"{name}={value!r}" for name, value in arguments.items() if value != defaults[name])
    return f"{make.__name__}({', '.join(said)})"


def _steps(step):
    steps = array(step)
    if steps.size and steps.dtype.kind not in "iu":
        raise TypeError(f"step must be a whole number or an array of them, got {step!r}")
    if steps.size and steps.min() < 0:
        raise ValueError(f"step must be at least 0, got {steps.min()}")
    return steps


def _schedule(build):
    """Let a function that returns t ↦ rate check its arguments and return a `Schedule`."""
    signature = inspect.signature(build)

    @wraps(build)
    def factory(*arguments, **keywords):
        try:
            given = signature.bind(*arguments, **keywords).arguments
        except TypeError as problem:
            raise TypeError(f"{build.__name__}: {problem}") from None
        defaults = {name: each.default for name, each in signature.parameters.items()}
        checked = {  # a default needs no check
            name: _CHECKS[name](name, value)
            for name, value in given.items()
            if name in _CHECKS and value is not defaults[name]
        }
        rate = build(**given | checked)
        plain = {name: _plain(value) for name, value in (defaults | given).items()}
        return Schedule(build.__name__, plain, rate)

    FACTORIES[build.__name__] = factory
    return factory


def _plain(value):
    """Numbers and sequences as Python's own, so that they print, compare and hash."""
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    return tuple(map(_plain, value)) if isinstance(value, (list, tuple, range)) else value


def _power(base, exponent):
    """Return base ** exponent, with both as arrays: see `Schedule.__call__`."""
    return np.power(*(array.copy() for array in np.broadcast_arrays(base, exponent)))


# What an argument must be, whatever the schedule. What depends on other arguments is
# checked in the schedules themselves; the formulas follow.
_CHECKS = {
    **dict.fromkeys(("learning_rate", "max_rate", "first", "last", "power"), positive),
    **dict.fromkeys(("div_factor", "final_div_factor"), positive),
    **dict.fromkeys(("min_rate", "start", "end", "decay", "rate"), not_negative),
    **dict.fromkeys(("drop", "gamma", "shrink"), fraction),
    **dict.fromkeys(("total_steps", "decay_steps", "steps", "every"), positive_integer),
    **dict.fromkeys(("period", "half_period", "multiplier"), positive_integer),
    "updates_per_epoch": positive_integer,
    "rates": several(positive),
    "schedule": partial(instance, kind=Schedule),
    "schedules": several(partial(instance, kind=Schedule)),
    **dict.fromkeys(("warmup_steps", "shift"), whole),
    "pct_start": partial(real, low=0, high=1),
    "three_phase": flag,
    "anneal_strategy": partial(one_of, allowed=("cos", "linear")),
    "mode": partial(one_of, allowed=("triangular", "triangular2", "exp_range")),
    "shape": lambda name, value: one_of(name, value, _SHAPES),
}


# One formula for all steps.


@_schedule
def constant(learning_rate: float) -> Schedule:
    r"""The same rate always, :math:`\eta_t = \eta_0`.

    >>> constant(0.1)([0, 1000])
    array([0.1, 0.1])
    """
    return lambda t: np.full(t.shape, learning_rate)


@_schedule
def time_based(learning_rate: float, decay: float) -> Schedule:
    r"""A hyperbola, half the rate after 1/decay steps.

    .. math:: \eta_t = \eta_0 / (1 + k t), \quad k = \mathtt{decay} \ge 0

    The source's formula counts epochs.  [Brownlee 2016; Robbins & Monro 1951
    for why a decay like 1/t] The argument ``decay`` of Keras's older optimizers
    was this formula too, but counted updates; held over an epoch it is the
    source's. With 10 updates an epoch the two differ at update 25, in epoch 2:

    >>> time_based(0.1, 0.01)(25), round(per_epoch(time_based(0.1, 0.01), 10)(25), 4)
    (0.08, 0.098)
    """
    return lambda t: learning_rate / (1 + decay * t)


@_schedule
def time_based_compounding(learning_rate: float, decay: float) -> Schedule:
    r"""The rate of the step before, divided by a number that grows.

    .. math:: \eta_t = \eta_{t-1} / (1 + k t), \quad k = \mathtt{decay} \ge 0

    The source prints these numbers under the formula of `time_based`, for
    epochs counted from 1.  [Brownlee 2016] It falls faster than any
    exponential: like :math:`e^{-k t^2/2}` at first.

    A call multiplies t factors; steps above 10,000,000 raise a `ValueError`.

    >>> [f"{rate:.10g}" for rate in time_based_compounding(0.1, 0.001)(range(5))]
    ['0.1', '0.0999000999', '0.0997006985', '0.09940249103', '0.09900646517']
    """

    def rate(t):
        last = t.max(initial=0)
        if last > _LONGEST_PRODUCT:
            raise ValueError(f"step must be at most {_LONGEST_PRODUCT}, got {last:.0f}")
        with np.errstate(over="ignore"):  # a product beyond all numbers is a rate of 0
            products = np.cumprod(1 + decay * np.arange(last + 1))
        return learning_rate / products[t.astype(int)]

    return rate


@_schedule
def inverse_power(learning_rate: float, power: float) -> Schedule:
    r"""One over a power of the step, counted from 1.

    .. math:: \eta_t = \eta_0 / (t + 1)^p

    scikit-learn's ``invscaling``. Its `SGDClassifier` makes an update for each row, and a
    step is one of these. Its `MLPClassifier` sets the rate after each epoch only: with n
    rows, that of epoch e is the rate at step e·n.

    >>> inverse_power(0.1, 0.5)([0, 3, 99])
    array([0.1 , 0.05, 0.01])
    """
    return lambda t: learning_rate / _power(t + 1, power)


@_schedule
def exponential(learning_rate: float, rate: float) -> Schedule:
    r"""The same fraction is lost at every step.

    .. math:: \eta_t = \eta_0 e^{-k t}, \quad k = \mathtt{rate} \ge 0

    The sources count epochs [Lau 2017] or steps [hqwc 2024]. A factor γ per step,
    as PyTorch's `ExponentialLR` has it, is ``rate = -log(γ)``, and
    :math:`0.95^{t/100}` is ``rate = -log(0.95) / 100``.

    >>> exponential(0.1, -math.log(0.95) / 100)([0, 100, 200]).round(5)
    array([0.1    , 0.095  , 0.09025])
    """
    return lambda t: learning_rate * np.exp(-rate * t)


@_schedule
def geometric(first: float, last: float, total_steps: int) -> Schedule:
    r"""The same factor at every step, from one rate to another, up or down.

    .. math:: \eta_t = \eta_0 \left(\frac{\eta_T}{\eta_0}\right)^{t/T}, \quad t \le T

    and :math:`\eta_T` afterwards. Upwards and counted in updates, the range test of
    Smith (2017) as it is done today.

    >>> geometric(0.001, 0.1, 2)([0, 1, 2, 3])
    array([0.001, 0.01 , 0.1  , 0.1  ])
    """
    span = math.log(last) - math.log(first)
    bounds = sorted((first, last))  # which rounding must not pass
    return lambda t: np.clip(first * np.exp(span * _progress(t, total_steps)), *bounds)


@_schedule
def step_decay(learning_rate: float, drop: float, every: int, shift: int = 0) -> Schedule:
    r"""A drop to the fraction `drop` once in `every` steps.

    .. math:: \eta_t = \eta_0 d^{\lfloor (t + s) / n \rfloor}, \quad 0 < d \le 1

    The sources count epochs. One writes (1 + epoch), ``shift=1``, with epochs
    from 0: its rate drops after 9 epochs, then after every 10.  [Brownlee 2016]

    >>> step_decay(0.1, 0.5, 10)([0, 9, 10]), step_decay(0.1, 0.5, 10, shift=1)([0, 9, 10])
    (array([0.1 , 0.1 , 0.05]), array([0.1 , 0.05, 0.05]))
    """
    return lambda t: learning_rate * _power(drop, (t + shift) // every)


@_schedule
def inverse_sqrt(learning_rate: float, warmup_steps: int) -> Schedule:
    r"""Up in a line for `warmup_steps` updates, then down as one over the root of the step.

    .. math:: \eta_t = \eta_{\max} \min\left(t/w, \sqrt{w/t}\right)

    [Vaswani et al. 2017, eq. 3, where :math:`\eta_{\max} = (dw)^{-1/2}` and t
    counts from 1]

    >>> inverse_sqrt(0.1, 100)([0, 50, 100, 400])
    array([0.  , 0.05, 0.1 , 0.05])
    """
    w = positive_integer("warmup_steps", warmup_steps)
    return lambda t: learning_rate * np.where(t < w, t / w, np.sqrt(w / np.maximum(t, w)))


# From a first rate to a last in a known number of steps.


@_schedule
def polynomial(learning_rate: float, total_steps: int, power: float, end: float = 0.0) -> Schedule:
    r"""A power of what is left of the training.

    .. math:: \eta_t = \eta_T + (\eta_0 - \eta_T) (1 - t/T)^p, \quad t \le T

    and :math:`\eta_T` afterwards. A p above 1 falls fast early and slowly late,
    one below 1 the reverse.

    >>> polynomial(0.1, 100, 2)([0, 50, 100])
    array([0.1  , 0.025, 0.   ])
    """
    return lambda t: _between(learning_rate, end, _power(1 - _progress(t, total_steps), power))


@_schedule
def linear(learning_rate: float, total_steps: int, end: float = 0.0) -> Schedule:
    r"""A straight line from `learning_rate` to `end`.

    .. math:: \eta_t = \eta_T + (\eta_0 - \eta_T) (1 - t/T), \quad t \le T

    and :math:`\eta_T` afterwards, so that it is never negative, as
    :math:`\eta_0 - k t` is after :math:`\eta_0/k` steps.

    >>> linear(0.1, 100)([0, 50, 100, 150])
    array([0.1 , 0.05, 0.  , 0.  ])
    """
    return lambda t: _between(learning_rate, end, 1 - _progress(t, total_steps))


@_schedule
def cosine(learning_rate: float, total_steps: int, end: float = 0.0) -> Schedule:
    r"""Half a cosine from `learning_rate` to `end`.

    .. math:: \eta_t = \eta_T + \tfrac12 (\eta_0 - \eta_T)(1 + \cos(\pi t / T)), \quad t \le T

    and :math:`\eta_T` afterwards.  [SGDR, Loshchilov & Hutter 2017, eq. 5]
    Without the ½, as a source prints it, it would start at twice the rate.

    >>> cosine(0.1, 100)([0, 50, 100])
    array([0.1 , 0.05, 0.  ])
    """
    return lambda t: _between(learning_rate, end, _half_cosine(_progress(t, total_steps)))


def _progress(t, steps):
    """The share of the steps that is done, at most 1."""
    return np.minimum(t / steps, 1)


def _half_cosine(progress):
    return (1 + np.cos(np.pi * progress)) / 2


def _between(first, last, share):
    """`first` at a share of 1, `last` at 0, both exactly, and nothing beyond the two."""
    rate = first * share + last * (1 - share)
    return np.clip(rate, np.minimum(first, last), np.maximum(first, last))


@_schedule
def one_cycle(
    max_rate: float, total_steps: int, pct_start: float = 0.3, div_factor: float = 25.0,
    final_div_factor: float = 1e4, anneal_strategy: str = "cos", three_phase: bool = False,
) -> Schedule:  # fmt: skip
    r"""Up to `max_rate` and down to almost nothing, once.

    From ``max_rate / div_factor`` to `max_rate` in the first part of the steps,
    `pct_start`, then down to ``max_rate / div_factor / final_div_factor`` at the
    last step, `total_steps` − 1, and there it stays. With `three_phase` the way
    up is followed by an equally long way down to where it began, and the rest
    goes from there to the last rate. A step is an update.  [Smith 2018; the
    arguments, their defaults and the two-phase form are PyTorch's]

    Parameters
    ----------
    pct_start : float
        The share of the steps in which the rate rises; more than one step must be in it.
    anneal_strategy : {"cos", "linear"}
        The way between two rates: half a cosine or a line.

    >>> one_cycle(1.0, 11, pct_start=0.5, anneal_strategy="linear")([0, 4, 5, 10]).round(3)
    array([0.04 , 0.893, 0.909, 0.   ])
    """
    start = max_rate / div_factor
    final = start / final_div_factor
    top, last = pct_start * total_steps - 1, total_steps - 1
    if three_phase:
        edges, rates = [0, top, 2 * top, last], [start, max_rate, start, final]
    else:
        edges, rates = [0, top, last], [start, max_rate, final]
    if np.min(np.diff(edges)) <= 0:
        raise ValueError(
            f"pct_start must leave steps for {len(edges) - 1} phases "
            f"in total_steps={total_steps}, got {pct_start}"
        )
    edges, rates = np.array(edges, float), np.array(rates)

    def rate(t):
        phase = np.searchsorted(edges[1:-1], t)
        progress = np.minimum((t - edges[phase]) / np.diff(edges)[phase], 1)
        share = _half_cosine(progress) if anneal_strategy == "cos" else 1 - progress
        return _between(rates[phase], rates[phase + 1], share)

    return rate


@_schedule
def warmup_stable_decay(
    learning_rate: float, total_steps: int, warmup_steps: int, decay_steps: int,
    end: float = 0.0, shape: str = "linear",
) -> Schedule:  # fmt: skip
    r"""Up in a line, level for most of the training, down at its end.

    It reaches `learning_rate` at step `warmup_steps`, leaves it at `total_steps`
    − `decay_steps` and reaches `end` at `total_steps`. A step is an update.
    [Hu et al. 2024, whose decay is exponential; other shapes: `join`]

    Parameters
    ----------
    shape : {"linear", "cosine", "sqrt"}
        The way down: a line, half a cosine, or :math:`1 - \sqrt{p}` of the height after
        the share p of the decay, early steep and late flat.  [Hägele et al. 2024]

    >>> warmup_stable_decay(0.1, 100, 10, 20)([0, 5, 10, 80, 90, 100])
    array([0.  , 0.05, 0.1 , 0.1 , 0.05, 0.  ])
    >>> warmup_stable_decay(0.1, 100, 10, 20, shape="sqrt")([80, 85, 100])
    array([0.1 , 0.05, 0.  ])
    """
    if total_steps < (least := warmup_steps + decay_steps):
        raise ValueError(
            f"total_steps must be at least {least} for warmup and decay, got {total_steps}"
        )
    level = total_steps - decay_steps

    def rate(t):
        rising = _between(learning_rate, 0.0, _progress(t, max(warmup_steps, 1)))
        share = _SHAPES[shape](_progress(np.maximum(t - level, 0), decay_steps))
        return np.where(t < warmup_steps, rising, _between(learning_rate, end, share))

    return rate


_SHAPES = {
    "linear": lambda progress: 1 - progress,
    "cosine": _half_cosine,
    "sqrt": lambda progress: 1 - np.sqrt(progress),
}


# In pieces and cycles.


@_schedule
def piecewise(
    rates: Sequence[float], boundaries: Sequence[float], total_steps: int | None = None
) -> Schedule:
    r"""One rate after the other: the first below the first boundary, the next from there on.

    Parameters
    ----------
    rates : sequence of float
        One more than there are boundaries.
    boundaries : sequence of int
        Ascending steps, each the first with its new rate.
    total_steps : int, optional
        If it is given, the boundaries are fractions of it: "divide by 10 at
        50 % of the epochs and by 100 at 75 %" is

        >>> piecewise([0.1, 0.01, 0.001], [0.5, 0.75], total_steps=50)([24, 25, 37, 38])
        array([0.1  , 0.01 , 0.01 , 0.001])

    >>> piecewise([0.1, 0.05], [10])([9, 10])
    array([0.1 , 0.05])
    """
    check = positive_integer if total_steps is None else fraction
    boundaries = several(check)("boundaries", boundaries)
    _check_boundaries(boundaries, "rates", rates)
    rates, boundaries, total_steps = np.array(rates), np.array(boundaries), total_steps or 1
    return lambda t: rates[np.searchsorted(boundaries, t / total_steps, side="right")]


def _check_boundaries(boundaries, name, pieces):
    if len(pieces) != len(boundaries) + 1:
        raise ValueError(
            f"{name} must be one more than the boundaries, got {len(pieces)} for {len(boundaries)}"
        )
    if any(right <= left for left, right in zip(boundaries, boundaries[1:], strict=False)):
        raise ValueError(f"boundaries must be ascending, got {boundaries}")


@_schedule
def cosine_restarts(
    learning_rate: float, period: int, multiplier: int = 1, end: float = 0.0, shrink: float = 1.0
) -> Schedule:
    r"""Half cosines, one after the other, each `multiplier` times as long as the one before.

    The first takes `period` steps; each is a `cosine` that jumps back to the top
    instead of reaching `end`.  [SGDR, Loshchilov & Hutter 2017, where a step may be a
    fraction of an epoch] The top is `learning_rate` at first; with `shrink`, as in Keras,
    its height above `end` is that fraction of the last one's after each restart.

    >>> cosine_restarts(0.1, 2, multiplier=2)([0, 1, 2, 4, 6]).round(3)
    array([0.1 , 0.05, 0.1 , 0.05, 0.1 ])
    >>> cosine_restarts(0.1, 2, shrink=0.5)([0, 2, 4])
    array([0.1  , 0.05 , 0.025])
    """

    def rate(t):
        if multiplier == 1:
            cycle, progress = t // period, t % period / period
        else:
            starts = [0]
            while starts[-1] <= t.max(initial=0):
                starts.append(starts[-1] * multiplier + period)
            starts = np.array(starts, float)
            cycle = np.searchsorted(starts, t, side="right") - 1
            progress = (t - starts[cycle]) / np.diff(starts)[cycle]
        return _between(learning_rate, end, _half_cosine(progress) * _power(shrink, cycle))

    return rate


@_schedule
def cyclical(
    min_rate: float, max_rate: float, half_period: int, mode: str = "triangular", gamma: float = 1.0
) -> Schedule:
    r"""Up in a line for `half_period` steps, down again for as many, and so on.

    A step is an update.  [Smith 2017]

    Parameters
    ----------
    mode : {"triangular", "triangular2", "exp_range"}
        What becomes of the height ``max_rate - min_rate``: it stays, it is halved
        after every cycle, or it is multiplied by `gamma`, at most 1, at every step.

    >>> cyclical(0.1, 0.3, 2, "triangular2")([0, 1, 2, 3, 4, 6])
    array([0.1, 0.2, 0.3, 0.2, 0.1, 0.2])
    """
    if max_rate < min_rate:
        raise ValueError(f"max_rate must be at least min_rate={min_rate}, got {max_rate}")
    if mode != "exp_range" and gamma != 1:
        raise ValueError(f"gamma must be left out unless mode is exp_range, got {gamma}")

    def rate(t):
        period = 2 * half_period
        share = 1 - np.abs(t % period / half_period - 1)
        if mode == "triangular2":
            share = share * _power(0.5, t // period)
        if mode == "exp_range":
            share = share * _power(gamma, t)
        return _between(max_rate, min_rate, share)

    return rate


# Schedules of schedules.


@_schedule
def warmup(schedule: Schedule, steps: int, start: float = 0.0) -> Schedule:
    r"""A line from `start` to the schedule's first rate, then the schedule.

    .. math:: \eta_t = s + (\eta_w - s)\, t/w, \quad t < w

    The schedule begins when the warmup, of w = `steps` updates, is over: it is
    asked for the step t − w.
    [Goyal et al. 2017, section 2.2]

    >>> warmup(linear(0.1, 10), 4, start=0.02)([0, 2, 4, 9])
    array([0.02, 0.06, 0.1 , 0.05])
    """
    first = schedule(0)

    def rate(t):
        rising = _between(first, start, _progress(t, steps))
        return np.where(t < steps, rising, schedule._rate(np.maximum(t - steps, 0)))

    return rate


@_schedule
def join(schedules: Sequence[Schedule], boundaries: Sequence[int]) -> Schedule:
    r"""One schedule after the other, each from its own step 0.

    There is one more schedule than there are boundaries, ascending steps:
    ``schedules[i + 1](0)`` is the rate at ``boundaries[i]``.

    >>> join([constant(0.1), linear(0.1, 4)], [2])([0, 1, 2, 4, 6])
    array([0.1 , 0.1 , 0.1 , 0.05, 0.  ])
    """
    boundaries = several(positive_integer)("boundaries", boundaries)
    _check_boundaries(boundaries, "schedules", schedules)

    def rate(t):
        rates = schedules[0]._rate(t)
        for schedule, boundary in zip(schedules[1:], boundaries, strict=True):
            rates = np.where(t < boundary, rates, schedule._rate(np.maximum(t - boundary, 0)))
        return rates

    return rate


@_schedule
def per_epoch(schedule: Schedule, updates_per_epoch: int) -> Schedule:
    r"""A schedule of epochs as one of updates: the rate is held over an epoch.

    .. math:: \eta_t = \mathtt{schedule}(\lfloor t / n \rfloor)

    >>> per_epoch(step_decay(0.1, 0.5, 1), 3)([0, 2, 3, 5, 6])
    array([0.1  , 0.1  , 0.05 , 0.05 , 0.025])
    """
    return lambda t: schedule._rate(t // updates_per_epoch)


# Rates that depend on how the training goes.


class ReduceOnPlateau:
    """Lower the rate when a metric has stopped improving.

    Feed it the metric of every epoch and give what it returns to the optimizer.
    A metric that is not better than the best so far, by more than `threshold`,
    is a bad one; after more than `patience` bad ones in a row the rate is
    multiplied by `factor`. The rule and its defaults are PyTorch's.

    Parameters
    ----------
    factor : float
        Above 0 and below 1.
    patience : int
        Bad epochs that are put up with.
    threshold_mode : {"rel", "abs"}
        `threshold` is a fraction of the best metric, below 1, or a number.
    cooldown : int
        Epochs after a reduction in which bad ones do not count.
    min_rate : float
        The rate does not fall below it.
    mode : {"min", "max"}
        "min" for a loss, "max" for an accuracy.
    raise_after : int, optional
        How many reductions in a row, without an improvement, to make before the
        next one is replaced by a return to the first rate; by default always reduce.

    Arguments out of these bounds, and a metric that is no number, are a `TypeError` or a
    `ValueError`. A metric of nan, from a run that has diverged, is a bad one.

    >>> plateau = ReduceOnPlateau(0.1, factor=0.5, patience=1)
    >>> [plateau.update(loss) for loss in (3.0, 2.0, 2.0, 2.0, 1.0)]
    [0.1, 0.1, 0.1, 0.05, 0.05]
    """

    _STATE = ("learning_rate", "best", "bad_epochs", "cooling", "reductions")

    def __init__(
        self, learning_rate: float, factor: float = 0.1, patience: int = 10,
        threshold: float = 1e-4, threshold_mode: str = "rel", cooldown: int = 0,
        min_rate: float = 0.0, mode: str = "min", raise_after: int | None = None,
    ):  # fmt: skip
        self.initial_rate = self.learning_rate = positive("learning_rate", learning_rate)
        self.factor = below_one("factor", positive("factor", factor))
        self.patience, self.cooldown = whole("patience", patience), whole("cooldown", cooldown)
        self.threshold_mode = one_of("threshold_mode", threshold_mode, ("rel", "abs"))
        check = below_one if threshold_mode == "rel" else not_negative
        self.threshold = check("threshold", threshold)
        self.min_rate = real("min_rate", min_rate, 0, self.learning_rate)
        self.mode = one_of("mode", mode, ("min", "max"))
        never = raise_after is None
        self.raise_after = None if never else positive_integer("raise_after", raise_after)
        self.best = math.inf if mode == "min" else -math.inf
        self.bad_epochs = self.cooling = self.reductions = 0

    def update(self, metric: float) -> float:
        """Take the metric of an epoch and return the rate for the next."""
        if not math.isnan(number("metric", metric)) and self._better(metric):
            self.best, self.bad_epochs, self.reductions = float(metric), 0, 0
        else:
            self.bad_epochs += 1
        if self.cooling > 0:
            self.cooling, self.bad_epochs = self.cooling - 1, 0
        if self.bad_epochs > self.patience:
            self.cooling, self.bad_epochs = self.cooldown, 0
            if self.reductions == self.raise_after:
                self.learning_rate, self.reductions = self.initial_rate, 0
            else:
                self.learning_rate = max(self.learning_rate * self.factor, self.min_rate)
                self.reductions += 1
        return self.learning_rate

    def _better(self, metric):
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "rel":
            return sign * metric < sign * self.best * (1 - sign * self.threshold)
        return sign * metric < sign * self.best - self.threshold

    def state(self) -> dict[str, float]:
        """Return what it remembers, to be saved."""
        return {name: getattr(self, name) for name in self._STATE}

    def restore(self, state: dict[str, float]) -> None:
        """Go on from a `state`, on an object made with the same arguments."""
        if not isinstance(state, Mapping) or set(state) != set(self._STATE):
            raise ValueError(f"state must have {', '.join(self._STATE)}, got {state!r}")
        for name, value in state.items():
            number(name, value)
        vars(self).update(state)


def follow_cost(
    learning_rate: float, cost: float, min_rate: float = 0.0, max_rate: float = math.inf
) -> float:
    r"""A rate that follows the cost, :math:`\eta_0 e^J`, kept between two bounds.

    A reader's recipe: large steps while the cost J of the epoch before is large. At a cost
    of 0 it is `learning_rate`; `max_rate` is what keeps a run that diverges from diverging
    faster. No argument may be nan.  [Brownlee 2016, comments]

    >>> [round(follow_cost(0.1, cost, max_rate=0.5), 4) for cost in (5.0, 1.0, 0.0)]
    [0.5, 0.2718, 0.1]
    """
    learning_rate = positive("learning_rate", learning_rate)
    if math.isnan(cost := number("cost", cost)):
        raise ValueError("cost must be a number, got nan")
    min_rate = not_negative("min_rate", min_rate)
    if number("max_rate", max_rate) != math.inf:
        max_rate = real("max_rate", max_rate, min_rate)
    with np.errstate(over="ignore"):
        return float(np.clip(learning_rate * np.exp(cost), min_rate, max_rate))
