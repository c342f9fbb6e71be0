"""Give every notebook the cell that installs the library on Colab: python -m tools.text.colab.

It is the first code cell. Colab's machines have NumPy and matplotlib but not `lrcourse`, and
keep a kernel's packages only as long as the kernel; everywhere else the cell does nothing. The
website leaves it out. The library is never installed by its name: where pyproject.toml says where
the site lives (`[project.urls]`, `Site`), the cell takes the wheel that lies there, else it says
what to install.
"""

import tomllib
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from lrcourse import __version__
from lrcourse.language import LANGUAGES
from tools.text.canonical import canonical, write
from tools.text.pages import read, short

ROOT = Path(__file__).resolve().parents[2]
COMMENT = {
    "en": "# On Google Colab, this installs the library; elsewhere it does nothing.",
    "zh": "# 在 Google Colab 上，这里会安装程序库；在别处什么也不做。",
}
# Plain Python, so that whatever reads notebooks can read it.
INSTALL = """\
import sys

if "google.colab" in sys.modules:
    wheel = "{site}lrcourse-{version}-py3-none-any.whl"
    get_ipython().run_line_magic("pip", f"install -q 'lrcourse[all] @ {{wheel}}'")"""
# Whoever takes the name in an index that is not ours would run code in readers' notebooks.
EXPLAIN = """\
import sys
from importlib.util import find_spec

if "google.colab" in sys.modules and not find_spec("lrcourse"):
    raise ModuleNotFoundError(
        "install the library from the repository that this notebook is from: "
        "%pip install 'lrcourse[all] @ git+https://github.com/OWNER/REPOSITORY'"
    )"""
ID, TAG = "colab", "remove-cell"


def main() -> None:
    """Write the cell into the notebooks that lack it and say which those are."""
    for path in notebooks():
        notebook = read(path)
        text = canonical(with_cell(notebook, language(path)))
        if text != path.read_text(encoding="utf-8"):
            write(path, text)
            print(f"{short(path)} has the cell now")


def notebooks(root: Path = ROOT) -> list[Path]:
    """Return the notebooks that readers can open on Colab."""
    return sorted(root.glob("chapters/*/*.ipynb"))


def language(path: Path) -> str:
    """Return the language that a notebook is written in, which one of its folders is named for."""
    (found,) = set(path.parts) & set(LANGUAGES)
    return found


def site(root: Path = ROOT) -> str:
    """Return the address of the published site, ending in a slash; empty where there is none."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address = project.get("urls", {}).get("Site", "")
    return f"{address.rstrip('/')}/" if address else ""


def cell(language: str, site: str) -> NotebookNode:
    """Return the cell as it has to be."""
    code = INSTALL.format(site=site, version=__version__) if site else EXPLAIN
    source = f"{COMMENT[language]}\n{code}"
    return new_code_cell(source, id=ID, metadata={"tags": [TAG]})


def with_cell(notebook: NotebookNode, language: str, address: str | None = None) -> NotebookNode:
    """Return a notebook whose first code cell is this one, its cells counted anew."""
    cells = [some for some in notebook.cells if some.id != ID]
    first = next((n for n, some in enumerate(cells) if some.cell_type == "code"), None)
    if first is None:
        return notebook
    cells.insert(first, cell(language, site() if address is None else address))
    if any(some.get("execution_count") for some in cells):  # else its outputs are not stored
        code = [some for some in cells if some.cell_type == "code"]
        for count, some in enumerate(code, 1):
            some.execution_count = count
            for output in some.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count
    return NotebookNode({**notebook, "cells": cells})


if __name__ == "__main__":
    main()
