"""Formulas become MathML when the site is built: no script to load, no other host to ask."""

import html
import re

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.locale import _
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)

# It would number the equations of every formula from 1, and drop a break that TeX drops too.
REFUSED = re.compile(
    r"\\(tag|label|eqref|ref|begin\{(align|equation|gather)\})|\\\\(?!.*\\end\{)", re.DOTALL
)
converter = LatexToMathML(fancy_error=False)


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
    LatexError
        Where anything in the formula is not understood.
    ValueError
        Where it asks for a number of its own, or for two lines outside an environment.

    Examples
    --------
    >>> mathml("x_1")
    '<math><msub><mi>x</mi><mn>1</mn></msub></math>'
    """
    if refused := REFUSED.search(latex):
        raise ValueError(f"{refused[0]} is not supported here")
    return converter.convert_with_local_state(latex, displaystyle=display == "block")


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
    except (LatexError, ValueError) as error:
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
