"""Figures say in words what they show: their output's plain text is their alternative text."""

from docutils import nodes
from sphinx.transforms import SphinxTransform


class AlternativeTexts(SphinxTransform):
    """Take an output's `text/plain` for its image; MyST-NB would take the file's name."""

    default_priority = 800

    def apply(self, **kwargs):
        """Go through the outputs while they still hold all their forms."""
        for output in self.document.findall(nodes.container):
            if output.get("nb_element") != "mime_bundle":
                continue
            text = "".join(
                form.astext() for form in output if form.get("mime_type") == "text/plain"
            )
            for image in output.findall(nodes.image):
                if not image.get("alt"):
                    # matplotlib's own <Figure size …> says nothing.
                    image["alt"] = "" if text.startswith("<") else text


def setup(app):
    """Register the transform."""
    app.add_transform(AlternativeTexts)
