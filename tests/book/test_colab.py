"""On Google Colab a notebook installs the library; elsewhere its first cell does nothing."""

import sys
import types

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lrcourse import __version__
from lrcourse.language import LANGUAGES
from tools.text import colab
from tools.text.canonical import canonical
from tools.text.pages import read


@pytest.mark.parametrize(
    "path", colab.notebooks(), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_every_notebook_has_the_cell(path):
    notebook = read(path)
    assert canonical(colab.with_cell(notebook, colab.language(path))) == canonical(notebook), (
        "run: python -m tools.text.colab"
    )


def calls(monkeypatch, *modules):
    """Run the cell where these modules are loaded; return the magics that it called."""
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    for name in modules:
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    called = []
    shell = types.SimpleNamespace(run_line_magic=lambda *magic: called.append(magic))
    exec(colab.cell("en").source, {"get_ipython": lambda: shell})
    return called


def test_the_cell_installs_this_series_of_the_library_on_colab_and_nothing_elsewhere(monkeypatch):
    major, minor, _ = __version__.split(".")
    assert calls(monkeypatch, "google", "google.colab") == [
        ("pip", f"install -q lrcourse[all]~={major}.{minor}.0")
    ]
    assert calls(monkeypatch) == []


def test_both_languages_have_the_same_code():
    english, chinese = (colab.cell(language).source.splitlines() for language in LANGUAGES)
    assert english[0] != chinese[0]
    assert english[1:] == chinese[1:]


def test_the_cell_comes_before_all_code_and_the_others_are_counted_anew():
    result = new_output("execute_result", {"text/plain": "2"}, execution_count=1)
    cells = [
        new_markdown_cell("# A title", id="title"),
        new_code_cell("1 + 1", id="sum", execution_count=1, outputs=[result]),
        new_code_cell("an old text", id="colab", execution_count=2),
    ]
    found = colab.with_cell(new_notebook(cells=cells), "en")
    assert [cell.id for cell in found.cells] == ["title", "colab", "sum"]
    assert [cell.execution_count for cell in found.cells[1:]] == [1, 2]
    assert found.cells[2].outputs[0].execution_count == 2
    assert colab.with_cell(found, "en") == found


def test_a_notebook_not_yet_executed_stays_so():
    found = colab.with_cell(new_notebook(cells=[new_code_cell("1", id="one")]), "zh")
    assert [cell.execution_count for cell in found.cells] == [None, None]
