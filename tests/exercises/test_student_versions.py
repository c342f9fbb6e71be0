"""The assignments on the website: their student versions, in both languages, and nothing more."""

import re
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from bs4 import BeautifulSoup
from class_work import EVERY, hidden_lines, solved

from lrcourse.language import LANGUAGES
from tools.grading import assignments
from tools.grading.steps import STUBS
from tools.site import book
from tools.site.assignments import PREFIX, mend_buttons
from tools.text.pages import read

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_site"
WORD = assignments.OPEN_CLASS


@cache
def squeezed(path):
    """The letters and digits of a file: highlighting and typesetting leave these as they are."""
    text = path.read_bytes().decode("utf-8", errors="ignore")
    if path.suffix == ".html":
        text = BeautifulSoup(text, "html.parser").get_text()
    elif path.suffix == ".ipynb":
        text = "\n".join(cell.source for cell in read(path).cells)
    return re.sub(r"[\W_]+", "", text)


def secrets(name, language):
    """What must not be published of an assignment.

    Too short a line may well be elsewhere, and some say no more than the question does,
    for instance the names that it asks for.
    """
    cells = solved(name, language, WORD).cells
    hidden = {line for cell in cells for line in hidden_lines(cell)}
    lines = [line.strip() for cell in cells for line in cell.source.splitlines()]
    asked = re.sub(r"[\W_]+", "", "".join(line for line in lines if line not in hidden))
    plain = {re.sub(r"[\W_]+", "", line) for line in hidden}
    return {line for line in plain if len(line) > 20 and line not in asked}


def html(language, name):
    text = (SITE / language / f"{name}.html").read_text(encoding="utf-8")
    return BeautifulSoup(text, "html.parser")


def download(name, language):
    return SITE / language / "exercises" / f"{name}.ipynb"


def test_every_assignment_has_a_page_in_both_editions():
    assert EVERY
    wanted = {f"{PREFIX}{name}.html" for name in assignments.names()}
    for language in LANGUAGES:
        assert {path.name for path in (SITE / language).glob(f"{PREFIX}*.html")} == wanted


@pytest.mark.parametrize(("language", "caption"), [("en", "Exercises"), ("zh", "练习")])
def test_the_contents_list_the_assignments_under_their_own_caption(language, caption):
    menu = html(language, "index").select_one(".bd-links")
    (title,) = [tag for tag in menu.select("p.caption") if tag.get_text(strip=True) == caption]
    links = [link["href"] for link in title.find_next_sibling("ul").select("a")]
    assert links == [f"{PREFIX}{name}.html" for name in assignments.names()]


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_a_chapter_leads_to_its_assignment_and_this_to_its_notebook_and_back(name, language):
    (link,) = html(language, name).select("article p.assignment a")
    assert link["href"] == f"{PREFIX}{name}.html"
    assert link.get_text() == html(language, f"{PREFIX}{name}").h1.contents[0]
    links = html(language, f"{PREFIX}{name}").select("article div.assignment a")
    assert [link["href"] for link in links] == [f"exercises/{name}.ipynb", f"{name}.html"]


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_the_download_is_the_student_version(name, language):
    source = {cell.id: cell for cell in solved(name, language, WORD).cells}
    released = {cell.id: cell for cell in read(download(name, language)).cells}
    assert released.keys() == source.keys()
    for key, cell in released.items():
        about = source[key].metadata.get("nbgrader", {})
        if about.get("solution"):
            assert any(stub in cell.source.replace("\n    ", "\n") for stub in STUBS[language])
        else:  # as it is, but for what only graders see
            lines = {line for line in cell.source.split("\n") if line}
            assert lines <= set(source[key].source.split("\n"))
        assert not cell.get("outputs")
        assert "BEGIN" not in cell.source


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_no_published_file_has_a_line_of_a_solution_or_a_hidden_test(name, language):
    hidden = secrets(name, language)
    assert len(hidden) > 10
    own = squeezed(assignments.path(name, language))
    assert {line for line in hidden if line in own} == hidden, "the search would find it"
    # The course itself may use the same line.
    known = "".join(squeezed(path) for path in (ROOT / "chapters" / language).glob("*.ipynb"))
    found = [
        f"{path.relative_to(SITE)}: {line}"
        for path in SITE.rglob("*")
        if path.suffix in (".html", ".ipynb", ".js", ".json", ".md", ".txt", ".xml")
        for line in hidden
        if line in squeezed(path)
        if line not in known and not path.name.startswith("library-")
    ]
    assert not found


def test_nothing_else_of_a_course_is_published():
    files = {path.relative_to(SITE) for path in SITE.rglob("*") if path.is_file()}
    assert not [path for path in files if path.suffix in (".db", ".py", ".csv")]
    assert not [path for path in files if "courses" in path.parts or "source" in path.parts]


@pytest.fixture
def nbgrader(monkeypatch, tmp_path):
    """The calls of the generator, which fail as often as one says."""
    calls, failures = [], []

    def run(command, **_):
        calls.append(command)
        return CompletedProcess(
            command, 1 if failures else 0, "", failures.pop() if failures else ""
        )

    monkeypatch.setattr(book, "STUDENT_VERSIONS", tmp_path)
    monkeypatch.setattr(book.subprocess, "run", run)
    run.calls, run.failures = calls, failures
    return run


def test_student_versions_are_generated_once_and_again_when_their_sources_change(
    nbgrader, monkeypatch
):
    assert book.generate("en") == book.generate("en") == []
    assert len(nbgrader.calls) == 1 and nbgrader.calls[0][-3:-1] == ["en", "--into"]
    monkeypatch.setattr(book, "digest", lambda *paths: "another")
    assert book.generate("en") == []
    assert len(nbgrader.calls) == 2


def test_what_cannot_be_generated_is_said_and_tried_again(nbgrader):
    nbgrader.failures.append("en/02-four-scenarios: no such thing\n")
    assert book.generate("en") == ["en/02-four-scenarios: no such thing"]
    assert book.generate("en") == [] and len(nbgrader.calls) == 2


def test_the_buttons_of_an_assignment_lead_to_its_notebook_and_not_into_the_repository():
    def buttons():
        return [
            {"label": "launch-buttons", "type": "group", "buttons": []},
            {
                "label": "source-buttons",
                "type": "group",
                "buttons": [{"label": "source-repository-button"}, {"label": "source-edit-button"}],
            },
            {
                "label": "download-buttons",
                "type": "group",
                "buttons": [{"label": "download-source-button", "url": "_sources/x"}],
            },
            {"label": "fullscreen-button", "type": "javascript"},
        ]

    context = {"header_buttons": buttons()}
    mend_buttons(None, f"{PREFIX}04-schedules", "page.html", context, None)
    source, download, _ = context["header_buttons"]
    assert source["buttons"] == [{"label": "source-repository-button"}]
    assert download["buttons"][0]["url"] == "exercises/04-schedules.ipynb"
    context = {"header_buttons": buttons()}
    mend_buttons(None, "04-schedules", "page.html", context, None)
    assert context["header_buttons"] == buttons()
