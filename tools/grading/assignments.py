"""The assignments: where they are, and how a class's word becomes a class's numbers.

``exercises/source/en`` and ``zh`` hold the notebooks, an nbgrader source each, executable
as they are; ``exercises/source/NAME.py`` beside them has

- ``variant(rng)``, which draws the numbers of a class from a `random.Random` and returns
  them by name: every name that the cell ``constants`` assigns, and what else the text needs;
- ``ANSWERS``, the names that are kept of each cell that students fill in, and judged;
- ``inputs(**given)``, the arguments with which the functions among these are called, made of
  the names that the locked cells give: ``{"path": [(w_0, eta, 3), (9, eta, 4)]}``;
- ``SUBMISSIONS``, wrong and right solutions that the tests try.

Markdown is a Jinja template: ``{{ eta }}`` is the number that the class has.
"""

import ast
import copy
import pprint
import random
import re
import runpy
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import nbformat
from jinja2 import Environment, StrictUndefined
from nbformat import NotebookNode

from lrcourse.language import LANGUAGES
from tools.text import colab
from tools.text.pages import read

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = ROOT / "exercises"
# The numbers that stand in the sources themselves, and that the site shows.
OPEN_CLASS = "open"
CONSTANTS = "constants"


@dataclass(frozen=True)
class Submission:
    """Some cells of a solution replaced, and what that should earn.

    Attributes
    ----------
    cells : dict
        The id of a solution's cell and what it has instead.
    scores : dict
        The id of a test's cell and its points, where these are not full.
    says : dict
        The id of a test's cell and words of its message, in each language: (English, Chinese).
    """

    cells: dict[str, str]
    scores: dict[str, float] = field(default_factory=dict)
    says: dict[str, tuple[str, str]] = field(default_factory=dict)


def names(source: Path = EXERCISES / "source") -> list[str]:
    """Return the assignments, in order."""
    return sorted({path.parent.name for path in source.glob("*/*/*.ipynb")})


def path(name: str, language: str, source: Path = EXERCISES / "source") -> Path:
    """Return the file of an assignment's source."""
    return source / language / name / f"{name}.ipynb"


@cache
def companion(name: str) -> dict:
    """Return what the Python file beside an assignment defines."""
    return runpy.run_path(str(EXERCISES / "source" / f"{name}.py"))


def class_word(word: str) -> str:
    """Return the word of a class as it counts: case and width do not.

    Raises
    ------
    ValueError
        When it is no word.
    """
    plain = unicodedata.normalize("NFKC", word).strip().casefold()
    if not re.fullmatch(r"\w[\w-]{0,39}", plain):
        raise ValueError(
            f"the word of a class is made of letters, digits and -, 40 at most, got {word!r}"
        )
    return plain


def constants(name: str, word: str) -> dict:
    """Return the numbers of a class."""
    return companion(name)["variant"](random.Random(f"{name} {class_word(word)}"))


def of_class(name: str, language: str, word: str) -> NotebookNode:
    """Return an assignment's source with the numbers of a class, in the text and the code.

    Like a chapter's, its first cell installs the library on Google Colab.
    """
    notebook = filled(read(path(name, language)), constants(name, word), language)
    return colab.with_cell(notebook, language)


def filled(notebook: NotebookNode, numbers: dict, language: str) -> NotebookNode:
    """Fill a notebook's templates and its constants with numbers."""
    result = copy.deepcopy(notebook)
    context = {**numbers, "points": lambda problem="": points(notebook, problem)}
    for cell in result.cells:
        if cell.cell_type == "markdown":
            cell.source = _environment(language).from_string(cell.source).render(context)
        elif cell.id == CONSTANTS:
            cell.source = assigned(cell.source, numbers)
    return result


def points(notebook: NotebookNode, problem: str = "") -> str:
    """Return the points of the tests and questions whose ids begin with a problem's name."""
    found = [
        cell.metadata.nbgrader.points
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.id.startswith(problem)
    ]
    if not found:
        raise ValueError(f"no cell with points has an id that begins with {problem!r}")
    return f"{sum(found):g}"


def assigned(source: str, numbers: dict) -> str:
    """Replace the values that a cell assigns to names; its comments stay.

    >>> assigned("a = 1  # one", {"a": 2})
    'a = 2  # one'
    """
    lines = source.splitlines()
    for node in reversed(ast.parse(source).body):
        if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
            raise ValueError(f"the cell {CONSTANTS} may only assign values to names")
        target, value = node.targets[0].id, node.value
        head = lines[value.lineno - 1].encode()[: value.col_offset].decode()
        tail = lines[value.end_lineno - 1].encode()[value.end_col_offset :].decode()
        shown = pprint.pformat(numbers[target], width=76 - len(head), compact=True)
        if "\n" in shown:  # as ruff would have it
            inner = pprint.pformat(numbers[target], width=70, compact=True)[1:-1]
            inner = "\n".join(f"    {line.strip()}" for line in inner.splitlines())
            shown = f"{shown[0]}\n{inner},\n{shown[-1]}"
        lines[value.lineno - 1 : value.end_lineno] = (head + shown + tail).split("\n")
    return "\n".join(lines)


@cache
def _environment(language: str) -> Environment:
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    environment.filters["series"] = lambda values: series(values, language)
    return environment


def series(values, language: str) -> str:
    """List values as a sentence does.

    >>> series([1, 2.5, 3], "en"), series([1, 2.5, 3], "zh")
    ('1, 2.5 and 3', '1、2.5、3')
    """
    words = [f"{each}" for each in values]
    if language == "zh":
        return "、".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def is_test(cell: NotebookNode) -> bool:
    """Say whether a cell is a test: locked code with points."""
    about = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and about.get("grade", False) and about.get("locked", False)


def is_locked(cell: NotebookNode) -> bool:
    """Say whether a cell is ours alone: students may not change it."""
    about = cell.metadata.get("nbgrader", {})
    return bool(about.get("locked") or (about.get("grade") and not about.get("solution")))


def is_solution(cell: NotebookNode) -> bool:
    """Say whether a cell is for an answer."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_given(cell: NotebookNode) -> bool:
    """Say whether a cell is code that an assignment gives: locked, and no test."""
    return cell.cell_type == "code" and is_locked(cell) and not is_test(cell)


def tidy() -> list[Path]:
    """Bring the sources into canonical form; return the files that changed.

    They get the numbers of the open class, cells without outputs, and nbgrader's
    metadata with the ids of the cells.
    """
    from tools.text.canonical import canonical, write

    changed = []
    for name in names():
        for language in LANGUAGES:
            file = path(name, language)
            notebook = nbformat.read(file, as_version=4)
            for cell in notebook.cells:
                if cell.id == CONSTANTS:
                    cell.source = assigned(cell.source, constants(name, OPEN_CLASS))
                if about := cell.metadata.get("nbgrader"):
                    about.update(grade_id=cell.id, cell_type=cell.cell_type, schema_version=3)
                if cell.cell_type == "code":
                    cell.outputs, cell.execution_count = [], None
            text = canonical(notebook)
            if text != file.read_text(encoding="utf-8"):
                write(file, text)
                changed.append(file)
    return changed
