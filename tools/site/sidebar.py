"""The contents beside each page: what opens an entry's own pages says which pages those are."""

import re

from markupsafe import Markup

OPENER = re.compile(r">([^<]*)</a>(\s*<details[^>]*>\s*)<summary>")
LABEL = {"en": "Pages of “{}”", "zh": "「{}」各页"}


def named(html, label):
    """Name what opens and closes the pages of an entry, which the theme gives an arrow alone.

    Examples
    --------
    >>> print(named("<a>Models</a><details><summary></summary></details>", "Pages of {}"))
    <a>Models</a><details><summary aria-label="Pages of Models"></summary></details>
    """

    def with_label(match):
        title = match[1].strip()
        return f'>{match[1]}</a>{match[2]}<summary aria-label="{label.format(title)}">'

    return Markup(OPENER.sub(with_label, str(html)))


def name_openers(app, pagename, templatename, context, doctree):
    """Let the template's function for the contents name them."""
    contents, label = context["generate_toctree_html"], LABEL[app.config.language[:2]]
    context["generate_toctree_html"] = lambda *args, **options: named(
        contents(*args, **options), label
    )


def setup(app):
    """Come after the theme, which adds the function."""
    app.connect("html-page-context", name_openers, priority=900)
