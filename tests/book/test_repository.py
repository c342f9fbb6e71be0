"""What the repository says about itself is so."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import lrcourse

ROOT = Path(__file__).resolve().parents[2]


def read(name):
    return (ROOT / name).read_text("utf-8")


def pins(name):
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;]+)", read(name), re.MULTILINE))


RELEASE = r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$"


def targets():
    return set(re.findall(r"^([a-z]+):.*##", read("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_readme_lists_the_make_targets_and_the_plain_commands_that_there_are(name):
    assert set(re.findall(r"^\| `make ([a-z]+)`", read(name), re.MULTILINE)) == targets()
    assert re.search(r"-m pytest .*", read("Makefile"))[0] in read(name)


def test_the_version_is_written_once_and_the_changelog_has_the_newest_first():
    assert "version" in tomllib.loads(read("pyproject.toml"))["project"]["dynamic"]
    releases = re.findall(RELEASE, read("CHANGELOG.md"), re.MULTILINE)
    headings = re.findall(r"^## (?!\[Unreleased\]\n)", read("CHANGELOG.md"), re.MULTILINE)
    assert len(releases) == len(headings), "a heading of no version"
    dates = [date for _, date in releases]
    assert dates == sorted(dates, reverse=True)
    citation = yaml.safe_load(read("CITATION.cff"))
    assert releases[0] == (str(citation["version"]), str(citation["date-released"]))
    assert releases[0][0] == lrcourse.__version__


def test_the_workflows_run_what_there_is():
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        steps = yaml.safe_load(path.read_text("utf-8"))["jobs"].values()
        commands = "\n".join(step.get("run", "") for job in steps for step in job["steps"])
        assert set(re.findall(r"make ([a-z]+)", commands)) <= targets(), path.name
        for tool in re.findall(r"-m (tools[\w.]+)", commands):
            assert (ROOT / tool.replace(".", "/")).with_suffix(".py").is_file(), path.name


def test_every_python_that_the_library_is_proven_on_is_named():
    workflow = yaml.safe_load(read(".github/workflows/release.yml"))
    proven = workflow["jobs"]["wheel"]["strategy"]["matrix"]["python"]
    prefix = "Programming Language :: Python :: "
    project = tomllib.loads(read("pyproject.toml"))["project"]
    named = [line.removeprefix(prefix) for line in project["classifiers"] if prefix in line]
    assert named == ["3", *proven]
    assert project["requires-python"] == f">={proven[0]}"
    oldest = read(".binder/runtime.txt").strip().removeprefix("python-")
    assert oldest in proven


def test_what_the_notebooks_import_has_on_binder_the_exact_version_that_is_tested():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["data"], *extras["plots"], *extras["widgets"]]
    direct = {re.match(r"[\w-]+", line)[0] for line in lines} - {"lrcourse"}
    binder, tested = pins(".binder/requirements.txt"), pins("requirements.txt")
    assert direct | {"ipykernel"} <= set(binder) and binder.items() <= tested.items()


@pytest.mark.parametrize("name", ["requirements.txt", ".binder/requirements.txt"])
def test_every_requirement_has_an_exact_version_and_hashes(name):
    lines = [line for line in read(name).splitlines() if not line.lstrip().startswith("#")]
    entries = re.split(r"\n(?=\S)", "\n".join(lines))
    for entry in entries:
        assert re.match(r"[A-Za-z0-9_.\[\]-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_what_make_installs_is_checked_by_its_hash():
    installs = re.findall(r"pip install (.*)", read("Makefile").replace("\\\n", ""))
    ours = [line for line in installs if "requirements.txt" in line]
    assert ours and all("--require-hashes" in line for line in ours)


def test_the_actions_of_the_workflows_are_named_by_their_commit():
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        for action in re.findall(r"uses: (\S+)", path.read_text("utf-8")):
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action), f"{path.name}: {action}"


def test_the_repository_names_no_package_index():
    for name in ("requirements.txt", ".binder/requirements.txt", "pyproject.toml", "Makefile"):
        assert not re.search(r"://(?!localhost)", read(name)), name
