"""On Google Colab a notebook installs the library; elsewhere its first cell does nothing."""

import sys
import types

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lrcourse import __version__
from lrcourse.language import LANGUAGES
from tools.text import colab
from tools.text.canonical import canonical
from tools.text.pages import read


def test_every_notebook_has_the_cell():
    for path in colab.notebooks():
        notebook = read(path)
        expected = canonical(colab.with_cell(notebook, colab.language(path)))
        assert canonical(notebook) == expected, f"{path}: run: python -m tools.text.colab"


def test_the_cell_installs_this_series_of_the_library_on_colab_and_nothing_elsewhere(monkeypatch):
    called = []
    shell = types.SimpleNamespace(run_line_magic=lambda *magic: called.append(magic))
    english, chinese = (colab.cell(language).source for language in LANGUAGES)
    assert english.splitlines()[1:] == chinese.splitlines()[1:] and english != chinese
    exec(english, {"get_ipython": lambda: shell})
    assert called == []
    for name in ("google", "google.colab"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    exec(english, {"get_ipython": lambda: shell})
    major, minor, _ = __version__.split(".")
    assert called == [("pip", f"install -q lrcourse[all]~={major}.{minor}.0")]


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
    fresh = colab.with_cell(new_notebook(cells=[new_code_cell("1", id="one")]), "zh")
    assert [cell.execution_count for cell in fresh.cells] == [None, None]
