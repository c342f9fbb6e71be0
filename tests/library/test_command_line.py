"""The command line as a person or a script meets it.

Whatever is typed, wherever it is typed: an exit code, at most one line, nothing half-written.
"""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
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


@pytest.fixture
def done(capsys):
    """A function that runs a command that must succeed, and returns what it prints."""

    def done(*arguments):
        assert main(list(map(str, arguments))) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return done


@pytest.fixture
def refused(capsys):
    """A function that runs a command that must fail, and returns the one line it says."""

    def refused(*arguments, code=2):
        assert main(list(map(str, arguments))) == code, arguments
        out, err = capsys.readouterr()
        assert out == "" and err.startswith("lrcourse") and err.count("\n") == 1, arguments
        assert err[:-1].isprintable() and len(err) < 1100, arguments
        return err[:-1]

    return refused


# The table of a training.


def test_csv_has_the_promised_columns_and_full_precision(done):
    out = done("table", "--rates", "0.5,50", "--epochs", "12", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert out.splitlines()[0] == COLUMNS
    assert [row["learning_rate"] for row in rows] == ["0.5", "50.0"]
    assert len(rows[0]["w1"]) > 12
    assert rows[0]["diverged_at"] == "" and int(rows[1]["diverged_at"]) > 0


def test_json_is_read_by_a_strict_reader(done):
    def refuse(constant):
        raise AssertionError(constant)

    (row,) = json.loads(done("table", "--rates", "50", "--format", "json"), parse_constant=refuse)
    assert list(row) == COLUMNS.split(",") and row["train_loss"] is None


def test_text_is_for_reading_and_the_seed_chooses_the_shuffle(done):
    outputs = [done("table", "--rates", 1, "--epochs", 1, "--seed", seed) for seed in (1, 1, 2)]
    header, _, row = outputs[0].splitlines()
    assert header.split() == COLUMNS.split(",") and row.split()[0] == "1"
    assert outputs[0] == outputs[1] != outputs[2]


# The rates of a schedule.


@pytest.mark.parametrize(
    ("arguments", "schedule"),
    [
        (["cosine", "learning_rate=0.1", "total_steps=3"], cosine(0.1, 3)),
        (["piecewise", "rates=1,0.1", "boundaries=2"], piecewise([1, 0.1], [2])),
        (["constant", "learning_rate=1e-3"], constant(0.001)),
        (["warmup", "schedule=linear(1, 3)", "steps=2"], warmup(linear(1, 3), 2)),
        (["join", "schedules=constant(1), linear(1, 3)", "boundaries=1"],
         join([constant(1), linear(1, 3)], [1])),
        (["one_cycle", "max_rate=1", "total_steps=12", "three_phase=true",
          "anneal_strategy=linear"], one_cycle(1, 12, three_phase=True, anneal_strategy="linear")),
        (["warmup(cosine(0.1, 3), steps=2, start=0.01)"], warmup(cosine(0.1, 3), 2, 0.01)),
        (["piecewise([1, 0.1], [2])"], piecewise([1, 0.1], [2])),
        (["per_epoch(linear(1, 3), 2)"], per_epoch(linear(1, 3), 2)),
    ],
)  # fmt: skip
def test_a_schedule_is_named_or_written_as_a_call_and_knows_its_end(arguments, schedule, done):
    named = [(schedule.total_steps + 1, [])] if schedule.total_steps else []  # a constant has none
    for steps, more in (*named, (4, ["--steps", "4"])):
        header, *rows = done("schedule", *arguments, "--format", "csv", *more).splitlines()
        assert header == "step,learning_rate"
        assert rows == [f"{t},{rate}" for t, rate in enumerate(schedule(range(steps)).tolist())]
    assert done("schedule", *arguments, "--steps", 1).split()[:2] == ["step", "learning_rate"]


def test_the_help_lists_the_names_and_the_version_is_the_librarys(done):
    for command, names in (("schedule", FACTORIES), ("run", EXPERIMENTS), ("data", CATALOGUE)):
        told = done(command, "--help").replace("\n", " ")
        assert f"NAME is one of {', '.join(names)}." in told
    assert f"(default: {LIKE_THE_TEXTBOOK})" in done("table", "--help")
    assert done("--version") == f"lrcourse {library.__version__}\n"


# What is typed wrong.


# What somebody types by mistake, or to see what happens.
ODD = [
    "", " ", "0", "-1", "1.5", "nan", "inf", "-inf", "1e999", "9" * 30, "9" * 5000, "1,2", "a,b",
    "ten", "½", "\udcff", "a\nb", "\x1b[2J", "'", '"', "(", ")" * 300, "(" * 3000, "--", "-x", "%s",
    "$HOME", "../..", "a" * 5000, "None", "[]", "{}", "1+1", "lambda: 0", "exec('0')", "学习率",
]  # fmt: skip
NO_NUMBER = [text for text in ODD if text not in ("0", "9" * 30)]
NO_SCHEDULE = [
    "cosine(", "cosine)", "cosine()", "cosine(0.1)", "cosine(0.1, 100", "cosine(0.1, 100, 0, 0)",
    "cosine(0.1, total=100)", "cosine(0.1, 1e3)", "cosine(-0.1, 100)", "cosine(0.1, -100)",
    "cosine(0.1, 0)", "cosine(0.1, 100)(3)", "cosine(*[1, 2])", "cosine(**{'a': 1})", "(cosine)",
    "cosine(0.1, 100, **x)", "cosine(0.1, 100, *x)", "cosine(cosine(0.1, 3), 9)", "cosine(True, 3)",
    "cosine(0.1, 100, end=nan)", "cosine(0.1, 100); cosine", "cosine(0.1, 100)  # x\ncosine(1, 2)",
    "x.cosine(0.1, 100)", "exit(3)", "print(1)", "open('x', 'w')", "(lambda: 0)()", "f'{cos(1)}'",
    "[cosine(0.1, 100)]", "[x for x in (1, 2)]", "(0.1, 100)", "warmup(0.1, 5)", "warmup(cosine, 5",
    "warmup(warmup, 5)", "join([], [])", "join([cosine(0.1, 5)], [5])", "join(5, 5)",
    "piecewise([1], [2])", "piecewise([1, 2], [2, 1, 0])", "piecewise(1, 2)",
    "piecewise([[1]], [])",
    "one_cycle(0.1, 1)", "one_cycle(0.1, 10, 1)", "cyclical(2, 1, 3)", "cyclical(1, 2, 3, 'x')",
    "warmup_stable_decay(0.1, 10, 6, 5)", "warmup_stable_decay(0.1, 10, 1, 1, 0, 'cube')",
    "time_based_compounding(0.1, 1, total_steps=3)", "linear(0.1, 99999999999)", "cosine(1, 1_0_)",
    "cosine(0x, 1)", "cosine(1if 1else 2, 3)", "cosine('\\d', 3)", "cosine(1j, 3)", "cosine(b'', 3",
    "cosine(..., 3)", "inverse_power(0.1, 0)", "cosine_restarts(0.1, 5, shrink=2)", "constant(0.1)",
    "warmup(" * 90 + "cosine(0.1, 3)", "warmup(" * 300 + "constant(1)" + ", 1)" * 300,
    "cosine(" + "-" * 4000 + "1, 3)", "cosine(" + "1+" * 4000 + "1, 3)",
    "cosine(0.1," + "9" * 400 + ")",
]  # fmt: skip
LINES = [
    *([text] for text in ODD),
    *(["table", option, text] for option in ("--epochs", "--batch-size") for text in NO_NUMBER),
    *(["table", "--rates", text] for text in ODD if text not in ("1.5", "1,2", "9" * 30)),
    *(["table", "--seed", text] for text in NO_NUMBER),
    ["table", "--epochs", "0"], ["table", "--epochs", str(10**12)], ["table", "--rates", "1,-1"],
    ["table", "--batch-size", "1601"], ["table", "extra"], ["table", "--format"], ["table", "--no"],
    *(["schedule", text] for text in ODD),
    *(["schedule", text] for text in NO_SCHEDULE),
    *(["schedule", "cosine(0.1, 9)", "--steps", text] for text in [*ODD, str(10**12)]),
    *(["schedule", "cosine", "total_steps=9", f"learning_rate={text}"] for text in ODD
      if text not in ("1.5", "9" * 30)),
    *(["schedule", "cosine", text] for text in ODD),
    *(["schedule", "cosine(0.1, 9)", text] for text in ODD if text != "--"),
    *(["schedule", "cosine(0.1, 9)", "--plot", text] for text in ODD),
    *(["run", text] for text in ODD),
    *(["run", "edge", "--size", text] for text in ODD),
    *(["run", "edge", option, text] for option in ("--seeds", "--processes") for text in
      ("0", "-1", "1.5", "x", "")),
    *(["data", text] for text in ODD if text != "--"),
    *(["data", "fetch", text] for text in ODD if text != "--"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(0, len(LINES), 50))
def test_a_bad_command_line_gets_one_line_and_leaves_nothing(number, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for line in LINES[number : number + 50]:
        code = main(line)
        out, err = capsys.readouterr()
        assert code in (1, 2) and out == "", line
        assert err.startswith("lrcourse") and err.count("\n") == 1, line
        assert err.rstrip("\n").isprintable() and len(err) < 1100, (line, err)
    assert list(tmp_path.iterdir()) == []


# What is said of it: of the words after `lrcourse`, and the end or a part of the line.
SAID = [
    ("table --rates -1", "learning_rate must be positive and finite, got -1.0"),
    ("table --rates nan", "positive and finite, got nan"),
    ("table --rates 1e999", "positive and finite, got inf"),
    ("table --rates abc", "numbers separated by commas, got 'abc'"),
    ("table --rates 1,,2", "got '1,,2'"),
    ("table --epochs 0", "epochs must be at least 1, got 0"),
    ("table --epochs 2.5", "needs a whole number, got '2.5'"),
    ("table --batch-size 5000", "batch_size must be between 1 and 1600"),
    ("table --seed -1", "seed must be at least 0, got -1"),
    ("table --format xml", "must be one of text, csv, json, got 'xml'"),
    ("schedule exponential(0.1,rate=0.01)",
     "schedule: --steps must say how many: exponential(0.1,rate=0.01) has no end"),
    ("schedule cosin", "NAME must be a schedule, got 'cosin': did you mean cosine?"),
    ("schedule zzz", "NAME must be a schedule, got 'zzz': --help lists them"),
    ("schedule cosine", "cosine takes learning_rate=… total_steps=… [end=…]: missing a required"),
    ("schedule cosine lr=1", "total_steps=… [end=…]: got 'lr': did you mean learning_rate?"),
    ("schedule cosine(0.1,T_max=9)", "[end=…]: got 'T_max': did you mean total_steps?"),
    ("schedule cosine(0.1,total_step=9)", "got 'total_step': did you mean total_steps?"),
    ("schedule cosine(0.1,100) end=1", "written as a call takes no more, got 'end=1'"),
    ("schedule cosine(0.1,100),cosine(0.1,100)", "NAME must be a schedule, got 'cosine(0.1,10"),
    ("schedule constant learning_rate=1 learning_rate=2", "takes learning_rate=…, each once, got"),
    ("schedule constant 0.1", "takes learning_rate=…, each once, got '0.1'"),
    ("schedule constant learning_rate=-0.1", "learning_rate must be positive and finite, got -0.1"),
    ("schedule constant learning_rate=nan", "learning_rate must be a number, got 'nan'"),
    ("schedule constant learning_rate=1e999", "positive and finite, got inf"),
    ("schedule constant learning_rate=", "learning_rate must be a number, numbers separated"),
    ("schedule constant learning_rate=\0", "learning_rate must be a number, numbers separated"),
    ("schedule constant learning_rate=" + "(" * 9999, "learning_rate must be a number, numbers"),
    ("schedule constant learning_rate=1+1", "a value must be a number, numbers separated by"),
    ("schedule constant learning_rate=exit(3)", "NAME must be a schedule, got 'exit'"),
    ("schedule constant learning_rate=f().g()", "or a schedule, got 'f().g()'"),
    ("schedule warmup steps=2 schedule=constant(-1)", "must be positive and finite, got -1"),
    ("schedule warmup steps=2 schedule=constant(1,2,3)",
     "constant takes learning_rate=…: too many positional arguments"),
    ("schedule warmup steps=2 schedule=0.1", "schedule must be a Schedule, got 0.1"),
    ("schedule constant learning_rate=1 --steps 0", "steps must be at least 1"),
    ("schedule constant learning_rate=1 --steps 9999999999", "between 1 and 1000000"),
    ("schedule constant learning_rate=1 --steps x", "needs a whole number, got 'x'"),
    ("schedule constant learning_rate=1 --format json", "one of text, csv, got 'json'"),
    ("run nothing", "NAME must be one of autoencoder, "),
    ("run", "required: NAME"),
    ("run table --size huge", "one of quick, full, got 'huge'"),
    ("run table --seeds 0", "must be at least 1, got 0"),
    ("run table --seeds 1000000000", "seeds must be between 1 and 10000, got 10000"),
    ("run table --processes 0", "processes must be at least 1, got 0"),
    ("run table --processes x", "needs a whole number, got 'x'"),
    ("data iris", "NAME must be one of ionosphere, mnist, cifar10, cats_dogs, digits, "),
    ("data fetch iris", "got 'iris'"),
    # A near miss is asked about.
    *[(line, f": did you mean {meant}?") for line, meant in [
        ("tabel", "table"), ("schedules x", "schedule"), ("run edgee", "edge"),
        ("run Ionosfere", "ionosphere"), ("data cifar-10", "cifar10"), ("data fech", "fetch"),
        ("data fetch mnits", "mnist"), ("table --format jsn", "json"),
        ("run edge --size ful", "full")]],
    # The frameworks' names are told ours.
    *[(f"schedule {theirs}{arguments}", f": did you mean {ours}")
      for arguments in ("", "(0.1)") for theirs, ours in [
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
        ("reduce_on_plateau", "ReduceOnPlateau, a rule")]],
]  # fmt: skip


@pytest.mark.parametrize(("line", "said"), SAID)
def test_a_mistake_is_named_and_what_was_meant_is_asked(line, said, refused):
    error = refused(*line.split(" "))
    assert said in error and len(error) < 400


@pytest.mark.parametrize("place", ["~nouser/x", "nowhere", "a\nb", "x" * 5000, "file", "/dev/null"])
def test_a_local_folder_that_is_none_is_said_in_one_line(
    place, tmp_path, monkeypatch, refused, done
):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    monkeypatch.setenv("LRCOURSE_DATA", place)
    for line in (["data"], ["data", "fetch", "mnist"], ["run", "ionosphere", "--size", "full"]):
        assert "LRCOURSE_DATA must name a folder, got " in refused(*line, code=1)
    done("schedule", "cosine(0.1, 3)")  # which needs no data


# What goes wrong underneath.


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("no"), OSError(28, "full", "x")])
def test_what_fails_underneath_is_said_in_one_line(error, monkeypatch, refused):
    def fail(*arguments, **keywords):
        raise error

    monkeypatch.setattr("lrcourse.experiments.school_district_runs", fail)
    refused("table", code=1)


def test_a_plot_is_a_png_or_an_svg_written_at_once(tmp_path, done):
    for name, begins in (("rates.png", b"\x89PNG"), ("rates.SVG", b"<?xml")):
        path = tmp_path / name
        for _ in range(2):  # the second replaces the first
            line = ["schedule", "warmup(cosine(0.1, 20), 5)", "--plot", path]
            assert done(*line) == f"{path}: 26 steps\n"
        assert path.read_bytes().startswith(begins)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["rates.SVG", "rates.png"]


def test_a_plot_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch, capsys):
    path = tmp_path / "rates.png"
    path.write_text("old")

    def fail(self, file, **keywords):
        Path(file).write_text("half")
        raise errors.pop()

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", fail)
    errors = [KeyboardInterrupt(), OSError(28, "No space left")]
    for code in (1, 130):
        assert main(["schedule", "cosine(0.1, 3)", "--plot", str(path)]) == code
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1
        assert str(path) in err or code == 130
        assert [each.name for each in tmp_path.iterdir()] == ["rates.png"]
        assert path.read_text() == "old"


def test_what_is_no_ordinary_file_is_not_replaced(tmp_path, refused):
    (tmp_path / "real.png").write_text("kept")
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    (tmp_path / "link.json").symlink_to(tmp_path / "record.json")
    (tmp_path / "readonly.png").write_text("kept")
    (tmp_path / "readonly.png").chmod(0o444)
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    before = sorted(tmp_path.iterdir())
    for name in ("link.png", "readonly.png", "folder.png", "pipe.png", "x/y.png", "rates.jpg",
                 "rates", "", "real.png/x.png"):  # fmt: skip
        said = refused("schedule", "cosine(0.1, 3)", "--plot", tmp_path / name if name else "")
        assert repr(name)[1:-1] in said
    for output in (tmp_path / "link.json", "/dev/null", "", tmp_path / "x" / "y.json"):
        said = refused("run", "edge", "--output", output)
        assert said.startswith("lrcourse run: output must ")
    assert sorted(tmp_path.iterdir()) == before
    assert {(tmp_path / name).read_text() for name in ("real.png", "readonly.png")} == {"kept"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    ("arguments", "shell", "encoding", "code", "said"),
    [
        (["table", "--epochs", "1"], "", "ascii", 0, ""),
        (["schedule", "--help"], "", "latin-1:strict", 0, ""),
        (["schedule", "学习率"], "", "ascii:strict", 2, "lrcourse schedule: NAME must be"),
        (["schedule", "cosine(0.1, 9)"], ">&-", "", 1, "lrcourse schedule: "),
        (["schedule", "cosin(0.1, 9)"], "2>&-", "", 2, ""),
        (["table", "--epochs", "1"], ">&- 2>&-", "", 1, ""),
        (["table", "--epochs", "1"], ">/dev/full", "", 1, "lrcourse table: cannot write to stan"
         "dard output: No space left on device; choose another place\n"),
        (["table", "--rates", "x"], "2>/dev/full", "", 2, ""),
        (["schedule", "cosine(0.1, 20000)"], "| head -1 >&2; exit ${PIPESTATUS[0]}", "", 1,
         "  step"),  # a reader that has seen enough is not complained to
    ],
)  # fmt: skip
def test_no_stream_and_no_encoding_makes_a_traceback(arguments, shell, encoding, code, said):
    ended = subprocess.run(
        ["bash", "-c", f'"$0" -m lrcourse "$@" {shell}', sys.executable, *arguments],
        env=os.environ | {"PYTHONIOENCODING": encoding}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ended.returncode == code
    assert ended.stderr.startswith(said) and ended.stderr.count("\n") == bool(said)


def test_an_interruption_at_any_time_is_said_in_one_line():
    # From when the command line is there: what loads the package cannot say anything yet.
    program = "import sys; from lrcourse.__main__ import main; print(flush=True); sys.exit(main())"
    for wait in (0, 0.03, 0.5):
        with subprocess.Popen(
            [sys.executable, "-c", program, "table", "--epochs", "1000000"], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            process.stdout.readline()
            time.sleep(wait)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        assert process.returncode == 130 and out == ""
        assert err in ("", "lrcourse: interrupted\n", "lrcourse table: interrupted\n")
    assert err == "lrcourse table: interrupted\n"
