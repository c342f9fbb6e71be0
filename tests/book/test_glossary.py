"""The glossary names in both languages what the chapters use in both languages."""

from pathlib import Path

import nbformat
import pytest
import yaml

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
TERMS = [
    term
    for group in yaml.safe_load((CHAPTERS / "glossary.yml").read_text(encoding="utf-8")).values()
    for term in group
]


def words(language, chapter):
    """Return everything that a chapter says, in small letters."""
    notebook = nbformat.read(CHAPTERS / language / f"{chapter}.ipynb", 4)
    return " ".join(cell.source for cell in notebook.cells).lower()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("term", TERMS, ids=lambda term: term["en"])
def test_the_chapter_that_a_term_points_to_uses_it(term, language):
    assert term[language].lower() in words(language, term["chapter"])
    assert term["means"][language].strip()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_term_stands_there_twice(language):
    names = [term[language].lower() for term in TERMS]
    assert len(set(names)) == len(names)
