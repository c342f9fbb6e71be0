"""Every item of the sources is in the course, and every claim has a verdict that one can check."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from lrcourse.book.claims import SOURCES, VERDICTS, claims, verdicts
from tools.text import claims as check_claims

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = ROOT / "chapters"
CLAIMS = [claim for source in SOURCES for claim in claims(source)]

# Where each item of the sources stands, and each remark on what is wrong or fragile in it:
# the chapter, and words or a number of it. Claims with a verdict are in chapter 12 as well.
PLACES = json.loads((Path(__file__).parents[1] / "sources_in_chapters.json").read_text("utf-8"))
ITEMS = [f"{part}{n}" for part in "ABCD" for n in range(1, 11 if part == "A" else 6)]
ITEMS += [f"E{n}" for n in range(5)]


def text(chapter):
    """Everything that an English chapter says and shows."""
    found = []
    for cell in nbformat.read(CHAPTERS / "en" / f"{chapter}.ipynb", 4).cells:
        found.append(cell.source)
        for output in cell.get("outputs", []):
            found += [output.get("text", ""), output.get("data", {}).get("text/plain", "")]
    return " ".join(" ".join(found).split())


def test_each_item_of_the_sources_is_found_in_a_chapter_and_none_is_left_out():
    said = {chapter: text(chapter) for chapter in {place["chapter"] for place in PLACES}}
    missing = [place for place in PLACES if place["words"] not in said[place["chapter"]]]
    assert missing == []
    assert {place["item"] for place in PLACES} == set(ITEMS)


def test_each_claim_has_a_verdict_and_its_evidence_and_the_table_counts_it():
    for claim in CLAIMS:
        assert claim.verdict in VERDICTS and claim.item in ITEMS and claim.shown, claim
        assert all(
            re.search("[\u4e00-\u9fff]", each["zh"]) for each in (claim.says, claim.evidence)
        )
    assert sum(sum(row[1:]) for row in verdicts().rows) == len(CLAIMS)


def test_a_claim_links_to_its_cells_and_is_in_the_readers_language(language):
    html = BeautifulSoup(claims("aiedu")._repr_html_(), "html.parser")
    first = claims("aiedu")[0]
    assert first.evidence[language] in html.dd.get_text()
    assert html.a["href"] == "08-learning-rate-table.ipynb#cell-id=four-curves"
    assert html.a.get_text() == {"en": "chapter 8", "zh": "第 8 章"}[language]
    assert first.says[language] in repr(claims("aiedu"))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("0.03706", "0.03707"), "0.03707: not in its chapters"),
        (('"en": "In 500 epochs', '"en": "In 501 epochs'), "numbers differ in the claim"),
        (('"epochs"]', '"years"]'), "has no cell years"),
        (('["08-learning-rate-table", "epochs"]', '["80-table", "epochs"]'), "not there"),
    ],
)
def test_a_number_a_cell_or_a_chapter_that_is_not_there_is_found(tmp_path, change, complaint):
    book = Path("lrcourse", "book")
    (tmp_path / book).mkdir(parents=True)
    (tmp_path / "chapters").symlink_to(CHAPTERS)
    for name in ("claims.json", "sources.json"):
        before = (ROOT / book / name).read_text("utf-8")
        (tmp_path / book / name).write_text(before.replace(*change), encoding="utf-8")
    assert any(complaint in str(finding) for finding in check_claims.check(tmp_path))
