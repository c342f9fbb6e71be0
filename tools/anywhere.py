"""Prove that the course runs elsewhere: python tools/anywhere.py [binder] [lowest] [highest].

The distributions in ``dist/``, which ``make dist`` builds, must hold what they need and no more.

binder
    A new environment from ``binder/requirements.txt`` alone, made from a copy of what git tracks,
    executes every notebook, and every output is as stored, to the byte.
lowest
    The lowest versions that ``pyproject.toml`` admits, and the library as a notebook's first cell
    installs it on Google Colab, from the wheel. Every notebook says the same in words and numbers;
    the tests of the library pass.
highest
    The newest versions that there are, the library from the source distribution, likewise; of the
    notebooks, the English ones.

Notebooks find no network and no data but what is installed. The tests are those of the source
distribution, copied to an empty folder. Installing takes packages from the configured index.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import nbformat
import uv
from packaging.requirements import Requirement

import notebooks
from pages import output_texts, read

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ("binder", "lowest", "highest")
# What a reader of the notebooks has beside the library, in any front end.
JUPYTER = "ipykernel"
# The lowest versions call what is out of use in the newest versions of what they rest on; that
# the library itself calls nothing out of use, the newest versions show.
OF_OTHERS = ["-W", "ignore::DeprecationWarning"]
NO_NETWORK = """\
import sys

def refuse(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if host not in (None, "localhost", "127.0.0.1", "::1"):
        raise OSError(f"a notebook may not need the network, and this one asks for {host}")

sys.addaudithook(refuse)
del sys, refuse
"""
COLAB = """\
import sys, types
sys.modules.update({name: types.ModuleType(name) for name in ("google", "google.colab")})
del sys, types
"""


class Problem(Exception):
    """Something that does not run elsewhere; the message says what."""


def main() -> int:
    """Run the proofs asked for, all by default, and say how long each took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="|".join(ENVIRONMENTS))
    parser.add_argument(
        "--python", default=sys.executable, metavar="PATH", help="what the environments are made of"
    )
    options = parser.parse_args()
    names = options.names or ENVIRONMENTS
    if unknown := set(names) - set(ENVIRONMENTS):
        parser.error(f"no environment {', '.join(sorted(unknown))}")
    os.environ.update(notebooks.ONE_THREAD)
    # What this machine has must not stand in for what an environment lacks.
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "LRCOURSE_DATA"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="lrcourse-") as folder:
        place = Path(folder)
        os.environ["IPYTHONDIR"] = str(place / "ipython")
        try:
            unpack(place)
            for name in names:
                with timed(name):
                    {"binder": binder, "lowest": lowest, "highest": highest}[name](
                        place, options.python
                    )
        except Problem as problem:
            print(problem, file=sys.stderr)
            return 1
    return 0


@contextmanager
def timed(what: str):
    """Say what begins and how long it took."""
    print(f"{what} ...", flush=True)
    start = time.monotonic()
    yield
    print(f"{what}: in order, {time.monotonic() - start:.0f} s", flush=True)


def run(*command: object, **options) -> str:
    """Run a program and return what it printed; if it fails, that is the problem."""
    done = subprocess.run(
        [*map(str, command)], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options
    )
    if done.returncode:
        raise Problem(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def unpack(place: Path) -> None:
    """Compare what is in both distributions with what git tracks, and unpack the source."""
    with zipfile.ZipFile(only(ROOT, "dist/*.whl")) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        licences = {PurePosixPath(name).name for name in wheel.namelist() if "/licenses/" in name}
    library = {name for name in tracked() if name.startswith("lrcourse/")}
    the_same("the wheel", names, library)
    the_same("the wheel's licences", licences, {"LICENSE", "LICENSE-TEXT"})
    with tarfile.open(only(ROOT, "dist/*.tar.gz")) as source:
        source.extractall(place, filter="data")
        names = {"/".join(Path(member.name).parts[1:]) for member in source if not member.isdir()}
    made = {name for name in names if ".egg-info/" in name} | {"PKG-INFO", "setup.cfg"}
    tests = {name for name in names if name.startswith("tests/")}
    the_same("the source distribution", names - made - tests, library | AROUND)
    the_same("its tests", tests, tests & set(tracked()))


AROUND = {
    "CHANGELOG.md",
    "CITATION.cff",
    "LICENSE",
    "LICENSE-TEXT",
    "MANIFEST.in",
    "README.md",
    "README.zh.md",
    "conftest.py",
    "parity/models_cases.py",
    "parity/steps.py",
    "pyproject.toml",
}


def tracked() -> list[str]:
    """Return the files that are in the repository or will be with the next commit."""
    command = ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    return [name for name in run(*command).split("\0") if (ROOT / name).is_file()]


def the_same(what: str, found: set[str], wanted: set[str]) -> None:
    """Raise a problem that names what is missing and what should not be there."""
    if lacks := sorted(wanted - found):
        raise Problem(f"{what}: {', '.join(lacks)} missing")
    if extra := sorted(found - wanted):
        raise Problem(f"{what}: {', '.join(extra)} should not be there")


def only(folder: Path, pattern: str) -> Path:
    """Return the one file that there is of a pattern."""
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise Problem(f"{len(found)} files {pattern}, one is needed; run: make dist")
    return found[0]


def binder(place: Path, interpreter: str) -> None:
    """Install as Binder does, from the root of the repository, and compare every byte."""
    copy = place / "repository"
    for name in tracked():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    run(interpreter, "-m", "venv", place / "binder")
    pip = [python(place / "binder"), "-m", "pip", "install", "--quiet", "--no-cache-dir"]
    run(*pip, "--disable-pip-version-check", "-r", "binder/requirements.txt", cwd=copy)
    report(place / "binder")
    execute(place, "binder", copy, notebooks.compare)
    if (copy / "exercises").is_dir():
        execute(place, "binder", copy, executed, "exercises/source/**/*.ipynb")


def lowest(place: Path, interpreter: str) -> None:
    """Take the lowest versions, and let the cell for Colab install the library."""
    environment, pins = place / "lowest", place / "lowest.txt"
    pip = [uv.find_uv_bin(), "pip"]
    run(uv.find_uv_bin(), "venv", "--quiet", "--seed", "--python", interpreter, environment)
    binaries = ["--only-binary", ":all:", "--python", python(environment), "--quiet"]
    run(
        *pip, "compile", *binaries, "--resolution", "lowest-direct",
        "--extra", "all", "--output-file", pins, ROOT / "pyproject.toml",
    )  # fmt: skip
    run(*pip, "install", *binaries, "-r", pins, "-c", pins, JUPYTER, *requirements("test"))
    os.environ["PIP_NO_INDEX"] = "1"
    os.environ["PIP_FIND_LINKS"] = str(ROOT / "dist")
    pages = place / "colab" / "chapters" / "en"
    pages.mkdir(parents=True)
    shutil.copy(ROOT / "chapters" / "en" / "index.ipynb", pages)
    execute(place, "lowest", place / "colab", executed, before=COLAB)
    del os.environ["PIP_NO_INDEX"], os.environ["PIP_FIND_LINKS"]
    installed = report(environment)
    oldest = installed["python"].startswith(project()["requires-python"].removeprefix(">="))
    for name, floor in floors().items():
        # Newer versions of Python may need newer versions of a package.
        if oldest and installed[name] != floor:
            raise Problem(f"pyproject.toml admits {name} {floor}, tested is {installed[name]}")
    execute(place, "lowest", ROOT, same_words)
    test(place, environment, OF_OTHERS)


def highest(place: Path, interpreter: str) -> None:
    """Take the newest versions of everything."""
    environment = place / "highest"
    run(uv.find_uv_bin(), "venv", "--quiet", "--python", interpreter, environment)
    install = [uv.find_uv_bin(), "pip", "install", "--quiet", "--python", python(environment)]
    run(*install, f"lrcourse[test] @ {only(ROOT, 'dist/*.tar.gz').as_uri()}", JUPYTER)
    report(environment)
    # The Chinese notebooks have the same code, and their labels are drawn in the tests.
    execute(place, "highest", ROOT, same_words, "chapters/en/*.ipynb")
    test(place, environment)


def python(environment: Path) -> Path:
    """Return an environment's interpreter."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def project() -> dict:
    """Read what pyproject.toml says of the project."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def requirements(extra: str) -> list[str]:
    """Return the requirements of an extra, but for other extras of ours."""
    needed = project()["optional-dependencies"][extra]
    return [line for line in needed if not line.startswith("lrcourse[")]


def floors() -> dict[str, str]:
    """Return the lowest version admitted of each package that the library needs."""
    found = {}
    extras = [line for extra in ("data", "plots", "widgets") for line in requirements(extra)]
    for line in project()["dependencies"] + extras:
        requirement = Requirement(line)
        if requirement.name == "matplotlib":
            continue  # beside zhplot, the Chinese font, it must be newer than it need be alone
        (floor,) = (part.version for part in requirement.specifier if part.operator == ">=")
        found[requirement.name] = floor + ".0" * (2 - floor.count("."))
    return found


def report(environment: Path) -> dict[str, str]:
    """Print the versions that an environment has of the library and what it needs."""
    code = (
        "import importlib.metadata as m, json, sys, lrcourse\n"
        "assert lrcourse.__file__.startswith(sys.prefix), lrcourse.__file__\n"
        "versions = {d.name: d.version for d in m.distributions()}\n"
        "print(json.dumps(versions | {'python': sys.version.split()[0]}))"
    )
    installed = json.loads(run(python(environment), "-c", code, cwd=environment))
    shown = ", ".join(f"{name} {installed[name]}" for name in ["python", "lrcourse", *floors()])
    print(f"  {shown}", flush=True)
    return installed


def execute(
    place: Path,
    name: str,
    root: Path,
    then: Callable,
    pattern: str = "chapters/*/*.ipynb",
    before: str = "",
) -> None:
    """Execute notebooks of the repository, or of a copy, in an environment's kernel."""
    folder = place / "jupyter" / "kernels" / name
    folder.mkdir(parents=True, exist_ok=True)
    first = json.dumps(["exec(" + repr(before + NO_NETWORK) + ", {})"])
    argv = [str(python(place / name)), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    argv += [f"--IPKernelApp.exec_lines={first}"]
    kernel = {"argv": argv, "display_name": name, "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(kernel), "utf-8")
    os.environ["JUPYTER_PATH"] = str(place / "jupyter")
    # Where it is missing, matplotlib makes its list of fonts, and says so in a notebook.
    run(python(place / name), "-c", "import matplotlib.font_manager")
    paths = sorted(root.glob(pattern))
    if notebooks.execute_all(paths, then, name):
        raise Problem(f"{name}: not every notebook runs there as it should")
    print(f"  {pattern}: {len(paths)} notebooks", flush=True)


def executed(path: Path, text: str) -> None:
    """Be content with a notebook that could be executed."""


def same_words(path: Path, text: str) -> str | None:
    """Compare the words and numbers of an executed notebook with those stored, not the pictures."""
    changed = [
        ours.id
        for ours, theirs in zip(read(path).cells, nbformat.reads(text, 4).cells, strict=True)
        if output_texts(ours) != output_texts(theirs)
    ]
    return (
        f"{path.parent.name}/{path.name}: other words in {', '.join(changed)}" if changed else None
    )


def test(place: Path, environment: Path, options: list[str] = ()) -> None:
    """Run the tests of the source distribution in a folder that has nothing else."""
    source = only(place, "lrcourse-*/")
    folder = Path(tempfile.mkdtemp(dir=place))
    for name in ("tests", "parity"):
        shutil.copytree(source / name, folder / name)
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(source / name, folder)
    command = [python(environment), "-m", "pytest", "-q", "-n", "auto", "--dist", "loadfile"]
    said = run(*command, *options, "tests", "--pyargs", "lrcourse", cwd=folder)
    print(f"  {said.splitlines()[-1]}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
