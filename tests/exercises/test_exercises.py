"""Every assignment: right solutions get their points, mistakes their message, classes differ."""

import ast
import contextlib
import io
import re
from functools import cache

import numpy as np
import pytest
from class_work import CLASS, EVERY, affected_tests, code, graded, names, points, solved, with_cells

import lrcourse.exercises
from lrcourse import use_language
from lrcourse.language import LANGUAGES
from tools.grading import assignments
from tools.grading.session import Session

NAMES = assignments.names()
WORDS = [f"class-{number}" for number in range(60)]


@pytest.fixture(scope="module")
def session():
    """One process for all submissions of this file: they are ours, and it is faster."""
    with Session(shut_in=False) as session:
        yield session
    use_language("en")


def submissions():
    for name, language in EVERY:
        for title, submission in assignments.companion(name)["SUBMISSIONS"].items():
            yield pytest.param(name, language, submission, id=f"{language}-{name[:2]}-{title}")


@pytest.mark.parametrize(("name", "language", "submission"), list(submissions()))
def test_a_prepared_submission_gets_its_points_and_its_message(name, language, submission, session):
    notebook = solved(name, language)
    changed = with_cells(notebook, submission.cells)
    touched = affected_tests(changed, submission.cells.keys())
    assert {cell.id for cell in touched} >= submission.scores.keys(), "tests that see nothing of it"
    result = graded(changed, session, touched)
    full = points(notebook)
    expected = {test: submission.scores.get(test, full[test]) for test in result}
    assert {test: score for test, (score, _) in result.items()} == expected, result
    for test, words in submission.says.items():
        assert words[language == "zh"] in result[test][1]


@pytest.mark.parametrize("name", NAMES)
def test_there_are_right_and_wrong_submissions_for_every_test(name):
    submissions = assignments.companion(name)["SUBMISSIONS"].values()
    assert sum(not submission.scores for submission in submissions) >= 2, "other right solutions"
    failed = {test for submission in submissions for test in submission.scores}
    assert failed == points(solved(name, "en")).keys()


@cache
def results(name, word):
    """The names of a solved notebook of a class; every mistake that its tests know is wrong."""
    space = {"__name__": "__main__"}
    use_language("en")
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in code(solved(name, "en", word)):
            exec(compile(cell.source, f"{name}, {cell.id}, class {word}", "exec"), space)
            if cell.id == "setup":
                space["check"] = strict_check
    return space


def strict_check(value, expected, mistakes=None, *, tolerance=1e-6):
    """As the real one; a mistake whose value is right, or nearly so, is the author's."""
    lrcourse.exercises.check(value, expected, mistakes, tolerance=tolerance)
    for message, wrong in (mistakes or {}).items():
        for each in wrong if isinstance(wrong, tuple) else (wrong,):
            assert not lrcourse.exercises.same(each, expected, 10 * tolerance), message


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("word", [assignments.OPEN_CLASS, CLASS, *WORDS[:4]])
def test_the_solution_is_right_and_the_mistakes_are_wrong_in_every_class(name, word):
    results(name, word)


def answers(name, word):
    """The plain values that a class's solutions give to names, by cell."""
    space = results(name, word)
    found = {}
    for cell in code(solved(name, "en", word)):
        if cell.metadata.get("nbgrader", {}).get("solution"):
            tree = ast.parse(cell.source)
            made = set() if any(isinstance(node, ast.FunctionDef) for node in tree.body) else None
            made = names(cell.source)[1] if made is None else made
            found[cell.id] = {some: space[some] for some in made if plain(space.get(some))}
    return {cell: values for cell, values in found.items() if values}


def plain(value):
    return isinstance(value, int | float | str | list | tuple | dict | np.ndarray | np.generic)


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_the_published_answers_of_another_class_earn_nothing(name, language, session):
    published = {
        cell: "\n".join(f"{some} = {written(value)}" for some, value in values.items())
        for cell, values in answers(name, assignments.OPEN_CLASS).items()
    }
    changed = with_cells(solved(name, language), published)
    touched = affected_tests(changed, published.keys())
    result = graded(changed, session, touched)
    full = points(changed)
    kept = {test: score for test, (score, _) in result.items() if score > full[test] / 2}
    assert not kept, "these tests do not depend on the class"


def written(value):
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()!r})"
    return repr(value.item() if isinstance(value, np.generic) else value)


@pytest.mark.parametrize("name", NAMES)
def test_classes_have_different_numbers(name):
    seen = {repr(assignments.constants(name, word)) for word in WORDS}
    assert len(seen) == len(WORDS)


@pytest.mark.parametrize("name", NAMES)
def test_the_sources_hold_the_numbers_of_the_open_class(name):
    for language in LANGUAGES:
        source = assignments.read(assignments.path(name, language))
        (cell,) = [cell for cell in source.cells if cell.id == assignments.CONSTANTS]
        numbers = assignments.constants(name, assignments.OPEN_CLASS)
        assert cell.source == assignments.assigned(cell.source, numbers), "run: make tidy"


def test_the_word_of_a_class_is_the_same_in_any_spelling():
    assert assignments.class_word(" Ａutumn ") == assignments.class_word("autumn") == "autumn"
    assert assignments.class_word("春季-2") == "春季-2"


@pytest.mark.parametrize("word", ["", "a/b", "..", "a b", "x" * 41])
def test_what_is_no_word_is_refused(word):
    with pytest.raises(ValueError, match="the word of a class"):
        assignments.class_word(word)


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_the_class_sees_its_numbers_and_no_template(name, language):
    text = "\n".join(cell.source for cell in solved(name, language).cells)
    assert "{{" not in text and "}}" not in text


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_the_points_in_the_headings_add_up(name, language):
    notebook = solved(name, language)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    stated = re.findall(r"^##.*[(（]([\d.]+) (?:points?|分)[)）]", text, re.M)
    assert sum(map(float, stated)) == float(assignments.points(notebook))
