"""Real nbgrader, with the real commands: every assignment generated, handed in and graded."""

import csv
import json
import re
import shutil
import subprocess
import sys
import zipfile

import nbformat
import pytest
from class_work import CLASS, EVERY, HOW, code, hidden_lines, run, solved
from nbgrader.api import Gradebook

from lrcourse.language import LANGUAGES
from tools.grading import assignments


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


def page_of(course, student, name):
    return (course / "feedback" / student / name / f"{name}.html").read_text("utf-8")


def test_the_feedback_speaks_one_language_and_has_no_hidden_test_and_asks_no_network(
    exercises, rows
):
    words = {
        "en": ["its cell is empty", "Feedback for untouched", "No response."],
        "zh": ["它的单元格是空的", "untouched 的作业反馈", "没有作答。"],
    }
    for name, language in EVERY:
        page = page_of(exercises / "courses" / CLASS / language, "untouched", name)
        assert all(each in page for each in words[language])
        if language == "zh":
            text = re.sub(r"<(style|pre|code|math).*?</\1>|<[^>]*>", " ", page, flags=re.S)
            assert not re.findall(r"[A-Za-z]{3,} [a-z]{3,} [a-z]{3,}", text)
        assert "HIDDEN" not in page and "MARK SCHEME" not in page
        assert "<math" in page or "$" not in "".join(c.source for c in solved(name, language).cells)
        assert not re.search(r'class="math \w+">\s*<code>', page), "a formula that is not typeset"
        assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")


@pytest.fixture(scope="module")
def one(rows, tmp_path_factory, exercises):
    """A course of its own, with one assignment, a late one, and several slips."""
    folder = tmp_path_factory.mktemp("one")
    name = assignments.names()[0]
    run("tools.grading.generate", "--class", CLASS, "--language", "en",
        "--assignment", name, "--assignment", assignments.names()[1], "--into", folder)  # fmt: skip
    run("tools.grading.generate", "--class", "spring", "--language", "en",
        "--assignment", name, "--into", folder)  # fmt: skip
    course = folder / "courses" / CLASS / "en"
    ours = course / "source" / name / f"{name}.ipynb"

    def hand_in(student, notebook, file=f"{name}.ipynb", date=None, assignment=name):
        path = course / "submitted" / student / assignment / file
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        if date:
            path.with_name("timestamp.txt").write_text(date, encoding="utf-8")

    notebook = nbformat.read(ours, 4)
    hand_in("amy", notebook, date="2027-03-01 12:00:00 UTC")
    hand_in("bob", notebook, date="2027-03-09 12:00:00 UTC")
    hand_in("browser", notebook, f"{name} (1).ipynb")
    hand_in("other", notebook, f"{assignments.names()[1]}.ipynb", assignment=assignments.names()[1])
    spring = folder / "courses" / "spring" / "en" / "source" / name / f"{name}.ipynb"
    hand_in("spring", nbformat.read(spring, 4))
    moved = nbformat.read(ours, 4)
    moved.cells = moved.cells[::-1]
    hand_in("moved", moved)
    copied = nbformat.read(ours, 4)
    cells = {cell.id: cell for cell in copied.cells}
    for each in ("data", "step", "limit-rates"):  # one that we gave, an answer, a test
        copied.cells.append(nbformat.from_dict(cells[each] | {"id": f"{each}-copy"}))
    cells["step"].source = "raise NotImplementedError()"
    hand_in("copied", copied)
    own = nbformat.read(ours, 4)
    own.cells.insert(5, nbformat.v4.new_code_cell("helper = 3"))
    own.cells = [cell for cell in own.cells if cell.id != "valley"]
    hand_in("own", own)
    settings = course / "nbgrader_config.py"
    settings.write_text(
        settings.read_text("utf-8") + "\nimport sys\n"
        "sys.path.append(str(Path(__file__).parent))\n"
        "import late\nc.AssignLatePenalties.plugin_class = late.Late\n",
        encoding="utf-8",
    )
    (course / "late.py").write_text(
        "from nbgrader.plugins import LateSubmissionPlugin\n"
        "class Late(LateSubmissionPlugin):\n"
        "    def late_submission_penalty(self, student, score, seconds): return 5.0\n",
        encoding="utf-8",
    )
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        book.update_or_create_assignment(name, duedate="2027-03-05 12:00:00 UTC")
    run("tools.grading", course, *HOW)
    return course


def table(course):
    with (course / "grades.csv").open(encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def exported(course):
    """Each student's score in the first assignment, by nbgrader's own command."""
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "export", "--to=all.csv"],
        cwd=course, check=True, capture_output=True,
    )  # fmt: skip
    with (course / "all.csv").open(encoding="utf-8") as file:
        return {
            row["student_id"]: float(row["score"])
            for row in csv.DictReader(file)
            if row["assignment"] == assignments.names()[0]
        }


def test_the_scores_are_those_that_nbgrader_exports_with_the_instructors_rules(one):
    ours = {who: float(row["score"]) for who, row in table(one).items() if row["score"]}
    assert ours == {who: exported(one)[who] for who in ours}
    assert (ours["amy"], ours["bob"]) == (17, 12)
    assert "late: −5" in page_of(one, "bob", assignments.names()[0])


@pytest.mark.parametrize(
    ("student", "reason"),
    [
        ("other", "this is 01-what-is-a-learning-rate, handed in as 02-four-scenarios"),
        ("spring", "this is the notebook of the class spring"),
    ],
)
def test_a_notebook_in_the_wrong_place_is_recognised_and_named(one, student, reason):
    row = table(one)[student]
    assert (row["status"], row["reason"]) == ("refused", reason)


@pytest.mark.parametrize(
    ("student", "points", "note"),
    [
        ("browser", 17, "the file was called 01-what-is-a-learning-rate (1).ipynb"),
        ("moved", 17, ""),
        ("copied", 17, ""),
        ("own", 13, ""),
    ],
)
def test_an_honest_slip_costs_nothing_else(one, student, points, note):
    row = table(one)[student]
    assert (float(row["score"]), row["note"]) == (points, note), row
    page = page_of(one, student, assignments.names()[0])
    assert ("Cells of your own are not graded" in page) == (student == "own")


def test_an_essay_waits_until_it_is_read_and_the_rubric_is_the_teachers(one):
    name = assignments.names()[0]
    assert page_of(one, "amy", name).count("not graded yet") == 2
    assert "names a limit of the experiment" not in page_of(one, "amy", name)
    with Gradebook(f"sqlite:///{one}/gradebook.db") as book:
        grade = book.find_grade("verdict", name, name, "amy")
        grade.manual_score, grade.needs_manual_grade = 3.0, False
        book.find_comment("verdict", name, name, "amy").manual_comment = "Well seen."
        book.db.commit()
    assert "graded now: 0;" in run("tools.grading", one, *HOW).stdout
    page = page_of(one, "amy", name)
    assert "not graded yet" not in page and "Well seen." in page and "20 of 21" in page
    assert float(table(one)["amy"]["score"]) == exported(one)["amy"] == 20
    with zipfile.ZipFile(one / "feedback.zip") as file:
        assert file.read(f"amy/{name}.html").decode() == page
        assert len(file.namelist()) == 6
    settings = one / "nbgrader_config.py"
    settings.write_text(settings.read_text("utf-8") + "c.Page.rubric = True\n", encoding="utf-8")
    run("tools.grading", one, *HOW)
    assert "names a limit of the experiment" in page_of(one, "amy", name)


def test_changed_points_are_noticed_and_named_and_regraded_and_manual_points_are_kept(one):
    name = assignments.names()[0]
    path = one / "source" / name / f"{name}.ipynb"
    before = float(table(one)["moved"]["score"])
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if cell.id == "step-slope":
            cell.metadata.nbgrader.points = 3
    nbformat.write(notebook, path)
    said = run("tools.grading", one, *HOW).stdout
    assert "tests, points or solution changed: 7\n" in said, said
    rows = table(one)
    assert float(rows["moved"]["score"]) == before + 2
    with Gradebook(f"sqlite:///{one}/gradebook.db") as book:
        assert book.find_grade("verdict", name, name, "amy").manual_score == 3.0
    assert float(rows["amy"]["score"]) == exported(one)["amy"] == 22
    assert "graded now: 0;" in run("tools.grading", one, *HOW).stdout
    said = run("tools.grading", one, name, "--force", *HOW).stdout
    assert "asked for: 7\n" in said


def test_what_is_graded_is_not_graded_again_until_it_changes(exercises, rows):
    name = assignments.names()[0]
    course = exercises / "courses" / CLASS / "en"
    assert "graded now: 0;" in run("tools.grading", course, name, *HOW).stdout
    path = course / "submitted" / "untouched" / name / f"{name}.ipynb"
    path.write_text(path.read_text("utf-8") + "\n", encoding="utf-8")
    said = run("tools.grading", course, name, *HOW).stdout
    assert "handed in again: 1\n" in said and "graded now: 1," in said


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
