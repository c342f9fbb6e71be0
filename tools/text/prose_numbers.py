"""Does every number in the prose agree with something?

A number in a notebook's text is justified by an output of that notebook, by a
setting in its code, or by a figure of a source that the notebook cites, which
stands in ``lrcourse/book/sources.json``.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from lrcourse.language import LANGUAGES
from tools.text.findings import Finding
from tools.text.numerals import Number, agrees, in_text
from tools.text.pages import output_texts, read, short
from tools.text.prose import Mention, citations, mentions
from tools.text.syntax import tree

# A string is a setting if it is nothing but numbers, options and name=value.
SETTING = re.compile(r"(?:--?[A-Za-z][\w-]*=?|[A-Za-z_]\w*=)?[-+0-9.eE:]*")


def check(chapters: Path, sources: Path) -> list[Finding]:
    """Find the numbers in the notebooks' prose that nothing justifies.

    Parameters
    ----------
    chapters : Path
        The folder that holds ``en`` and ``zh``.
    sources : Path
        The file of the sources' figures.
    """
    return [
        Finding(short(path), complaint(mention, cell.source, ground), cell.id)
        for language in LANGUAGES
        for path in sorted((chapters / language).glob("*.ipynb"))
        for ground in [Ground(read(path), sources)]
        for cell in ground.prose
        for mention in mentions(cell.source)
        if mention.claim and ground.justify(mention.number) is None
    ]


class Ground:
    """What the numbers in one notebook's prose may rest on.

    Attributes
    ----------
    prose : list of NotebookNode
        The Markdown cells.
    outputs, settings, figures : list of (Number, str)
        Numbers and where each stands.
    """

    def __init__(self, notebook: NotebookNode, sources: Path) -> None:
        self.prose = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        self.outputs = [
            (number, f"output of {cell.id}")
            for cell in code
            for text in output_texts(cell)
            for number in in_text(text)
        ]
        self.settings = [
            (number, f"code of {cell.id}") for cell in code for number in literals(cell.source)
        ]
        cited = set().union(*(citations(cell.source) for cell in self.prose))
        figures = json.loads(sources.read_text(encoding="utf-8")) if sources.exists() else {}
        self.figures = [
            (number, f"figure of {key}")
            for key in sorted(cited & figures.keys())
            for number in leaves(figures[key])
        ]

    def justify(self, number: Number) -> str | None:
        """Return what a number rests on, or None."""
        for shown, where in self.outputs + self.figures:
            if agrees(number, shown):
                return f"{where}: {shown.text}"
        for setting, where in self.settings:
            # A setting is known exactly: it is quoted, never rounded.
            if number.amount == setting.amount or number.value == setting.value:
                return f"{where}: {setting.text}"
        return None

    def nearest(self, number: Number) -> Number | None:
        """Return the output closest to a number, if one is close."""
        shown = [some for some, _ in self.outputs]
        close = min(shown, key=lambda some: abs(some.amount - number.amount), default=None)
        if close and abs(close.amount - number.amount) <= abs(number.amount) / 5:
            return close
        return None


def complaint(mention: Mention, source: str, ground: Ground) -> str:
    """Say of a number that nothing justifies it, and what comes closest."""
    number = mention.number
    near = ground.nearest(number)
    line = source.splitlines()[mention.line - 1].strip()
    at = max(line.find(number.text.strip()) - 30, 0)
    return (
        f"{number.text.strip()}: no output, setting or cited figure agrees"
        + (f"; nearest output {near.text.strip()}" if near else "")
        + f" (line {mention.line}: {line[at : at + 80]})"
    )


def explain(path: Path, sources: Path) -> Iterator[str]:
    """Tell, for a reviewer, what each number in a notebook's prose rests on."""
    ground = Ground(read(path), sources)
    for cell in ground.prose:
        for mention in mentions(cell.source):
            reason = ground.justify(mention.number) if mention.claim else "no claim"
            yield f"{cell.id}:{mention.line}\t{mention.number.text.strip()}\t{reason or 'NOTHING'}"


def literals(source: str) -> Iterator[Number]:
    """Yield the numbers that a cell's code sets: literals, and strings such as "0.01,0.1"."""
    for node in ast.walk(tree(source)):
        if isinstance(node, ast.UnaryOp | ast.Constant):
            yield from in_text(_literal(node))


def _literal(node: ast.expr) -> str:
    """Return the code of a number (``-3`` too) or the words of a setting, else nothing."""
    match node:
        case ast.Constant(bool()):
            return ""
        case ast.Constant(int() | float() as value):
            return repr(value)
        case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as value)):
            return f"-{value!r}"
        case ast.Constant(str() as value):
            words = [word for word in re.split(r"[\s,;()\[\]]+", node.value) if word]
            return " ".join(words) if all(SETTING.fullmatch(word) for word in words) else ""
    return ""


def leaves(figures: object) -> Iterator[Number]:
    """Yield the numbers anywhere in a source's figures."""
    if isinstance(figures, dict):
        for value in figures.values():
            yield from leaves(value)
    elif isinstance(figures, list):
        for value in figures:
            yield from leaves(value)
    elif isinstance(figures, str):
        yield from in_text(figures)
    elif isinstance(figures, int | float) and not isinstance(figures, bool):
        yield from in_text(repr(figures))
