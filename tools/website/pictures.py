"""What a figure shows, said to those who do not see it.

A figure of a notebook is stored with a text beside the picture, ``<title>``, in the
language of the page. That text becomes the picture's alternative.
"""

import json
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

from docutils import nodes


def add_alternatives(app, doctree):
    """Give each picture of a notebook its text."""
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb":
        return
    texts = alternatives(json.loads(path.read_text("utf-8")))
    for image in doctree.findall(nodes.image):
        # MyST-NB names a picture's file by the hash of its bytes.
        if text := texts.get(Path(image["uri"]).stem):
            image["alt"] = text


def alternatives(notebook: dict) -> dict[str, str]:
    """Return the text of each stored picture, by the hash of the picture."""
    texts = {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                name = sha256(b64decode("".join(data["image/png"]))).hexdigest()
                texts[name] = "".join(data["text/plain"]).strip("<>")
    return texts


def setup(app):
    """Register the event."""
    app.connect("doctree-read", add_alternatives)
