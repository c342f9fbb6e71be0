"""Cells can be linked to, from texts and from outputs, as JupyterLab does it.

`02-four-scenarios.ipynb#cell-id=early` opens the notebook there; here it leads to the same cell
of the page.
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
        for container in self.document.findall(nodes.container):
            if container.get("nb_element") == "cell_code":
                container["ids"].append(f"cell-id={ids[container['cell_index']]}")
        for raw in self.document.findall(nodes.raw):
            if raw.get("format") == "html":
                raw[:] = [nodes.Text(LINK.sub(r"\1.html", raw.astext()))]


def setup(app):
    """Register the transform."""
    app.add_transform(CellAnchors)
