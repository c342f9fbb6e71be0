"""The way from each page to the same page in the other language, and where each of them lives.

tools/site/book.py builds one edition at a time and says which the other is; built alone, by
`jupyter-book build .`, an edition has no other, and its pages no switch.  Where the site's address
is known (`html_baseurl`), what search engines read has whole addresses.
"""

EDITIONS = {
    "en": {"code": "en", "name": "English", "locale": "en_US"},
    "zh": {"code": "zh-CN", "name": "中文", "locale": "zh_CN"},
}


def add_addresses(app, pagename, templatename, context, doctree):
    """Tell the page's template where the page is in both languages."""
    own = app.config.language[:2]
    other = app.config.other_edition
    up = "../" * pagename.count("/")
    base = app.config.html_baseurl
    context["edition"] = EDITIONS[own]
    context["base"] = base or up
    if not other:
        return
    page = f"{pagename}.html"
    context["other_edition"] = EDITIONS[other] | {"page": f"{up}../{other}/{page}"}
    root = base.removesuffix(f"{own}/") if base else f"{up}../"
    context["alternates"] = {
        **{EDITIONS[edition]["code"]: f"{root}{edition}/{page}" for edition in EDITIONS},
        "x-default": f"{root}index.html",
    }


def setup(app):
    """Register the setting and the addresses."""
    app.add_config_value("other_edition", "", "html", [str])
    app.connect("html-page-context", add_addresses)
