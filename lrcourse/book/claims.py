"""What the sources claim, and what our experiments say to it: ``claims.json``.

The one place where the verdicts stand; a new claim is an entry of that file. The
tests let its evidence mention only numbers that the chapters it names have shown.
"""

from dataclasses import dataclass
from functools import cache
from html import escape

from lrcourse.checks import one_of
from lrcourse.language import current_language, shipped, translate
from lrcourse.tables import Table

SOURCES = {
    "pramoditha2022": "Pramoditha",
    "brownlee2016": "Brownlee",
    "hqwc2024": "Chinese tutorial",
    "lau2017": "Lau",
    "aiedu": "ai-edu textbook",
}
VERDICTS = ("holds", "holds with a condition", "not reproduced", "wrong", "not tested")


@dataclass(frozen=True)
class Claim:
    """A claim and its verdict."""

    item: str  #: its number in the course's notes on its sources, such as "A2"
    says: dict[str, str]  #: the claim in each language, "en" and "zh"
    verdict: str  #: one of `VERDICTS`
    evidence: dict[str, str]  #: what our experiments say to it, in each language
    shown: list[tuple[str, str]]  #: the chapters and cells that show the evidence

    def html(self) -> str:
        """Return the claim as an item of a definition list, its evidence as links."""
        language = current_language()
        kind = "-".join(self.verdict.split()[:2])
        first = {chapter: cell for chapter, cell in reversed(self.shown)}
        comma = "、" if language == "zh" else ", "
        links = comma.join(
            # JupyterLab opens the notebook at the cell; the website does so, too.
            f'<a href="{chapter}.ipynb#cell-id={cell}">{escape(_chapter(chapter))}</a>'
            for chapter, cell in sorted(first.items())
        )
        return (
            f'<dt>{self.item} <span class="verdict {kind}">{escape(translate(self.verdict))}</span>'
            f"</dt><dd><p><strong>{escape(self.says[language])}</strong></p>"
            f"<p>{escape(self.evidence[language])} {links}</p></dd>"
        )

    def __str__(self):
        language = current_language()
        places = ", ".join(f"{_chapter(chapter)} ({cell})" for chapter, cell in self.shown)
        return (
            f"{self.item}  [{translate(self.verdict)}]  {self.says[language]}\n"
            f"    {self.evidence[language]}  {places}"
        )


class Claims(tuple):
    """Claims that a notebook shows as a list."""

    def __repr__(self):
        return "\n".join(map(str, self))

    def _repr_html_(self):
        return f'<dl class="claims">{"".join(claim.html() for claim in self)}</dl>'


def claims(source: str) -> Claims:
    """Return the claims of a source, by its key in the bibliography, such as "aiedu"."""
    return Claims(_all()[one_of("source", source, SOURCES)])


def verdicts() -> Table:
    """Return how many claims of each source met each verdict."""
    rows = [
        [SOURCES[key], *(sum(claim.verdict == verdict for claim in some) for verdict in VERDICTS)]
        for key, some in _all().items()
    ]
    return Table(["source", *VERDICTS], rows)


def _chapter(name: str) -> str:
    return translate("chapter {number}", number=int(name.split("-")[0]))


@cache
def _all() -> dict[str, list[Claim]]:
    claims = shipped("book/claims.json").items()
    return {source: [Claim(**entry) for entry in entries] for source, entries in claims}
