"""The glossary names in both languages what the chapters use in both languages."""

from pathlib import Path

import nbformat
import pytest
import yaml

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
GROUPS = yaml.safe_load((CHAPTERS / "glossary.yml").read_text("utf-8")).values()
TERMS = [term for group in GROUPS for term in group]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_chapter_that_a_term_points_to_uses_it_and_no_term_stands_there_twice(language):
    names = [term[language].lower() for term in TERMS]
    assert len(set(names)) == len(names)
    said = {
        path.stem: " ".join(cell.source for cell in nbformat.read(path, 4).cells).lower()
        for path in (CHAPTERS / language).glob("*.ipynb")
    }
    for name, term in zip(names, TERMS, strict=True):
        assert name in said[term["chapter"]], name
        assert term["means"][language].strip(), name
