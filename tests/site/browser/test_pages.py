"""The pages in a real browser: each English page once, and in Chinese one of each kind."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

SITE = Path(__file__).resolve().parents[3] / "_site"
# Pages of one kind have the same frame, the same styles and scripts.
KINDS = ["index", "02-four-scenarios", "11-frameworks", "12-claims", "exercises-02-four-scenarios"]
KINDS += ["glossary", "references", "library-schedules", "search"]
ENGLISH = sorted(f"en/{path.name}" for path in (SITE / "en").glob("*.html"))
CHINESE = [f"zh/{kind}.html" for kind in KINDS]
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


def read_through(opened, path):
    """Open a page and scroll to its end, for figures load when they come near."""
    page = opened.open(path)
    page.evaluate(SCROLLED)
    page.wait_for_load_state("networkidle")
    page.wait_for_function("!document.querySelector('[data-explorer]:not(.explorer-here)')")
    return page


@pytest.mark.parametrize("part", range(4))
def test_pages_load_without_trouble_ask_nobody_else_and_fit_on_a_phone(part, tab):
    paths = ["index.html", "404.html", *ENGLISH, *CHINESE]
    assert len(ENGLISH) >= 15, "there is no site: run `make book` first"
    opened = tab(width=360, touch=True)
    for path in paths[part::4]:
        page = read_through(opened, path)
        assert opened.troubles == [], path
        assert opened.elsewhere == [], path
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 360, path


def test_pages_work_from_a_folder(tab):
    opened = tab(folder=True)
    for path in ("index.html", "en/04-schedules.html", "zh/02-four-scenarios.html"):
        read_through(opened, path)
        assert opened.troubles == [], path


def complaints(page, **options):
    """What axe finds wrong; all that is in order, node by node, would be megabytes."""
    options |= {"resultTypes": ["violations"], "elementRef": False}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_keep_the_rules_of_accessibility(language, tab):
    opened = tab()
    for kind in KINDS:
        page = read_through(opened, f"{language}/{kind}.html")
        assert complaints(page) == [], kind
        if language == "en":  # colours are the same in both
            page.evaluate("document.documentElement.dataset.theme = 'dark'")
            page.wait_for_timeout(300)  # colours change slowly
            assert complaints(page, runOnly=["color-contrast"]) == [], f"{kind}, dark"


def test_the_switch_keeps_page_and_place_and_is_remembered(tab):
    page = tab().open("en/02-four-scenarios.html")
    third = page.locator("article section section").nth(2)
    # Scrolling may be smooth.
    arrived = "section => Math.abs(section.getBoundingClientRect().top) < 200"
    third.evaluate("section => section.scrollIntoView()")
    page.wait_for_function(arrived, arg=third.element_handle())
    # Playwright's own click would scroll the switch, which stays in sight, to where it wants it.
    place = page.locator("a.language-switch").bounding_box()
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.wait_for_url("**/zh/02-four-scenarios.html*")
    page.wait_for_function(arrived, arg=third.element_handle())
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.goto(page.url.split("/zh/")[0] + "/index.html")
    page.wait_for_url("**/zh/*")


QUERIES = [
    ("en", "momentum", "06-adaptive-methods.html"),
    ("en", "learning rate range test", "03-choosing-a-learning-rate.html"),
    ("zh", "随机梯度", "08-learning-rate-table.html"),
    ("zh", "学习率调度", "04-schedules.html"),
]


@pytest.mark.parametrize("folder", [False, True], ids=["served", "from a folder"])
def test_the_search_finds(folder, tab):
    opened = tab(folder=folder)
    for language, query, expected in QUERIES[:: 3 if folder else 1]:
        page = opened.open(f"{language}/search.html?q={query}")
        results = page.locator("#search-results li a")
        results.first.wait_for()
        page.wait_for_function(
            "document.querySelector('#search-results .search-summary, #search-results p')"
        )
        names = results.evaluate_all("links => links.map((link) => link.pathname.split('/').pop())")
        assert expected in names, query
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


def test_the_keyboard_comes_to_the_text_first_and_opens_the_librarys_pages(tab):
    page = tab().open("zh/index.html")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.get_attribute("href") == "#main-content"
    skip.press("Enter")
    assert page.evaluate("location.hash") == "#main-content"
    entry = page.locator(".bd-links li", has=page.locator("> a[href='library.html']"))
    entry.locator("summary").press("Enter")
    entry.get_by_role("link", name="优化器").click()
    page.wait_for_url("**/zh/library-optimizers.html")
