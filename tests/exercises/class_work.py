"""A class's assignments and what students make of them, for the tests."""

import ast
import copy
import io
import json
import os
import re
import subprocess
import warnings
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path

from nbgrader.utils import determine_grade

from lrcourse import use_language
from lrcourse.language import LANGUAGES
from tools.grading import __main__ as grading
from tools.grading import assignments, generate, inside, judge, sandbox, steps

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {"tools.grading": grading, "tools.grading.generate": generate}
CLASS = "autumn"
EVERY = [(name, language) for name in assignments.names() for language in LANGUAGES]
SHUT_IN = not sandbox.why_not()
# Root must say as whom students' code is to run; on a machine without bubblewrap the rest is
# tested all the same.
HOW = ["--user", "nobody"] * (os.geteuid() == 0) + ["--no-sandbox"] * (not SHUT_IN)


def run(module, *words, expect=0):
    """A command of the course's, as a teacher gives it, but in this process: it is faster."""
    steps.sheet.cache_clear()
    said, wrong = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(wrong):
        code = COMMANDS[module].main([str(word) for word in words])
    use_language("en")
    assert code == expect, wrong.getvalue() + said.getvalue()
    return subprocess.CompletedProcess(words, code, said.getvalue(), wrong.getvalue())


def solved(name, language, word=CLASS):
    """The instructor's notebook of a class."""
    return copy.deepcopy(_solved(name, language, word))


@cache
def _solved(name, language, word):
    return assignments.of_class(name, language, word)


@cache
def sheet(name, language, word=CLASS):
    """The same, ready to be judged."""
    use_language(language)
    ours = judge.sheet(name, _solved(name, language, word))
    if train := ours.given.get("final_losses"):  # in each test the same trainings
        ours.given["final_losses"] = lambda *what: trained(train, word, name, *what)
    return ours


TRAINED = {}


def trained(train, word, *what):
    """The losses of a training that was done before, in either language."""
    key = repr((word, *what))
    if key not in TRAINED:
        TRAINED[key] = train(*what[1:])
    return TRAINED[key].copy()


def points(notebook):
    """The points of each test."""
    return {
        cell.id: cell.metadata.nbgrader.points
        for cell in notebook.cells
        if assignments.is_test(cell)
    }


def judged(ours, changed=None):
    """Points and words of the tests for our solution with other sources in some cells.

    The cells run here, in this process, and only those that matter to the change.
    """
    changed = changed or {}
    tests = affected_tests(ours, changed) if changed else list(points(ours.source))
    found = judge.Answers(ours, answers(ours, changed, tests), "")
    result = {}
    for cell in copy.deepcopy(ours.source.cells):
        if cell.id in tests:
            cell.outputs = judge.tested(cell.source, ours, found)
            result[cell.id] = (determine_grade(cell)[0], said(cell))
    return result


REMEMBERED = {}


def answers(ours, changed, tests):
    """What cells answer. The same code in the other language's notebook answers the same."""
    wanted = needed(ours, changed, tests)
    cells = [cell for cell in ours.cells(changed) if cell["id"] in wanted]
    code = [ast.dump(without_words(cell["source"])) for cell in cells]
    key = json.dumps([code, ours.inputs])
    if key not in REMEMBERED:
        found = REMEMBERED.setdefault(key, {})

        def say(record):
            if "answer" in record:
                found.setdefault(record["answer"], {})[record["number"]] = record

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a mistake may overflow
            inside.run(cells, ours.inputs, say)
    return REMEMBERED[key]


def without_words(source):
    """The tree of a cell without comments, docstrings and the language that it chooses."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body[0].value.value = ""
        if isinstance(node, ast.Constant) and node.value in LANGUAGES:
            node.value = ""
    return tree


def affected_tests(ours, changed):
    """The tests that read, directly or not, a name that the changed cells make."""
    made, tests = set(), []
    for cell in code(ours.source):
        if assignments.is_test(cell):  # what it makes is gone when it ends
            if judge.read(ast.parse(cell.source)) & made:
                tests.append(cell.id)
            continue
        reads, makes = names(changed.get(cell.id, cell.source))
        if cell.id in changed or reads & made:
            made |= makes | names(cell.source)[1]
    return tests


def needed(ours, changed, tests):
    """The cells that some tests need: what makes the names that they read, and so on."""
    kept, reads = set(changed) | {"setup"}, set()
    for cell in reversed(code(ours.source)):
        its_reads, its_makes = names(changed.get(cell.id, cell.source))
        if cell.id in tests or cell.id in kept or its_makes & reads:
            kept.add(cell.id)
            reads |= its_reads
    return kept


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@cache
def names(source):
    """The names that a cell reads, and those that it makes at its top level."""
    module = ast.parse(source)
    makes = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            makes.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            makes.add(node.name)
        elif isinstance(node, ast.alias):
            makes.add((node.asname or node.name).partition(".")[0])
    reads = {node.id for node in ast.walk(module) if isinstance(node, ast.Name)}
    return reads, makes


def said(cell):
    """What a test has printed and the message that it ended with."""
    return "\n".join(output.get("text", "") + output.get("evalue", "") for output in cell.outputs)


def hidden_lines(cell):
    """The lines that say something and stand only in regions that students do not get."""
    about = cell.metadata.get("nbgrader", {})
    if about.get("solution") and "BEGIN" not in cell.source:
        yield from filter(telling, map(str.strip, cell.source.splitlines()))
    hiding = False
    for line in map(str.strip, cell.source.splitlines()):
        if "BEGIN " in line:
            hiding = True
        elif "END " in line:
            hiding = False
        elif hiding and telling(line):
            yield line


def telling(line):
    """Brackets and the like stand everywhere, and how exact an answer must be is no secret."""
    return not line.startswith("tolerance=") and len(re.sub(r"\W", "", line)) > 8
