"""Whatever is typed, wherever it is typed: an exit code, at most one line, nothing half-written."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lrcourse.__main__ import main

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


def test_there_are_hundreds_of_bad_command_lines():
    assert len(LINES) > 500


@pytest.mark.parametrize("number", range(0, len(LINES), 25))
def test_a_bad_command_line_gets_one_line_and_leaves_nothing(number, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for line in LINES[number : number + 25]:
        code = main(line)
        out, err = capsys.readouterr()
        assert code in (1, 2) and out == "", line
        assert err.startswith("lrcourse") and err.count("\n") == 1, line
        assert err.rstrip("\n").isprintable() and len(err) < 1100, (line, err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["~nouser/x", "nowhere", "a\nb", "x" * 5000, "file", "/dev/null"])
def test_a_local_folder_that_is_none_is_said_in_one_line(place, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    monkeypatch.setenv("LRCOURSE_DATA", place)
    for line in (["data"], ["data", "fetch", "mnist"], ["run", "ionosphere", "--size", "full"]):
        assert main(line) == 1
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and "Traceback" not in err
    assert main(["schedule", "cosine(0.1, 3)"]) == 0  # which needs no data


@pytest.mark.parametrize("missing", ["matplotlib", "pooch", "tabulate"])
def test_a_package_that_is_missing_is_named_with_what_installs_it(missing, monkeypatch, capsys):
    line, wanted = {
        "matplotlib": (["schedule", "cosine(0.1, 3)", "--plot", "x.png"], "lrcourse[plots]"),
        "pooch": (["data", "fetch", "mnist"], "lrcourse[data]"),
        "tabulate": (["schedule", "cosine(0.1, 3)"], "tabulate"),
    }[missing]
    for name in [name for name in sys.modules if name.startswith("lrcourse.plots")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("lrcourse.plots", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    assert main(line) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith(f"lrcourse {line[0]}: ") and missing in err
    assert f"pip install '{wanted}'" in err


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("no"), OSError(28, "full", "x")])
def test_what_fails_underneath_is_said_in_one_line(error, monkeypatch, capsys):
    def fail(*arguments, **keywords):
        raise error

    monkeypatch.setattr("lrcourse.experiments.school_district_runs", fail)
    assert main(["table"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


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


def lrcourse(arguments, shell="", **environment):
    """Run it as from a shell, which may close or redirect its streams."""
    return subprocess.run(
        ["bash", "-c", f'exec "$0" -m lrcourse "$@" {shell}', sys.executable, *arguments],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "shell", "environment", "code", "lines"),
    [
        (["table", "--epochs", "1"], "", {"PYTHONIOENCODING": "ascii"}, 0, 0),
        (["table", "--epochs", "1"], "", {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}, 0, 0),
        (["--help"], "", {"PYTHONIOENCODING": "latin-1:strict"}, 0, 0),
        (["schedule", "--help"], "", {"PYTHONIOENCODING": "ascii:strict"}, 0, 0),
        (["schedule", "学习率"], "", {"PYTHONIOENCODING": "ascii:strict"}, 2, 1),
        (["schedule", "cosine"], "", {"PYTHONIOENCODING": "ascii:strict"}, 2, 1),
        (["schedule", "cosine(0.1, 9)"], ">&-", {}, 1, 1),
        (["--help"], ">&-", {}, 1, 1),
        (["schedule", "cosine(0.1, 9)"], "2>&-", {}, 0, 0),
        (["schedule", "cosin(0.1, 9)"], "2>&-", {}, 2, 0),
        (["table", "--epochs", "1"], ">&- 2>&-", {}, 1, 0),
        (["table", "--epochs", "1"], ">/dev/full", {}, 1, 1),
        (["--version"], ">/dev/full", {}, 1, 1),
        (["table", "--rates", "x"], "2>/dev/full", {}, 2, 0),
        (["schedule", "cosine(0.1, 99999)"], "| head -1", {}, 0, 0),
    ],
)
def test_no_stream_and_no_encoding_makes_a_traceback(arguments, shell, environment, code, lines):
    if "/dev/full" in shell and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    if "|" in shell:
        shell = f"{shell} >/dev/null; exit ${{PIPESTATUS[1]}}"
        done = subprocess.run(
            ["bash", "-c", f'"$0" -m lrcourse "$@" {shell}', sys.executable, *arguments],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    else:
        done = lrcourse(arguments, shell, **environment)
    assert done.returncode == code
    assert done.stderr.count("\n") == lines and "Traceback" not in done.stderr


def test_the_light_install_is_enough_for_tables_and_schedules():
    heavy = [
        "matplotlib",
        "joblib",
        "pooch",
        "requests",
        "sklearn",
        "IPython",
        "anywidget",
        "zhplot",
        "scipy",
    ]
    program = f"import sys; sys.modules.update(dict.fromkeys({heavy})); " + (
        "from lrcourse.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    for line, code in (
        (["schedule", "cosine(0.1, 9)"], 0), (["table", "--epochs", "1"], 0), (["--version"], 0),
        (["data"], 0), (["data", "fetch", "mnist"], 1), (["run", "edge"], 1),
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", program, *line], capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr.count("\n")) == (code, code), done.stderr
        assert code == 0 or ": pip install " in done.stderr


def test_an_interruption_at_any_time_is_said_in_one_line():
    # From when the command line is there: what loads the package cannot say anything yet.
    program = "import sys; from lrcourse.__main__ import main; print(flush=True); sys.exit(main())"
    codes = set()
    for wait in (0, 0.01, 0.03, 0.1, 0.3):
        with subprocess.Popen(
            [sys.executable, "-c", program, "table", "--epochs", "1000000"], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            process.stdout.readline()
            time.sleep(wait)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        codes.add(process.returncode)
        assert out == "" and err.count("\n") <= 1 and "Traceback" not in err, err
    assert codes == {130}
