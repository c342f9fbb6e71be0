"""What a page loads: no rule that it needs is lost with those that it does not."""

import doctest
import re
from pathlib import Path

import pytest
import tinycss2
from bs4 import BeautifulSoup

from tools.site import loading

SITE = Path(__file__).resolve().parents[2] / "_site"
EDITIONS = ["en", "zh"]


def cut(css, *used, words=()):
    return loading.cut_down(css, set(used), set(words))


def test_the_examples_in_docstrings_hold():
    result = doctest.testmod(loading)
    assert result.attempted and not result.failed


@pytest.mark.parametrize(
    "selector",
    [
        ".a.b",
        "#a>.b",
        "p:not(.gone) .a",
        ":is(.gone, .a) p",
        "*",
        "[data-theme=dark] .a:hover::after",
        "p:nth-child(2n+1)",
        "html[data-mode='x'] p",
        ".a, .gone",
    ],
)
def test_a_rule_that_can_match_survives(selector):
    assert "color" in cut(f"{selector} {{color: red}}", "a", "b", "p", "html")


@pytest.mark.parametrize(
    "selector", [".gone", "#gone", ".a.gone", "p>.gone:hover", "gone .a", ":is(.gone, #gone) p"]
)
def test_a_rule_that_cannot_match_goes(selector):
    assert cut(f"{selector} {{color: red}}", "a", "p") == ""


@pytest.mark.parametrize("name", ["show", "modal-static", "bs-tooltip-auto"])
def test_a_class_that_a_script_may_set_survives(name):
    script = 'e.classList.add("show", `modal-${static}`, `${"bs-tooltip"}-auto`)'
    words = set(re.findall(r"[\w-]+", script))
    assert cut(f".{name} {{color: red}}", words=words)
    assert not cut(".modal-other {color: red}", words=words)


def test_rules_for_paper_and_small_screens_are_cut_alike():
    css = "@media print {.a {x: 1} .gone {y: 2}} @media (width < 9px) {.gone {z: 3}}"
    assert cut(css, "a") == "@media print {.a{x: 1}}"


def test_what_is_not_a_rule_stays():
    css = "@font-face {font-family: F; src: url(f.woff2)} @keyframes turn {to {rotate: 1turn}}"
    assert cut(css) == css.replace("} @", "}@")


def test_a_variable_that_another_one_asks_for_stays():
    css = ":root {--a: var(--b); --b: url('x;y'); --c: var(--d); --d: 1} p {color: var(--a)}"
    kept = cut(css, "p")
    assert "--a" in kept and '--b: url("x;y")' in kept
    assert "--c" not in kept and "--d" not in kept


def test_addresses_are_rewritten_and_imports_taken_in(tmp_path):
    (tmp_path / "styles").mkdir()
    (tmp_path / "basic.css").write_text("p {background: url(file.png)}")
    theme = '@import "../basic.css"; b {src: url(../fonts/f.woff2), url("data:x"), url(#y)}'
    (tmp_path / "styles" / "theme.css").write_text(theme)
    assert loading.stylesheet(tmp_path, "styles/theme.css") == (
        'p {background: url("file.png")} b {src: url("fonts/f.woff2"), url("data:x"), url(#y)}'
    )


@pytest.fixture(scope="module", params=EDITIONS)
def edition(request):
    assert (SITE / request.param).is_dir(), "there is no site: run `make book` first"
    return SITE / request.param


def test_each_page_waits_for_one_stylesheet_and_for_no_script(edition):
    for path in edition.glob("*.html"):
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        sheets = [link["href"] for link in page.select("link[rel=stylesheet]")]
        assert sheets[0].startswith(f"_static/{loading.BUNDLE}?v=")
        # Beside it only what the pages with interactive figures need.
        live = bool(page.select(".explorer"))
        assert len(sheets) == 1 + live, path
        waiting = [s["src"] for s in page.select("script[src]") if s.get("type") != "module"]
        assert waiting
        assert not page.select("script[src]:not([defer], [async], [type=module])")


def test_the_files_that_the_stylesheet_asks_for_are_there(edition):
    css = (edition / "_static" / loading.BUNDLE).read_text(encoding="utf-8")
    files = [name for name in re.findall(r'url\("([^"]+)"\)', css) if ":" not in name]
    assert "math.woff2" in files
    # The older format of the icons, for browsers that are gone, is not shipped.
    assert not [f for f in files if not (edition / "_static" / f).is_file() and ".ttf" not in f]


def test_the_stylesheet_keeps_what_our_own_says_of_the_pages(edition):
    """Every rule of course.css whose selector finds something on a page is in the bundle."""
    ours = (Path(loading.__file__).parent / "static" / "course.css").read_text("utf-8")
    bundle = (edition / "_static" / loading.BUNDLE).read_text(encoding="utf-8")
    kept = {
        tinycss2.serialize(selector).strip()
        for rule in tinycss2.parse_stylesheet(bundle, True, True)
        if rule.type == "qualified-rule"
        for selector in loading.split(rule.prelude)
    }
    pages = [
        BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in (edition / "04-schedules.html", edition / "12-claims.html")
    ]
    found = 0
    for rule in tinycss2.parse_stylesheet(ours, True, True):
        if rule.type != "qualified-rule":
            continue
        for part in loading.split(rule.prelude):
            selector = tinycss2.serialize(part).strip()
            if ":" in selector or not any(page.select_one(selector) for page in pages):
                continue
            found += 1
            assert selector in kept
    assert found > 10
