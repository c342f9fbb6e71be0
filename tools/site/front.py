"""What stands beside the two editions: the choice between them, and the page for missing pages.

Besides, for search engines, robots.txt, and a sitemap where the site's address is known, for a
sitemap has to name it.
"""

import shutil
from pathlib import Path
from string import Template
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

HERE = Path(__file__).parent
CODES = {"en": "en", "zh": "zh-CN"}
NOT_IN_THE_SITEMAP = {"search.html"}


def write(site, address=""):
    """Write the files at the root of a site whose editions are there.

    Parameters
    ----------
    site : Path
    address : str
        Where the site will live, ending in a slash; empty if nobody knows.
    """
    path = urlsplit(address).path or "/"
    for name, file in (("choose.html", "index.html"), ("404.html", "404.html")):
        page = Template((HERE / name).read_text(encoding="utf-8"))
        links = f'<link rel="canonical" href="{address}index.html">\n' if address else ""
        (site / file).write_text(
            page.substitute(path=path, address=address, canonical=links), encoding="utf-8"
        )
    shutil.copy(HERE / "static" / "favicon.svg", site)
    robots = ["User-agent: *", "Allow: /"]
    if address:
        robots.append(f"Sitemap: {address}sitemap.xml")
        (site / "sitemap.xml").write_text(sitemap(site, address), encoding="utf-8")
    (site / "robots.txt").write_text("\n".join([*robots, ""]), encoding="utf-8")


def sitemap(site, address):
    """List all pages, each with its versions in both languages."""
    names = {page.name for page in (site / "en").glob("*.html")} - NOT_IN_THE_SITEMAP
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        ' xmlns:xhtml="http://www.w3.org/1999/xhtml">'
    )
    for name in sorted(names):
        versions = "".join(
            f'<xhtml:link rel="alternate" hreflang="{code}"'
            f" href={quoteattr(f'{address}{edition}/{name}')}/>"
            for edition, code in CODES.items()
        )
        lines += [f"<url><loc>{address}{edition}/{name}</loc>{versions}</url>" for edition in CODES]
    return "\n".join([*lines, "</urlset>", ""])
