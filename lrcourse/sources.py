"""The figures that the course quotes from its sources: ``sources.json``.

The one place where they stand. The comparison tables of the chapters read
them from here, and the tests let the prose quote no others.
"""

import json
from functools import cache
from importlib.resources import files

from lrcourse.tables import Table


def figures(source: str, item: str) -> dict | Table:
    """Return an item of a source; what has columns and rows comes as a `Table`.

    Parameters
    ----------
    source : str
        The source's key in the bibliography, such as "aiedu".
    item : str
        The item's number in the course's notes on its sources, such as "E3".

    >>> figures("aiedu", "E2")["positive"]
    0.13
    """
    if source not in _all():
        raise ValueError(f"source must be one of {', '.join(_all())}, got {source!r}")
    if item not in _all()[source]:
        raise ValueError(f"item must be one of {', '.join(_all()[source])}, got {item!r}")
    entry = _all()[source][item]
    if "rows" in entry:
        # JSON knows no nan: the file writes it as a text.
        rows = [
            [float("nan") if value == "nan" else value for value in row] for row in entry["rows"]
        ]
        return Table(entry["columns"], rows)
    return entry


def _number(value):
    """JSON knows no nan: the file writes it as a text."""
    return float("nan") if value == "nan" else value


@cache
def _all() -> dict:
    return json.loads(files("lrcourse").joinpath("sources.json").read_text("utf-8"))
