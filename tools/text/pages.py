"""The course's pages, each in two languages."""

import re
from functools import cache
from itertools import zip_longest
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup
from nbformat import NotebookNode


def files(chapters: Path, language: str) -> list[Path]:
    """Return the pages of one language, those in folders of their own included."""
    return sorted(
        path for path in (chapters / language).rglob("*.*") if path.suffix in (".ipynb", ".md")
    )


def pairs(chapters: Path) -> list[tuple[Path, Path]]:
    """Return the pages that exist in both languages, as (English, Chinese)."""
    return [
        (english, chinese)
        for english in files(chapters, "en")
        if (chinese := chapters / "zh" / english.relative_to(chapters / "en")).exists()
    ]


def notebook_pairs(chapters: Path) -> list[tuple[Path, Path]]:
    """Return the notebooks that exist in both languages, as (English, Chinese)."""
    return [pair for pair in pairs(chapters) if pair[0].suffix == ".ipynb"]


def read(path: Path) -> NotebookNode:
    """Read a notebook."""
    return nbformat.read(path, as_version=4)


def stored(path: Path) -> NotebookNode:
    """Return a notebook to look at and not to change: each version is read once."""
    return _stored(path, path.stat().st_mtime_ns, path.stat().st_size)


@cache
def _stored(path: Path, *version: int) -> NotebookNode:
    return read(path)


def short(path: Path) -> Path:
    """Return a path as it is printed: relative to the current folder where it can be."""
    here = Path.cwd()
    return path.resolve().relative_to(here) if path.resolve().is_relative_to(here) else path


def output_texts(cell: NotebookNode) -> list[str]:
    """Return what a code cell's outputs say in words and numbers.

    A table counts once, as HTML where it has HTML; of a picture, the text
    ``<Figure size 640x480 ...>`` that stands for it says nothing.
    """
    texts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if output.get("name") == "stdout":
            texts.append(output.text)
        elif "text/html" in data:
            texts.append(_words(data["text/html"]))
        elif "text/markdown" in data:
            texts.append(data["text/markdown"])
        elif not any(kind.startswith("image/") for kind in data):
            texts.append(data.get("text/plain", ""))
    return [without_colours(text) for text in texts]


def grid(cell: NotebookNode) -> list[list[tuple[str, str]]]:
    """Return the rows that a code cell's outputs show: for each text its column's name and itself.

    A row of a table; or a printed line, whose words are the texts and whose columns have no names.
    """
    rows = []
    for output in cell.get("outputs", []):
        if "text/html" in output.get("data", {}):
            rows += _table(output.data["text/html"])
        else:
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            rows += [
                [("", word.strip("()[],;:，：；")) for word in line.split()]
                for line in text.splitlines()
            ]
    return rows


@cache
def _table(html: str) -> list[list[tuple[str, str]]]:
    rows, names = [], []
    for row in BeautifulSoup(html, "html.parser")("tr"):
        texts = [" ".join(cell.get_text(" ").split()) for cell in row(["th", "td"])]
        if row.td:
            rows.append(list(zip_longest(names, texts, fillvalue="")))
        else:
            names = texts
    return rows


@cache
def _words(html: str) -> str:
    soup = BeautifulSoup(html, "html.parser")
    for unread in soup(["script", "style"]):
        unread.decompose()
    return soup.get_text(" ")


def without_colours(text: str) -> str:
    """Remove a terminal's escape codes."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
