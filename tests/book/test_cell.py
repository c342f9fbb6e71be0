"""`make cell`: a new cell gets its id, and a place in the other language."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from small_course import build

from tools import cell, check
from tools.text.canonical import canonical, write
from tools.text.pages import read


@pytest.fixture
def course(tmp_path):
    """A course whose English notebook has a new cell of text, and one of code, after `losses`."""
    root = build(tmp_path)
    path = root / "chapters" / "en" / "08-table.ipynb"
    notebook = read(path)
    notebook.cells[3:3] = [new_markdown_cell("A new thought."), new_code_cell("1 + 1")]
    write(path, canonical(notebook))
    return root


def ids(course, language):
    return [some.id for some in read(course / "chapters" / language / "08-table.ipynb").cells]


def test_a_new_cell_is_laid_into_the_other_language_and_named_by_the_check(course, capsys):
    assert cell.main(["08", "losses", "thought"], course / "chapters") == 0
    assert "make accept PAGE=08-table CELL=thought" in capsys.readouterr().out
    assert cell.main(["08", "thought", "sum"], course / "chapters") == 0
    assert "make notebooks PAGE=08-table" in capsys.readouterr().out
    expected = ["intro", "setup", "losses", "thought", "sum", "closing"]
    assert ids(course, "en") == ids(course, "zh") == expected
    found = {finding.cell: finding.message for finding in check.check(course)}
    assert "never accepted" in found["thought"]
    assert "make notebooks" in found["sum"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["09", "losses", "new"], "0 English notebooks"),
        (["08", "nowhere", "new"], "en/08-table.ipynb has no cell nowhere"),
        (["08", "intro", "new"], "no cell that the Chinese lacks"),
        (["08", "closing", "new"], "no cell that the Chinese lacks"),
        (["08", "losses", "setup"], "has a cell setup already"),
        (["08", "losses", "New cell"], "got 'New cell'"),
    ],
)
def test_a_slip_is_named_and_changes_nothing(course, capsys, arguments, message):
    before = ids(course, "en"), ids(course, "zh")
    with pytest.raises(SystemExit):
        cell.main(arguments, course / "chapters")
    assert message in capsys.readouterr().err
    assert (ids(course, "en"), ids(course, "zh")) == before
