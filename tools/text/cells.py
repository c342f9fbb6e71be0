"""Does a number that is a link stand in the output of the cell that it links to?

A measured number in prose links to the cell that printed it, as JupyterLab follows it::

    [0.1668](#cell-id=raise-numbers)
    [0.17](02-four-scenarios.ipynb#cell-id=early)
    [0.2932 and 0.05138](#cell-id=floors "floor by the formula")

The title, which readers see when they point at the number, says which of the cell's numbers it is:
the names of its row and column, with a semicolon between them, or ``#3`` for the third of all.
"""

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from nbformat import NotebookNode

from tools.text.numerals import Number, agrees, in_text
from tools.text.pages import grid, output_texts, stored
from tools.text.prose import Link, Mention, mentions

TARGET = re.compile(r"(?P<page>[^#/]+\.ipynb)?#cell-id=(?P<cell>[\w-]+)")


def target(mention: Mention) -> tuple[str, str] | None:
    """Return the page (empty for its own) and the cell that a number links to, if it does."""
    found = mention.link and TARGET.fullmatch(mention.link.target)
    return (found["page"] or "", found["cell"]) if found else None


def linked(source: str) -> list[tuple[Link, list[Mention]]]:
    """Return the links to cells in a page's Markdown, each with the numbers that it holds."""
    tied = [mention for mention in mentions(source) if mention.claim and target(mention)]
    return [(link, list(some)) for link, some in groupby(tied, key=lambda mention: mention.link)]


def complaints(source: str, path: Path) -> Iterator[str]:
    """Say what is wrong with the numbers that a page's Markdown ties to cells."""
    links = linked(source)
    for link, tied in links:
        page, name = target(tied[0])
        file = path.parent / page if page else path
        found = [cell for cell in stored(file).cells if cell.id == name] if file.exists() else []
        written = [mention.number for mention in tied]
        text = ", ".join(number.text.strip() for number in written)
        if not found:
            yield f"{text}: there is no cell {name} in {file.name}"
        elif not link.title and sum(other.target == link.target for other, _ in links) > 1:
            yield (
                f"{text}: other numbers here are of cell {name}, too; "
                f'say in the title which this is: "row; column" or "#3"'
            )
        elif not stands(written, shown := candidates(found[0], link.title), bool(link.title)):
            there = ", ".join(number.text.strip() for number in shown[:8]) or "nothing"
            place = f'under "{link.title}"' if link.title else "in order"
            yield f"{text}: cell {name} shows {there} {place}"


def candidates(cell: NotebookNode, title: str = "") -> list[Number]:
    """Return the numbers of a cell's outputs that a link's title can mean."""
    if title and not title.startswith("#"):
        parts = [part.strip() for part in re.split("[;；]", title)]
        return [
            number
            for row in grid(cell)
            for column, text in row
            if text not in parts
            and all(part == column or part in [words for _, words in row] for part in parts)
            for number in in_text(text)
        ]
    numbers = [number for text in output_texts(cell) for number in in_text(text)]
    return numbers[int(title[1:]) - 1 :][:1] if title else numbers


def stands(written: list[Number], shown: list[Number], exact: bool) -> bool:
    """Say whether numbers stand in an output, in their order; an `exact` one is all that does."""
    if len(written) == 1 and exact:
        return bool(shown) and all(agrees(written[0], number) for number in shown)
    rest = iter(shown)
    return all(any(agrees(number, other) for other in rest) for number in written)
