"""A submission is rebuilt: our notebook, in our order, with the student's solution cells alone.

So a moved, copied, deleted or forged cell changes nothing. What a student most likely did not
mean is undone and named, or it is refused with a reason that names it.
"""

import copy
import re
from datetime import datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import parse_utc

from tools.grading import assignments
from tools.text.pages import read

LARGEST_NOTEBOOK = 20 * 2**20
LONGEST_ANSWER = 20_000  # characters; a written answer of this length fills eight pages
# In a written answer: what starts a tag, and what makes a formula more than a formula.
TAG = re.compile(r"<(?=[a-zA-Z/!?])")
ACTIVE = re.compile(r"\\(?=href|class|cssId|style|require|unicode|data)")


class Refused(Exception):
    """A submission that cannot be graded; the message is for the teacher."""


def settle(folder: Path, name: str) -> str:
    """Give a submitted notebook the name under which nbgrader looks for it.

    Parameters
    ----------
    folder : Path
        Where one student's submission of one assignment is.
    name : str
        The assignment's.

    Returns
    -------
    str
        What was done, if anything.
    """
    path = folder / f"{name}.ipynb"
    others = [each for each in sorted(folder.glob("*.ipynb")) if regular(each) and each != path]
    there = ", ".join(each.name for each in others)
    if regular(path):
        return f"also there, and not graded: {there}" if others else ""
    if len(others) != 1 or path.is_symlink() or path.exists():
        raise Refused(f"there is no file {path.name}, but {there or 'no notebook'}")
    others[0].rename(path)
    return f"the file was called {there}"


def regular(path: Path) -> bool:
    """Say whether this is a file, and no link to another or something stranger."""
    return path.is_file() and not path.is_symlink()


def submitted(path: Path) -> NotebookNode:
    """Read what a student handed in, or refuse it."""
    if path.stat().st_size > LARGEST_NOTEBOOK:
        raise Refused(f"the file is larger than {LARGEST_NOTEBOOK // 2**20} MiB")
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # whatever a broken file makes nbformat raise
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise Refused(f"not a notebook: {said[0][:200]}") from None
    stamp = path.with_name("timestamp.txt")
    try:
        text = stamp.read_text("utf-8").strip() if stamp.exists() else ""
        if text and not isinstance(parse_utc(text), datetime):
            raise ValueError
    except (ValueError, AttributeError, OverflowError, OSError):
        raise Refused("timestamp.txt holds no date") from None
    return notebook


def recognise(notebook: NotebookNode, course: Path, name: str) -> None:
    """Refuse a notebook of another assignment or of another class, and say which it is."""
    theirs = {key: source for key, _, source in _cells(notebook)}
    shared = {}
    for path in sorted(course.glob("source/*/*.ipynb")):
        keys = {cell.id for cell in read(path).cells if assignments.is_solution(cell)}
        shared[path.stem] = len(keys & theirs.keys()) / len(keys)
    best = max(shared, key=shared.get)
    if shared[best] == 0:
        raise Refused("none of the cells for answers is in it")
    if shared[best] > shared[name]:
        raise Refused(f"this is {best}, handed in as {name}")
    numbers = theirs.get(assignments.CONSTANTS)
    ours = _constants(course / "source" / name / f"{name}.ipynb")
    for path in sorted(course.parent.parent.glob(f"*/{course.name}/source/{name}/{name}.ipynb")):
        word = path.parents[3].name
        if numbers not in (None, ours) and _constants(path) == numbers:
            raise Refused(f"this is the notebook of the class {word}")


def _constants(path: Path) -> str:
    cells = {cell.id: cell.source for cell in read(path).cells}
    return cells[assignments.CONSTANTS]


def rebuild(notebook: NotebookNode, source: NotebookNode, stubs: dict[str, str]) -> NotebookNode:
    """Return our notebook with a student's solution cells.

    Parameters
    ----------
    notebook : NotebookNode
        What the student handed in.
    source : NotebookNode
        Ours, of the student's class.
    stubs : dict
        For the id of each solution cell what students get there.
    """
    result = copy.deepcopy(source)
    result.cells = [
        cell for cell in result.cells if cell.cell_type == "markdown" or "nbgrader" in cell.metadata
    ]
    found = {}
    for key, original, text in _cells(notebook):
        filled = _code(text) != _code(stubs.get(key, ""))
        found.setdefault(key, []).append((filled, original, text))
    notes = []
    for cell in result.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if assignments.is_solution(cell):
            copies = found.get(cell.id, [(False, True, stubs[cell.id])])
            # A copy that was filled in counts, of several the one that was there from the first.
            cell.source = max(copies, key=lambda each: each[:2])[2]
            if len({text for filled, _, text in copies if filled}) > 1:
                notes.append(["The cell {name} was there several times: one was graded.", cell.id])
            if cell.cell_type == "markdown":
                cell.source = harmless(cell.source)
    ours = {cell.id for cell in source.cells} | {cell.source for cell in source.cells}
    own = [
        cell for cell in notebook.cells
        if cell.cell_type == "code" and cell.source.strip() and not {_key(cell), cell.source} & ours
    ]  # fmt: skip
    if own:
        notes.append(["Cells of your own are not graded: write into the cells for answers.", ""])
    result.metadata["grading"] = {"notes": notes}
    return result


def _code(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if not line.strip().startswith("#")]


def _cells(notebook: NotebookNode):
    """Yield of each cell that we know: its key, whether it is the first of its name, its text."""
    for cell in notebook.cells:
        if (key := _key(cell)) is not None:
            yield key, cell.get("id") == key, cell.source


def _key(cell: NotebookNode) -> str | None:
    """Return by which name nbgrader knows a cell; if an editor lost it, the cell's own id."""
    about = cell.metadata.get("nbgrader")
    key = about.get("grade_id") if isinstance(about, dict) else cell.get("id")
    return key if isinstance(key, str) and isinstance(cell.source, str) else None


def harmless(text: str) -> str:
    """Take out of a written answer what a page, nbgrader's too, would act upon."""
    return ACTIVE.sub("", TAG.sub("&lt;", text[:LONGEST_ANSWER]))
