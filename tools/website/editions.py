"""The way from each page to the same page in the other language.

tools/book.py builds one edition at a time and says which the other is; built alone, by
`jupyter-book build .`, an edition has no other, and its pages no switch.
"""

EDITIONS = {"en": {"code": "en", "name": "English"}, "zh": {"code": "zh-CN", "name": "中文"}}


def add_switch(app, pagename, templatename, context, doctree):
    """Tell the page's template where the same page of the other edition is."""
    if other := app.config.other_edition:
        page = f"{'../' * pagename.count('/')}../{other}/{pagename}.html"
        context["other_edition"] = EDITIONS[other] | {"page": page}


def setup(app):
    """Register the setting and the switch."""
    app.add_config_value("other_edition", "", "html", [str])
    app.connect("html-page-context", add_switch)
