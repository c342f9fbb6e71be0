"""What the site says of itself to search engines, to links that are shared, and to the lost."""

import re
import xml.etree.ElementTree as ElementTree
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from tools.site import book, cards, descriptions, editions, front

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
def test_every_page_has_a_description_of_its_own_in_its_language(language):
    texts = {path.name: meta(page, "description") for path, page in pages(language).items()}
    assert len(set(texts.values())) == len(texts)
    for text in texts.values():
        assert 15 <= len(text) <= descriptions.LONGEST[language], text
        assert bool(re.search("[一-鿿]", text)) == (language == "zh"), text
        assert re.search(r"[.!?。！？…”]$", text), text


@pytest.mark.parametrize("language", EDITIONS)
def test_a_link_to_a_page_is_shared_with_its_title_and_a_picture(language):
    images = set()
    for path, page in pages(language).items():
        assert meta(page, "og:title") == re.split(" — | - ", page.title.get_text())[0].strip()
        assert meta(page, "og:description") == meta(page, "description")
        assert meta(page, "og:locale") == EDITIONS[language]
        assert meta(page, "twitter:card") == "summary_large_image"
        card = path.parent / meta(page, "og:image")
        images.add(card.read_bytes())
        assert card.stat().st_size < 60 * 1024
        with Image.open(card) as image:
            size = int(meta(page, "og:image:width")), int(meta(page, "og:image:height"))
            assert image.size == size
    assert len(images) == len(pages(language))


@pytest.mark.parametrize("language", EDITIONS)
def test_pages_have_an_icon_and_a_colour(language):
    for path, page in pages(language).items():
        (icon,) = page.select("link[rel=icon]")
        assert (path.parent / icon["href"]).is_file()
        assert len(page.select("meta[name=theme-color]")) == 2


@pytest.mark.parametrize("language", EDITIONS)
def test_every_page_to_read_says_how_long_it_takes(language):
    for path, page in pages(language).items():
        notes = page.select("article h1 + .reading-time")
        to_read = path.name != "search.html" and not path.name.startswith("exercises-")
        assert len(notes) == to_read, path
        for note in notes:
            (number,) = re.findall(r"\d+", note.get_text())
            assert 1 <= int(number) <= 120
            assert ("分钟" in note.get_text()) == (language == "zh")


def test_a_title_is_broken_where_its_language_allows_it():
    font = cards.typeface(60)
    english = cards.broken("Choosing a learning rate for a network", font, 480)
    assert " ".join(english) == "Choosing a learning rate for a network"
    chinese = cards.broken("学习率调度，还是自适应方法？看图像", font, 480)
    assert "".join(chinese) == "学习率调度，还是自适应方法？看图像"
    assert len(chinese) > 1
    assert not [line for line in chinese if line[0] in "，。？"]
    assert max(font.getlength(line) for line in english + chinese) <= 480


def test_a_card_shows_the_figure(tmp_path):
    Image.new("RGB", (640, 360), "#ff0000").save(tmp_path / "figure.png")
    colours = dict(
        (colour, count)
        for count, colour in cards.draw("Course", "Title", tmp_path / "figure.png").getcolors(9999)
    )
    assert colours[255, 0, 0] > 100_000
    assert (255, 0, 0) not in {c for _, c in cards.draw("Course", "Title").getcolors(9999)}


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
