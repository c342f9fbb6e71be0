"""The command line as a person or a script meets it."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lrcourse as library
from lrcourse.__main__ import main
from lrcourse.datasets import CATALOGUE, LIKE_THE_TEXTBOOK
from lrcourse.experiments import EXPERIMENTS
from lrcourse.schedules import (
    FACTORIES,
    constant,
    cosine,
    join,
    linear,
    one_cycle,
    per_epoch,
    piecewise,
    warmup,
)

COLUMNS = (
    "learning_rate,train_loss,train_accuracy,val_loss,val_accuracy,"
    "w1,w2,b,p1,p2,p3,best_update,diverged_at"
)


def test_csv_has_the_promised_columns_and_full_precision(capsys):
    assert main(["table", "--rates", "0.5,50", "--epochs", "12", "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(out)))
    assert out.splitlines()[0] == COLUMNS
    assert [row["learning_rate"] for row in rows] == ["0.5", "50.0"]
    assert len(rows[0]["w1"]) > 12
    assert rows[0]["diverged_at"] == "" and int(rows[1]["diverged_at"]) > 0
    assert err == ""


def test_json_is_read_by_a_strict_reader(capsys):
    assert main(["table", "--rates", "50", "--format", "json"]) == 0

    def refuse(constant):
        raise AssertionError(constant)

    (row,) = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert list(row) == COLUMNS.split(",")
    assert row["train_loss"] is None


def test_text_is_for_reading(capsys):
    assert main(["table", "--rates", "0.1", "--epochs", "1"]) == 0
    header, _, row = capsys.readouterr().out.splitlines()
    assert header.split() == COLUMNS.split(",")
    assert row.split()[0] == "0.1"


def test_the_seed_chooses_the_shuffle(capsys):
    outputs = []
    for seed in ("1", "1", "2"):
        main(["table", "--rates", "1", "--epochs", "1", "--seed", seed, "--format", "csv"])
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1] != outputs[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rates", "-1"], "learning_rate must be positive and finite, got -1.0"),
        (["--rates", "nan"], "positive and finite, got nan"),
        (["--rates", "1e999"], "positive and finite, got inf"),
        (["--rates", "abc"], "numbers separated by commas, got 'abc'"),
        (["--rates", ""], "numbers separated by commas, got ''"),
        (["--rates", "1,,2"], "got '1,,2'"),
        (["--epochs", "0"], "epochs must be at least 1, got 0"),
        (["--epochs", "2.5"], "needs a whole number, got '2.5'"),
        (["--batch-size", "5000"], "batch_size must be between 1 and 1600"),
        (["--seed", "-1"], "seed must be at least 0, got -1"),
        (["--format", "xml"], "must be one of text, csv, json, got 'xml'"),
    ],
)
def test_a_bad_argument_gets_one_line_and_exit_code_2(arguments, said, capsys):
    assert main(["table", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and said in err


def test_a_schedule_prints_its_rates_step_by_step(capsys):
    arguments = ["schedule", "cosine", "learning_rate=0.1", "total_steps=3", "--steps", "5"]
    assert main([*arguments, "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    rates = cosine(0.1, 3)(range(5)).tolist()
    assert out.splitlines() == ["step,learning_rate", *(f"{t},{r}" for t, r in enumerate(rates))]
    assert err == ""
    assert main(arguments) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["step", "learning_rate"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["piecewise", "rates=1,0.1", "boundaries=2"], piecewise([1, 0.1], [2])),
        (["constant", "learning_rate=1e-3"], constant(0.001)),
        (["warmup", "schedule=linear(1, 3)", "steps=2"], warmup(linear(1, 3), 2)),
        (["join", "schedules=constant(1), linear(1, 3)", "boundaries=1"],
         join([constant(1), linear(1, 3)], [1])),
        (["one_cycle", "max_rate=1", "total_steps=12", "three_phase=true",
          "anneal_strategy=linear"], one_cycle(1, 12, three_phase=True, anneal_strategy="linear")),
    ],
)  # fmt: skip
def test_a_schedule_takes_numbers_lists_words_and_schedules(arguments, expected, capsys):
    assert main(["schedule", *arguments, "--steps", "4", "--format", "csv"]) == 0
    rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert [float(row["learning_rate"]) for row in rows] == expected(range(4)).tolist()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cosin"], "NAME must be a schedule, got 'cosin': did you mean cosine?"),
        (["zzz"], "NAME must be a schedule, got 'zzz': --help lists them"),
        (["cosine"], "cosine takes learning_rate=… total_steps=… [end=…]: missing a required"),
        (["cosine", "lr=1"], "total_steps=… [end=…]: got 'lr': did you mean learning_rate?"),
        (["cosine(0.1, T_max=9)"], "[end=…]: got 'T_max': did you mean total_steps?"),
        (["cosine(0.1, total_step=9)"], "got 'total_step': did you mean total_steps?"),
        (["cosine(0.1, 100)", "end=1"], "written as a call takes no more, got 'end=1'"),
        (["cosine(0.1, 100), cosine(0.1, 100)"], "NAME must be a schedule, got 'cosine(0.1, 10"),
        (
            ["constant", "learning_rate=1", "learning_rate=2"],
            "takes learning_rate=…, each once, got",
        ),
        (["constant", "0.1"], "takes learning_rate=…, each once, got '0.1'"),
        (["constant", "learning_rate=-0.1"], "learning_rate must be positive and finite, got -0.1"),
        (["constant", "learning_rate=nan"], "learning_rate must be a number, got 'nan'"),
        (["constant", "learning_rate=1e999"], "positive and finite, got inf"),
        (["constant", "learning_rate="], "learning_rate must be a number, numbers separated"),
        (["constant", "learning_rate=\0"], "learning_rate must be a number, numbers separated"),
        (["constant", "learning_rate=" + "(" * 9999], "learning_rate must be a number, numbers"),
        (["constant", "learning_rate=1+1"], "a value must be a number, numbers separated by"),
        (["constant", "learning_rate=exit(3)"], "NAME must be a schedule, got 'exit'"),
        (["constant", "learning_rate=f().g()"], "or a schedule, got 'f().g()'"),
        (["warmup", "steps=2", "schedule=constant(-1)"], "must be positive and finite, got -1"),
        (
            ["warmup", "steps=2", "schedule=constant(1, 2, 3)"],
            "constant takes learning_rate=…: too many positional arguments",
        ),
        (["warmup", "steps=2", "schedule=0.1"], "schedule must be a Schedule, got 0.1"),
        (["constant", "learning_rate=1", "--steps", "0"], "steps must be at least 1"),
        (["constant", "learning_rate=1", "--steps", "9999999999"], "between 1 and 1000000"),
        (["constant", "learning_rate=1", "--steps", "x"], "needs a whole number, got 'x'"),
        (["constant", "learning_rate=1", "--format", "json"], "one of text, csv, got 'json'"),
    ],
)
def test_a_bad_schedule_gets_one_line_and_exit_code_2(arguments, said, capsys):
    steps = [] if "--steps" in arguments else ["--steps", "3"]
    assert main(["schedule", *arguments, *steps]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and len(err) < 400 and said in err


@pytest.mark.parametrize(
    ("call", "schedule"),
    [
        ("cosine(0.1, 3)", cosine(0.1, 3)),
        ("warmup(cosine(0.1, 3), steps=2, start=0.01)", warmup(cosine(0.1, 3), 2, 0.01)),
        ("piecewise([1, 0.1], [2])", piecewise([1, 0.1], [2])),
        ("per_epoch(linear(1, 3), 2)", per_epoch(linear(1, 3), 2)),
    ],
)
def test_a_schedule_may_be_written_as_a_call_and_knows_its_end(call, schedule, capsys):
    assert main(["schedule", call, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [int(row["step"]) for row in rows] == list(range(schedule.total_steps + 1))
    assert [float(row["learning_rate"]) for row in rows] == schedule(range(len(rows))).tolist()
    assert main(["schedule", call, "--format", "csv", "--steps", "2"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_a_schedule_without_an_end_asks_for_the_number_of_steps(capsys):
    assert main(["schedule", "exponential(0.1, 0.01)"]) == 2
    said = "--steps must say how many: exponential(0.1, 0.01) has no end"
    assert capsys.readouterr().err == f"lrcourse schedule: {said}\n"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("OneCycleLR", "one_cycle("), ("CosineAnnealingLR", "cosine("), ("CosineDecay", "cosine("),
        ("StepLR", "step_decay("), ("MultiStepLR", "piecewise("), ("multisteplr", "piecewise("),
        ("PiecewiseConstantDecay", "piecewise("), ("ExponentialLR", "exponential("),
        ("ExponentialDecay", "exponential("), ("InverseTimeDecay", "time_based("),
        ("PolynomialLR", "polynomial("), ("LinearLR", "linear("), ("CyclicLR", "cyclical("),
        ("CosineAnnealingWarmRestarts", "cosine_restarts("), ("SequentialLR", "join?"),
        ("warmup_cosine_decay_schedule", "warmup("), ("WarmupCosine", "warmup("),
        ("WarmupCosineDecay", "warmup("), ("CosineAnealing", "cosine("),
        ("invscaling", "inverse_power?"), ("OneCycle", "one_cycle?"), ("StepDecay", "step_decay?"),
        ("ReduceLROnPlateau", "ReduceOnPlateau, a rule on a metric and no schedule"),
        ("reduce_on_plateau", "ReduceOnPlateau, a rule"),
    ],
)  # fmt: skip
def test_the_frameworks_name_of_a_schedule_is_told_ours(theirs, ours, capsys):
    for written in (theirs, f"{theirs}(0.1)"):
        assert main(["schedule", written, "--steps", "3"]) == 2
        err = capsys.readouterr().err
        assert f": did you mean {ours}" in err and len(err) < 160


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["tabel"], "table"), (["schedules", "x"], "schedule"), (["run", "edgee"], "edge"),
        (["run", "Ionosfere"], "ionosphere"), (["data", "cifar-10"], "cifar10"),
        (["data", "fech"], "fetch"), (["data", "fetch", "mnits"], "mnist"),
        (["table", "--format", "jsn"], "json"), (["run", "edge", "--size", "ful"], "full"),
    ],
)  # fmt: skip
def test_a_near_miss_is_asked_about(arguments, meant, capsys):
    assert main(arguments) == 2
    assert capsys.readouterr().err.endswith(f": did you mean {meant}?\n")


def test_the_help_lists_the_names_and_the_version_is_the_librarys(capsys):
    for command, names in (("schedule", FACTORIES), ("run", EXPERIMENTS), ("data", CATALOGUE)):
        assert main([command, "--help"]) == 0
        told = capsys.readouterr().out.replace("\n", " ")
        assert f"NAME is one of {', '.join(names)}." in told
    assert main(["table", "--help"]) == 0
    assert f"(default: {LIKE_THE_TEXTBOOK})" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"lrcourse {library.__version__}\n"


def test_a_plot_is_a_png_or_an_svg_written_at_once(tmp_path, capsys):
    for name, begins in (("rates.png", b"\x89PNG"), ("rates.SVG", b"<?xml")):
        path = tmp_path / name
        for _ in range(2):  # the second replaces the first
            assert main(["schedule", "warmup(cosine(0.1, 20), 5)", "--plot", str(path)]) == 0
            assert capsys.readouterr() == (f"{path}: 26 steps\n", "")
        assert path.read_bytes().startswith(begins)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["rates.SVG", "rates.png"]


def test_what_is_no_ordinary_file_is_not_replaced_by_a_plot(tmp_path, capsys):
    (tmp_path / "real.png").write_text("kept")
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "readonly.png").write_text("kept")
    (tmp_path / "readonly.png").chmod(0o444)
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    names = [path.name for path in sorted(tmp_path.iterdir())]
    for name in ["link.png", "dangling.png", "readonly.png", "folder.png", "pipe.png", "x/y.png",
                 "rates.jpg", "rates", "", "rates.png/x.png"]:  # fmt: skip
        path = str(tmp_path / name) if name else ""
        assert main(["schedule", "cosine(0.1, 3)", "--plot", path]) == 2, name
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and repr(name)[1:-1] in err
    assert [path.name for path in sorted(tmp_path.iterdir())] == names
    assert {(tmp_path / name).read_text() for name in ("real.png", "readonly.png")} == {"kept"}


def test_no_record_takes_the_place_of_a_link_or_a_device(tmp_path, capsys):
    (tmp_path / "link.json").symlink_to(tmp_path / "record.json")
    for output in (tmp_path / "link.json", "/dev/null", "", tmp_path / "x" / "y.json"):
        assert main(["run", "edge", "--output", str(output)]) == 2
        assert capsys.readouterr().err.startswith("lrcourse run: output must ")


def lrcourse(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "lrcourse", *arguments], text=True, stderr=subprocess.PIPE, **options
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said_in_one_line():
    with Path("/dev/full").open("w") as full:
        process = lrcourse("table", "--epochs", "1", stdout=full)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err == (
        "lrcourse table: cannot write to standard output: No space left on device; "
        "choose another place\n"
    )


def test_a_reader_that_has_seen_enough_is_not_complained_to():
    with lrcourse("table", "--epochs", "1", stdout=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 1


def test_an_interruption_is_said_in_one_line():
    program = """
import os, signal, sys, threading
from lrcourse.__main__ import main
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
sys.exit(main(["table", "--epochs", "1000000"]))
"""
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert process.returncode == 130
    assert process.stdout == "" and process.stderr == "lrcourse table: interrupted\n"


def test_importing_the_library_loads_numpy_alone():
    heavy = ["matplotlib", "tabulate", "tqdm", "IPython", "sklearn", "pooch", "requests"]
    program = f"import sys, lrcourse; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "[]\n"
