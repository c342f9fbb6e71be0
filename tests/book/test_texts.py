"""README, changelog, bibliography, glossary and records say what is so."""

import argparse
from pathlib import Path

import texts

from lrcourse.__main__ import _parser
from lrcourse.experiments.table import LIKE_THE_TEXTBOOK

ROOT = Path(__file__).resolve().parents[2]


def test_what_the_texts_beside_the_chapters_say_is_so():
    assert list(texts.problems(ROOT)) == []


def test_the_help_names_the_default_that_is_used():
    (commands,) = (
        action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction)
    )
    assert f"(default: {LIKE_THE_TEXTBOOK})" in commands.choices["table"].format_help()


def test_a_descent_swings_above_one_and_leaves_above_two():
    assert texts.limits() == {"oscillating": "1", "diverging": "2"}
