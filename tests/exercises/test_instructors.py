"""What the guide for instructors says of assignments, limits and commands is so."""

import re
from pathlib import Path

import pytest
from class_work import EVERY
from nbgrader.apps import NbGraderApp

from tools.grading import assignments, sandbox
from tools.text.pages import read

ROOT = Path(__file__).resolve().parents[2]


def guide(language):
    return (ROOT / "chapters" / language / "instructors.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_the_guide_gives_the_problems_points_and_minutes_of_the_assignment(name, language):
    notebook = read(assignments.path(name, language))
    problems = sum(bool(re.match(r"## \d", cell.source)) for cell in notebook.cells)
    minutes = re.search(r"(\d+) (?:minutes|分钟)", notebook.cells[0].source)[1]
    row = [int(name[:2]), problems, assignments.points(notebook), minutes]
    assert f"| {' | '.join(map(str, row))} |" in guide(language).splitlines()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_guide_states_the_limits_of_the_sandbox(language):
    limits = sandbox.Limits()
    table = guide(language).split("bubblewrap](")[1].split("```")[0]
    unit = {"en": "seconds", "zh": "秒"}[language]
    for stated in (
        f"{limits.seconds:g} {unit}",
        f"{limits.total_seconds:g} {unit}",
        f"{limits.memory / 2**30:g} GiB",
        f"{limits.disk / 2**20:g} MiB",
    ):
        assert stated in table
    assert re.search(rf"\| (processes and threads|进程和线程) \| {limits.processes}\b", table)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_commands_of_the_guide_exist(language):
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", guide(language), re.S))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"\bmake (?:-C \S+ )?(\w+)", commands)
    assert {"exercises", "grade"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.M), target
    for word in re.findall(r"^nbgrader (\w+)", commands, re.M):
        assert word in NbGraderApp().subcommands, word
    options = set(re.findall(r" (--(?:seconds|memory|user|no-[a-z]+))", commands))
    assert {"--seconds", "--no-sandbox"} <= options
    for option in options:
        assert f'"{option}"' in (ROOT / "tools" / "grading" / "__main__.py").read_text("utf-8")
