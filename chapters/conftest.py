"""What the notebooks' tests (nbval) need beyond their defaults."""

import base64
import hashlib
import io

import matplotlib.font_manager  # noqa: F401 - builds the font cache, or a kernel would report it
from nbval.plugin import IPyNbCell, IPyNbFile
from PIL import Image


def pytest_collectstart(collector):
    """Compare the pictures as well, which nbval leaves out."""
    if isinstance(collector, IPyNbFile):
        collector.skip_compare = tuple(
            kind for kind in collector.skip_compare if kind != "image/png"
        )


def pytest_itemcollected(item):
    """Compare pictures by their pixels: compression may differ between machines."""
    if isinstance(item, IPyNbCell):
        item.sanitize = pixels_or_text


def pixels_or_text(output):
    """Return a PNG's size and a digest of its pixels; anything else as it is."""
    if not (isinstance(output, str) and output.startswith("iVBORw0KGgo")):
        return output
    with Image.open(io.BytesIO(base64.b64decode(output))) as picture:
        pixels = picture.convert("RGBA")
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
    return f"picture of {pixels.width} x {pixels.height} pixels, {digest}"
