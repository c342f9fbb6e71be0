"""Every page of both editions, in a real browser."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from lrcourse.language import LANGUAGES

SITE = Path(__file__).resolve().parents[3] / "_site"
PAGES = sorted(
    page.relative_to(SITE).as_posix()
    for language in LANGUAGES
    for page in (SITE / language).glob("*.html")
)
# A browser that draws nothing for a while, as one without a screen may, must not stop the tests.
SCROLLED = """async () => {
  for (let y = 0; y < document.body.scrollHeight; y += 700) {
    scrollTo(0, y);
    await new Promise((done) => {
      requestAnimationFrame(() => requestAnimationFrame(done));
      setTimeout(done, 1000);
    });
  }
}"""


def test_the_site_is_there():
    assert len(PAGES) >= 2 * 15, "there is no site: run `make book` first"


@pytest.mark.parametrize(
    ("path", "folder"),
    [(path, False) for path in ["index.html", "404.html", *PAGES]]
    + [(path, True) for path in ["index.html", *PAGES]],  # only a server has missing pages
)
def test_a_page_loads_without_trouble_and_asks_nobody_else(path, folder, tab):
    opened = tab(folder=folder)
    page = opened.open(path)
    page.evaluate(SCROLLED)  # figures load when they come near
    page.wait_for_load_state("networkidle")
    page.wait_for_function("!document.querySelector('[data-explorer]:not(.explorer-here)')")
    assert opened.troubles == []
    assert opened.elsewhere == []


@pytest.mark.parametrize("path", PAGES)
def test_no_page_scrolls_sideways_on_a_phone(path, tab):
    page = tab(width=360, touch=True).open(path)
    page.evaluate(SCROLLED)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360


# Contrast, which takes the most time, depends on the kind of page alone.
KINDS = ["index", "02-four-scenarios", "11-frameworks", "12-claims", "glossary", "search"]
CONTRAST = [f"{language}/{name}.html" for language in LANGUAGES for name in KINDS]


@pytest.mark.parametrize(
    ("path", "dark", "rules"),
    [(path, False, {"color-contrast": {"enabled": False}}) for path in PAGES]
    + [(path, dark, {}) for path in CONTRAST for dark in (False, True)],
)
def test_a_page_keeps_the_rules_of_accessibility(path, dark, rules, tab):
    page = tab(dark=dark).open(path)
    page.evaluate(SCROLLED)
    page.wait_for_load_state("networkidle")
    options = {"rules": rules} if rules else {"runOnly": ["color-contrast"]}
    # All that is in order, node by node, would be megabytes.
    options |= {"resultTypes": ["violations"], "elementRef": False}
    found = Axe().run(page, options=options).response["violations"]
    troubles = [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]
    assert troubles == []


HEIGHTS = """() => [...document.querySelectorAll('.highlight pre')]
  .map((code) => Math.round(code.getBoundingClientRect().height))"""


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("path", ["en/library-schedules.html", "zh/09-readers-questions.html"])
def test_code_that_waits_to_be_laid_out_has_the_height_it_will_have(path, width, tab):
    page = tab(width=width).open(path)
    before = page.evaluate(HEIGHTS)
    page.add_style_tag(content=".highlight pre { content-visibility: visible !important }")
    assert len(before) > 20
    assert page.evaluate(HEIGHTS) == before


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_switch_keeps_page_and_place(language, tab):
    other = {"en": "zh", "zh": "en"}[language]
    page = tab().open(f"{language}/02-four-scenarios.html")
    third = page.locator("article section section").nth(2)
    # Scrolling may be smooth.
    arrived = "section => Math.abs(section.getBoundingClientRect().top) < 200"
    third.evaluate("section => section.scrollIntoView()")
    page.wait_for_function(arrived, arg=third.element_handle())
    # Playwright's own click would scroll the switch, which stays in sight, to where it wants it.
    place = page.locator("a.language-switch").bounding_box()
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.wait_for_url(f"**/{other}/02-four-scenarios.html*")
    page.wait_for_function(arrived, arg=third.element_handle())
    assert page.locator("html").get_attribute("lang") == {"en": "en", "zh": "zh-CN"}[other]


def test_the_first_page_remembers_the_language(tab):
    page = tab().open("en/index.html")
    page.locator("a.language-switch").click()
    page.wait_for_url("**/zh/index.html*")
    page.goto(page.url.split("/zh/")[0] + "/index.html")
    page.wait_for_url("**/zh/*")


QUERIES = [
    ("en", "momentum", "06-adaptive-methods.html"),
    ("en", "learning rate range test", "03-choosing-a-learning-rate.html"),
    ("zh", "随机梯度", "08-learning-rate-table.html"),
    ("zh", "学习率调度", "04-schedules.html"),
]


@pytest.mark.parametrize(("language", "query", "expected"), QUERIES)
@pytest.mark.parametrize("folder", [False, True], ids=["served", "from a folder"])
def test_the_search_finds(language, query, expected, folder, tab):
    opened = tab(folder=folder)
    page = opened.open(f"{language}/search.html?q={query}")
    results = page.locator("#search-results li a")
    results.first.wait_for()
    page.wait_for_function(
        "document.querySelector('#search-results .search-summary, #search-results p')"
    )
    targets = results.evaluate_all("links => links.map((link) => link.pathname.split('/').pop())")
    assert expected in targets
    assert opened.troubles == [] or folder  # a page in a folder cannot fetch the summaries


def test_the_colours_follow_the_system_and_the_button(tab):
    page = tab(dark=True).open("en/01-what-is-a-learning-rate.html")
    html = page.locator("html")
    assert html.get_attribute("data-theme") == "dark"
    button = page.locator("button.theme-switch-button").first
    seen = set()
    for _ in range(3):
        button.click()
        seen.add(html.get_attribute("data-theme"))
    assert seen == {"light", "dark"}


def test_the_contents_show_the_librarys_pages_when_asked(tab):
    page = tab().open("zh/index.html")
    entry, simple = (
        page.locator(".bd-links li", has=page.locator(f"> a[href='{name}.html']"))
        for name in ("library", "glossary")
    )
    assert entry.bounding_box()["height"] == simple.bounding_box()["height"]
    entry.locator("summary").press("Enter")
    entry.get_by_role("link", name="优化器").click()
    page.wait_for_url("**/zh/library-optimizers.html")


@pytest.mark.parametrize("path", ["en/02-four-scenarios.html", "zh/index.html", "zh/search.html"])
def test_the_keyboard_comes_to_the_text_first(path, tab):
    page = tab().open(path)
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.get_attribute("href") == "#main-content"
    skip.press("Enter")
    assert page.evaluate("location.hash") == "#main-content"
