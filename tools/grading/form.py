"""Is each assignment what an instructor expects of it?"""

import re
from collections import Counter
from pathlib import Path

from nbformat import NotebookNode

from lrcourse.language import LANGUAGES
from tools.grading import assignments
from tools.text.findings import Finding
from tools.text.pages import short, stored

FIELD = re.compile(r"\{\{.*?\}\}")
REGIONS = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
NEEDED = {
    "setup": "a locked cell that chooses the language",
    assignments.CONSTANTS: "a locked cell with the numbers of the class",
}


def check(root: Path) -> list[Finding]:
    """Find what is wrong with the form of the assignments."""
    source = root / "exercises" / "source"
    findings = []
    for name in assignments.names(source):
        companion = source / f"{name}.py"
        if not companion.exists():
            findings.append(Finding(short(companion), "missing: it draws a class's numbers"))
        fields = {}
        for language in LANGUAGES:
            path = assignments.path(name, language, source)
            if path.exists():
                notebook = stored(path)
                findings += [Finding(short(path), text, cell) for text, cell in _form(notebook)]
                fields[language] = {
                    cell.id: Counter(FIELD.findall(cell.source)) for cell in notebook.cells
                }
        for cell in fields.get("en", {}).keys() & fields.get("zh", {}).keys():
            if fields["en"][cell] != fields["zh"][cell]:
                findings.append(
                    Finding(short(path), "its {{ fields }} differ from the English ones", cell)
                )
    return findings


def _form(notebook: NotebookNode) -> list[tuple[str, str | None]]:
    """Return complaints, each with the cell that it is about."""
    cells = {cell.id: cell for cell in notebook.cells}
    said = [
        (f"there must be {what}", name)
        for name, what in NEEDED.items()
        if name not in cells or not assignments.is_locked(cells[name])
    ]
    by_hand = [cell for cell in notebook.cells if _is_answer(cell)]
    if not by_hand:
        said.append(("there must be a question that a person grades", None))
    if by_hand and not any("BEGIN MARK SCHEME" in cell.source for cell in notebook.cells):
        said.append(("there must be a rubric (=== BEGIN MARK SCHEME === ...)", by_hand[0].id))
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader")
        if about and about.get("grade_id") != cell.id:
            said.append(("its nbgrader id must be its cell id; run: make tidy", cell.id))
        for region in REGIONS:
            begins, ends = (cell.source.count(f"{word} {region}") for word in ("BEGIN", "END"))
            if begins != ends:
                said.append((f"BEGIN {region} without its END, or the other way round", cell.id))
            if begins and not _may_hide(cell, region):
                said.append((f"a cell of this kind cannot have a region {region}", cell.id))
        solution = cell.cell_type == "code" and about and about.get("solution")
        if solution and "BEGIN SOLUTION" not in cell.source:
            said.append(("a solution without its region SOLUTION", cell.id))
        if cell.cell_type == "code" and "input(" in cell.source:
            said.append(("nobody can answer input() while it is graded", cell.id))
    return said


def _is_answer(cell: NotebookNode) -> bool:
    about = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "markdown" and bool(about.get("grade") and about.get("solution"))


def _may_hide(cell: NotebookNode, region: str) -> bool:
    about = cell.metadata.get("nbgrader", {})
    if region == "SOLUTION":
        return bool(about.get("solution"))
    if region == "HIDDEN TESTS":
        return assignments.is_test(cell)
    return cell.cell_type == "markdown" and assignments.is_locked(cell)
