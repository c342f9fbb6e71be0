"""The experiments: their records can be made again, and no interruption changes them."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import lrcourse
from lrcourse import experiments
from lrcourse.__main__ import main
from lrcourse.book import records
from lrcourse.comparison import Comparison
from lrcourse.datasets import downloads, school_district_points
from lrcourse.experiments import EXPERIMENTS, ionosphere, running
from lrcourse.experiments.running import Experiment, run
from lrcourse.tables import Table

REAL = os.environ.get("LRCOURSE_DATA", "")
real_data = pytest.mark.skipif(
    not REAL, reason="needs the real data: set LRCOURSE_DATA to the folder they are in"
)
RECORDS = sorted(path.stem.split("-") for path in records.FOLDER.glob("*.json"))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache" / "runs"


def as_recorded(results, recorded):
    """Whether results are those recorded, but for one in the last digit that is kept."""
    assert results.keys() == recorded.keys()
    for name, values in results.items():
        expected = np.array(recorded[name], float)
        values = np.array(records.rounded(np.asarray(values)), float)
        assert np.allclose(values, expected, rtol=1.01e-4, atol=0, equal_nan=True), name


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_quick_run_gives_what_is_recorded(name, tmp_path, cache):
    record, path = run(EXPERIMENTS[name], output=tmp_path / "record.json")
    recorded = records.load(name, "quick")
    for part in ("experiment", "size", "about", "command", "seeds"):
        assert getattr(record, part) == getattr(recorded, part)
    assert json.loads(json.dumps(record.settings)) == recorded.settings
    assert record.data["checksum"] == recorded.data["checksum"]
    for new, old in zip(record.runs, recorded.runs, strict=True):
        assert (new["seed"], new["labels"]) == (old["seed"], old["labels"])
        as_recorded(new["results"], old["results"])
    assert records.read(path).runs == record.runs
    assert not cache.exists() or not list(cache.iterdir())


@pytest.mark.parametrize(("name", "size"), RECORDS)
def test_a_record_is_of_the_experiment_as_it_is_defined(name, size):
    experiment, record = EXPERIMENTS[name], records.load(name, size)
    settings = json.loads(json.dumps(experiment.sizes[size]))
    seeds = settings.pop("seeds")
    assert record.settings == settings and record.seeds == list(range(seeds))
    labels = json.loads(json.dumps(experiment.runs(experiment.sizes[size])))
    expected = [(seed, each) for seed in record.seeds for each in labels]
    assert [(each["seed"], each["labels"]) for each in record.runs] == expected
    assert record.command == f"python -m lrcourse run {name} --size {size}"
    assert record.about == experiment.about
    assert record.data["checksum"].startswith("sha256:") and record.seconds > 0


@pytest.mark.parametrize(("name", "size"), RECORDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_summary_reads_well_in_both_languages(name, size, language):
    lrcourse.use_language(language)
    try:
        text = EXPERIMENTS[name].summary(records.load(name, size)).text()
    finally:
        lrcourse.use_language("en")
    assert any(map(str.isalpha, text)) and text.isascii() == (language == "en")


def full_run(name, changed=(), **labels):
    """Do the first seed's run with these labels; return its results and those recorded."""
    experiment, record = EXPERIMENTS[name], records.load(name)
    settings = experiment.sizes["full"] | dict(changed)
    recorded = next(each["results"] for each in record.runs if each["labels"] == labels)
    return experiment.train(settings, 0, **labels), recorded


def test_a_sample_of_the_full_table_gives_what_is_recorded():
    as_recorded(*full_run("table", epochs=50, batch_size=10))


@real_data
@pytest.mark.parametrize("method", ionosphere.METHODS)
def test_a_sample_of_the_full_ionosphere_gives_what_is_recorded(method):
    as_recorded(*full_run("ionosphere", split="tail", method=method))
    as_recorded(*full_run("ionosphere", split="stratified", method=method))


@real_data
def test_a_sample_of_the_full_autoencoder_gives_what_is_recorded():
    results, recorded = full_run("autoencoder", {"epochs": 1}, learning_rate=0.0017)
    as_recorded(results, {name: values[:2] for name, values in recorded.items()})


# What becomes of a run that is stopped, shown on a small experiment.


def walk(settings, seed, stride):
    """A run that leaves a mark, so that one can count how often it was done."""
    with open(settings["marks"], "a") as marks:  # noqa: PTH123
        marks.write(f"{seed} {stride}\n")
    time.sleep(settings["pause"])
    steps = np.random.default_rng([seed, stride]).normal(size=20)
    return {"path": np.cumsum(steps), "lengths": np.abs(steps).sum(), "odd": [np.nan, np.inf, -1]}


def points(name):
    return lrcourse.datasets.make_dataset(name, "made here", *school_district_points())


def small(marks, pause=0.0):
    settings = {"data": "points", "marks": str(marks), "pause": pause, "seeds": 3}
    return Experiment(
        "walk", "a random walk", {"quick": settings},
        lambda settings: [{"stride": stride} for stride in (1, 2)],
        walk, lambda record: Table(["seeds"], [[len(record.seeds)]]), points,
    )  # fmt: skip


def marks(path):
    return sorted(path.read_text().split("\n")[:-1])


EVERY = [f"{seed} {stride}" for seed in range(3) for stride in (1, 2)]

PROGRAM = """
import sys
from pathlib import Path
import test_experiments
from lrcourse import __main__
from lrcourse.datasets import downloads
downloads.cache_folder = lambda: Path(sys.argv[1])
__main__.EXPERIMENTS["walk"] = test_experiments.small(sys.argv[2], float(sys.argv[3]))
sys.exit(__main__.main(["run", "walk", "--processes", "2", "--output", sys.argv[4]]))
"""


def started(tmp_path, pause):
    """Start the small experiment in another process, in a group of its own."""
    arguments = [tmp_path / "cache", tmp_path / "marks", str(pause), tmp_path / "record.json"]
    environment = os.environ | {"PYTHONPATH": os.path.dirname(__file__)}  # noqa: PTH120
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments], env=environment, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for_two(cache):
    for _ in range(600):
        if len(list(cache.glob("*/[!.]*.npz"))) >= 2:
            return
        time.sleep(0.05)
    raise AssertionError("nothing was kept")


@pytest.mark.parametrize("damage", ["none", "cut off", "other content"])
def test_after_kill_9_nothing_finished_is_repeated_and_the_record_is_the_same(
    damage, tmp_path, cache
):
    process = started(tmp_path, pause=0.4)
    wait_for_two(cache)
    process.kill()
    # The pipes close only when the processes that it began have ended as well.
    process.communicate(timeout=20)
    kept = sorted(cache.glob("*/[!.]*.npz"))
    assert 2 <= len(kept) < 6 and not (tmp_path / "record.json").exists()
    if damage == "cut off":
        kept[0].write_bytes(kept[0].read_bytes()[:100])
    if damage == "other content":
        lrcourse.storage.save(kept[0], {"results": 1})

    interrupted = tmp_path / "marks"
    interrupted.unlink()
    record, _ = run(small(interrupted, 0.4), processes=2, output=tmp_path / "record.json")
    repeated = len(kept) - (damage != "none")
    assert len(marks(interrupted)) == 6 - repeated
    whole, _ = run(small(tmp_path / "others"), processes=1, output=tmp_path / "whole.json")
    assert marks(tmp_path / "others") == EVERY
    assert record.runs == whole.runs
    lines = [
        (tmp_path / name).read_text().split('"runs"')[1] for name in ("record.json", "whole.json")
    ]
    assert lines[0] == lines[1]
    assert not cache.exists() or not list(cache.iterdir())


def test_ctrl_c_is_said_in_one_line_and_what_is_finished_is_kept(tmp_path, cache):
    process = started(tmp_path, pause=0.4)
    wait_for_two(cache)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: all processes get it
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert out == "" and err == "lrcourse run: interrupted\n"
    assert len(list(cache.glob("*/[!.]*.npz"))) >= 2


def test_a_run_that_other_code_finished_is_done_again(tmp_path, cache, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(records.Record, "save", stopped)
        run(small(tmp_path / "marks"), processes=1, output=tmp_path / "record.json")
    assert marks(tmp_path / "marks") == EVERY
    run(small(tmp_path / "marks"), processes=1, seeds=2, output=tmp_path / "record.json")
    assert marks(tmp_path / "marks") == EVERY  # all from what was kept
    monkeypatch.setattr(running, "_code", lambda experiment: "changed")
    run(small(tmp_path / "marks"), seeds=3, output=tmp_path / "record.json")
    assert len(marks(tmp_path / "marks")) == 12


def failing(settings, seed, stride):
    raise RuntimeError("out of memory")


def test_a_run_that_fails_is_not_hidden(tmp_path):
    experiment = small(tmp_path / "marks")
    experiment = Experiment(**{**vars(experiment), "train": failing})
    with pytest.raises(RuntimeError, match="out of memory"):
        run(experiment, output=tmp_path / "record.json")
    assert not (tmp_path / "record.json").exists()


def test_other_seeds_do_not_replace_the_record_that_comes_with_the_course(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record, path = run(small(tmp_path / "marks"), seeds=1, processes=1)
    assert path.resolve() == (tmp_path / "walk-quick-1-seeds.json").resolve()
    assert record.command == "python -m lrcourse run walk --size quick --seeds 1"
    assert records.read(path).values("path", stride=1).shape == (1, 20)


def test_what_is_no_experiment_is_refused():
    with pytest.raises(TypeError, match="experiment must be an Experiment, got 'table'"):
        run("table")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nothing"], 2, "NAME must be one of autoencoder, "),
        ([], 2, "required: NAME"),
        (["table", "--size", "huge"], 2, "invalid choice: 'huge'"),
        (["table", "--seeds", "0"], 2, "must be at least 1, got 0"),
        (["table", "--processes", "0"], 2, "processes must be at least 1, got 0"),
        (["table", "--processes", "x"], 2, "needs a whole number, got 'x'"),
        (["autoencoder", "--size", "full"], 1, "LRCOURSE_DATA must name a folder, got 'nowhere'"),
    ],
)
def test_what_cannot_be_run_is_said_in_one_line(arguments, code, said, capsys, monkeypatch):
    monkeypatch.setenv("LRCOURSE_DATA", "nowhere")
    assert main(["run", *arguments]) == code
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and said in err


def test_the_command_prints_what_was_found_and_where_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(experiments.EXPERIMENTS, "walk", small(tmp_path / "marks"))
    assert main(["run", "walk", "--output", str(tmp_path / "record.json")]) == 0
    out = capsys.readouterr().out
    assert "seeds" in out and str(tmp_path / "record.json") in out


# Records.


@pytest.fixture
def record(tmp_path):
    return run(small(tmp_path / "marks"), processes=1, output=tmp_path / "record.json")[0]


def test_a_record_returns_arrays_by_label(record, tmp_path):
    read = records.read(tmp_path / "record.json")
    assert read.labels == {"stride": [1, 2]} and read.seeds == [0, 1, 2]
    steps = np.random.default_rng([1, 2]).normal(size=20)
    assert read.values("path", stride=2)[1] == pytest.approx(np.cumsum(steps), rel=1e-4)
    assert read.values("lengths", stride=1).shape == (3,)
    assert np.array_equal(read.values("odd", stride=1)[0], [np.nan, np.inf, -1], equal_nan=True)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"result": "loss", "stride": 1}, "result must be one of path, lengths, odd, got 'loss'"),
        ({"result": "path", "stride": 5}, "stride must be one of 1, 2, got 5"),
        ({"result": "path", "step": 5}, "a label must be one of stride, got 'step'"),
        ({"result": "path"}, "labels must leave one run for each of 3 seeds, got 6 runs"),
    ],
)
def test_what_a_record_does_not_have_is_named(record, asked, message):
    with pytest.raises(ValueError, match=message):
        record.values(**asked)


def test_a_record_that_is_not_there_or_damaged_is_named(tmp_path):
    with pytest.raises(ValueError, match="record must be one of .*table-quick.* got 'tabel-quick'"):
        records.load("tabel", "quick")
    (tmp_path / "record.json").write_text('{"experiment": "table"')
    with pytest.raises(ValueError, match="is not a record, or is damaged"):
        records.read(tmp_path / "record.json")


# What the sources' own data say.


def test_on_the_tail_no_answer_beats_115_of_116_and_on_a_fair_split_no_schedule_helps():
    record = records.load("ionosphere")
    for method in ("constant", "time-based", "drop-based", "cosine"):
        tail = ionosphere.accuracy(record, "tail", method)[:, -1]
        assert 0.98 < tail.mean() < 0.99
        assert record.values("most_right", split="tail", method=method).max() == 115
    fair = ionosphere.comparison(record, "stratified")
    for method in ("constant, momentum 0.9", "time-based", "drop-based", "cosine"):
        assert not fair.told_apart(method, "constant")
        assert fair.told_apart(method, "plain")
        assert fair.results[method].mean() == pytest.approx(0.913, abs=0.01)


def test_ten_times_the_epochs_make_up_for_a_smaller_rate_but_not_for_any():
    record = records.load("table")
    rates = record.settings["learning_rates"]
    short, long = (
        dict(zip(rates, record.values("train_loss", epochs=epochs, batch_size=10).T, strict=True))
        for epochs in (50, 500)
    )
    compared = Comparison({"10": short[10], "1": long[1], "0.1": long[0.1]})
    assert not compared.told_apart("10", "1")
    # Against the textbook's last answer: 0.1 is still at twice the loss.
    assert compared.told_apart("10", "0.1")
    assert compared.results["0.1"].min() > 2 * np.median(compared.results["10"])


def test_a_rate_and_a_batch_size_five_times_as_large_give_the_same_loss():
    record = records.load("table")
    rates = record.settings["learning_rates"]
    losses = [
        record.values("train_loss", epochs=50, batch_size=size)[:, rates.index(rate)]
        for size, rate in ((10, 0.1), (50, 0.5), (100, 1.0))
    ]
    assert np.allclose(losses[0], losses[1], rtol=5e-3)
    assert np.allclose(losses[0], losses[2], rtol=5e-3)


def test_a_record_is_small_enough_to_ship():
    assert sum(path.stat().st_size for path in records.FOLDER.glob("*.json")) < 1_000_000
