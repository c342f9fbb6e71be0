"""A wrong digit anywhere in the chapters' prose would be noticed: each is tried.

The marks that only say "this paragraph changed" are left out of account here:
the numbers themselves have to give the change away.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from small_course import build

from lrcourse.language import LANGUAGES
from tools.text.numerals import Number
from tools.text.pages import notebook_pairs, read
from tools.text.prose import mentions
from tools.text.prose_numbers import Ground
from tools.text.translations import Paragraph, numbers, paragraphs

ROOT = Path(__file__).resolve().parents[2]
PAGES = [pair[0].stem for pair in notebook_pairs(ROOT / "chapters")]
# Of the digits that change alike in both languages, the share that the outputs, settings and
# cited figures alone give away. A short number often agrees with another number of the page by
# chance (0.2 becomes 0.3, and 0.3 stands elsewhere); one of three digits hardly ever.
# Measured on the first two chapters: 0.74 and 0.78 of all, 0.96 and 0.99 of the long ones.
FLOOR, FLOOR_OF_LONG = 0.65, 0.9


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


def newly_said(before: str, after: str) -> set[Number]:
    """Return the claims that a changed source makes and the source did not."""
    old, new = (
        {replace(mention.number, start=0) for mention in mentions(source) if mention.claim}
        for source in (before, after)
    )
    return new - old


def digits(number: Number) -> int:
    """Count a number's significant digits."""
    return len(number.value.normalize().as_tuple().digits)


def survey(root: Path, page: str) -> tuple[list[str], list[tuple[int, bool]]]:
    """Try every change of a page, once in one language alone and once in both.

    Returns
    -------
    missed : list of str
        One-sided changes that neither the other language nor the outputs give away.
    found : list of (int, bool)
        For each change of a claim, the significant digits that it has then,
        and whether the outputs alone give it away.
    """
    missed, found = [], []
    sources = root / "lrcourse" / "book" / "sources.json"
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
                claims = newly_said(source, changed)
                alone = any(grounds[language].justify(number) is None for number in claims)
                if claims:
                    found.append((max(map(digits, claims)), alone))
                if not alone and not numbers(replace(paragraph, **{side: changed})):
                    missed.append(f"{language} {paragraph.cell}: {changed}")
    return missed, found


@pytest.mark.parametrize("page", PAGES)
def test_every_changed_digit_of_a_chapter_is_noticed(page):
    missed, found = survey(ROOT, page)
    assert missed == []
    for least, floor in ((1, FLOOR), (3, FLOOR_OF_LONG)):
        outcomes = [alone for length, alone in found if length >= least]
        share = sum(outcomes) / max(len(outcomes), 1)
        assert share >= floor or not outcomes, f"{share:.3f} of {len(outcomes)} changes found"


def test_no_notebook_escapes():
    assert len(PAGES) == len(list((ROOT / "chapters" / "en").glob("*.ipynb")))


def test_the_survey_itself_sees_every_digit_of_a_small_course(tmp_path):
    root = build(tmp_path)
    missed, found = survey(root, "08-table")
    assert missed == []
    # The digits of 0.01, 0.2297, 1600, 13, 0.87 and 6.09×10⁻⁵, and the century of the citation's
    # year, without which it is no year, in each language.
    assert len(found) == 2 * (3 + 5 + 4 + 2 + 3 + 6 + 2)
    assert sum(alone for _, alone in found) / len(found) > 0.95


def test_a_number_that_nothing_compares_would_be_missed():
    same = Paragraph(Path("a.ipynb"), "a", "0.5", "0.6", {})
    assert numbers(same)
    assert not numbers(replace(same, chinese="0.5"))
