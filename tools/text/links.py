"""Does every link inside the course lead somewhere?"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it.tree import SyntaxTreeNode
from myst_parser.mdit_to_docutils.base import compute_unique_slug
from pybtex.database import parse_file

from lrcourse.language import LANGUAGES
from tools.text.findings import Finding
from tools.text.pages import pairs, short, stored
from tools.text.prose import MARKDOWN, targets


def check(root: Path) -> list[Finding]:
    """Find the links in chapters, README and the like that lead nowhere.

    Parameters
    ----------
    root : Path
        The repository: its own Markdown files, and those in ``chapters``.
    """
    pages = sorted(root.glob("*.md"))
    for language in LANGUAGES:
        folder = root / "chapters" / language
        pages += sorted([*folder.glob("*.md"), *folder.glob("*.ipynb")])
    anchors.cache_clear()
    _keys.cache_clear()
    findings = [
        Finding(short(page), f"{target}: {problem}", cell)
        for page in pages
        for cell, source in sources(page)
        for target in targets(source)
        if (problem := trouble(page, target))
    ]
    for english, chinese in pairs(root / "chapters"):
        theirs = dict(sources(chinese))
        findings += [
            Finding(short(chinese), "links lead elsewhere than in English", cell)
            for cell, source in sources(english)
            if places(english, source) != places(chinese, theirs.get(cell, source))
        ]
    return findings


def places(page: Path, source: str) -> set:
    """Return where a text's links inside the course lead, the same in both languages."""
    found = set()
    for target in targets(source):
        address = urlsplit(target)
        file = (page.parent / unquote(address.path)).resolve() if address.path else page
        if not (address.scheme or address.netloc) and file.exists():
            order = list(anchors(file)) if file.suffix in (".md", ".ipynb") else []
            anchor = unquote(address.fragment)
            found.add((file.name, order.index(anchor) if anchor in order else anchor))
    return found


def sources(page: Path) -> list[tuple[str | None, str]]:
    """Return a page's Markdown, each stretch with the id of its cell if it has one."""
    if page.suffix == ".ipynb":
        return [
            (cell.id, cell.source) for cell in stored(page).cells if cell.cell_type == "markdown"
        ]
    return [(None, page.read_text(encoding="utf-8"))]


def trouble(page: Path, target: str) -> str:
    """Say why a link from a page leads nowhere; nothing if it leads somewhere or elsewhere."""
    address = urlsplit(target)
    if address.scheme or address.netloc or target.startswith("attachment:"):
        return ""
    file = (page.parent / unquote(address.path)).resolve() if address.path else page
    if not file.exists():
        return "no such file"
    anchor = unquote(address.fragment)
    if not anchor or file.suffix not in (".md", ".ipynb"):
        return ""
    if anchor in anchors(file):
        return ""
    if file.name == "references.md":
        bibliography = file.parent.parent / "references.bib"
        return "" if anchor in _keys(bibliography) else f"no such entry in {bibliography.name}"
    return "no such heading or label on that page"


@cache
def anchors(page: Path) -> dict[str, None]:
    """Return what a link to a page can point at: headings, as MyST names them, labels, cells."""
    found: dict[str, None] = {}
    if page.suffix == ".ipynb":
        cells = stored(page).cells
        code = [cell.id for cell in cells if cell.cell_type == "code"]
        found |= dict.fromkeys(f"cell-id={name}" for name in code)
    for _, source in sources(page):
        for node in SyntaxTreeNode(MARKDOWN.parse(source)).walk():
            if node.type == "heading":
                found[compute_unique_slug(node, found)] = None
            elif node.type == "myst_target":
                found[node.content] = None
        found |= dict.fromkeys(re.findall(r"""<[^>]+\b(?:id|name)=["']([^"']+)""", source))
    return found


@cache
def _keys(bibliography: Path) -> Iterable[str]:
    return parse_file(str(bibliography)).entries.keys() if bibliography.exists() else ()
