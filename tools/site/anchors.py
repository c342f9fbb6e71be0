"""Anchors that can be written down before the page is built, and that both editions share.

A section has two: its heading as GitHub and Jupyter spell it in a link (`#更新公式`), and its
number on the page (`#s3`), the same in every language, which the language switch goes to.
"""

import re

from docutils import nodes
from sphinx.transforms import SphinxTransform


class SectionAnchors(SphinxTransform):
    """Name every section after its heading; docutils would call Chinese ones id1, id2, …."""

    # After the headings are parsed, before links to them are resolved (MyST does that at 879).
    default_priority = 800

    def apply(self, **kwargs):
        """Rename the sections and tell MyST, whose links look the slug up, the new names."""
        slugs = getattr(self.document, "myst_slugs", {})
        for number, section in enumerate(self.document.findall(nodes.section), start=1):
            slug = section.get("slug", "")
            # An id that starts with a digit is no CSS selector, and the search needs one.
            if re.match(r"[^\W\d_]", slug) and slug not in self.document.ids:
                old = section["ids"][0]
                section["ids"][0] = slug
                self.document.ids[slug] = section
                for name in section["names"]:
                    if self.document.nameids.get(name) == old:
                        self.document.nameids[name] = slug
                line, _, text = slugs[slug]
                slugs[slug] = (line, slug, text)
            section["ids"].append(f"s{number}")


def setup(app):
    """Register the transform."""
    app.add_transform(SectionAnchors)
