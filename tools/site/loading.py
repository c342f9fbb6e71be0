"""What a page loads: one stylesheet with the rules that it can use, and scripts after its text.

The theme and the extensions bring ten stylesheets for all that a page of theirs could hold, and
scripts that the first line of text would have to wait for.
"""

import hashlib
import re
from posixpath import dirname, join, normpath

import tinycss2

STYLESHEET = re.compile(
    r'<link(?=[^>]*\brel="stylesheet")[^>]*\bhref="_static/([^"?]+)[^"]*"[^>]*>'
)
PRELOAD = re.compile(r'\s*<link rel="preload" as="script"[^>]*>')
SCRIPT = re.compile(r"<script(?![^>]*\b(?:defer|async|type=))(?=[^>]*\bsrc=)")
OPTIONS = re.compile(r'<script src="_static/(documentation_options\.js)[^"]*"></script>')
ADDRESS = re.compile(r"""url\(\s*["']?(?![a-z]+:|[#/])([^"')]+?)["']?\s*\)""")
IMPORT = re.compile(r"""@import\s+(?:url\()?["']([^"']+)["']\)?;""")
TAG = re.compile(r"<([a-z][\w-]*)")
NAMES = re.compile(r"""\b(?:class|id)=["']?((?<=["'])[^"']*|[^\s"'>]+)""")
INLINE = re.compile(r"<script[^>]*>(.*?)</script>", re.DOTALL)
VARIABLE = re.compile(r"""(?<=[{;\s])(--[\w-]+)\s*:(?:[^;{}"']|"[^"]*"|'[^']*')*(?:;|(?=}))""")
BUNDLE = "course-all.css"


def lighten(edition):
    """Let the pages of a finished edition load what they use, in the order in which it is needed.

    Parameters
    ----------
    edition : Path
        The folder with the pages and their ``_static``, which are rewritten.
    """
    static = edition / "_static"
    pages = {page: page.read_text(encoding="utf-8") for page in sorted(edition.glob("*.html"))}
    lists = [STYLESHEET.findall(html) for html in pages.values()]
    # What only some pages load stays theirs.
    shared = [name for name in lists[0] if all(name in names for names in lists)]
    css = cut_down("".join(stylesheet(static, name) for name in shared), *vocabulary(edition))
    css = f'@charset "utf-8";{css}'
    (static / BUNDLE).write_text(css, encoding="utf-8")
    version = hashlib.sha256(css.encode()).hexdigest()[:8]
    link = f'<link rel="stylesheet" href="_static/{BUNDLE}?v={version}">'
    options = (static / "documentation_options.js").read_text(encoding="utf-8").strip()

    def bundled(match):
        return match[0] if match[1] not in shared else link if match[1] == shared[0] else ""

    for page, html in pages.items():
        html = STYLESHEET.sub(bundled, html)
        html = PRELOAD.sub("", html)
        # What stands in the page itself asks for these few lines at once.
        html = OPTIONS.sub(lambda match: f"<script>{options}</script>", html)
        page.write_text(SCRIPT.sub("<script defer", html), encoding="utf-8")
    for name in {*shared, "basic.css", "documentation_options.js"}:
        (static / name).unlink(missing_ok=True)


def stylesheet(static, name):
    """Read a stylesheet and those that it imports; addresses are written as from `static`."""
    css = (static / name).read_text(encoding="utf-8")
    here = dirname(name)
    parts = IMPORT.split(css)  # text, name, text, name, …, text
    for i, part in enumerate(parts):
        parts[i] = (
            stylesheet(static, normpath(join(here, part)))
            if i % 2
            else ADDRESS.sub(lambda match: f'url("{normpath(join(here, match[1]))}")', part)
        )
    return "".join(parts)


def vocabulary(edition):
    """Collect what a selector can ask for: classes, ids and tags of the pages, words of scripts.

    Returns
    -------
    set of str, set of str
        What stands in the pages; and the words of all scripts, which may add any of them.
    """
    pages = [page.read_text(encoding="utf-8") for page in edition.glob("*.html")]
    scripts = [path.read_text(encoding="utf-8") for path in edition.rglob("*.js")]
    scripts += [text for html in pages for text in INLINE.findall(html)]
    used = {name for html in pages for name in TAG.findall(html)}
    used |= {name for html in pages for names in NAMES.findall(html) for name in names.split()}
    return used, set(re.findall(r"[\w-]+", " ".join(scripts)))


def cut_down(css, used, words):
    """Keep the rules whose selectors can match, and of the variables those that are asked for.

    Parameters
    ----------
    css : str
    used, words : set of str
        What stands in the pages, and what scripts can put there.

    Examples
    --------
    >>> cut_down("p .a, p .b {x: 1} .c {y: 2} @media print {.d {z: 3}}", {"p", "a"}, {"d"})
    'p .a{x: 1}@media print {.d{z: 3}}'
    >>> cut_down(":not(.c) {color: var(--a); --a: 1; --b: 2}", set(), set())
    ':not(.c){color: var(--a); --a: 1; }'
    """
    css = "".join(rules(tinycss2.parse_stylesheet(css, True, True), used, words))
    while (shorter := without_unused_variables(css, words)) != css:
        css = shorter
    return css


def without_unused_variables(css, words):
    """Take out the settings of variables that neither a rule nor a script asks for."""
    asked = words | set(re.findall(r"var\(\s*(--[\w-]+)", css))
    return VARIABLE.sub(lambda match: match[0] if match[1] in asked else "", css)


def rules(nodes, used, words):
    """Write out rules, without the selectors that cannot match anything."""
    for node in nodes:
        if node.type == "qualified-rule":
            selectors = [s for s in split(node.prelude) if possible(s, used, words)]
            if selectors:
                prelude = ",".join(tinycss2.serialize(selector).strip() for selector in selectors)
                yield f"{prelude}{{{tinycss2.serialize(node.content).strip()}}}"
        elif node.type == "at-rule" and node.lower_at_keyword in ("media", "supports"):
            inner = tinycss2.parse_rule_list(node.content, True, True)
            if kept := "".join(rules(inner, used, words)):
                yield f"@{node.at_keyword}{tinycss2.serialize(node.prelude)}{{{kept}}}"
        elif node.type == "at-rule" and node.lower_at_keyword != "charset":
            yield node.serialize()


def split(tokens):
    """Split a list of selectors at its commas."""
    parts = [[]]
    for token in tokens:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def possible(selector, used, words):
    """Say whether all the classes, ids and tags that a selector demands can be on a page."""
    before = None
    for token in selector:
        known = True
        if token.type == "ident" and before == ".":
            known = token.value in used or written(token.value, words)
        elif token.type == "ident" and before != ":":
            known = token.lower_value in used or token.lower_value in words
        elif token.type == "hash":
            known = token.value in used or token.value in words
        elif token.type == "function" and token.lower_name in ("is", "where"):
            known = any(possible(part, used, words) for part in split(token.arguments))
        if not known:
            return False
        before = token.value if token.type == "literal" else None
    return True


def written(name, words):
    """Say whether scripts can name a class: whole, or as `modal-` or `-auto` and the rest."""
    cuts = [match.start() for match in re.finditer("-", name)]
    return name in words or any(
        (name[: i + 1] in words and name[i + 1 :] in words)
        or (name[:i] in words and name[i:] in words)
        for i in cuts
        if name[i + 1 : i + 2].isalpha()
    )
