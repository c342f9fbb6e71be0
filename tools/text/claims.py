"""Do the verdicts on the claims rest on what the chapters show?

A number in an entry of ``lrcourse/book/claims.json`` must be printed by a cell that the entry
names, its sign left to the words; or be a setting of that chapter, or a figure of the source.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from lrcourse.language import LANGUAGES
from tools.text.findings import Finding
from tools.text.numerals import Number, agrees
from tools.text.pages import short, stored
from tools.text.prose import mentions
from tools.text.prose_numbers import Ground, leaves
from tools.text.words import other


def check(root: Path) -> list[Finding]:
    """Find what is wrong with the claims.

    Parameters
    ----------
    root : Path
        The repository: its ``lrcourse/book/claims.json`` and its ``chapters``.
    """
    path, sources = (
        root / "lrcourse" / "book" / "claims.json",
        root / "lrcourse" / "book" / "sources.json",
    )
    if not path.exists():
        return []
    figures = json.loads(sources.read_text(encoding="utf-8"))
    findings = []
    for source, entries in json.loads(path.read_text(encoding="utf-8")).items():
        quoted = list(leaves(figures.get(source, {})))
        for entry in entries:
            name = f"{entry['item']} ({entry['says']['en']})"
            texts = list(differences(entry))
            for language in LANGUAGES:
                shown = [
                    (root / "chapters" / language / f"{chapter}.ipynb", cell)
                    for chapter, cell in entry["shown"]
                ]
                if not shown or not all(page.exists() for page, _ in shown):
                    texts.append("names no chapter, or one that is not there")
                    continue
                grounds = [Ground(stored(page), sources, cell) for page, cell in shown]
                texts += [
                    f"{short(page)} has no cell {cell}"
                    for page, cell in shown
                    if cell not in {each.id for each in stored(page).cells}
                ]
                texts += [
                    f"{number.text.strip()}: not in its cells, nor its source ({language})"
                    for number in stated(entry, language)
                    if not any(ground.justify(number) for ground in grounds)
                    and not any(agrees(number, figure) for figure in quoted)
                ]
            findings += [Finding(short(path), text, name) for text in texts]
    return findings


def differences(entry: dict) -> Iterator[str]:
    """Say which numbers of a claim only one language has."""
    for part in ("says", "evidence"):
        if text := other(*(entry[part][each] for each in LANGUAGES), units=()):
            yield text


def stated(entry: dict, language: str) -> list[Number]:
    """Return the quantities that a claim and its evidence state."""
    texts = (entry["says"][language], entry["evidence"][language])
    return [each.number for text in texts for each in mentions(text) if each.claim]
