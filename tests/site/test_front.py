"""What the site says of itself to search engines, to links that are shared, and to the lost."""

import re
import xml.etree.ElementTree as ElementTree
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup

from tools.site import book, editions, front

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_site"
EDITIONS = {"en": "en_US", "zh": "zh_CN"}
ADDRESS = "https://someone.github.io/course/"


@cache
def pages(language):
    found = sorted((SITE / language).glob("*.html"))
    assert found, "there is no site: run `make book` first"
    return {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in found}


def meta(page, name):
    (tag,) = page.select(f'meta[name="{name}"], meta[property="{name}"]')
    return tag["content"]


@pytest.mark.parametrize("language", EDITIONS)
def test_a_link_to_a_page_is_shared_with_its_beginning_and_a_picture(language):
    texts = set()
    for path, page in pages(language).items():
        (icon,) = page.select("link[rel=icon]")
        assert (path.parent / icon["href"]).is_file()
        assert len(page.select("meta[name=theme-color]")) == 2
        assert meta(page, "og:locale") == EDITIONS[language]
        text = meta(page, "description")
        assert 10 <= len(text) <= 165, path
        assert bool(re.search("[一-鿿]", text)) == (language == "zh") or path.stem == "glossary"
        texts.add(text)
        if path.name == "search.html":  # nobody shares it
            continue
        assert meta(page, "og:title") == re.split(" — | - ", page.title.get_text())[0].strip()
        assert meta(page, "og:description") == text
        assert (path.parent / meta(page, "og:image")).is_file()
    assert len(texts) == len(pages(language))


@pytest.mark.parametrize("language", EDITIONS)
def test_every_page_to_read_says_how_long_it_takes(language):
    for path, page in pages(language).items():
        notes = [note.get_text() for note in page.select("article h1 + .reading-time")]
        to_read = path.name != "search.html" and not path.name.startswith("exercises-")
        assert len(notes) == to_read, path
        assert all(("分钟" in note) == (language == "zh") for note in notes)


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({"GITHUB_REPOSITORY": "Someone/course"}, "https://someone.github.io/course/"),
        ({"GITHUB_REPOSITORY": "a/a.github.io"}, "https://a.github.io/"),
        ({"SITE_URL": "https://b.org/x", "GITHUB_REPOSITORY": "a/c"}, "https://b.org/x/"),
    ],
)
def test_the_address_of_the_site_follows_from_the_repository(monkeypatch, variables, address):
    for name in ("SITE_URL", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert book.address() == address
    settings = book.configuration("zh")
    assert settings["html"]["baseurl"] == f"{address}zh/"


def test_pages_of_a_known_site_have_whole_addresses():
    class App:
        class config:  # noqa: N801
            language, other_edition, html_baseurl = "zh_CN", "en", f"{ADDRESS}zh/"

    context = {}
    editions.add_addresses(App, "glossary", "page.html", context, None)
    assert context["alternates"] == {
        "en": f"{ADDRESS}en/glossary.html",
        "zh-CN": f"{ADDRESS}zh/glossary.html",
        "x-default": f"{ADDRESS}index.html",
    }
    assert context["base"] == f"{ADDRESS}zh/"


@pytest.fixture
def root(tmp_path):
    """A site of two pages in each language, at a known address."""
    for language in EDITIONS:
        (tmp_path / language).mkdir()
        for name in ("index", "references", "search"):
            (tmp_path / language / f"{name}.html").touch()
    front.write(tmp_path, ADDRESS)
    return tmp_path


def test_the_sitemap_lists_every_page_with_its_twin(root):
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    names["x"] = "http://www.w3.org/1999/xhtml"
    urls = ElementTree.parse(root / "sitemap.xml").findall("s:url", names)
    places = [url.find("s:loc", names).text for url in urls]
    expected = {
        f"{ADDRESS}{lang}/{name}.html" for lang in EDITIONS for name in ("index", "references")
    }
    assert set(places) == expected and len(places) == len(expected)
    for url in urls:
        versions = {link.get("hreflang"): link.get("href") for link in url.findall("x:link", names)}
        assert url.find("s:loc", names).text in versions.values()
        assert set(versions) == {"en", "zh-CN"}
    assert f"Sitemap: {ADDRESS}sitemap.xml" in (root / "robots.txt").read_text()


def test_the_first_page_of_a_known_site_says_where_it_is(root):
    page = BeautifulSoup((root / "index.html").read_text("utf-8"), "html.parser")
    assert page.select_one("link[rel=canonical]")["href"] == f"{ADDRESS}index.html"
    alternates = [link["href"] for link in page.select("link[rel=alternate]")]
    assert all(address.startswith(ADDRESS) for address in alternates)


def test_a_site_without_an_address_invents_none():
    assert not (SITE / "sitemap.xml").exists() or book.address()
    index = (SITE / "index.html").read_text("utf-8")
    assert ('rel="canonical"' in index) == bool(book.address())


def test_the_page_for_missing_pages_needs_nothing_from_where_it_is(root):
    html = (root / "404.html").read_text("utf-8")
    page = BeautifulSoup(html, "html.parser")
    assert page.base["href"] == "/course/"
    assert html.index("<base") < html.index("favicon.svg")
    targets = [tag.get("href") or tag["action"] for tag in page.select("a, form")]
    assert sorted(targets) == [f"{e}/{p}.html" for e in EDITIONS for p in ("index", "search")]
    assert not page.select("script[src], link[rel=stylesheet], img")
    assert {tag["lang"] for tag in page.select("section")} == {"en", "zh-CN"}
    assert not [t for t in targets if urlsplit(t).netloc]
