"""Cells can be linked to, from texts and from outputs, as JupyterLab does it.

`02-four-scenarios.ipynb#cell-id=early` opens the notebook there, `#cell-id=early` goes there on the
same page; here both lead to what the cell shows.
"""

import re

import nbformat
from docutils import nodes
from sphinx.transforms import SphinxTransform

LINK = re.compile(r'(<a href="[\w-]+)\.ipynb(?=[#"])')


class CellAnchors(SphinxTransform):
    """Name every code cell, and let links in outputs lead to pages instead of notebooks."""

    default_priority = 800

    def apply(self, **kwargs):
        """Go through the cells while MyST-NB still has them as containers."""
        path = self.env.doc2path(self.env.docname)
        if not path.endswith(".ipynb"):
            return
        ids = [cell.id for cell in nbformat.read(path, 4).cells]
        slugs = {}
        for cell in _parts(self.document, "cell_code"):
            anchor = f"cell-id={ids[cell['cell_index']]}"
            shown = next(_parts(cell, "cell_code_output"), cell)
            shown["ids"].append(anchor)
            slugs[anchor] = (cell.line or 0, anchor, anchor)
        # MyST looks a link's target up among the slugs of headings, here and from other pages.
        self.document.myst_slugs = getattr(self.document, "myst_slugs", {}) | slugs
        self.env.metadata[self.env.docname]["myst_slugs"] = self.document.myst_slugs
        for raw in self.document.findall(nodes.raw):
            if raw.get("format") == "html":
                raw[:] = [nodes.Text(LINK.sub(r"\1.html", raw.astext()))]


def _parts(node, kind):
    containers = node.findall(nodes.container)
    return (part for part in containers if part.get("nb_element") == kind)


def setup(app):
    """Register the transform."""
    app.add_transform(CellAnchors)
