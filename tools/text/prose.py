"""What a page's Markdown says in numbers, and what it links to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count

from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

from tools.text.numerals import Number, in_formula, in_text

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
for plugin in (
    amsmath_plugin,
    colon_fence_plugin,
    dollarmath_plugin,
    footnote_plugin,
    front_matter_plugin,
    myst_block_plugin,
    myst_role_plugin,
):
    MARKDOWN.use(plugin)

CITATION = re.compile(r"(?:^|/)references\.md#(.+)$")
CHAPTER_FILE = re.compile(r"(?:^|/)0*([0-9]+)-[^/]*\.(?:ipynb|md)(?:#.*)?$")
YEAR = r"(?:1[89]|20)[0-9]{2}[a-z]?"
# A place in this course or in a source: "chapter 8", "eq. 5", 第 8 章.
PLACE = re.compile(
    r"""\b(?:chapters?|sections?|equations?|eqs?\.|pp?\.)\s*[0-9]+(?:\.[0-9]+)*
          (?:\s*(?:,|–|-|to|and)\s*[0-9]+(?:\.[0-9]+)*)*
      | 第\s*[0-9]+(?:\.[0-9]+)*(?:\s*[、–～~至到和-]\s*[0-9]+(?:\.[0-9]+)*)*\s*[章节页]
      | 式\s*[(（][0-9.]+[)）]""",
    re.VERBOSE | re.IGNORECASE,
)
# "1. ", "8.2 " at the head of a title; 2. must not begin "2.5 times".
HEADING_NUMBER = re.compile(r"^\s*[0-9]+(?:(?:\.[0-9]+)+(?=\s)|[.、．](?![0-9]))")
# Directives whose body is no prose.
NOT_PROSE = {"code", "code-block", "code-cell", "bibliography", "toctree", "raw", "image", "figure"}


@dataclass(frozen=True)
class Link:
    """A link of a page: where it leads, its title, and which of the page's links it is."""

    target: str
    title: str
    order: int


@dataclass(frozen=True)
class Mention:
    """A number that a page mentions.

    Attributes
    ----------
    number : Number
    line : int
        The line of the source, from 1.
    claim : bool
        Whether it states a quantity; a chapter's number, a citation's year or
        a subscript does not.
    link : Link, optional
        The link whose text it stands in.
    """

    number: Number
    line: int
    claim: bool
    link: Link | None = None


@dataclass(frozen=True)
class Piece:
    """A stretch of a page: text, code or a formula, and the link that it stands in."""

    kind: str
    text: str
    line: int
    link: Link | None = None

    @property
    def target(self) -> str:
        """Where its link leads; nothing without one."""
        return self.link.target if self.link else ""


def mentions(source: str) -> list[Mention]:
    """Find the numbers in a page's Markdown, in the order of the page.

    Not numbers of the page are the targets of links, blocks of code, HTML
    tags, the numerals of lists and the marks of footnotes.
    """
    return list(_mentions(pieces(source)))


def citations(source: str) -> set[str]:
    """Return the keys that a page cites by a link such as ``references.md#key``."""
    return {found[1] for target in targets(source) if (found := CITATION.search(target))}


@cache
def targets(source: str) -> list[str]:
    """Return where a page's links and images lead."""
    blocks = list(_blocks(MARKDOWN.parse(source)))
    inline = [token for block in blocks for token in _flat(block.children or [])]
    found = [
        token.attrGet("href") or token.attrGet("src")
        for token in inline
        if token.type in ("link_open", "image")
    ]
    for token in blocks + inline:
        if token.type.startswith("html"):
            soup = BeautifulSoup(token.content, "html.parser")
            found += [tag.get("href") or tag.get("src") for tag in soup.find_all(["a", "img"])]
    return [target for target in found if target]


@cache
def pieces(source: str) -> list[Piece]:
    """Cut a page's Markdown into the stretches that can hold numbers."""
    return list(_pieces(source))


def _pieces(source: str) -> Iterator[Piece]:
    line, heading, order = 1, False, count()
    for token in _blocks(MARKDOWN.parse(source)):
        if token.map:
            line = token.map[0] + 1 + token.meta.get("offset", 0)
        if token.type == "inline":
            yield from _inline(token, line, heading, order)
        elif token.type in ("math_block", "math_block_label", "amsmath"):
            yield Piece("formula", token.content, line)
        elif token.type == "html_block":
            yield Piece("text", BeautifulSoup(token.content, "html.parser").get_text(), line)
        heading = token.type == "heading_open"


def _blocks(tokens: list[Token], offset: int = 0) -> Iterator[Token]:
    """Walk the block tokens, entering the body of directives such as notes."""
    for token in tokens:
        token.meta["offset"] = offset
        directive = re.match(r"\{(\S+)\}\s*(.*)", token.info.strip())
        if token.type not in ("fence", "colon_fence") or not directive:
            yield token
        elif directive[1] == "math":
            token.type = "math_block"
            yield token
        elif directive[1] not in NOT_PROSE:
            first = token.map[0] + offset
            yield from _blocks(MARKDOWN.parse(directive[2]), first)
            body = re.sub(r"(?m)\A(?::\S+:.*\n)+", lambda m: "\n" * m[0].count("\n"), token.content)
            yield from _blocks(MARKDOWN.parse(body), first + 1)


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


def _inline(block: Token, line: int, heading: bool, order: Iterator[int]) -> Iterator[Piece]:
    text, link = "", None
    if heading and (number := HEADING_NUMBER.match(block.content)):
        yield Piece("place", number[0], line)
        block.children[0].content = block.children[0].content[number.end() :]
    for token in block.children:
        if token.type in ("text", "text_special"):
            text += token.content
        elif token.type in ("softbreak", "hardbreak"):
            text += "\n"
        elif token.type == "html_inline":
            text += " " if token.content.startswith("<br") else ""
        elif token.type == "image":
            text += f" {token.content} "  # the words read in place of the picture
        elif token.type in ("link_open", "link_close", "code_inline", "myst_role") or (
            token.type.startswith("math_inline")
        ):
            if text and not (link and text == link.target):  # a bare address is no number
                yield Piece("text", text, line, link)
            line, text = line + text.count("\n"), ""
            if token.type == "link_open":
                link = Link(token.attrGet("href"), token.attrGet("title") or "", next(order))
            elif token.type == "link_close":
                link = None
            elif token.type == "code_inline":
                yield Piece("code", token.content, line, link)
            elif token.type.startswith("math") or token.meta.get("name") == "math":
                yield Piece("formula", token.content, line, link)
    if text:
        yield Piece("text", text, line)


def _mentions(found: list[Piece]) -> Iterator[Mention]:
    for i, piece in enumerate(found):
        if piece.kind == "formula":
            for number in in_formula(piece.text):
                yield Mention(number, piece.line, not number.structural, piece.link)
        elif piece.kind == "place":
            for number in in_text(piece.text):
                yield Mention(number, piece.line, claim=False)
        else:
            yield from _text_mentions(piece, found[i - 1] if i else None, found[i + 1 : i + 2])


def _text_mentions(piece: Piece, before: Piece | None, after: list[Piece]) -> Iterator[Mention]:
    """Find the numbers in text, the claims apart from what only says where to look."""
    no_claims = [PLACE]
    if CITATION.search(piece.target):
        no_claims.append(re.compile(rf"(?<![0-9.]){YEAR}(?![0-9.])"))
    if chapter := CHAPTER_FILE.search(piece.target):
        no_claims.append(re.compile(rf"(?<![0-9.])0*{chapter[1]}(?![0-9])(?!\.[0-9])"))
    if before and CITATION.search(before.target):
        no_claims.append(re.compile(rf"\A\s*[(（]\s*{YEAR}\s*年?\s*[)）]"))
    if after and CITATION.search(after[0].target):
        no_claims.append(re.compile(rf"[(（][^()（）0-9]*{YEAR}\s*年?\s*[,，;；:：]?\s*\Z"))
    text = piece.text
    for pattern in no_claims:
        for place in pattern.finditer(text):
            line = piece.line + text[: place.start()].count("\n")
            for number in in_text(place[0]):
                yield Mention(number, line, False, piece.link)
        text = pattern.sub(lambda place: re.sub(r"[^\n]", " ", place[0]), text)
    for i, words in enumerate(text.split("\n")):
        for number in in_text(words):
            yield Mention(number, piece.line + i, True, piece.link)
