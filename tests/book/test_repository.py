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
def test_the_readme_lists_the_make_targets_that_there_are(name):
    assert set(re.findall(r"^\| `make ([a-z]+)`", read(name), re.MULTILINE)) == targets()


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_plain_commands_are_those_of_the_makefile(name):
    pytest_command = re.search(r"-m pytest .*", read("Makefile"))[0]
    assert pytest_command in read(name)


def test_the_version_is_written_once_and_named_the_same_elsewhere():
    assert "version" in tomllib.loads(read("pyproject.toml"))["project"]["dynamic"]
    newest, date = re.search(RELEASE, read("CHANGELOG.md"), re.MULTILINE).groups()
    citation = yaml.safe_load(read("CITATION.cff"))
    assert newest == str(citation["version"]) == lrcourse.__version__
    assert date == str(citation["date-released"])


def test_the_changelog_has_the_newest_version_first():
    text = read("CHANGELOG.md")
    dates = [date for _, date in re.findall(RELEASE, text, re.MULTILINE)]
    assert dates == sorted(dates, reverse=True)
    headings = re.findall(r"^## (?!\[Unreleased\]\n)", text, re.MULTILINE)
    assert len(dates) == len(headings), "a heading of no version"


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


def test_the_notebooks_run_on_the_versions_that_the_tests_run_on():
    tested = pins("requirements.txt")
    for name, version in pins(".binder/requirements.txt").items():
        assert tested[name] == version, name


def test_what_the_notebooks_import_has_an_exact_version_on_binder():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["data"], *extras["plots"], *extras["widgets"]]
    direct = {re.match(r"[\w-]+", line)[0] for line in lines} - {"lrcourse"}
    assert direct | {"ipykernel"} <= set(pins(".binder/requirements.txt"))


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
