"""The language of figures and tables: ``use_language("zh")``.

Labels are written in English in the code and looked up in ``labels.json``,
so that the code of a notebook is the same in both editions.
"""

import json
import warnings
from functools import cache
from importlib.resources import files

from lrcourse.checks import instance, one_of

LANGUAGES = ("en", "zh")

_current = "en"


def use_language(language: str) -> None:
    """Choose the language of all figures and tables: "en" or "zh", simplified Chinese."""
    global _current
    _current = one_of("language", language, LANGUAGES)


def current_language() -> str:
    """Return the language chosen last, "en" to begin with."""
    return _current


def labels() -> dict[str, str]:
    """Return the catalogue: English label to Chinese label."""
    return shipped("labels.json")


@cache
def shipped(name: str):
    """Return what a JSON file of the library says."""
    return json.loads(files("lrcourse").joinpath(name).read_text("utf-8"))


def translate(text: str, **values) -> str:
    """Return a label in the chosen language, with ``{name}`` fields filled in.

    A text that is Chinese already, or has no letters, is returned as it is. One
    that the catalogue lacks is shown in English, with a warning.

    >>> translate("slope {slope}", slope=0.1)
    'slope 0.1'
    """
    instance("text", text, str)
    if _current == "zh":
        if text in labels():
            text = labels()[text]
        elif text.isascii() and any(map(str.isalpha, text)):
            warnings.warn(f"labels.json has no Chinese for {text!r}", stacklevel=2)
    return text.format(**values) if values else text
