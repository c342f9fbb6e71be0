"""What two languages have in common beside digits: numbers in words, and units of counts."""

import re
from collections import Counter
from collections.abc import Collection
from decimal import Decimal
from functools import cache

from tools.text.numerals import in_text
from tools.text.prose import mentions

CARDINALS = """one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen"""
ORDINALS = "third fourth fifth sixth seventh eighth ninth tenth"
ROUND = "twenty thirty forty fifty sixty"
ENGLISH = {word: number for number, word in enumerate(CARDINALS.split(), 1)}
ENGLISH |= {word: number for number, word in enumerate(ORDINALS.split(), 3)}
ENGLISH |= {word: 10 * number for number, word in enumerate(ROUND.split(), 2)}
ENGLISH |= {"quarter": 4, "twentieth": 20, "hundredth": 100, "thousandth": 1000}
POWERS = {"hundred": 100, "thousand": 1000}
SIGNS = {sign: number for number, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
TENS = {"十": 10, "百": 100, "千": 1000}
NUMERAL = re.compile(f"[{''.join(SIGNS)}{''.join(TENS)}]+")
# Kilograms, per cent, millions, rounding, all round: no number is meant, or none in words.
NO_NUMERAL = re.compile("千克|百分之(?!一)|百分[点数]|[百千]万|四舍五入|四周|一落千丈")
# A unit in both languages, and what may stand between it and its number.
UNITS = {
    "epochs": ("epochs?", "轮"),
    "updates": ("updates?", "更新"),
    "hours": ("hours?", "(?<![大率越减最够很])小时"),
    "minutes": ("minutes?", "分钟|分半"),
}
AFTER = (r"\s*(?:[a-z]+\s+)?{}\b", r"\s*[个次]?{}")


def other(english: str, chinese: str, units: Collection[str] = UNITS) -> str:
    """Say which numbers, or numbers in words, or units only one of two texts has."""
    found = (Counter(some.number.amount for some in mentions(text)) for text in (english, chinese))
    return amounts(*found, "in the text") or difference(english, chinese, units)


def amounts(english: Counter[Decimal], chinese: Counter[Decimal], where: str) -> str:
    """Say which numbers only the English or only the Chinese has."""
    sides = {"English": english - chinese, "Chinese": chinese - english}
    parts = [
        f"{', '.join(f'{value:f}' if abs(value.adjusted()) < 7 else f'{value}' for value in some)} "
        f"only in {name}"
        for name, numbers in sides.items()
        if (some := sorted(numbers.elements()))
    ]
    return f"numbers differ {where}: {'; '.join(parts)}" if parts else ""


def difference(english: str, chinese: str, units: Collection[str] = UNITS) -> str:
    """Say which numbers in words, and which units, only one of two texts has.

    Each of `units` must be in both or in neither; all that follow a number must follow it in both.
    """
    sides = []
    for language, text in enumerate((english, chinese)):
        named = {unit for unit in units if re.search(UNITS[unit][language], text)}
        sides.append({f"{number}" for number in spelled(text)} | named)
    ours, theirs = (counted(text, language) for language, text in enumerate((english, chinese)))
    for amount in ours.keys() & theirs.keys():
        if ours[amount].isdisjoint(theirs[amount]):
            sides[0] |= {f"{amount} {unit}" for unit in ours[amount]}
            sides[1] |= {f"{amount} {unit}" for unit in theirs[amount]}
    only = {"English": sides[0] - sides[1], "Chinese": sides[1] - sides[0]}
    parts = (f"{', '.join(sorted(some))} only in {name}" for name, some in only.items() if some)
    return "; ".join(parts)


@cache
def spelled(text: str) -> set[int]:
    """Return the numbers from 3 that a text has in words, of whatever kind.

    >>> sorted(spelled("a third, two hundred times")), sorted(spelled("三分之一，两百倍"))
    ([3, 200], [3, 200])
    """
    found, last = set(), 0
    for word in re.findall("[a-z]+", text.lower()):
        number = next((ENGLISH[w] for w in _stems(word) if w in ENGLISH), 0)
        if word in POWERS:
            found -= {last}
            number = max(last, 1) * POWERS[word]
        elif 0 < number < 10 and last in range(20, 70, 10):  # twenty-five
            found -= {last}
            number += last
        found.add(number)
        last = number
    found |= {_value(signs) for signs in NUMERAL.findall(NO_NUMERAL.sub("", text))}
    return {number for number in found if number > 2}


def _stems(word: str) -> tuple[str, ...]:
    return word, word.removesuffix("s"), word.removesuffix("fold")


def _value(signs: str) -> int:
    """Return the value of a Chinese numeral such as 二十五."""
    total, digit = 0, 0
    for sign in signs:
        if sign in TENS:
            total, digit = total + (digit or 1) * TENS[sign], 0
        else:
            digit = SIGNS[sign]
    return total + digit


def counted(text: str, language: int) -> dict:
    """Return the units that follow a text's numbers: 100 epochs, 100 轮."""
    found = {}
    for number in in_text(text):
        after = text[number.start + len(number.text) :][:20]
        for unit, names in UNITS.items():
            if re.match(AFTER[language].format(names[language]), after):
                found.setdefault(number.amount, set()).add(unit)
    return found
