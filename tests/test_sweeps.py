"""Rates × seeds, wherever they run."""

import os
import signal
import threading
import time
import warnings
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcourse import storage
from lrcourse.datasets import school_district
from lrcourse.experiments import school_district_runs
from lrcourse.models import MultilayerPerceptron
from lrcourse.optimizers import Adam
from lrcourse.sweeps import CURVES, sweep
from lrcourse.training import fit

short = partial(school_district_runs, epochs=1)
RATES = [0.01, 0.1, 0.5, 1.0, 50.0]


def perceptron(learning_rates, seed):
    data = school_district(seed)
    return fit(MultilayerPerceptron([2, 4, 1]), Adam(learning_rates), data, epochs=1,
               batch_size=100, seed=seed)  # fmt: skip


def same(one, other):
    assert np.array_equal(one.updates, other.updates)
    assert np.array_equal(one.diverged_at, other.diverged_at)
    for name in CURVES:
        assert np.array_equal(one.curves[name], other.curves[name], equal_nan=True), name


@pytest.fixture(scope="module")
def here():
    return sweep(short, RATES, 2)


def test_a_sweep_is_the_runs_one_by_one(here):
    for row, seed in enumerate((0, 1)):
        for column, rate in enumerate(RATES):
            history = short(rate, seed=seed)
            for name in CURVES:
                curve = here.curves[name][row, column]
                assert np.array_equal(curve, getattr(history, name)[:, 0], equal_nan=True)
            assert here.diverged_at[row, column] == history.diverged_at[0]
    assert here.missing == []


@pytest.mark.parametrize("train", [short, perceptron])
def test_it_is_the_same_to_the_bit_in_processes_threads_and_on_a_dask_cluster(train):
    expected = sweep(train, RATES, 2)
    with ThreadPoolExecutor(2) as threads:
        same(sweep(train, RATES, 2, executor=threads, rates_per_task=2), expected)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        same(sweep(train, RATES, 2, executor=processes, rates_per_task=3), expected)
    if train is short:
        on_dask = dask_sweep(train)
        same(on_dask, expected)


def dask_sweep(train):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from dask.distributed import Client, LocalCluster

        with (
            LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            return sweep(train, RATES, 2, executor=client.get_executor(), rates_per_task=2)


@settings(deadline=None, max_examples=8)
@given(st.permutations(RATES), st.integers(1, 6))
def test_neither_the_order_of_the_rates_nor_the_split_matters(here, rates, rates_per_task):
    result = sweep(short, rates, [1, 0], rates_per_task=rates_per_task)
    order = [rates.index(rate) for rate in RATES]
    for name in CURVES:
        turned = result.curves[name][::-1][:, order]
        assert np.array_equal(turned, here.curves[name], equal_nan=True)


def test_mean_and_sd_are_taken_over_the_seeds(here):
    mean, sd = here.mean_and_sd("train_loss")
    values = here.at_end("train_loss")
    assert values.shape == (2, 5)
    assert mean[:4] == pytest.approx(values[:, :4].mean(axis=0))
    assert sd[:4] == pytest.approx(abs(values[0, :4] - values[1, :4]) / np.sqrt(2))
    assert np.isnan(sweep(short, 0.1, 1).mean_and_sd()[1]).all()
    with pytest.raises(ValueError, match="curve must be one of train_loss"):
        here.at_end("loss")


class InterruptedExecutor(Executor):
    """Runs two tasks; then somebody presses Ctrl-C."""

    def __init__(self):
        self.futures = []

    def submit(self, function, *arguments):
        future = Future()
        if len(self.futures) < 2:
            future.set_result(function(*arguments))
        elif len(self.futures) == 2:
            future.set_exception(KeyboardInterrupt())
        self.futures.append(future)
        return future


def test_an_interrupted_sweep_keeps_what_is_finished_and_goes_on_from_it(here, tmp_path):
    record, executor = tmp_path / "sweep.npz", InterruptedExecutor()
    with pytest.warns(UserWarning, match="sweep interrupted: 6 of 10 runs are missing"):
        part = sweep(short, RATES, 2, executor=executor, rates_per_task=2, record=record)
    assert part.finished.sum() == 4 and len(part.missing) == 6
    assert (0, 50.0) in part.missing
    assert np.isnan(part.curves["train_loss"][~part.finished]).all()
    assert all(future.done() for future in executor.futures)

    trained = []

    def counting(rates, seed, epochs):
        trained.extend((seed, rate) for rate in rates.tolist())
        return short(rates, seed=seed)

    counting.__module__, counting.__qualname__ = (
        "lrcourse.experiments.table",
        "school_district_runs",
    )
    whole = sweep(partial(counting, epochs=1), RATES, 2, record=record)
    same(whole, here)
    assert sorted(trained) == sorted(part.missing)
    # More rates and more seeds later: only those are trained.
    trained.clear()
    sweep(partial(counting, epochs=1), [*RATES, 5.0], 3, record=record)
    assert len(trained) == 18 - 10
    with pytest.raises(ValueError, match="record .* was made with other settings"):
        sweep(partial(school_district_runs, epochs=2), RATES, 2, record=record)
    assert [file.name for file in tmp_path.iterdir()] == ["sweep.npz"]


def test_a_real_ctrl_c_keeps_what_is_finished():
    def slow(rates, seed):
        if seed == 1:
            time.sleep(30)
        return short(rates, seed=seed)

    timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.warns(UserWarning, match="5 of 10 runs are missing"):
        part = sweep(slow, RATES, 2)
    assert part.finished.tolist() == [[True] * 5, [False] * 5]


def test_a_task_that_fails_is_not_hidden_and_what_is_finished_is_recorded(tmp_path):
    def failing(rates, seed):
        if seed == 1:
            raise RuntimeError("out of memory")
        return short(rates, seed=seed)

    record = tmp_path / "sweep.npz"
    with pytest.raises(RuntimeError, match="out of memory"):
        sweep(failing, RATES, 2, record=record)
    assert len(storage.load(record)["seed"]) == 5


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"learning_rates": []}, ValueError, "learning_rates must be"),
        ({"learning_rates": [0.1, -1]}, ValueError, "learning_rates must be positive"),
        ({"learning_rates": [0.1, np.nan]}, ValueError, "learning_rates must be positive"),
        ({"learning_rates": ["a"]}, TypeError, "learning_rates must be"),
        ({"learning_rates": [0.1, 0.1]}, ValueError, "learning_rates must all be different"),
        ({"seeds": 0}, ValueError, "seeds must be at least 1, got 0"),
        ({"seeds": []}, ValueError, "seeds must be different and at least one"),
        ({"seeds": [1, 1]}, ValueError, "seeds must be different and at least one"),
        ({"seeds": [-1]}, ValueError, "seeds must be at least 0"),
        ({"seeds": 1.5}, TypeError, "seeds must be a whole number"),
        ({"seeds": "12"}, TypeError, "seeds must be a whole number"),
        ({"rates_per_task": 0}, ValueError, "rates_per_task must be at least 1"),
        ({"train": None}, TypeError, "train must be a function"),
    ],
)
def test_settings_that_cannot_be_swept_over_are_named(wrong, error, message):
    with pytest.raises(error, match=message):
        sweep(**{"train": short, "learning_rates": RATES, "seeds": 2, **wrong})
