"""How long a page takes to read, said below its title."""

import math
import re

from tools.site.assignments import PREFIX

CHINESE = re.compile(r"[\u3400-\u9fff]")
WORD = re.compile(r"[^\W\u3400-\u9fff]+(?:['’.-][^\W\u3400-\u9fff]+)*")
UNREAD = re.compile(r"<(table|style|script|math|pre)\b.*?</\1>|<[^>]*>", re.DOTALL)
# How much one takes in a minute, of a text one wants to understand.
WORDS, CHARACTERS, FIGURES = 200, 350, 5
SAID = {
    "en": ("Reading time: about {} minute", "Reading time: about {} minutes"),
    "zh": ("阅读约需 {} 分钟",) * 2,
}


def minutes(html):
    """Estimate how many minutes a page takes; code and what it prints are not counted.

    Examples
    --------
    >>> minutes("<p>" + "word " * 300 + "</p><pre>" + "x = 1 " * 900 + "</pre>")
    2
    """
    text = UNREAD.sub(" ", html)
    spent = len(WORD.findall(text)) / WORDS + len(CHINESE.findall(text)) / CHARACTERS
    return max(1, math.ceil(spent + html.count("<img ") / FIGURES))


def add_note(app, pagename, templatename, context, doctree):
    """Put the note below the title; an assignment says itself how long it takes."""
    head, title, rest = context.get("body", "").partition("</h1>")
    if doctree and title and not pagename.startswith(PREFIX):
        needed = minutes(rest)
        note = SAID[app.config.language[:2]].format(needed, "s" * (needed > 1))
        context["body"] = f'{head}{title}<p class="reading-time">{note}</p>{rest}'


def setup(app):
    """Write the notes with the pages."""
    app.connect("html-page-context", add_note)
