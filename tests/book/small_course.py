"""A course of one notebook and one page, for the tests of the checking tools."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lrcourse.language import LANGUAGES
from tools.text import translations
from tools.text.canonical import canonical, write

INTRO = {
    "en": "# 8. The table\n\nAt a rate of 0.01 the loss is 0.2297; of 1,600 points 13% are "
    "positive ([Wang 2022](references.md#wang2022) says 0.87).\n\n$$p_1 = 6.09\\times10^{-5}$$",
    "zh": "# 8. 学习率表\n\n学习率为 0.01 时损失为 ０.2297；1600 个点中有百分之 13 为正"
    "（[王 2022](references.md#wang2022)给出 0.87）。\n\n$$p_1 = 6.09\\times10^{-5}$$",
}
CLOSING = {
    "en": "See [the table](08-table.ipynb#8-the-table).",
    "zh": "见[学习率表](08-table.ipynb#8-学习率表)。",
}
LOSSES = "rates = [0.01, 0.1]  # {}\nprint(rates, 1600)"
COMMENT = {"en": "two rates", "zh": "两个学习率"}
RESULT = {
    "en": "loss 0.2297 0.0874\nshare 0.1285, p 6.09e-05, of 1600\n",
    "zh": "损失 0.2297 0.0874\n比例 0.1285，p 6.09e-05，共 1600\n",
}
PAGE = {"en": "# References\n\nAll 12 of them.\n", "zh": "# 参考文献\n\n共 12 篇。\n"}
SOURCES = '{"wang2022": {"accuracy": ["0.8700", {"epochs": 50}]}, "li2020": 0.4321}'
BIBLIOGRAPHY = "@misc{wang2022, title = {A table}}\n"


def notebook(language: str) -> nbformat.NotebookNode:
    """One language's notebook, as if executed."""
    return new_notebook(
        cells=[
            new_markdown_cell(INTRO[language], id="intro"),
            new_code_cell(
                f'from lrcourse import use_language\n\nuse_language("{language}")',
                id="setup",
                execution_count=1,
            ),
            new_code_cell(
                LOSSES.format(COMMENT[language]),
                id="losses",
                execution_count=2,
                outputs=[new_output("stream", name="stdout", text=RESULT[language])],
            ),
            new_markdown_cell(CLOSING[language], id="closing"),
        ]
    )


def build(root: Path) -> Path:
    """Write the course, its translations accepted, and return its folder."""
    for language in LANGUAGES:
        folder = root / "chapters" / language
        folder.mkdir(parents=True)
        write(folder / "08-table.ipynb", canonical(notebook(language)))
        write(folder / "references.md", PAGE[language])
    (root / "lrcourse" / "book").mkdir(parents=True)
    (root / "lrcourse" / "book" / "sources.json").write_text(SOURCES, encoding="utf-8")
    (root / "chapters" / "references.bib").write_text(BIBLIOGRAPHY, encoding="utf-8")
    for page in ("08-table", "references"):
        translations.accept(root / "chapters", page)
    return root


def edit(root: Path, language: str, cell: str, old: str, new: str, file="08-table.ipynb") -> None:
    """Replace words in the source of one cell."""
    path = root / "chapters" / language / file
    changed = nbformat.read(path, as_version=4)
    (found,) = [some for some in changed.cells if some.id == cell]
    assert old in found.source
    found.source = found.source.replace(old, new)
    write(path, canonical(changed))
