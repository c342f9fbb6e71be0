"""What `make check` says when a chapter breaks a rule."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_output
from small_course import build, edit

from lrcourse.language import LANGUAGES
from tools import check
from tools.text import translations
from tools.text.canonical import canonical, write


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return build(tmp_path)


def said(course: Path) -> list[str]:
    return [str(finding) for finding in check.check(course)]


def change_cell(course, language, cell, change):
    path = course / "chapters" / language / "08-table.ipynb"
    notebook = nbformat.read(path, as_version=4)
    change(next(some for some in notebook.cells if some.id == cell))
    write(path, canonical(notebook))


def test_a_sound_course_is_sound(course):
    assert said(course) == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (".2297", ".2279", "0.2279"),
        ("0.01", "0.02", "0.02"),
        ("13", "14", "14"),
        ("600", "700", "1700"),
        ("0.87", "0.89", "0.89"),
        ("6.09", "6.08", "6.08e-5"),
        ("{-5}", "{-6}", "6.09e-6"),
    ],
)
def test_one_digit_of_prose_is_named_with_its_file_and_cell(course, language, old, new, shown):
    edit(course, language, "intro", old, new)
    findings = said(course)
    place = f"chapters/{language}/08-table.ipynb, cell intro: "
    (unjustified,) = [text for text in findings if "no output, setting or cited figure" in text]
    assert unjustified.startswith(place)
    assert shown in unjustified.replace(",", "")
    of_pair = [text for text in findings if text.startswith("chapters/zh/08-table.ipynb, cell in")]
    assert any("numbers differ in the text" in text for text in of_pair)


def test_a_wrong_number_is_told_the_nearest_output_and_its_line(course):
    edit(course, "en", "intro", "0.2297", "0.2279")
    (text,) = [text for text in said(course) if "cited figure" in text]
    assert "0.2279: no output, setting or cited figure agrees; nearest output 0.2297" in text
    assert "(line 3: At a rate of 0.01 the loss is 0.2279" in text


def test_one_line_of_code_in_one_language_is_named(course):
    edit(course, "zh", "losses", "print(rates, 1600)", "print(rates, 1601)")
    assert said(course) == [
        "chapters/zh/08-table.ipynb, cell losses: line 2 of the code differs: "
        "'print(rates, 1601)', in English 'print(rates, 1600)'"
    ]


def test_a_line_more_in_one_language_is_named(course):
    edit(course, "en", "losses", "print", "rates += [1]\nprint")
    (text,) = said(course)
    assert "cell losses: line 2 of the code differs: 'print(rates, 1600)'" in text
    assert text.endswith("in English 'rates += [1]'")


def test_comments_and_layout_of_code_are_free(course):
    edit(course, "zh", "losses", "print(rates", "# 打印\n\nprint( rates")
    assert said(course) == []


def test_the_setup_cell_chooses_the_language_of_its_folder(course):
    edit(course, "zh", "setup", '"zh"', '"en"')
    (text,) = said(course)
    assert text.startswith("chapters/zh/08-table.ipynb, cell setup: needs use_language('zh')")


def test_only_the_setup_cell_chooses_a_language(course):
    for language in LANGUAGES:
        edit(course, language, "losses", "print", f"use_language('{language}')\nprint")
    assert [text.split(": ")[0] for text in said(course)] == [
        f"chapters/{language}/08-table.ipynb, cell setup" for language in LANGUAGES
    ]


def test_an_english_paragraph_without_its_translation_is_named(course):
    edit(course, "en", "closing", "See", "Look at")
    assert said(course) == [
        "chapters/zh/08-table.ipynb, cell closing: English changed since the translation was "
        "accepted; bring them together, then: make accept PAGE=08-table CELL=closing"
    ]


def test_a_translation_that_changed_by_itself_is_named(course):
    edit(course, "zh", "closing", "见", "参见")
    (text,) = said(course)
    assert "cell closing: Chinese changed since" in text


def test_both_languages_changed_is_said_so(course):
    edit(course, "zh", "closing", "见", "参见")
    edit(course, "en", "closing", "See", "Look at")
    (text,) = said(course)
    assert "English and Chinese both changed since" in text


def test_a_page_that_is_no_notebook_is_followed_too(course):
    page = course / "chapters" / "en" / "references.md"
    page.write_text(page.read_text().replace("12", "13"))
    first, second = said(course)
    assert first.startswith("chapters/zh/references.md: English changed since")
    assert second == (
        "chapters/zh/references.md: numbers differ in the text: "
        "13 only in English; 12 only in Chinese"
    )


def test_accepting_a_translation_settles_it(course, capsys):
    edit(course, "en", "closing", "See", "Look at")
    edit(course, "zh", "closing", "见", "参见")
    assert check.main(["--accept", "08-table", "closing"], root=course) == 0
    assert capsys.readouterr().out == "accepted: chapters/zh/08-table.ipynb, cell closing\n"
    assert said(course) == []
    assert check.main(["--accept", "chapters/en/08-table.ipynb"], root=course) == 0
    assert "up to date" in capsys.readouterr().out


def test_accepting_a_page_that_is_no_notebook(course):
    for language in LANGUAGES:
        page = course / "chapters" / language / "references.md"
        page.write_text(page.read_text().replace("12", "13"))
    assert check.main(["--accept", "references"], root=course) == 0
    assert said(course) == []
    assert page.read_text().count("<!--") == 1


def test_a_translation_with_other_numbers_is_not_accepted(course, capsys):
    edit(course, "en", "intro", "0.2297", "0.0874")
    before = (course / "chapters/zh/08-table.ipynb").read_bytes()
    assert check.main(["--accept", "08-table"], root=course) == 1
    captured = capsys.readouterr()
    assert "cell intro: numbers differ in the text: 0.0874 only in English" in captured.err
    assert captured.out == ""
    assert (course / "chapters/zh/08-table.ipynb").read_bytes() == before


@pytest.mark.parametrize("what", [["09-nothing"], ["08-table", "nothing"]])
def test_accepting_what_does_not_exist_is_refused(course, what, capsys):
    assert check.main(["--accept", *what], root=course) == 2
    assert "nothing" in capsys.readouterr().err


def test_a_new_cell_has_to_be_accepted(course):
    for language in LANGUAGES:
        change_cell(course, language, "closing", lambda cell: cell.metadata.clear())
    (text,) = said(course)
    assert "cell closing: this translation was never accepted" in text


def test_a_missing_page_is_named(course):
    (course / "chapters/zh/08-table.ipynb").unlink()
    assert "chapters/zh/08-table.ipynb: missing: it exists in en/" in said(course)


def test_another_order_of_cells_is_named(course):
    path = course / "chapters/zh/08-table.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0], notebook.cells[3] = notebook.cells[3], notebook.cells[0]
    write(path, canonical(notebook))
    assert said(course) == [
        "chapters/zh/08-table.ipynb, cell closing: cell 1 is closing (markdown), "
        "in English intro (markdown)"
    ]


def test_other_numbers_in_the_outputs_are_named(course):
    def change(cell):
        cell.outputs[0].text = cell.outputs[0].text.replace("0.0874", "0.0875")

    change_cell(course, "zh", "losses", change)
    assert said(course) == [
        "chapters/zh/08-table.ipynb, cell losses: numbers differ in the outputs: "
        "0.0874 only in English; 0.0875 only in Chinese"
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda cell: cell.update(execution_count=None), "executed as None, not 2"),
        (lambda cell: cell.update(execution_count=3), "executed as 3, not 2"),
        (
            lambda cell: cell.outputs.append(new_output("stream", name="stderr", text="Glyph!\n")),
            "stored a message on stderr: Glyph!",
        ),
        (
            lambda cell: cell.outputs.append(new_output("error", ename="E", evalue="bad")),
            "stored an error: E: bad",
        ),
        (
            lambda cell: cell.metadata.update(tags=["nbval-ignore-output"]),
            "the tag nbval-ignore-output gives no reason",
        ),
        (
            lambda cell: cell.update(source="# NBVAL_SKIP\n" + cell.source),
            "# NBVAL_SKIP needs a comment right above it that says why",
        ),
    ],
)
def test_an_unsound_cell_is_named(course, change, message):
    for language in LANGUAGES:
        change_cell(course, language, "losses", change)
    findings = said(course)
    assert len(findings) == 2
    assert all(f", cell losses: {message}" in text for text in findings)


def test_an_excuse_with_its_reason_is_heard(course):
    for language in LANGUAGES:
        edit(course, language, "losses", "print", "# times differ\n# NBVAL_IGNORE_OUTPUT\nprint")
    assert said(course) == []


def test_a_file_saved_by_an_editor_is_not_canonical(course):
    path = course / "chapters/en/08-table.ipynb"
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert said(course) == [
        "chapters/en/08-table.ipynb: not in canonical form; run: make notebooks"
    ]


def test_figures_of_a_source_count_only_where_it_is_cited(course):
    for language in LANGUAGES:
        edit(course, language, "intro", "0.87", "0.4321")
    findings = [text for text in said(course) if "0.4321" in text]
    assert len(findings) == 2
    assert all("no output, setting or cited figure agrees" in text for text in findings)


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("09-nothing.ipynb", "no such file"),
        ("08-table.ipynb#nothing", "no such heading or label on that page"),
        ("#nothing", "no such heading or label on that page"),
        ("references.md#nobody1999", "no such entry in references.bib"),
    ],
)
def test_a_link_that_leads_nowhere_is_named(course, target, problem):
    for language, heading in (("en", "8-the-table"), ("zh", "8-学习率表")):
        edit(course, language, "closing", f"08-table.ipynb#{heading}", target)
    findings = [text for text in said(course) if target in text]
    assert [text.split(": ", 1)[1] for text in findings] == [f"{target}: {problem}"] * 2
    assert ", cell closing: " in findings[0]


@pytest.mark.parametrize(
    "target", ["https://example.org/#x", "#here", "../../README.md", "#8-the-table"]
)
def test_links_that_lead_somewhere(course, target):
    (course / "README.md").write_text("[a](chapters/en/08-table.ipynb)")
    edit(course, "en", "closing", "See", f"(here)=\n\nSee [this]({target}),")
    assert [text for text in said(course) if target in text] == []


def test_explain_tells_what_each_number_rests_on(course, capsys):
    assert check.main(["--explain", "08-table"], root=course) == 0
    printed = capsys.readouterr().out
    assert re.search(r"intro:3\s+0\.2297\s+output of losses: 0\.2297", printed)
    assert re.search(r"intro:3\s+0\.01\s+code of losses: 0\.01", printed)
    assert re.search(r"intro:3\s+0\.87\s+figure of wang2022: 0\.8700", printed)
    assert "NOTHING" not in printed


def test_the_record_is_made_of_both_sources(course):
    first, *_ = translations.paragraphs(course / "chapters")
    assert first.record == {
        "follows": translations.fingerprint(first.english),
        "text": translations.fingerprint(first.chinese),
    }
