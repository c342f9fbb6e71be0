"""A wrong digit anywhere in the chapters' prose would be noticed: each is tried.

The marks that only say "this paragraph changed" are left out of account here:
the numbers themselves have to give the change away.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from small_course import build

from pages import LANGUAGES, notebook_pairs, read
from prose import mentions
from prose_numbers import Ground
from translations import Paragraph, numbers, paragraphs

ROOT = Path(__file__).resolve().parent.parent
PAGES = [pair[0].stem for pair in notebook_pairs(ROOT / "chapters")]
# Of the digits that change alike in both languages, the share that the outputs, settings and
# cited figures alone give away. The rest happen to agree with another number of the page.
FLOOR = 0.7


def one_digit_changed(source: str) -> Iterator[str]:
    """Yield the source with each digit of each of its numbers changed, one at a time."""
    before = said(source)
    for i, character in enumerate(source):
        if character.isdecimal():
            other = str((int(character) + 1 + i % 8) % 10)
            changed = source[:i] + other + source[i + 1 :]
            if said(changed) != before:
                yield changed


def said(source: str) -> list:
    return [mention.number.amount for mention in mentions(source)]


def unjustified(ground: Ground, before: str, after: str) -> bool | None:
    """Say whether the changed number rests on nothing; None if it claims nothing."""
    old, new = (
        Counter(mention.number for mention in mentions(source) if mention.claim)
        for source in (before, after)
    )
    changed = {replace(number, start=0) for number in new} - {
        replace(number, start=0) for number in old
    }
    return any(ground.justify(number) is None for number in changed) if changed else None


def survey(root: Path, page: str) -> tuple[list[str], list[bool]]:
    """Try every change of a page: the one-sided ones missed, and whether each two-sided is found.

    Returns
    -------
    missed : list of str
        One-sided changes that neither comparison of the languages nor the
        outputs give away.
    found : list of bool
        For each change of a claim, whether the outputs alone give it away.
    """
    missed, found = [], []
    sources = root / "lrcourse" / "sources.json"
    grounds = {
        language: Ground(read(root / "chapters" / language / f"{page}.ipynb"), sources)
        for language in LANGUAGES
    }
    for paragraph in paragraphs(root / "chapters"):
        if paragraph.path.stem != page:
            continue
        for language, side in (("en", "english"), ("zh", "chinese")):
            source = getattr(paragraph, side)
            for changed in one_digit_changed(source):
                alone = unjustified(grounds[language], source, changed)
                if alone is not None:
                    found.append(alone)
                if not alone and not numbers(replace(paragraph, **{side: changed})):
                    missed.append(f"{language} {paragraph.cell}: {changed}")
    return missed, found


@pytest.mark.parametrize("page", PAGES)
def test_every_changed_digit_of_a_chapter_is_noticed(page, record_property):
    missed, found = survey(ROOT, page)
    assert missed == []
    if found:
        share = sum(found) / len(found)
        record_property("share found by the outputs alone", share)
        assert share >= FLOOR, f"{page}: {share:.3f} of {len(found)} changes found"


def test_no_notebook_escapes():
    assert len(PAGES) == len(list((ROOT / "chapters" / "en").glob("*.ipynb")))


def test_the_survey_itself_sees_every_digit_of_a_small_course(tmp_path):
    root = build(tmp_path)
    missed, found = survey(root, "08-table")
    assert missed == []
    # The digits of 0.01, 0.2297, 1600, 13, 0.87 and 6.09×10⁻⁵, and the century of the citation's
    # year, without which it is no year, in each language.
    assert len(found) == 2 * (3 + 5 + 4 + 2 + 3 + 6 + 2)
    assert sum(found) / len(found) > 0.95


def test_a_number_that_nothing_compares_would_be_missed():
    same = Paragraph(Path("a.ipynb"), "a", "0.5", "0.6", {})
    assert numbers(same)
    assert not numbers(replace(same, chinese="0.5"))
