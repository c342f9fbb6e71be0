"""What a page says of itself to those who have not opened it, and how long it takes to read.

Its description, for search engines and for links that are shared, is how its text begins.
"""

import math
import re

from docutils import nodes
from sphinx.locale import _

from tools.site.assignments import PREFIX

LONGEST = {"en": 160, "zh": 80}
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=\W?[A-Z])|(?<=[。！？])(?![」”）])")
CHINESE = re.compile(r"[\u3400-\u9fff]")
WORD = re.compile(r"[^\W\u3400-\u9fff]+(?:['’.-][^\W\u3400-\u9fff]+)*")
TABLE_OR_TAG = re.compile(r"<(table|style|script)\b.*?</\1>|<[^>]*>", re.DOTALL)

# How much one takes in a minute, of a text one wants to understand.
WORDS, CHARACTERS, LINES_OF_CODE, FIGURES = 200, 350, 25, 5
READING_TIME = {
    "en": ("Reading time: about {} minute", "Reading time: about {} minutes"),
    "zh": ("阅读约需 {} 分钟",) * 2,
}


def beginning(text, longest):
    """Cut a text after its last sentence that fits; or, if little fits, where the next one pauses.

    Examples
    --------
    >>> beginning("A rate is chosen. It is then kept. Or is it?", 34)
    'A rate is chosen. It is then kept.'
    >>> beginning("It falls. Then, after a while that nobody can foretell, it rises.", 40)
    'It falls. Then, after a while that …'
    >>> beginning("学习率定好，就一直不变，直到最后。", 13)
    '学习率定好，就一直不变……'
    """
    cuts = [match.start() for match in SENTENCE_END.finditer(text)] + [len(text)]
    whole = max((cut for cut in cuts if cut <= longest), default=0)
    if whole == len(text) or whole >= longest / 2:
        return text[:whole].strip()
    chinese = CHINESE.search(text)
    dots = "……" if chinese else " …"
    pauses = re.finditer(r"[，；：、]" if chinese else r"[,;:]?\s", text)
    fitting = [pause.start() for pause in pauses if pause.start() + len(dots) <= longest]
    return text[: max(fitting)] + dots if fitting and fitting[-1] > whole else text[:whole].strip()


def opening(doctree):
    """Take the paragraphs that a page begins with, before anything else interrupts them."""
    text = []
    for node in doctree.findall(nodes.paragraph):
        if isinstance(node.parent, nodes.section):
            text.append(re.sub(r"\s+", " ", node.astext()).strip())
            following = node.next_node(siblings=True, descend=False)
            if not isinstance(following, nodes.paragraph):
                break
    chinese = text and CHINESE.search(text[0])
    return ("" if chinese else " ").join(text)


def minutes(doctree):
    """Estimate how many minutes a page takes; what the code prints is not counted."""
    words = characters = lines = figures = 0
    for node in doctree.findall():
        if isinstance(node, nodes.Text) and not within(node, nodes.literal_block, nodes.raw):
            words += len(WORD.findall(node))
            characters += len(CHINESE.findall(node))
        elif isinstance(node, nodes.literal_block) and "cell_output" not in surroundings(node):
            lines += len([line for line in node.astext().splitlines() if line.strip()])
        elif isinstance(node, nodes.raw) and node.get("format") == "html":
            said = TABLE_OR_TAG.sub(" ", node.astext())
            words += len(WORD.findall(said))
            characters += len(CHINESE.findall(said))
        elif isinstance(node, nodes.image):
            figures += 1
    spent = words / WORDS + characters / CHARACTERS + lines / LINES_OF_CODE + figures / FIGURES
    return max(1, math.ceil(spent))


def within(node, *kinds):
    """Say whether a node lies in another of one of these kinds."""
    return isinstance(node.parent, kinds) or (node.parent and within(node.parent, *kinds))


def surroundings(node):
    """Collect the classes of all that a node lies in."""
    return node.get("classes", []) + (surroundings(node.parent) if node.parent else [])


def describe(app, pagename, templatename, context, doctree):
    """Give the page's template its description, and its text the time that it takes."""
    language = app.config.language[:2]
    course = context["description"]
    if doctree is None:
        context["description"] = f"{_('Search')} · {course}"
        return
    if pagename != app.config.root_doc and (text := opening(doctree)):
        context["description"] = beginning(text, LONGEST[language])
    if pagename.startswith(PREFIX):  # an assignment says itself how long it takes
        return
    needed = minutes(doctree)
    note = READING_TIME[language][needed > 1].format(needed)
    head, title, rest = context["body"].partition("</h1>")
    context["body"] = f'{head}{title}<p class="reading-time">{note}</p>{rest}' if title else head


def setup(app):
    """Describe the pages as they are written."""
    app.connect("html-page-context", describe)
