"""Does every translated paragraph follow the paragraph that it translates?

A Chinese Markdown cell remembers, in its metadata, the English source that it
was accepted against and its own source::

    "translation": {"follows": "0c1d…", "text": "9f2e…"}

each as the first twelve digits of its SHA-256, and, if they spell out other numbers and yet say
the same, what then differs (``"words": "4 only in Chinese"``). A page that is no notebook has
no metadata; its record is its last line, a comment that neither GitHub nor
the book shows::

    <!-- translation follows 0c1d… text 9f2e… -->

In an assignment a code cell has sentences too: comments, docstrings and the messages
of its tests. They are followed in the same way.
"""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml
from nbformat import NotebookNode

from tools.text import cells as tied
from tools.text.canonical import canonical, write
from tools.text.findings import Finding
from tools.text.pages import pairs, read, short, stored
from tools.text.prose import mentions
from tools.text.syntax import sentences
from tools.text.words import UNITS, amounts, difference, other

RECORD = re.compile(
    r"\n*<!-- translation follows (?P<follows>[0-9a-f]{12}) text (?P<text>[0-9a-f]{12})"
    r"(?: words (?P<words>[^>]*))? -->\s*\Z"
)


@dataclass(frozen=True)
class Paragraph:
    """A cell, or a whole page, in both languages, with its translation's record."""

    path: Path
    cell: str | None
    english: str
    chinese: str
    record: dict[str, str]


def check(chapters: Path, exercises: bool = False) -> list[Finding]:
    """Find the paragraphs whose translation fell behind or says other numbers."""
    findings = []
    for paragraph in paragraphs(chapters, exercises):
        for text in (state(paragraph), numbers(paragraph), words(paragraph)):
            if text:
                findings.append(Finding(short(paragraph.path), text, paragraph.cell))
    return findings


def without_record(root: Path) -> list[Finding]:
    """Find the numbers and units that differ in texts whose translation has no record.

    README and CONTRIBUTING, block by block, and the terms of the glossary.
    """
    findings = []
    for english in (root / "README.md", root / ".github" / "CONTRIBUTING.md"):
        chinese = english.with_suffix(".zh.md")
        if not (english.exists() and chinese.exists()):
            continue
        blocks = [path.read_text(encoding="utf-8").split("\n\n") for path in (english, chinese)]
        if len(blocks[0]) != len(blocks[1]):
            text = f"{len(blocks[1])} paragraphs, in English {len(blocks[0])}"
            findings.append(Finding(short(chinese), text))
            continue
        findings += [
            Finding(short(chinese), f"{text} ({ours.strip()[:40]} …)")
            for ours, theirs in zip(*blocks, strict=True)
            if (text := other(ours, theirs, units=("hours", "minutes")))
        ]
    glossary = root / "chapters" / "glossary.yml"
    terms = yaml.safe_load(glossary.read_text(encoding="utf-8")) if glossary.exists() else {}
    return findings + [
        Finding(short(glossary), text, term["en"])
        for group in terms.values()
        for term in group
        if (text := other(term["means"]["en"], term["means"]["zh"]))
    ]


def paragraphs(chapters: Path, exercises: bool = False) -> list[Paragraph]:
    """Return what has two languages: Markdown cells, and pages that are no notebooks.

    Of `exercises` also the sentences in the code.
    """
    found = []
    for english, chinese in pairs(chapters):
        if english.suffix == ".ipynb":
            originals = {cell.id: cell for cell in stored(english).cells}
            found += [
                Paragraph(chinese, cell.id, *texts, dict(cell.metadata.get("translation", {})))
                for cell in stored(chinese).cells
                if cell.id in originals
                and (cell.cell_type == "markdown" or exercises)
                and any(texts := [_text(some) for some in (originals[cell.id], cell)])
                and (cell.cell_type == "markdown" or texts[0] != texts[1])
            ]
        else:
            text = chinese.read_text(encoding="utf-8")
            record = RECORD.search(text)
            found.append(
                Paragraph(
                    path=chinese,
                    cell=None,
                    english=english.read_text(encoding="utf-8"),
                    chinese=RECORD.sub("", text).rstrip() + "\n",
                    record={k: v for k, v in record.groupdict().items() if v} if record else {},
                )
            )
    return found


def _text(cell: NotebookNode) -> str:
    """Return what is translated of a cell."""
    return cell.source if cell.cell_type == "markdown" else "\n".join(sentences(cell.source))


def fingerprint(source: str) -> str:
    """Return the digits by which a source is recognised."""
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def record_of(paragraph: Paragraph) -> dict[str, str]:
    """Return the record that a reviewed translation gets."""
    record = {
        "follows": fingerprint(paragraph.english),
        "text": fingerprint(paragraph.chinese),
    }
    differs = difference(paragraph.english, paragraph.chinese, UNITS if paragraph.cell else ())
    return record | {"words": differs} if differs else record


def state(paragraph: Paragraph) -> str:
    """Say which side of a translation changed since it was accepted, if one did."""
    command = _command(paragraph)
    if not paragraph.record:
        return f"this translation was never accepted; review it, then: {command}"
    now = record_of(paragraph)
    changed = [
        language
        for language, key in (("English", "follows"), ("Chinese", "text"))
        if paragraph.record.get(key) != now[key]
    ]
    if not changed:
        return ""
    verb = "changed" if len(changed) == 1 else "both changed"
    return (
        f"{' and '.join(changed)} {verb} since the translation was accepted; "
        f"bring them together, then: {command}"
    )


def _command(paragraph: Paragraph) -> str:
    folder = "exercises/" if "exercises" in paragraph.path.parts else ""
    command = f"make accept PAGE={folder}{paragraph.path.stem}"
    return command + (f" CELL={paragraph.cell}" if paragraph.cell else "")


def words(paragraph: Paragraph) -> str:
    """Say which numbers in words, or units, only one language of a paragraph has."""
    differs = difference(paragraph.english, paragraph.chinese, UNITS if paragraph.cell else ())
    if differs == paragraph.record.get("words", ""):
        return ""
    return (
        f"other words for numbers or units: {differs or 'none any more'}; "
        f"mend it or, if both say the same: {_command(paragraph)} WORDS=differ"
    )


def numbers(paragraph: Paragraph) -> str:
    """Say which numbers only one language of a paragraph has, or links to another cell."""
    english, chinese = (mentions(source) for source in (paragraph.english, paragraph.chinese))
    found = (Counter(some.number.amount for some in side) for side in (english, chinese))
    ties = (
        Counter((tied.target(some), some.number.amount) for some in side if tied.target(some))
        for side in (english, chinese)
    )
    return amounts(*found, "in the text") or (
        "" if next(ties) == next(ties) else "the languages link their numbers to different cells"
    )


def accept(
    chapters: Path,
    page: str,
    cell: str | None = None,
    exercises: bool = False,
    differ: bool = False,
) -> tuple[list[str], list[Finding]]:
    """Record that a page's translation, or one cell's, has been reviewed.

    Parameters
    ----------
    chapters : Path
    page : str
        The file's name, with or without its ending.
    cell : str, optional
        The cell's id; by default every cell of the page.
    exercises : bool
    differ : bool
        Whether numbers in words, and units, may differ.

    Returns
    -------
    list of str
        What was accepted.
    list of Finding
        What was refused, because numbers or words differ; nothing is then written.

    Raises
    ------
    ValueError
        When there is no such page or cell.
    """
    name = Path(page).name.removesuffix(".ipynb").removesuffix(".md")
    of_page = [some for some in paragraphs(chapters, exercises) if some.path.stem == name]
    chosen = [some for some in of_page if cell in (None, some.cell)]
    if not chosen:
        what = f"no cell {cell} in text of page {name}" if of_page else f"no page {name}"
        raise ValueError(f"{what} that exists in both languages")
    refused = [
        Finding(short(some.path), text, some.cell)
        for some in chosen
        if (text := numbers(some) or ("" if differ else words(some)))
    ]
    pending = [some for some in chosen if some.record != record_of(some)]
    if refused or not pending:
        return [], refused
    path = pending[0].path
    if path.suffix == ".md":
        record = " ".join(f"{key} {value}" for key, value in record_of(pending[0]).items())
        comment = f"<!-- translation {record} -->"
        write(path, f"{pending[0].chinese.rstrip()}\n\n{comment}\n")
    else:
        notebook = read(path)
        records = {some.cell: record_of(some) for some in pending}
        for translated in notebook.cells:
            if translated.id in records:
                translated.metadata["translation"] = records[translated.id]
        write(path, canonical(notebook))
    return [f"{short(path)}{f', cell {some.cell}' if some.cell else ''}" for some in pending], []
