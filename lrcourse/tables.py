"""Tables that print themselves in a terminal, a notebook, csv and json."""

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from lrcourse.checks import instance, one_of, sequence
from lrcourse.language import translate


class Code(str):
    """A piece of code: a table does not translate it, and a notebook shows it as code."""


@dataclass(frozen=True)
class Table:
    """Named columns and rows of values: numbers, texts, or None where there is nothing to say.

    For people (`text`, and html in a notebook) the column names are translated
    and numbers rounded to four significant digits; `csv` and `json` keep names
    and numbers as they are.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence]

    def __post_init__(self):
        for name in sequence("columns", self.columns):
            instance("each of columns", name, str)
        for row in sequence("rows", self.rows):
            if len(sequence("each of rows", row)) != len(self.columns):
                raise ValueError(f"each of rows must have a value for each of columns, got {row!r}")

    @classmethod
    def of(cls, rows: Iterable[Mapping]) -> "Table":
        """Return a table of rows that are dicts, all with the same columns."""
        rows = list(rows)
        return cls(list(rows[0]), [list(row.values()) for row in rows])

    def column(self, name: str) -> list:
        """Return the values of one column."""
        position = list(self.columns).index(one_of("name", name, self.columns))
        return [row[position] for row in self.rows]

    def text(self) -> str:
        """Return the table for a terminal."""
        return self._formatted("simple")

    def csv(self) -> str:
        """Return the table as csv; None is an empty field."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return buffer.getvalue()

    def json(self) -> str:
        """Return the table as a list of objects; None, nan and infinity are null."""

        def finite(value):
            return None if isinstance(value, float) and not math.isfinite(value) else value

        records = [dict(zip(self.columns, map(finite, row), strict=True)) for row in self.rows]
        return json.dumps(records, indent=1, ensure_ascii=False) + "\n"

    def __repr__(self):
        return self.text()

    def _repr_html_(self):
        return self._formatted("unsafehtml", escape)

    def _formatted(self, form, shown=str):
        from tabulate import tabulate

        def cell(value):
            text = shown(_rounded(value))
            if shown is escape and isinstance(value, Code):
                return f'<code style="white-space: normal">{text}</code>'
            return text

        rows = [[cell(value) for value in row] for row in self.rows]
        headers = [shown(translate(name)) for name in self.columns]
        sides = [
            "left" if any(isinstance(value, str) for value in values) else "right"
            for values in zip(*self.rows, strict=True)
        ]
        return tabulate(rows, headers, tablefmt=form, disable_numparse=True, colalign=sides)


def _rounded(value) -> str:
    if value is None:
        return ""
    if isinstance(value, Code):
        return value
    if isinstance(value, str):
        return translate(value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
