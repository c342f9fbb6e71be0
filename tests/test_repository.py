"""What the repository says about itself is so."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import lrcourse

ROOT = Path(__file__).parent.parent


def read(name):
    return (ROOT / name).read_text("utf-8")


def pins(name):
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;]+)", read(name), re.MULTILINE))


def targets():
    return set(re.findall(r"^([a-z]+):.*##", read("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_readme_lists_the_make_targets_that_there_are(name):
    assert set(re.findall(r"^\| `make ([a-z]+)`", read(name), re.MULTILINE)) == targets()


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_plain_commands_are_those_of_the_makefile(name):
    pytest_command = re.search(r"-m pytest .*", read("Makefile"))[0]
    assert pytest_command in read(name)


def test_the_version_is_the_same_everywhere():
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert lrcourse.__version__ == version
    assert str(yaml.safe_load(read("CITATION.cff"))["version"]) == version


def test_the_notebooks_run_on_the_versions_that_the_tests_run_on():
    tested = pins("requirements.txt")
    for name, version in pins("binder/requirements.txt").items():
        assert tested[name] == version, name


def test_every_requirement_has_an_exact_version():
    for line in read("requirements.txt").splitlines():
        if line and not line.startswith((" ", "#", "-e .")):
            assert re.match(r"[A-Za-z0-9_.\[\]-]+==\S+", line), line


def test_the_repository_names_no_package_index():
    for name in ("requirements.txt", "binder/requirements.txt", "pyproject.toml", "Makefile"):
        assert not re.search(r"://(?!localhost)", read(name)), name
