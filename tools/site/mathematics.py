"""Formulas become MathML when the site is built: no script to load, no other host to ask.

latex2mathml passes over what it does not know; here that is a warning, so `make book` fails.
"""

import html
import re
import unicodedata
from xml.etree import ElementTree

from docutils import nodes
from latex2mathml.converter import Converter
from sphinx.locale import _
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)

# latex2mathml knows \arg\min and `aligned` by these names only.
SPELLINGS = {
    r"\arg\min": r"\argmin",
    r"\arg\max": r"\argmax",
    "{aligned}": "{align*}",
    "{split}": "{align*}",
}
# It would number the equations of every formula from 1, and prints the others as they stand.
REFUSED = re.compile(r"\\(tag|label|eqref|ref|newcommand|operatorname\*|begin\{(align|equation)\})")

UPRIGHT = "[A-Za-zΓΔΘΛΞΠΣΥΦΨΩ]"  # capital Greek is upright in TeX
LIMITED = {"max", "min", "lim", "sup", "inf", "arg\u2009max", "arg\u2009min"}

ACCENTS = ("^", "~")
CLOSING = (")", "]", "}", "|", "‖", "!")


class FormulaError(ValueError):
    """A formula that cannot be typeset faithfully."""


def mathml(latex, display="inline"):
    r"""Turn a LaTeX formula into MathML.

    Parameters
    ----------
    latex : str
        The formula without its dollar signs.
    display : {"inline", "block"}
        Whether it stands within a line or on lines of its own.

    Returns
    -------
    str
        One `<math>` element.

    Raises
    ------
    FormulaError
        Where anything in the formula is not understood.

    Examples
    --------
    >>> mathml("x_1")
    '<math display="inline"><mrow><msub><mi>x</mi><mn>1</mn></msub></mrow></math>'
    >>> mathml(r"\unknown{x}")
    Traceback (most recent call last):
    tools.site.mathematics.FormulaError: \unknown is not understood
    """
    if refused := REFUSED.search(latex):
        raise FormulaError(f"{refused[0]} is not supported")
    bare = re.sub(r"\\[{}]", "", latex)
    if bare.count("{") != bare.count("}"):
        raise FormulaError("the braces do not balance")
    for usual, known in SPELLINGS.items():
        latex = latex.replace(usual, known)
    try:
        math = Converter(display=display).convert_to_element(latex)
    except Exception as error:  # of many kinds, with or without a message
        raise FormulaError(f"{type(error).__name__} {error}".strip()) from error
    del math.attrib["xmlns"]  # HTML needs none
    for element in math.iter():
        check(element)
    for element in math.iter():
        mend(element)
    return ElementTree.tostring(math, encoding="unicode")


def check(element):
    """Refuse what latex2mathml writes when it does not understand."""
    text = element.text or ""
    if element.tag == "mtext":
        text = element.text = re.sub(r"\\([_%&#])", r"\1", text)
    if "\\" in text or "$" in text:
        raise FormulaError(f"{text} is not understood")
    if element.tag == "mi" and text == "&" or element.get("linebreak"):
        raise FormulaError(r"& or \\ outside an environment, or in an unknown one")
    if element.tag in ("mo", "munderover") and not text and not len(element):
        raise FormulaError("an operator or its limits are not understood")
    element.text = html.unescape(text) or None
    # A \mathrm{d} leaves no other trace than that its letter was written as an entity.
    if element.tag == "mi" and text != element.text and re.fullmatch(UPRIGHT, element.text or ""):
        element.set("mathvariant", "normal")


def mend(element):
    """Say in the MathML of today's browsers what latex2mathml says in an older one."""
    variant = element.attrib.pop("mathvariant", "")
    if element.tag == "mi" and variant == "normal":
        element.set("mathvariant", "normal")
    elif variant not in ("", "normal", "italic"):
        element.text = "".join(styled(letter, variant) for letter in element.text)
    if element.tag == "mover" and element[-1].text in ACCENTS:
        element.set("accent", "true")
    if element.tag in ("mrow", "mtd"):
        space(element)


def space(row):
    """Space a row as TeX does, and let limits go below the words that have them."""
    parts = [None, *row, None]
    for before, part, after in zip(parts, parts[1:-1], parts[2:], strict=False):
        scripted = part.tag in ("msub", "msup", "msubsup", "munder")
        word = part[0] if scripted else part
        name = word.text or ""
        if word.tag in ("mi", "mo") and re.fullmatch(r"[A-Za-z]{2,}(\u2009[a-z]+)?", name):
            word.tag = "mo"
            word.set("lspace", "0" if before is None or before.tag == "mo" else "0.167em")
            word.set("rspace", "0" if after is None or after.tag == "mo" else "0.167em")
            if part.tag == "msub" and name in LIMITED:
                part.tag = "munder"
                word.set("movablelimits", "true")
        elif word.tag == "mo" and (name in ("|", "‖", "/") or (name == "," and len(row) == 1)):
            word.attrib.update(lspace="0", rspace="0")  # {,} is how TeX groups digits
            if "minsize" not in word.attrib:
                word.attrib.setdefault("stretchy", "false")  # \left| has said otherwise
        elif name in ("−", "±") and before is not None and before.tag == "mo":
            word.set("form", "infix" if before.text in CLOSING else "prefix")


def styled(letter, variant):
    """Find a letter's bold, … twin: browsers know these by their Unicode places alone."""
    if not letter.isalnum():
        return letter
    name = re.sub("LATIN |GREEK |LETTER ", "", unicodedata.name(letter))
    try:
        return unicodedata.lookup(f"MATHEMATICAL {variant.upper().replace('-', ' ')} {name}")
    except KeyError:
        raise FormulaError(f"there is no {variant} {letter}") from None


def visit_inline(translator, node):
    """Write a formula within a line."""
    translator.body.append(typeset(node, "inline"))
    raise nodes.SkipNode


def visit_block(translator, node):
    """Write a formula on lines of its own, with its number and anchor where it has a label."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    translator.body.append(typeset(node, "block"))
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, _("Link to this equation"))
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def typeset(node, display):
    """Turn a node's LaTeX into MathML, or warn and show the LaTeX."""
    latex = node.astext().strip()
    try:
        return mathml(latex, display)
    except FormulaError as error:
        logger.warning("formula: %s, in %s", error, latex, location=node, type="formula")
        return f"<code>{html.escape(latex)}</code>"


class KeepPunctuation(SphinxPostTransform):
    """Hold a formula and the punctuation that touches it on one line; browsers break between."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs):
        """Wrap both in a span that does not break."""
        for formula in list(self.document.findall(nodes.math)):
            parent, place = formula.parent, formula.parent.index(formula)
            before = parent[place - 1] if place else ""
            after = parent[place + 1] if place + 1 < len(parent) else ""
            opening = (
                re.search(r"[(（「“《]*$", before)[0] if isinstance(before, nodes.Text) else ""
            )
            closing = (
                re.match(r"[^\w\s(（「“《]*", after)[0] if isinstance(after, nodes.Text) else ""
            )
            if opening:
                parent.replace(before, nodes.Text(before.removesuffix(opening)))
            if closing:
                parent.replace(after, nodes.Text(after.removeprefix(closing)))
            if opening or closing:
                span = nodes.inline(classes=["formula"])
                parent.replace(formula, span)
                span += [nodes.Text(opening), formula, nodes.Text(closing)]


def setup(app):
    """Make this the renderer called `mathml`."""
    app.add_post_transform(KeepPunctuation)
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
