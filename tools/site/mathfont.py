"""The font of the formulas: of STIX Two Math, the characters that this book uses.

The whole font weighs a megabyte, what a book needs of it some tens of kilobytes.
"""

import re
import unicodedata
from html import unescape
from importlib.util import find_spec
from pathlib import Path

from fontTools import subset


def characters(folder):
    """Collect the characters of all formulas in a folder of pages, slanted letters included."""
    used = {"√"}  # which no formula spells out
    for page in folder.rglob("*.html"):
        for formula in re.findall(r"<math.*?</math>", page.read_text(encoding="utf-8"), re.DOTALL):
            used.update(unescape(re.sub(r"<[^>]*>", "", formula)))
    return used | {italic(letter) for letter in used}


def italic(letter):
    """Name the character that a browser draws for a variable of one letter."""
    if letter == "h":
        return "ℎ"  # in Unicode the Planck constant keeps this letter's place
    name = re.sub("LATIN |GREEK |LETTER ", "", unicodedata.name(letter, ""))
    try:
        return unicodedata.lookup(f"MATHEMATICAL ITALIC {name}")
    except KeyError:
        return letter


def write_font(app, exception):
    """Write the font beside the finished pages."""
    if exception or app.builder.format != "html":
        return
    # ziamath carries the font; importing it would load its drawing code as well.
    font_file = Path(find_spec("ziamath").origin).parent / "fonts" / "STIXTwoMath-Regular.ttf"
    options = subset.Options(
        flavor="woff2", name_IDs=["*"], notdef_outline=True, recalc_timestamp=False
    )
    font = subset.load_font(str(font_file), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=map(ord, characters(Path(app.outdir))))
    subsetter.subset(font)
    subset.save_font(font, str(Path(app.outdir) / "_static" / "math.woff2"), options)


def setup(app):
    """Write the font when all pages are there."""
    app.connect("build-finished", write_font)
