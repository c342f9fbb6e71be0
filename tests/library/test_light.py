"""What works after ``pip install lrcourse`` alone: NumPy, tabulate and tqdm, and nothing else."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

# Everything else that is installed here is not to be found.
ALONE = """
import sys
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
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *arguments], capture_output=True, text=True
    )


def command(*arguments):
    return alone("from lrcourse.__main__ import main\nsys.exit(main(sys.argv[1:]))", *arguments)


def test_importing_the_package_loads_nothing_until_something_of_it_is_used():
    program = """
import lrcourse
assert "numpy" not in sys.modules and set(lrcourse.__all__) <= set(dir(lrcourse))
from lrcourse import *
assert SGD is lrcourse.optimizers.SGD and fit is lrcourse.training.fit
"""
    assert alone(program).stderr == ""


def test_an_interruption_while_numpy_is_loaded_is_one_line(tmp_path):
    (tmp_path / "numpy.py").write_text("raise KeyboardInterrupt")
    folders = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    interrupted = subprocess.run(
        [sys.executable, "-m", "lrcourse", "table"],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": folders},
    )  # fmt: skip
    assert (interrupted.returncode, interrupted.stderr) == (130, "lrcourse: interrupted\n")


def test_the_first_example_of_the_readme_runs():
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    example = re.search(r"```python\n(.*?)```", readme, re.DOTALL)[1]
    done = alone(f"{example}\nprint(history.validation_loss[-1].shape)")
    assert (done.stdout, done.stderr) == ("(3,)\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("table", "--epochs", "1"),
        ("schedule", "cosine", "learning_rate=0.1", "total_steps=5", "--steps", "6"),
    ],
)
def test_the_commands_that_need_no_more_run(arguments):
    done = command(*arguments)
    assert done.returncode == 0 and done.stderr == ""


@pytest.mark.parametrize(
    ("program", "extra"),
    [
        ("from lrcourse import plots", "plots"),
        ("from lrcourse.datasets import ionosphere; ionosphere()", "data"),
        ("from lrcourse.datasets import digits; digits()", "data"),
        ("from lrcourse.experiments import EXPERIMENTS, run; run(EXPERIMENTS['table'])", "data"),
        ("from lrcourse import explorer; explorer.descent()", "plots"),
    ],
)
def test_what_is_missing_is_named_with_the_command_that_installs_it(program, extra):
    done = alone(program)
    assert done.returncode == 1
    assert f"pip install 'lrcourse[{extra}]'" in done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("run", "table"), "data"),
        (("data", "fetch", "ionosphere"), "data"),
        (("schedule", "cosine(0.1, 5)", "--plot", "rates.png"), "plots"),
    ],
)
def test_a_command_names_the_missing_extra_in_one_line(arguments, extra, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = command(*arguments)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and f"pip install 'lrcourse[{extra}]'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_bridge_needs_a_framework_and_no_extra():
    done = alone("from lrcourse import constant, frameworks; frameworks.to_torch(constant(0.1), 0)")
    assert "PyTorch is missing" in done.stderr and "pip install torch" in done.stderr


def test_nothing_is_imported_at_the_top_that_a_browsers_python_lacks():
    lacking = ["_multiprocessing", "_posixshmem", "multiprocessing.connection", "_curses", "ssl"]
    program = (
        f"for name in {lacking}: sys.modules[name] = None\n"
        "import lrcourse.__main__, lrcourse.explorer, lrcourse.experiments, lrcourse.frameworks\n"
        "import lrcourse.book.claims, lrcourse.book.records, lrcourse.exercises, lrcourse.plots\n"
        "assert 'multiprocessing' not in sys.modules and 'concurrent.futures' not in sys.modules"
    )
    pictures = ["matplotlib", "PIL", "kiwisolver", "cycler", "pyparsing", "packaging", "dateutil"]
    pictures += ["contourpy", "fontTools", "six", "mpl_toolkits"]
    done = alone(program, but=pictures)
    assert done.stderr == ""
