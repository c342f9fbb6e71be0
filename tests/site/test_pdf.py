"""An edition in one piece, as it is printed."""

import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from tools.site import pdf

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_site"

PAGE = """<html lang="zh-CN"><head><meta property="og:site_name" content="学习率">
<meta name="description" content="说明"></head><body>
<nav class="bd-links"><ul><li class="toctree-l1">
<a class="reference internal" href="#">首页</a></li><li class="toctree-l1">
<a class="reference internal" href="two.html">第二页</a></li></ul></nav>
<article><h1 id="s1">{title}</h1><p><a href="{link}">这里</a></p>
<details><summary>答案</summary><p>折叠起来的话</p></details></article>
<div class="extra_footer"><p>许可</p></div></body></html>"""


@pytest.fixture
def edition(tmp_path):
    """A Chinese edition of two pages that link to each other."""
    folder = tmp_path / "zh"
    folder.mkdir()
    for name, title, link in (("index", "第一章", "two.html#s1"), ("two", "第二章", "#s1")):
        html = PAGE.format(title=title, link=link)
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    return folder


def test_all_pages_are_there_in_the_order_of_the_contents_and_link_to_each_other():
    html = pdf.in_one_piece(SITE / "zh")  # the English edition is put together in the same way
    page = BeautifulSoup(html, "html.parser")
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    names = [line.split("/")[-1].strip() for line in toc.splitlines() if "chapters/en/" in line]
    assignments = sorted(path.name for path in (ROOT / "exercises" / "source" / "en").iterdir())
    place = names.index("instructors")
    names[place:place] = [f"exercises-{name}" for name in assignments]
    assert [article["id"] for article in page.find_all("article")] == names

    anchors = [tag["id"] for tag in page.find_all(id=True)]
    assert len(set(anchors)) == len(anchors)
    links = [link["href"] for link in page.find_all("a", href=True)]
    inside = [link.removeprefix("#") for link in links if link.startswith("#")]
    assert len(inside) > 100
    assert set(inside) <= set(anchors)
    assert not [link for link in links if not link.startswith(("#", "http"))]

    assert not page.select("script, button, img[loading]")
    assert page.select("details") and not page.select("details:not([open])")


def test_the_site_leads_to_the_pdf_once_however_often_it_is_printed(edition):
    for _ in range(2):
        pdf.add_links(edition, edition.parent / "course.pdf")
    page = BeautifulSoup((edition / "two.html").read_text(encoding="utf-8"), "html.parser")
    (link,) = page.select(".pdf a")
    assert link["href"] == "../course.pdf"


def test_a_site_that_has_not_been_printed_leads_to_no_pdf():
    leading = [p for p in SITE.glob("*/*.html") if 'class="pdf"' in p.read_text(encoding="utf-8")]
    assert bool(leading) == any(SITE.glob("*.pdf"))


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"CHROME_PATH": "/nowhere/chromium"}, "needs Chromium or Chrome"),
        ({"CHROME_PATH": sys.executable}, "has no en edition"),
    ],
)
def test_what_is_missing_is_said_in_a_line(monkeypatch, tmp_path, settings, complaint):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    command = [sys.executable, "-m", "tools.site.pdf", tmp_path]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1
    assert complaint in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_a_browser_that_fails_leaves_the_old_pdf(edition):
    old = edition.parent / "course.pdf"
    old.write_text("old")
    with pytest.raises(SystemExit, match="could not print zh"):
        pdf.print_edition(sys.executable, edition, old)
    assert old.read_text() == "old"
    assert {path.name for path in edition.iterdir()} == {"index.html", "two.html"}


@pytest.mark.skipif(not pdf.chromium(), reason="no Chromium is here to print with")
def test_a_printed_edition_has_text_outline_and_open_answers(edition):
    target = edition.parent / "course.pdf"
    pdf.print_edition(pdf.chromium(), edition, target)
    reader = PdfReader(target)
    text = "".join(page.extract_text() for page in reader.pages)
    assert reader.metadata.title == "学习率"
    assert "折叠起来的话" in text
    titles = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert titles[-2:] == ["第一章", "第二章"]
    assert len(reader.pages) == 4  # title, contents, two chapters
