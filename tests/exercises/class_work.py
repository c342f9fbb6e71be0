"""A class's assignments and what students make of them, for the tests."""

import ast
import copy
import re
from functools import cache

from lrcourse.language import LANGUAGES
from tools.grading import apart, assignments
from tools.grading.session import Session

CLASS = "autumn"
EVERY = [(name, language) for name in assignments.names() for language in LANGUAGES]


def solved(name, language, word=CLASS):
    """The instructor's notebook of a class."""
    return copy.deepcopy(_solved(name, language, word))


@cache
def _solved(name, language, word):
    return assignments.of_class(name, language, word)


def with_cells(notebook, cells):
    """A copy of a notebook with other sources in some cells."""
    changed = copy.deepcopy(notebook)
    found = {cell.id: cell for cell in changed.cells}
    for name, source in cells.items():
        assert found[name].metadata.nbgrader.solution, f"{name} is no cell that students change"
        found[name].source = source
    return changed


def points(notebook):
    """The points of each test."""
    return {
        cell.id: cell.metadata.nbgrader.points
        for cell in notebook.cells
        if assignments.is_test(cell)
    }


def affected_tests(notebook, changed):
    """The tests that read, directly or not, a name that the changed cells make."""
    tests, made = [], set()
    for cell in code(notebook):
        if assignments.is_test(cell):  # what it makes is gone when it ends
            if apart.wanted(ast.parse(cell.source)) & made:
                tests.append(cell)
            continue
        reads, makes = names(cell.source)
        if cell.id in changed or reads & made:
            made |= makes
    return tests


def needed(notebook, wanted):
    """The cells that some tests need: what makes the names that they read, and so on."""
    kept, reads = {cell.id for cell in wanted}, set()
    for cell in reversed(code(notebook)):
        its_reads, its_makes = names(cell.source)
        makes_some = its_makes & reads and not assignments.is_test(cell)
        if cell.id in kept or cell.id == "setup" or makes_some:
            kept.add(cell.id)
            reads |= its_reads
    return [cell for cell in notebook.cells if cell.id in kept]


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


def graded(notebook, session: Session, wanted=None):
    """Run a notebook, or what some tests need, and return each test's points and words."""
    session.reset()
    part = copy.copy(notebook)
    part.cells = copy.deepcopy(needed(notebook, wanted) if wanted else notebook.cells)
    ours = {
        cell.id: (cell.source, assignments.is_test(cell))
        for cell in part.cells
        if cell.cell_type == "code" and assignments.is_locked(cell)
    }
    apart.run(part, session, ours)
    return {cell.id: (score(cell), said(cell)) for cell in part.cells if assignments.is_test(cell)}


def score(cell):
    from nbgrader.utils import determine_grade

    return determine_grade(cell)[0]


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
