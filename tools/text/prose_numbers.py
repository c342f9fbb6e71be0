"""Does every number in the prose agree with something?

A measured number is a link to the cell that printed it (see `cells`). Any other number is a
setting in the notebook's code, quoted exactly; a figure of a source that the notebook cites,
from ``lrcourse/book/sources.json``; or the result of a calculation in numbers, which is done
again. In a notebook without such links an output anywhere in it will do.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

from nbformat import NotebookNode

from lrcourse.language import LANGUAGES
from tools.text import cells
from tools.text.findings import Finding
from tools.text.numerals import Number, agrees, in_text
from tools.text.pages import output_texts, short, stored
from tools.text.prose import Mention, citations, mentions
from tools.text.syntax import tree

# A string is a setting if it is nothing but numbers, options and name=value.
SETTING = re.compile(r"(?:--?[A-Za-z][\w-]*=?|[A-Za-z_]\w*=)?[-+0-9.eE:]*")

LEVEL = [(in_text("95%")[0], "the level of every interval")]


def check(chapters: Path, sources: Path) -> list[Finding]:
    """Find the numbers in the notebooks' prose that nothing justifies.

    Parameters
    ----------
    chapters : Path
        The folder that holds ``en`` and ``zh``.
    sources : Path
        The file of the sources' figures.
    """
    findings = []
    for language in LANGUAGES:
        for path in sorted((chapters / language).glob("*.ipynb")):
            ground = Ground(stored(path), sources)
            for cell in ground.prose:
                texts = list(cells.complaints(cell.source, path))
                texts += [
                    complaint(mention, cell.source, ground)
                    for mention in mentions(cell.source)
                    if mention.claim and not ground.reason(mention, cell.source)
                ]
                findings += [Finding(short(path), text, cell.id) for text in texts]
    return findings


def check_exercises(source: Path, chapters: Path, sources: Path) -> list[Finding]:
    """Find the numbers in the texts of assignments that are settings of neither code nor chapter.

    Fields are filled in by a program, and how many minutes it takes nobody can check.
    """
    findings = []
    for path in sorted(source.glob("*/*/*.ipynb")):
        chapter = chapters / path.relative_to(source).parts[0] / path.name
        grounds = [Ground(stored(page), sources) for page in (path, chapter) if page.exists()]
        for cell in grounds[0].prose:
            text = re.sub(r"\{\{.*?\}\}|\d+ (?:minutes|分钟)", " ", cell.source)
            findings += [
                Finding(short(path), complaint(mention, text, grounds[0]), cell.id)
                for mention in mentions(text)
                if mention.claim and not any(g.justify(mention.number, True) for g in grounds)
            ]
    return findings


class Ground:
    """What the numbers in one notebook's prose, or in a claim on one cell, may rest on.

    Attributes
    ----------
    prose : list of NotebookNode
        The Markdown cells.
    outputs, settings, figures : list of (Number, str)
        Numbers and where each stands.
    tied : bool
        Whether its measured numbers are links to cells.
    """

    def __init__(self, notebook: NotebookNode, sources: Path, only: str | None = None) -> None:
        self.prose = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
        self.tied = any(cells.linked(cell.source) for cell in self.prose)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        self.outputs = [
            (number, f"output of {cell.id}")
            for cell in code
            if only in (None, cell.id)
            for text in output_texts(cell)
            for number in in_text(text)
        ]
        if only:  # "worse by 0.01" of an output of -0.01
            self.outputs += [
                (replace(number, value=abs(number.value)), at) for number, at in self.outputs
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

    def reason(self, mention: Mention, source: str) -> str | None:
        """Return what a number in a text rests on, or None."""
        if link := cells.target(mention):
            return f"link to {link[1]}"
        return self.justify(mention.number, self.tied) or (
            "calculation" if mention.number.amount in results(source) else None
        )

    def justify(self, number: Number, tied: bool = False) -> str | None:
        """Return what a number rests on, or None; where numbers are `tied`, on no output."""
        for shown, where in () if tied else self.outputs + self.figures:
            if agrees(number, shown):
                return f"{where}: {shown.text}"
        for setting, where in self.settings + self.figures + LEVEL:
            # What is known exactly is quoted, never rounded.
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
        f"{number.text.strip()}: no {'link' if ground.tied else 'output'}, setting or cited figure "
        "agrees"
        + (f"; nearest output {near.text.strip()}" if near else "")
        + f" (line {mention.line}: {line[at : at + 80]})"
    )


def explain(path: Path, sources: Path) -> Iterator[str]:
    """Tell, for a reviewer, what each number in a notebook's prose rests on."""
    ground = Ground(stored(path), sources)
    for cell in ground.prose:
        for mention in mentions(cell.source):
            reason = ground.reason(mention, cell.source) if mention.claim else "no claim"
            yield f"{cell.id}:{mention.line}\t{mention.number.text.strip()}\t{reason or 'NOTHING'}"


CALCULATION = re.compile(
    r"(?P<terms>[\d.]+(?:\s*(?:[-+*/×·÷−]|\\times|\\cdot)\s*[\d.]+)+)\s*=\s*(?P<result>[\d.]*\d)"
)


@cache
def results(source: str) -> set[Decimal]:
    """Return the right results of the calculations in a text, such as 10 + 5 = 15."""
    right = set()
    for found in CALCULATION.finditer(source):
        terms = re.sub(r"\\times|\\cdot|[×·]", "*", found["terms"]).replace("÷", "/")
        try:
            value = eval(terms.replace("−", "-"), {"__builtins__": {}})  # digits and signs alone
        except (SyntaxError, ZeroDivisionError):
            continue
        if agrees(result := in_text(found["result"])[0], in_text(repr(value))[0]):
            right.add(result.amount)
    return right


@cache
def literals(source: str) -> list[Number]:
    """Return the numbers that a cell's code sets: literals, and strings such as "0.01,0.1"."""
    nodes = (
        node for node in ast.walk(tree(source)) if isinstance(node, ast.UnaryOp | ast.Constant)
    )
    return [number for node in nodes for number in in_text(_literal(node))]


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
