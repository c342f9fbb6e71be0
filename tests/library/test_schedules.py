"""Facts about schedules, and what holds for every one of them."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lrcourse.book.sources import quoted
from lrcourse.schedules import (
    FACTORIES,
    ReduceOnPlateau,
    Schedule,
    constant,
    cosine,
    cosine_restarts,
    cyclical,
    exponential,
    follow_cost,
    geometric,
    inverse_power,
    inverse_sqrt,
    join,
    linear,
    one_cycle,
    per_epoch,
    piecewise,
    polynomial,
    step_decay,
    time_based,
    time_based_compounding,
    warmup,
    warmup_stable_decay,
)

rates = st.floats(1e-8, 1e3)
ends = st.just(0.0) | rates
lengths = st.integers(1, 500)
fractions = st.floats(0.01, 1)


@st.composite
def pieces(draw, elements):
    boundaries = sorted(draw(st.sets(lengths, max_size=4)))
    count = len(boundaries) + 1
    return draw(st.lists(elements, min_size=count, max_size=count)), boundaries


@st.composite
def one_cycles(draw):
    strategy, three = draw(st.sampled_from(["cos", "linear"])), draw(st.booleans())
    pct_start = draw(st.floats(0.1, 0.4))
    steps = draw(st.integers(30, 500))
    return one_cycle(draw(rates), steps, pct_start, 25, 1e4, strategy, three)


@st.composite
def warmups_stable_decays(draw):
    up, level, down = draw(st.integers(0, 50)), draw(st.integers(0, 50)), draw(lengths)
    shape = draw(st.sampled_from(["linear", "cosine", "sqrt"]))
    return warmup_stable_decay(draw(rates), up + level + down, up, down, draw(ends), shape)


# A schedule of each kind, with drawn arguments.
DRAWN = {
    "constant": st.builds(constant, rates),
    "time_based": st.builds(time_based, rates, ends),
    "time_based_compounding": st.builds(time_based_compounding, rates, ends),
    "inverse_power": st.builds(inverse_power, rates, st.floats(0.1, 5)),
    "exponential": st.builds(exponential, rates, ends),
    "step_decay": st.builds(step_decay, rates, fractions, lengths, st.integers(0, 100)),
    "inverse_sqrt": st.builds(inverse_sqrt, rates, lengths),
    "polynomial": st.builds(polynomial, rates, lengths, st.floats(0.1, 5), ends),
    "linear": st.builds(linear, rates, lengths, ends),
    "geometric": st.builds(geometric, rates, rates, lengths),
    "cosine": st.builds(cosine, rates, lengths, ends),
    "one_cycle": one_cycles(),
    "warmup_stable_decay": warmups_stable_decays(),
    "piecewise": pieces(rates).map(lambda drawn: piecewise(*drawn)),
    "cosine_restarts": st.builds(
        cosine_restarts, rates, lengths, st.integers(1, 3), ends, fractions
    ),
    "cyclical": st.builds(
        lambda low, height, half, mode: cyclical(low, low + height, half, *mode),
        ends, rates, lengths,
        st.sampled_from([("triangular",), ("triangular2",), ("exp_range", 0.99)]),
    ),
}  # fmt: skip
simple = st.one_of(*DRAWN.values())
DRAWN["warmup"] = st.builds(warmup, simple, lengths, ends)
DRAWN["join"] = pieces(simple).map(lambda drawn: join(*drawn))
DRAWN["per_epoch"] = st.builds(per_epoch, simple, lengths)
any_schedule = st.one_of(*DRAWN.values())
steps = st.integers(0, 2000)


@given(any_schedule, st.lists(steps, min_size=1, max_size=40))
def test_an_array_of_steps_gets_to_the_bit_what_the_single_steps_get(schedule, chosen):
    array = np.array(chosen)
    expected = np.array([schedule(step) for step in chosen])
    assert np.array_equal(schedule(array), expected)
    assert np.array_equal(schedule(array[::-1]), expected[::-1])
    assert np.array_equal(schedule(np.stack([array, array], axis=1))[:, 1], expected)


@given(any_schedule, steps)
def test_a_step_of_any_integer_type_is_the_same_step(schedule, step):
    expected = schedule(step)
    assert type(expected) is float
    for kind in (np.int32, np.uint16, np.int64, np.uint64):
        assert schedule(kind(step)) == expected
    assert schedule(np.array(step)) == expected


@given(any_schedule)
def test_no_rate_is_ever_negative_or_more_than_it_was_said_to_be(schedule):
    seen = schedule(np.arange(2000))
    assert (seen >= 0).all() and np.isfinite(seen).all()
    numbers = _numbers(schedule)
    assert seen.max() <= max(numbers)


def _numbers(schedule):
    """Every rate that a schedule was given."""
    names = ("learning_rate", "end", "start", "max_rate", "min_rate", "first", "last")
    for name, value in schedule._arguments.items():
        if name in names:
            yield value
        if name == "rates":
            yield from value
        if isinstance(value, Schedule):
            yield from _numbers(value)
        if name == "schedules":
            for each in value:
                yield from _numbers(each)


@given(any_schedule, steps)
def test_from_its_total_steps_on_a_schedule_stays_as_it_is(schedule, later):
    total = schedule.total_steps
    assume(total is not None)
    assert schedule(total + later) == schedule(total)


@given(rates, rates, lengths, lengths, st.integers(1, 40))
def test_the_total_steps_are_those_until_the_last_change(first, last, steps, more, updates):
    assume(abs(first - last) > 0.01 * first)
    line = linear(first, steps, last)
    for schedule, total in (
        (constant(first), 0),
        (warmup(constant(first), steps), steps),
        (line, steps),
        (warmup(line, more), more + steps),
        (join([constant(first), line], [more]), more + steps),
        (per_epoch(line, updates), updates * steps),
        (piecewise([first, last], [steps]), steps),
        (piecewise([first], []), 0),
    ):
        assert schedule.total_steps == total
        assert total == 0 or schedule(total - 1) != schedule(total)
    for endless in (exponential(first, 0.1), cosine_restarts(first, steps)):
        assert endless.total_steps is warmup(endless, 5).total_steps is None


def test_a_warmup_of_a_warmup_asks_each_schedule_once():
    asked = []

    class Counting(Schedule):
        def __call__(self, step):
            asked.append(step)
            return super().__call__(step)

    schedule = Counting("constant", {"learning_rate": 0.1}, lambda t: np.full(t.shape, 0.1))
    for _ in range(30):  # if each level asked twice, this would take an hour
        schedule = warmup(schedule, 2)
    assert schedule(range(100)).max() == 0.1 and asked == [0]
    assert schedule.total_steps == 60


@given(rates, ends, lengths, st.sampled_from([linear, cosine, polynomial]))
def test_the_way_from_one_rate_to_another_goes_straight_and_arrives(first, last, total, factory):
    arguments = {"power": 1.7} if factory is polynomial else {}
    seen = factory(first, total, end=last, **arguments)(np.arange(total + 3))
    assert seen[0] == first and (seen[total:] == last).all()
    assert (np.diff(seen) * np.sign(last - first) >= 0).all()


@given(any_schedule)
def test_a_schedule_is_never_changed_by_being_called(schedule):
    before, said = schedule(np.arange(50)), repr(schedule)
    schedule(1000), schedule(np.arange(700)[::-1])
    assert np.array_equal(schedule(np.arange(50)), before) and repr(schedule) == said
    asked = np.arange(50)
    schedule(asked)[:] = -1
    assert np.array_equal(asked, np.arange(50)) and np.array_equal(schedule(asked), before)


@given(any_schedule)
def test_a_schedule_can_be_printed_and_rebuilt_compared_and_pickled(schedule):
    for same in (eval(repr(schedule), dict(FACTORIES)), pickle.loads(pickle.dumps(schedule))):
        assert same == schedule and hash(same) == hash(schedule) and repr(same) == repr(schedule)
        assert np.array_equal(same(np.arange(20)), schedule(np.arange(20)))
    assert schedule != per_epoch(schedule, 7) and schedule != 3


def test_arguments_from_numpy_print_as_numbers():
    schedule = piecewise(np.array([0.1, 0.01], np.float32), np.array([5]))
    assert "np." not in repr(schedule) and eval(repr(schedule), dict(FACTORIES)) == schedule
    assert repr(constant(np.float64(0.1))) == "constant(learning_rate=0.1)"


@given(pieces(simple), any_schedule, lengths, ends)
def test_join_and_warmup_agree_at_the_seams(joined, schedule, length, start):
    parts, boundaries = joined
    whole = join(parts, boundaries)
    edges = [0, *boundaries]
    for part, edge in zip(parts, edges, strict=True):
        assert whole(edge) == part(0)
    for part, edge, next_edge in zip(parts, edges, boundaries, strict=False):
        assert whole(next_edge - 1) == part(next_edge - 1 - edge)
    last = np.arange(20)
    assert np.array_equal(whole(edges[-1] + last), parts[-1](last))

    warm = warmup(schedule, length, start)
    assert warm(0) == start
    assert np.array_equal(warm(length + last), schedule(last))
    rising = warm(np.arange(length + 1))
    assert (np.diff(rising) * np.sign(schedule(0) - start) >= 0).all()


@given(any_schedule, lengths)
def test_a_schedule_per_epoch_is_held_over_the_epoch(schedule, updates):
    seen = per_epoch(schedule, updates)(np.arange(3 * updates)).reshape(3, updates)
    assert np.array_equal(seen, np.tile(schedule([[0], [1], [2]]), updates))


def test_the_printed_time_based_rates_are_the_compounding_ones():
    printed = quoted("brownlee2016", "B1")
    epochs = np.array(printed.column("epoch")) - 1
    compounding = time_based_compounding(0.1, 0.001)(epochs)
    assert [float(f"{rate:.10g}") for rate in compounding] == printed.column("learning rate")
    formula = time_based(0.1, 0.001)(epochs)
    assert [float(f"{rate:.10g}") for rate in formula][2:] != printed.column("learning rate")[2:]


@given(rates, st.floats(0, 10), st.integers(1, 500))
def test_compounding_is_its_recurrence(rate, decay, step):
    schedule = time_based_compounding(rate, decay)
    assert schedule(0) == rate
    assert schedule(step) == pytest.approx(
        schedule(step - 1) / (1 + decay * step), rel=1e-12, abs=0
    )


T = np.arange(1001)
COSINE_QUARTERS = [0.8535533905932737, 0.5, 0.14644660940672624]
# What the sources say, and what follows from their formulas, to the last digits.
FACTS = [
    # The three time-based schedules differ; 0.1 divided by 1 + 0.01 k for k = 1 … 99, exactly.
    (per_epoch(time_based(0.1, 0.01), 10), [999], [0.1 / 1.99]),
    (time_based(0.1, 0.01), [999], [0.1 / 10.99]),
    (per_epoch(time_based_compounding(0.1, 0.01), 10), [999], [2.366709806770405e-18]),
    # The shift of the source drops one epoch early.
    (step_decay(0.1, 0.5, 10, shift=1), T, 0.1 * 0.5 ** np.floor((1 + T) / 10)),
    (exponential(0.1, -math.log(0.95) / 100), T, 0.1 * 0.95 ** (T / 100)),
    (polynomial(0.01, 1000, 0.5), T, 0.01 * (1 - T / 1000) ** 0.5),
    (cosine(0.1, 100), [0], [0.1]),  # without the ½ it would be 0.2
    (linear(0.1, 100), [10_000], [0.0]),  # α₀ − kt would be far below
    (geometric(1.0, 0.01, 2), [0, 1, 2, 9], [1.0, 0.1, 0.01, 0.01]),
    # SGDRegressor's defaults, eta0 = 0.01 and power_t = 0.25, at its t = 1, 16, 81 and 10,000.
    (inverse_power(0.01, 0.25), [0, 15, 80, 9999], [0.01, 0.005, 0.01 / 3, 0.001]),
    (cosine_restarts(0.1, 5, multiplier=3, end=0.01), [0, 5, 20, 65], [0.1] * 4),
    (cosine_restarts(0.1, 5, 3, 0.01), T[5:20], cosine(0.1, 15, 0.01)(T[:15])),
    # Keras's example: "each restart with twice the steps and 0.9 of the rate" as its m_mul has it.
    (cosine_restarts(0.1, 5, 2, shrink=0.9), [0, 5, 15, 35], [0.1, 0.09, 0.081, 0.0729]),
    (cosine_restarts(0.1, 5, 2, shrink=0.9), T[15:35], 0.81 * cosine_restarts(0.1, 5, 2)(T[15:35])),
    # The height above `end` shrinks, so that no rate falls below it.
    (cosine_restarts(0.3, 2, end=0.1, shrink=0.5), [0, 2, 4], [0.3, 0.2, 0.15]),
    # Hägele et al. 2024, eq. 1: after the share p of the decay 1 − √p of the height is left.
    (warmup_stable_decay(1.0, 100, 0, 64), [52, 68, 84], [0.75, 0.5, 0.25]),
    (warmup_stable_decay(1.0, 100, 0, 64, shape="cosine"), [52, 68, 84], COSINE_QUARTERS),
    (warmup_stable_decay(1.0, 100, 0, 64, shape="sqrt"), [52, 68, 84],
     [0.5, 1 - math.sqrt(0.5), 1 - math.sqrt(0.75)]),
    # "Divide by 10 at 50 % of the epochs and by 100 at 75 %"
    *[(piecewise([0.1, 0.01, 0.001], [0.5, 0.75], epochs), range(epochs),
       [0.1] * first + [0.01] * (second - first) + [0.001] * (epochs - second))
      for epochs, first, second in ((30, 15, 23), (50, 25, 38), (75, 38, 57))],
    (piecewise([1, 2], [0.1], total_steps=30), [2, 3], [1, 2]),  # in floats 30 · 0.1 > 3
]  # fmt: skip


@pytest.mark.parametrize(("schedule", "steps", "rates"), FACTS)
def test_a_schedule_has_the_rates_of_its_source(schedule, steps, rates):
    assert schedule(steps) == pytest.approx(np.array(rates), rel=1e-13, abs=0)


@given(rates, lengths, st.integers(0, 50), st.integers(0, 50), ends)
def test_every_way_down_leaves_the_level_and_arrives(rate, down, up, level, end):
    total = up + level + down
    for shape in ("linear", "cosine", "sqrt"):
        schedule = warmup_stable_decay(rate, total, up, down, end, shape)
        assert (schedule(np.arange(up, up + level + 1)) == rate).all()
        falling = schedule(np.arange(up + level, total + 3))
        assert (np.diff(falling) * np.sign(end - rate) >= 0).all()
        assert (falling[-3:] == end).all()


def test_a_huge_step_is_a_step():
    for schedule in (
        cosine_restarts(0.1, 5, 2, shrink=0.5),
        cyclical(0.1, 0.2, 5, "triangular2"),
        inverse_power(0.1, 0.5),
        linear(1, 5),
    ):
        assert 0 <= schedule(2**60) <= 0.2
    with pytest.raises(ValueError, match="step must be at most 10000000, got"):
        time_based_compounding(0.1, 0.1)(2**60)


@pytest.mark.parametrize(
    ("step", "error", "message"),
    [
        (-1, ValueError, "step must be at least 0, got -1"),
        (np.array([3, -2]), ValueError, "step must be at least 0, got -2"),
        (1.0, TypeError, "step must be a whole number or an array of them, got 1.0"),
        (np.nan, TypeError, "step must be"), (np.inf, TypeError, "step must be"),
        (True, TypeError, "step must be"), ("3", TypeError, "step must be"),
        (None, TypeError, "step must be"), ([0.5], TypeError, "step must be"),
        ([[1], [1, 2]], TypeError, "step must be"), (10**30, TypeError, "step must be"),
        (1j, TypeError, "step must be"),
    ],
)  # fmt: skip
def test_what_is_no_step_is_refused(step, error, message):
    for schedule in (constant(0.1), warmup(cosine(0.1, 5), 3)):
        with pytest.raises(error, match=message):
            schedule(step)


def test_no_steps_get_no_rates():
    assert constant(0.1)([]).shape == (0,)
    assert cosine_restarts(0.1, 5, 2)(np.zeros((0, 2), int)).shape == (0, 2)
    assert time_based_compounding(0.1, 1)([]).shape == (0,)


def rates_on(metrics, **settings):
    plateau = ReduceOnPlateau(1.0, **{"factor": 0.5, "patience": 0, **settings})
    return [plateau.update(metric) for metric in metrics]


def test_a_plateau_lowers_the_rate_after_more_than_patience_bad_epochs():
    assert rates_on([3, 2, 2, 2, 2, 1], patience=1) == [1, 1, 1, 0.5, 0.5, 0.5]
    assert rates_on([0.5, 0.6, 0.6], mode="max") == [1, 1, 0.5]
    assert rates_on([3, 3, 3, 3], cooldown=1) == [1, 0.5, 0.5, 0.25]
    assert rates_on([3] * 6, min_rate=0.3) == [1, 0.5, 0.3, 0.3, 0.3, 0.3]
    assert rates_on([1.0, 0.95, 0.95], threshold=0.1) == [1, 0.5, 0.25]
    assert rates_on([10, 9.5, 9], threshold=0.6, threshold_mode="abs") == [1, 0.5, 0.5]


def test_after_several_stalls_the_rate_is_raised_again():
    assert rates_on([1] * 7, raise_after=2) == [1, 0.5, 0.25, 1, 0.5, 0.25, 1]
    # An improvement is no stall: the count begins anew.
    assert rates_on([3, 3, 2, 2, 2, 2], raise_after=2) == [1, 0.5, 0.5, 0.25, 0.125, 1]


def test_a_run_that_has_diverged_is_a_plateau():
    assert rates_on([np.nan, np.nan, np.inf, 1, 2]) == [0.5, 0.25, 0.125, 0.125, 0.0625]


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=30), st.integers(0, 20))
def test_a_plateau_goes_on_where_it_was_saved(metrics, saved_at):
    assume(saved_at < len(metrics))
    settings = {"factor": 0.5, "patience": 1, "cooldown": 1, "raise_after": 2}
    first, second = ReduceOnPlateau(1.0, **settings), ReduceOnPlateau(1.0, **settings)
    before = [first.update(metric) for metric in metrics[:saved_at]]
    second.restore(first.state())
    after = [second.update(metric) for metric in metrics[saved_at:]]
    assert before + after == rates_on(metrics, **{**settings})
    assert all(0 < rate <= 1 for rate in before + after)


@given(rates, st.floats(allow_nan=False), ends, rates)
def test_a_rate_that_follows_the_cost_stays_within_its_bounds(rate, cost, low, height):
    assert low <= follow_cost(rate, cost, low, low + height) <= low + height
