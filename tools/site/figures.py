"""Figures: they say in words what they show, and travel light."""

import re
from pathlib import Path

from docutils import nodes
from PIL import Image
from sphinx.transforms import SphinxTransform

IMAGE = re.compile(r'src="_images/(\w+)\.png" style="width: (\d+)px; height: (\d+)px;"')


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


def lighten(app, exception):
    """Show each figure as WebP, which takes a fifth of the bytes."""
    if exception or app.builder.format != "html":
        return
    for page in Path(app.outdir).glob("*.html"):
        html = page.read_text(encoding="utf-8")
        images = set(IMAGE.findall(html))
        if not images:  # a page without figures, or one kept from the last build
            continue
        for name, *_ in images:
            convert(Path(app.outdir) / "_images" / f"{name}.png")
        # Its place is kept free by its size, and all but the first wait until they come near.
        html = IMAGE.sub(r'src="_images/\1.webp" width="\2" height="\3" loading="lazy"', html)
        html = html.replace(' loading="lazy"', "", 1)
        html = re.sub(r'href="_images/(\w+)\.png"', r'href="_images/\1.webp"', html)
        page.write_text(html, encoding="utf-8")


def convert(png):
    """Write an image once more; its name tells its contents, so an older one is the same."""
    webp = png.with_suffix(".webp")
    if not webp.exists():
        with Image.open(png) as image:
            # A figure has a dozen colours; the others are shades along the edges of its lines,
            # of which the eye needs far fewer than there are.
            few = image.convert("RGB").quantize(128, dither=Image.Dither.NONE)
        few.convert("RGB").save(webp, lossless=True, method=2)


def setup(app):
    """Register the transform, and the conversion when all pages are there."""
    app.add_transform(AlternativeTexts)
    app.connect("build-finished", lighten)
