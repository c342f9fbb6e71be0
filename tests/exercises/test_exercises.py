"""Every assignment: right solutions get their points, mistakes their message, classes differ."""

import ast
import json
import re

import numpy as np
import pytest
from class_work import CLASS, EVERY, answers, judged, names, points, sheet, solved

import lrcourse.exercises
from lrcourse import use_language
from lrcourse.language import LANGUAGES
from tools.grading import assignments, judge

NAMES = assignments.names()
WORDS = [f"class-{number}" for number in range(60)]


@pytest.fixture(autouse=True)
def english_afterwards():
    yield
    use_language("en")


def submissions():
    for name, language in EVERY:
        for title, submission in assignments.companion(name)["SUBMISSIONS"].items():
            yield pytest.param(name, language, submission, id=f"{language}-{name[:2]}-{title}")


@pytest.mark.parametrize(("name", "language", "submission"), list(submissions()))
def test_a_prepared_submission_gets_its_points_and_its_message(name, language, submission):
    ours = sheet(name, language)
    use_language(language)
    result = judged(ours, submission.cells)
    assert result.keys() >= submission.scores.keys(), "tests that see nothing of it"
    full = points(ours.source)
    expected = {test: submission.scores.get(test, full[test]) for test in result}
    assert {test: score for test, (score, _) in result.items()} == expected, result
    for test, words in submission.says.items():
        assert words[language == "zh"] in result[test][1]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_that_a_test_reads_of_a_student_is_declared(name):
    ours = sheet(name, "en")
    made = {}
    for cell in ours.source.cells:
        if cell.cell_type == "code" and assignments.is_solution(cell):
            made |= dict.fromkeys(names(cell.source)[1], cell.id)
    read = {
        each
        for cell in ours.source.cells
        if assignments.is_test(cell)
        for each in judge.read(ast.parse(cell.source))
    }
    declared = {each: cell for cell, kept in ours.answers.items() for each in kept}
    assert declared == {each: made[each] for each in read & made.keys() - ours.given.keys()}


@pytest.mark.parametrize("name", NAMES)
def test_every_declared_call_is_made_by_a_test_and_the_other_way_round(name):
    ours, called = sheet(name, "en"), {each: [] for each in sheet(name, "en").inputs}

    class Seen(judge.Function):
        def __call__(self, *arguments):
            called[self.name].append(json.dumps(judge.encode(list(arguments))))
            return super().__call__(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judge, "Function", Seen)
        judged(ours)
    for function, calls in ours.inputs.items():
        assert {json.dumps(each) for each in calls} == set(called[function]), function


@pytest.mark.parametrize("name", NAMES)
def test_there_are_right_and_wrong_submissions_for_every_test(name):
    submissions = assignments.companion(name)["SUBMISSIONS"].values()
    assert sum(not submission.scores for submission in submissions) >= 2, "other right solutions"
    failed = {test for submission in submissions for test in submission.scores}
    assert failed == points(solved(name, "en")).keys()


def strict_check(value, expected, mistakes=None, *, tolerance=1e-6):
    """As the real one; a mistake whose value is right, or nearly so, is the author's."""
    lrcourse.exercises.check(value, expected, mistakes, tolerance=tolerance)
    for message, wrong in (mistakes or {}).items():
        for each in wrong if isinstance(wrong, tuple) else (wrong,):
            assert not lrcourse.exercises.same(each, expected, 10 * tolerance), message


# All hundred classes: tests/exercises/many_classes.py.
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("word", [assignments.OPEN_CLASS, CLASS, WORDS[0]])
def test_the_solution_is_right_and_the_mistakes_are_wrong_in_every_class(name, word, monkeypatch):
    ours = sheet(name, "en", word)
    monkeypatch.setitem(ours.given, "check", strict_check)
    result = judged(ours)
    assert {test: score for test, (score, _) in result.items()} == points(ours.source), result


def published_answers(name):
    """What our solutions of the open class answer, written as values into the cells."""
    ours = sheet(name, "en", assignments.OPEN_CLASS)
    found = answers(ours, {}, list(points(ours.source)))
    return {
        cell: "\n".join(
            f"{each} = {written(judge.decode(found[each][0]['value']))}" for each in plain
        )
        for cell, kept in ours.answers.items()
        if (plain := [each for each in kept if each not in ours.inputs])
    }


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_the_published_answers_of_another_class_earn_nothing(name, language):
    published = published_answers(name)
    use_language(language)
    result = judged(sheet(name, language), published)
    full = points(sheet(name, language).source)
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
