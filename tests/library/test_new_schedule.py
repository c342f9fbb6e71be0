"""Where a schedule belongs: who adds one is told of the places that were forgotten."""

import inspect
import json
import re
from pathlib import Path

import pytest
import test_arguments
import test_schedules

from lrcourse import schedules
from lrcourse.explorer.schedules import FAMILIES, RATES
from lrcourse.schedules import FACTORIES

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "parity" / "cases.py"
REFERENCE = json.loads((ROOT / "tests" / "library" / "reference.json").read_text("utf-8"))
COUNTERPARTS = json.loads((ROOT / "lrcourse" / "counterparts.json").read_text("utf-8"))


def checked(name):
    # What a boundary must be depends on the total.
    return set(inspect.signature(FACTORIES[name]).parameters) <= {*schedules._CHECKS, "boundaries"}


def called(texts):
    """Return the schedules that are called in some of the texts."""
    return set(re.findall(r"\b(\w+)\(", " ".join(texts))) & FACTORIES.keys()


def between(text, first, last):
    return text.partition(first)[2].partition(last)[0]


# The file, what is to be done there, and the schedules for which it has been done. The list in
# CONTRIBUTING.md is the same.
PLACES = {
    "lrcourse/schedules.py": (
        "check each argument in `_CHECKS`", {name for name in FACTORIES if checked(name)}
    ),
    "tests/library/test_schedules.py": (
        "draw its arguments in `DRAWN`", test_schedules.DRAWN.keys()
    ),
    "tests/library/test_arguments.py": (
        "add a call to `CALLS`", {function.__name__ for function, _ in test_arguments.CALLS
                                  if hasattr(function, "__name__")}
    ),
    "tests/parity/cases.py": (
        "add a pair to `SCHEDULES`",
        called([between(CASES.read_text("utf-8"), "SCHEDULES", "OPTIM")]),
    ),
    "tests/library/reference.json": (
        "record its pair: `make record`", called(ours for ours, *_ in REFERENCE["schedules"])
    ),
    "lrcourse/counterparts.json": (
        "add a row to `schedules`", called(row[1] for row in COUNTERPARTS["schedules"])
    ),
    "lrcourse/explorer/schedules.py": (
        "add a family to `FAMILIES`",
        called(repr(each.make(RATES[0], *each.settings()[0])) for each in FAMILIES),
    ),
}  # fmt: skip
# The frameworks spell these by means of others, and so does the figure.
MADE_OF_OTHERS = {"geometric", "join", "per_epoch"}
LEFT_OUT = {
    "lrcourse/counterparts.json": MADE_OF_OTHERS,
    # At p = 1 it is a time-based schedule, which has a family, and so has the root.
    "lrcourse/explorer/schedules.py": MADE_OF_OTHERS | {"inverse_power"},
}


@pytest.mark.parametrize("place", PLACES)
def test_no_schedule_is_missing_from_a_place_where_it_belongs(place):
    to_do, done = PLACES[place]
    missing = FACTORIES.keys() - done - LEFT_OUT.get(place, set())
    assert not missing, f"`{'`, `'.join(sorted(missing))}` is missing from {place}: {to_do}"
    assert not LEFT_OUT.get(place, set()) & done, f"{place} has what LEFT_OUT says it has not"


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "CONTRIBUTING.zh.md"])
def test_the_places_are_those_that_contributors_are_told_of(page):
    text = (ROOT / ".github" / page).read_text("utf-8")
    section = between(text, "## 增加调度" if ".zh" in page else "## Add a schedule", "\n## ")
    told = re.findall(r"(?m)^\d+\. `([^`]+)`", section)
    assert told == list(PLACES)
    for place, (to_do, _) in PLACES.items():
        assert re.search(r"`[^`]+`", to_do)[0] in section, place
