"""What works after ``pip install lrcourse`` alone: NumPy, tabulate and tqdm, and nothing else."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

# Everything else that is installed here is not to be found.
ALONE = """
import contextlib, io, json, sys
class Light:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        first = name.partition(".")[0]
        allowed = {"numpy", "tabulate", "tqdm", "lrcourse", *HIDDEN_BUT}
        standard = first in sys.stdlib_module_names or first.startswith("_sysconfigdata")
        if first in allowed or standard:
            return self.finder.find_spec(name, path, target)
sys.meta_path[:] = map(Light, sys.meta_path)
"""


def alone(program, *arguments, but=()):
    """Run a program where nothing but the light installation is to be found."""
    program = ALONE.replace("HIDDEN_BUT", repr(list(but))) + program
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_importing_the_package_loads_nothing_until_something_of_it_is_used():
    program = """
import lrcourse
assert "numpy" not in sys.modules and set(lrcourse.__all__) <= set(dir(lrcourse))
from lrcourse import *
assert SGD is lrcourse.optimizers.SGD and fit is lrcourse.training.fit
"""
    alone(program)


def test_an_interruption_while_numpy_is_loaded_is_one_line(tmp_path):
    (tmp_path / "numpy.py").write_text("raise KeyboardInterrupt")
    folders = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    interrupted = subprocess.run(
        [sys.executable, "-m", "lrcourse", "table"],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": folders},
    )  # fmt: skip
    assert (interrupted.returncode, interrupted.stderr) == (130, "lrcourse: interrupted\n")


def test_the_first_example_of_the_readme_runs_with_what_is_needed_and_no_more():
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    example = re.search(r"```python\n(.*?)```", readme, re.DOTALL)[1]
    assert alone(f"{example}\nprint(history.validation_loss[-1].shape)") == "(3,)\n"
    heavy = ["matplotlib", "tabulate", "tqdm", "IPython", "sklearn", "pooch", "requests"]
    program = f"import sys, lrcourse.datasets.splits; print({set(heavy)} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "set()\n"


def test_a_command_runs_or_names_the_missing_extra_in_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [
        (["table", "--epochs", "1"], 0, ""),
        (["schedule", "cosine(0.1, 9)"], 0, ""),
        (["--version"], 0, ""),
        (["data"], 0, ""),
        (["run", "table"], 1, "pip install 'lrcourse[data]'"),
        (["data", "fetch", "ionosphere"], 1, "pip install 'lrcourse[data]'"),
        (["schedule", "cosine(0.1, 5)", "--plot", "rates.png"], 1, "pip install 'lrcourse[plots]'"),
        ("no tabulate", None, None),
        (["schedule", "cosine(0.1, 9)"], 1, "tabulate"),
    ]
    program = """
from lrcourse.__main__ import main
for line in json.loads(sys.argv[1]):
    if line == "no tabulate":
        sys.modules["tabulate"] = None
        continue
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = main(line)
    print(json.dumps([code, said.getvalue()]))
"""
    out = alone(program, json.dumps([line for line, *_ in lines])).splitlines()
    expected = [each for each in lines if each[1] is not None]
    for seen, (line, code, said) in zip(map(json.loads, out), expected, strict=True):
        assert seen[0] == seen[1].count("\n") == code and said in seen[1], line
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_is_named_with_the_command_that_installs_it():
    said = {
        "from lrcourse import plots": "pip install 'lrcourse[plots]'",
        "from lrcourse.datasets import ionosphere; ionosphere()": "pip install 'lrcourse[data]'",
        "from lrcourse.datasets import digits; digits()": "pip install 'lrcourse[data]'",
        "from lrcourse.experiments import *; run(EXPERIMENTS['table'])":
            "pip install 'lrcourse[data]'",
        "from lrcourse import explorer; explorer.descent()": "pip install 'lrcourse[plots]'",
        "from lrcourse import constant, frameworks; frameworks.to_torch(constant(0.1), 0)":
            "install it: pip install torch",
    }  # fmt: skip
    program = """
for line in json.loads(sys.argv[1]):
    try:
        exec(line, {})
    except Exception as error:
        print(json.dumps(str(error)))
"""
    out = alone(program, json.dumps(list(said))).splitlines()
    for line, (call, command) in zip(out, said.items(), strict=True):
        assert command in json.loads(line), call


def test_nothing_is_imported_at_the_top_that_a_browsers_python_lacks():
    lacking = ["_multiprocessing", "_posixshmem", "multiprocessing.connection", "_curses", "ssl"]
    program = (
        f"for name in {lacking}: sys.modules[name] = None\n"
        "import lrcourse.__main__, lrcourse.explorer, lrcourse.experiments, lrcourse.frameworks\n"
        "import lrcourse.book.claims, lrcourse.book.records, lrcourse.exercises, lrcourse.plots\n"
        "assert not {'multiprocessing', 'concurrent.futures', 'joblib'} & sys.modules.keys()"
    )
    pictures = ["matplotlib", "PIL", "kiwisolver", "cycler", "pyparsing", "packaging", "dateutil"]
    pictures += ["contourpy", "fontTools", "six", "mpl_toolkits"]
    assert alone(program, but=pictures) == ""
