"""The icons: of Font Awesome, those that the pages show, as a font and its style rules.

The theme brings the whole collection three times, as a script of 1.5 MB, as fonts and as style
rules. The script is left out, the font and the rules are cut down to what is in use.
"""

import re
from pathlib import Path

from fontTools import subset
from markupsafe import Markup

SCRIPT = re.compile(r"<script[^>]*fontawesome\.js[^>]*></script>")
SHOWN = re.compile(r'class="([^"]*\bfa-[^"]*)"')
# .fa-magnifying-glass:before,.fa-search:before{content:"\f002"}
RULE = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}')
# What the theme's own rules draw: signs of admonitions and of links, at --pst-icon-….
DRAWN = re.compile(r'--pst-icon-[\w-]+:"(?:\\([0-9a-f]+)|([^"\\]))"')


def add_filter(app):
    """Let the templates leave out the script."""
    app.builder.templates.environment.filters["without_icon_script"] = without_icon_script


def without_icon_script(head):
    """Take the script's tag out of what stands in a page's head."""
    return Markup(SCRIPT.sub("", head))


def cut_down(app, exception):
    """Keep of rules and fonts what the finished pages use."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    pages = "".join(page.read_text(encoding="utf-8") for page in Path(app.outdir).glob("*.html"))
    names = {name for classes in SHOWN.findall(pages) for name in classes.split()}
    names.add("fa-xmark")  # a script of the theme draws it
    style = static / "styles" / "pydata-sphinx-theme.css"
    rules = style.read_text(encoding="utf-8")
    codes = {int(code, 16) if code else ord(sign) for code, sign in DRAWN.findall(rules)}

    def kept(rule):
        if not names & set(re.findall(r"\.(fa-[\w-]+)", rule[1])):
            return ""
        codes.add(int(rule[2], 16))
        return rule[0]

    style.write_text(RULE.sub(kept, rules), encoding="utf-8")
    (static / "scripts" / "fontawesome.js").unlink(missing_ok=True)
    for font in (static / "vendor" / "fontawesome" / "webfonts").glob("*.woff2"):
        write_font(font, codes)


def write_font(path, codes):
    """Replace a font by what it has of some characters."""
    options = subset.Options(flavor="woff2", recalc_timestamp=False)
    font = subset.load_font(str(path), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    subset.save_font(font, str(path), options)


def setup(app):
    """Add the filter before the pages are written, cut down when they all are."""
    app.connect("builder-inited", add_filter)
    app.connect("build-finished", cut_down)
