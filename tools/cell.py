"""Lay a new cell of an English notebook into the Chinese one: python -m tools.cell PAGE AFTER ID.

Write the cell in Jupyter, in the English notebook, below the cell AFTER. Both notebooks then have
it under the name ID. In the Chinese one it is still English, which `make check` says until its
translation is accepted, or until the notebooks are executed if it is code.
"""

import argparse
import copy
import re
import sys
from pathlib import Path

from tools.text.canonical import canonical, write
from tools.text.pages import read

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None, chapters: Path = ROOT / "chapters") -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, means in (
        ("page", "the page's name, or how it begins"),
        ("after", "the id of the cell above the new one"),
        ("id", "the id that the new cell gets"),
    ):
        parser.add_argument(name, help=means)
    options = parser.parse_args(arguments)
    try:
        print(lay(chapters, options.page, options.after, options.id))
    except ValueError as error:
        parser.error(str(error))
    return 0


def lay(chapters: Path, page: str, after: str, new: str) -> str:
    """Name the cell that follows `after` in English, copy it into Chinese, and say what to do next.

    Raises
    ------
    ValueError
        When there is no such page or cell, or the new id is taken or not one.
    """
    found = sorted((chapters / "en").glob(f"{page}*.ipynb"))
    if len(found) != 1:
        raise ValueError(f"{len(found)} English notebooks have a name that begins with {page!r}")
    paths = [found[0], chapters / "zh" / found[0].name]
    english, chinese = notebooks = [read(path) for path in paths]
    ids = [[cell.id for cell in notebook.cells] for notebook in notebooks]
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,63}", new):
        raise ValueError(f"an id is small letters, digits and dashes, got {new!r}")
    for path, known in zip(paths, ids, strict=True):
        if after not in known:
            raise ValueError(f"{path.parent.name}/{path.name} has no cell {after}")
    cell = (english.cells[ids[0].index(after) + 1 :] or [None])[0]
    if cell is None or cell.id in ids[1]:
        raise ValueError(f"below {after}, the English notebook has no cell that the Chinese lacks")
    if new in ids[1] or new in ids[0] and cell.id != new:
        raise ValueError(f"the page has a cell {new} already")
    cell.id = new
    twin = copy.deepcopy(cell)
    if twin.cell_type == "code":
        twin.outputs, twin.execution_count = [], None
    chinese.cells.insert(ids[1].index(after) + 1, twin)
    for path, notebook in zip(paths, notebooks, strict=True):
        write(path, canonical(notebook))
    if twin.cell_type == "code":
        return f"cell {new} is in both; run: make notebooks PAGE={found[0].stem}"
    return f"cell {new} is in both; translate it, then: make accept PAGE={found[0].stem} CELL={new}"


if __name__ == "__main__":
    sys.exit(main())
