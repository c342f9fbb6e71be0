"""Code that is quick to lay out: a phone does that before it shows the first line of a page.

More than half of a long page would be tags around words that have the colour of text. And code
says how many lines it has, so that what is far below may wait until it comes near (course.css).
"""

import re

from pygments.formatters import HtmlFormatter
from pygments.token import Name, Punctuation, Text, Whitespace
from sphinx.highlighting import PygmentsBridge

PLAIN = {Name, Name.Namespace, Punctuation, Whitespace}


# Sphinx has them around every word of code in a sentence, around names and marks in a signature.
WORD = re.compile(r'<span class="pre">([^<]*)</span>')
PART = re.compile(r'<span class="[npw]">([^<]*)</span>')


class Formatter(HtmlFormatter):
    """Pygments' own, for which what is shown as plain text is plain text."""

    def format(self, tokens, file):
        """Write the tokens; those that follow each other in one colour have one tag."""
        tokens = [(Text if kind in PLAIN else kind, text) for kind, text in tokens]
        lines = "".join(text for _, text in tokens).rstrip("\n").count("\n") + 1
        self.prestyles = f"--lines: {lines}"
        super().format(tokens, file)


def without_tags_around_words(app, page, template, context, doctree):
    """Leave words of code to the code or the signature that they are in."""
    if "body" in context:
        context["body"] = PART.sub(r"\1", WORD.sub(r"\1", context["body"]))


def setup(app):
    """Let Sphinx use the formatter; it asks for it nowhere else than here."""
    PygmentsBridge.html_formatter = Formatter
    app.connect("html-page-context", without_tags_around_words)
