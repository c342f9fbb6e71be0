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
    wanted = colab.with_cell(notebook, colab.language(path))
    assert canonical(wanted) == canonical(notebook), "run: python -m tools.text.colab"


SITE = "https://someone.github.io/course/"


def calls(monkeypatch, site, *modules):
    """Run the cell where these modules are loaded; return the magics that it called."""
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    for name in modules:
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    called = []
    shell = types.SimpleNamespace(run_line_magic=lambda *magic: called.append(magic))
    exec(colab.cell("en", site).source, {"get_ipython": lambda: shell})
    return called


def test_on_colab_the_cell_installs_the_wheel_of_the_site_and_elsewhere_nothing(monkeypatch):
    wheel = f"{SITE}lrcourse-{__version__}-py3-none-any.whl"
    assert calls(monkeypatch, SITE, "google", "google.colab") == [
        ("pip", f"install -q 'lrcourse[all] @ {wheel}'")
    ]
    assert calls(monkeypatch, SITE) == []


def test_without_a_site_the_cell_says_what_to_install(monkeypatch):
    assert calls(monkeypatch, "", "google", "google.colab") == []  # it is installed here
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="git[+]https://github.com/OWNER"):
        calls(monkeypatch, "", "google", "google.colab")


def test_no_cell_installs_the_library_by_its_name_alone():
    for site in ("", SITE):
        assert "lrcourse[all] @ " in colab.cell("en", site).source


def test_the_site_is_where_the_project_says(tmp_path):
    project = tmp_path / "pyproject.toml"
    project.write_text("[project]\nname = 'lrcourse'\n")
    assert colab.site(tmp_path) == ""
    project.write_text(f"[project.urls]\nSite = '{SITE[:-1]}'\n")
    assert colab.site(tmp_path) == SITE


def test_both_languages_have_the_same_code():
    english, chinese = (colab.cell(language, SITE).source.splitlines() for language in LANGUAGES)
    assert english[0] != chinese[0]
    assert english[1:] == chinese[1:]


def test_the_cell_comes_before_all_code_and_the_others_are_counted_anew():
    result = new_output("execute_result", {"text/plain": "2"}, execution_count=1)
    cells = [
        new_markdown_cell("# A title", id="title"),
        new_code_cell("1 + 1", id="sum", execution_count=1, outputs=[result]),
        new_code_cell("an old text", id="colab", execution_count=2),
    ]
    found = colab.with_cell(new_notebook(cells=cells), "en", "")
    assert [cell.id for cell in found.cells] == ["title", "colab", "sum"]
    assert [cell.execution_count for cell in found.cells[1:]] == [1, 2]
    assert found.cells[2].outputs[0].execution_count == 2
    assert colab.with_cell(found, "en", "") == found


def test_a_notebook_not_yet_executed_stays_so():
    found = colab.with_cell(new_notebook(cells=[new_code_cell("1", id="one")]), "zh", "")
    assert [cell.execution_count for cell in found.cells] == [None, None]
