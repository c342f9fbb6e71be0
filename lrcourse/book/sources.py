"""The figures that the course quotes from its sources: ``sources.json``.

The one place where they stand. The comparison tables of the chapters read
them from here, and the tests let the prose quote no others.
"""

import numpy as np

from lrcourse.checks import one_of
from lrcourse.language import shipped
from lrcourse.tables import Table

# The textbook's samples: inside the school district, exactly on its border y = x + 0.5, outside.
SAMPLES = np.array([[0.2, 0.8], [0.4, 0.9], [0.6, 0.5]])


def quoted(source: str, item: str) -> dict | Table:
    """Return an item of a source; what has columns and rows comes as a `Table`.

    The source is named by its key in the bibliography, such as "aiedu", the item by its number in
    the course's notes on its sources, such as "E3".

    >>> quoted("aiedu", "E2")["positive"]
    0.13
    """
    sources = shipped("book/sources.json")
    items = sources[one_of("source", source, sources)]
    entry = items[one_of("item", item, items)]
    if "rows" in entry:
        numbers = {"nan": float("nan")}  # JSON knows no nan: the file writes it as a text
        rows = [[numbers.get(value, value) for value in row] for row in entry["rows"]]
        return Table(entry["columns"], rows)
    return entry
