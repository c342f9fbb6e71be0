"""Real nbgrader, with the real commands: every assignment generated, handed in and graded."""

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from class_work import CLASS, EVERY, code, hidden_lines, solved

from lrcourse.language import LANGUAGES
from tools.grading import assignments, sandbox

ROOT = Path(__file__).resolve().parents[2]
# On a machine without bubblewrap the rest is tested all the same.
HOW = [] if not sandbox.why_not() else ["--no-sandbox"]


def run(*words, expect=0):
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == expect, done.stderr
    return done


@pytest.fixture(scope="module")
def exercises(tmp_path_factory):
    """All assignments, generated for a class."""
    folder = tmp_path_factory.mktemp("exercises")
    run("tools.grading.generate", "--class", CLASS, "--into", folder)
    return folder


@pytest.fixture(scope="module")
def rows(exercises):
    """The grades of a student who solved everything and of one who touched nothing."""
    found = []
    for language in LANGUAGES:
        course = exercises / "courses" / CLASS / language
        for student, origin in (
            ("solved", course / "source"),
            ("untouched", exercises / "release" / CLASS / language),
        ):
            shutil.copytree(origin, course / "submitted" / student)
        run("tools.grading", course, *HOW)
        with (course / "grades.csv").open(encoding="utf-8") as file:
            found += [row | {"language": language} for row in csv.DictReader(file)]
    return found


def row_of(rows, name, language, student):
    (found,) = [
        row for row in rows
        if (row["assignment"], row["language"], row["student"]) == (name, language, student)
    ]  # fmt: skip
    assert row["status"] == "graded" if (row := found) else False
    return found


def released(exercises, name, language):
    return exercises / "release" / CLASS / language / name / f"{name}.ipynb"


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_the_solution_gets_all_points_that_a_program_can_give(rows, name, language):
    row = row_of(rows, name, language, "solved")
    notebook = solved(name, language)
    automatic = sum(
        cell.metadata.nbgrader.points for cell in notebook.cells if assignments.is_test(cell)
    )
    assert float(row["auto_score"]) == automatic > 0
    assert float(row["max_score"]) == float(assignments.points(notebook)) > automatic
    assert row["to_grade_by_hand"] == "yes"


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_the_untouched_notebook_gets_nothing(rows, name, language):
    row = row_of(rows, name, language, "untouched")
    assert float(row["score"]) == 0
    assert row["to_grade_by_hand"] == "no", "an answer that is not there needs no reader"


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_nothing_of_a_solution_or_a_hidden_test_is_released(exercises, name, language):
    text = released(exercises, name, language).read_text(encoding="utf-8")
    assert not re.search(r"(BEGIN|END) (SOLUTION|HIDDEN|MARK)", text)
    public = "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells)
    hidden = [line for cell in solved(name, language).cells for line in hidden_lines(cell)]
    assert len(hidden) > 10
    lines = {line.strip() for line in public.splitlines()}
    for line in hidden:  # a short one may well be part of something else
        assert line not in (public if len(line) > 20 else lines), line


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_the_released_notebook_is_canonical_and_has_no_outputs(exercises, name, language):
    from tools.text.canonical import canonical

    path = released(exercises, name, language)
    notebook = nbformat.read(path, as_version=4)
    assert canonical(notebook) == path.read_text(encoding="utf-8")
    assert not any(cell.outputs or cell.execution_count for cell in code(notebook))


def test_generating_again_changes_no_byte(exercises, rows, tmp_path):
    def contents(folder):
        return {
            path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*.ipynb"))
        }

    run("tools.grading.generate", "--class", CLASS.upper(), "--into", tmp_path)
    assert contents(tmp_path / "release") == contents(exercises / "release")


def test_another_class_gets_other_notebooks(exercises, tmp_path):
    name = assignments.names()[0]
    run("tools.grading.generate", "--class", "spring", "--assignment", name, "--into", tmp_path)
    for path in (tmp_path / "release" / "spring").rglob("*.ipynb"):
        other = exercises / "release" / CLASS / path.relative_to(tmp_path / "release" / "spring")
        assert path.read_bytes() != other.read_bytes()


def test_the_feedback_has_the_messages_and_not_the_hidden_tests(exercises, rows):
    for name, language in EVERY:
        course = exercises / "courses" / CLASS / language
        page = (course / "feedback" / "untouched" / name / f"{name}.html").read_text("utf-8")
        assert {"en": "its cell is empty", "zh": "它的单元格是空的"}[language] in page
        assert "HIDDEN TESTS" not in page


def test_what_is_graded_is_not_graded_again_until_it_changes(exercises, rows):
    name = assignments.names()[0]
    course = exercises / "courses" / CLASS / "en"
    assert "graded now: 0;" in run("tools.grading", course, name, *HOW).stdout
    path = course / "submitted" / "untouched" / name / f"{name}.ipynb"
    path.write_text(path.read_text("utf-8") + "\n", encoding="utf-8")
    assert "graded now: 1," in run("tools.grading", course, name, *HOW).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere/en"], "is no course; make one with: make exercises"),
        (["COURSE", "99-nothing"], "no assignment 99-nothing; there are: 01-"),
    ],
)
def test_a_wrong_command_is_told_so(exercises, rows, words, message):
    course = str(exercises / "courses" / CLASS / "en")
    said = run(
        "tools.grading", *[word.replace("COURSE", course) for word in words], expect=2
    ).stderr
    assert message in said and len(said.splitlines()) == 1


def test_a_class_without_a_word_is_told_so(tmp_path):
    said = run("tools.grading.generate", "--class", "a/b", "--into", tmp_path, expect=1).stderr
    assert said.startswith("the word of a class") and not list(tmp_path.iterdir())


def test_the_record_of_a_submission_tells_its_time(exercises, rows):
    for record in (exercises / "courses").rglob("outcomes/*/*.json"):
        assert 0 < json.loads(record.read_text("utf-8"))["seconds"] < 600
