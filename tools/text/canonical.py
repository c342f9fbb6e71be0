"""One way to write a notebook: the same content is always the same bytes."""

import os
import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode

# What a notebook says about itself, whichever editor or kernel saved it.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# Cell metadata that means something here; editors add more, and timings change at every run.
KEPT_IN_CELLS = ("mystnb", "nbgrader", "tags", "translation")
# A widget's view names its model by a random number.
TRANSIENT_DATA = ("application/vnd.jupyter.widget-view+json",)


def canonical(notebook: NotebookNode) -> str:
    """Return the text of a notebook's file.

    Parameters
    ----------
    notebook : NotebookNode
        Any notebook of format 4.5; it is not changed.

    Returns
    -------
    str
        JSON with sorted keys, an indent of one, and a final newline.
    """
    cells = [_cell(cell) for cell in notebook.cells]
    bare = nbformat.from_dict(
        {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    )
    return nbformat.writes(bare) + "\n"


def _cell(cell: NotebookNode) -> NotebookNode:
    kept = nbformat.from_dict(dict(cell))
    kept.metadata = {key: cell.metadata[key] for key in KEPT_IN_CELLS if key in cell.metadata}
    if cell.cell_type == "code":
        kept.outputs = [out for out in map(_output, cell.outputs) if out is not None]
    return kept


def _output(output: NotebookNode) -> NotebookNode | None:
    if "data" not in output:
        return output
    data = {kind: value for kind, value in output.data.items() if kind not in TRANSIENT_DATA}
    return nbformat.from_dict({**output, "data": data}) if data else None


def write(path: Path, text: str) -> None:
    """Replace a file's text, or leave the file as it was.

    The text goes to a temporary file beside it, which takes the name only
    when every byte is on the disk: a full disk or an interruption cannot leave
    half a file.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
