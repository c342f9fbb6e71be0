"""The picture that a link to a page is shared with: the page's title beside its first figure."""

import re
from html import unescape
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from PIL import Image, ImageDraw, ImageFont
from sphinx.locale import _

SIZE = 1200, 630
MARGIN = 64
BACKGROUND, TEXT, QUIET, CURVE = "#0b2b3a", "#ffffff", "#7cc4f5", "#f0b64b"
# Where a line may end: at a space, and between Chinese characters but not before a sign.
PIECE = re.compile(r"[\u3400-\u9fff][^\w\s]*|[^\s\u3400-\u9fff]+\s*|\s+")


def draw(course, title, figure=None):
    """Draw a card.

    Parameters
    ----------
    course, title : str
    figure : Path, optional
        A picture; without one the card has a descent instead.

    Returns
    -------
    PIL.Image.Image
    """
    card = Image.new("RGB", SIZE, BACKGROUND)
    pen = ImageDraw.Draw(card)
    pen.text((MARGIN, MARGIN), course, QUIET, typeface(34))
    font, lines = fit(title, 480)
    block = "\n".join(lines)
    pen.multiline_text(
        (MARGIN, SIZE[1] / 2 + 10), block, TEXT, font, "lm", spacing=14, stroke_width=1
    )
    left, width = 600, SIZE[0] - 600 - MARGIN
    if figure:
        with Image.open(figure) as picture:
            # Over white, as on the page: a figure may be transparent.
            picture = picture.convert("RGBA")
            sheet = Image.new("RGBA", picture.size, "white")
            sheet.alpha_composite(picture)
        scale = min((width - 24) / sheet.width, (SIZE[1] - 2 * MARGIN) / sheet.height)
        sheet = sheet.resize((round(sheet.width * scale), round(sheet.height * scale)))
        top = (SIZE[1] - sheet.height) // 2
        frame = (left, top - 12, left + sheet.width + 24, top + sheet.height + 12)
        pen.rounded_rectangle(frame, 12, "white")
        card.paste(sheet.convert("RGB"), (left + 12, top))
    else:
        draw_descent(pen, left + 40, 120, width - 80, SIZE[1] - 240)
    return card


def draw_descent(pen, left, top, width, height):
    """Draw an error curve and the first steps down it, as the site's icon has them."""

    def point(x):
        return left + width * (x + 1) / 2, top + height * (1 - x * x)

    pen.line([point(x / 50) for x in range(-50, 51)], QUIET, 8, joint="curve")
    steps = [point(-0.95 * (-0.72) ** step) for step in range(6)]
    pen.line(steps, CURVE, 6, joint="curve")
    for x, y in steps:
        pen.ellipse((x - 13, y - 13, x + 13, y + 13), CURVE)


def typeface(size):
    """Load the font, which has Latin and Chinese letters."""
    # zhplot carries the font; importing it would change matplotlib's settings.
    fonts = Path(find_spec("zhplot").origin).parent / "fonts"
    return ImageFont.truetype(str(fonts / "NotoSansSC-Regular.ttf"), size)


def fit(title, width):
    """Choose the largest size at which a title takes four lines at most, and break it there."""
    for size in range(64, 30, -4):
        font = typeface(size)
        lines = broken(title, font, width)
        if len(lines) <= 4 and max(map(font.getlength, lines)) <= width:
            break
    return font, lines


def broken(text, font, width):
    """Break a text into lines that are no longer than a width, where it can be broken."""
    lines = [""]
    for piece in PIECE.findall(text):
        if lines[-1] and font.getlength((lines[-1] + piece).rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines]


def add_card(app, pagename, templatename, context, doctree):
    """Draw the page's card, and tell its template where it is."""
    if app.builder.format != "html":
        return
    name = f"_cards/{pagename}.png"
    title = context.setdefault("title", _("Search"))  # which the theme's template names itself
    files = {shown: source for source, shown in app.builder.images.items()}
    images = doctree.findall(nodes.image) if doctree else []
    shown = [Path(image["uri"]).name for image in images]
    figures = [Path(app.srcdir, files[name]) for name in shown if name in files]
    title = unescape(re.sub("<[^>]*>", "", str(title)))
    card = draw(app.config.html_title or app.config.project, title, *figures[:1])
    path = Path(app.outdir, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A card has few colours, and a palette of them a third of the bytes.
    card.quantize(64).save(path, optimize=True)
    context["card"] = name


def setup(app):
    """Draw the cards as the pages are written."""
    app.connect("html-page-context", add_card)
