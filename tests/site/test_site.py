"""What holds for the website that `make book` has built."""

import copy
import doctest
import gzip
import json
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup, Comment
from fontTools.ttLib import TTFont

from tools.grading import assignments
from tools.site import docstrings, mathematics, reading, search
from tools.site.book import COLOURS, PROGRESS, place_in_notebook
from tools.site.mathematics import LatexError, mathml
from tools.site.search import IN_THE_BROWSER, RUN, cut
from tools.text import numerals

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_site"
LANGUAGES = {"en": "en", "zh": "zh-CN"}
OTHER = {"en": "zh", "zh": "en"}

GLOSSARY = ["学习率", "轮", "批大小", "小批量", "学习率调度", "预热", "衰减", "动量", "自适应方法"]
GLOSSARY += ["收敛", "发散", "振荡", "损失", "误差曲线", "权重", "偏置", "验证集", "随机种子"]
GLOSSARY += ["随机梯度", "Adam", "SGD"]

# What stands on a Chinese page in Latin letters, apart from the course's own text.
LATIN_IN_CHINESE_PAGES = {"English", "Ctrl", "K", ".ipynb", ".md", ".pdf", "CC BY 4.0"}
LATIN_IN_CHINESE_PAGES |= {"Binder", "Colab"}


@cache
def page(path):
    """Parse one page."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@cache
def ids(path):
    return {tag["id"] for tag in page(path).find_all(id=True)}


def pages(language):
    found = sorted((SITE / language).glob("**/*.html"))
    assert found, "there is no site: run `make book` first"
    return found


def every_page():
    return [SITE / "index.html", SITE / "404.html", *pages("en"), *pages("zh")]


def chapters(language):
    return [path for path in pages(language) if path.name != "search.html"]


def where(path):
    return path.relative_to(SITE).as_posix()


@cache
def addresses(path):
    """All that a page links to or loads, as (tag, address)."""
    names = ("href", "src", "action", "data", "poster")
    tags = page(path).find_all(lambda tag: any(tag.get(name) for name in names))
    return [(tag, tag[name]) for tag in tags for name in names if tag.get(name)]


@cache
def prose(path):
    """A page's text as readers see it, without code and formulas."""
    article = copy.copy(page(path).article)
    unread = article.find_all(["pre", "code", "math", "script", "style"])
    for tag in unread + article.select(".sig, .field-list"):
        tag.decompose()
    return article.get_text()


def test_both_editions_have_the_pages_of_the_contents_and_the_same_sections():
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    wanted = {f"{name}.html" for name in re.findall(r"chapters/en/(\S+)", toc)}
    assert wanted | {"search.html"} <= {path.name for path in pages("en")}
    assert {path.name for path in pages("en")} == {path.name for path in pages("zh")}
    for path in chapters("en"):
        numbered = [
            {name for name in ids(twin) if re.fullmatch(r"s\d+", name)}
            for twin in (path, SITE / "zh" / path.name)
        ]
        assert numbered[0] == numbered[1] != set(), where(path)


def test_every_internal_link_leads_somewhere():
    broken = []
    for path in every_page():
        for tag, address in addresses(path):
            parts = urlsplit(address)
            if tag.name == "base" or parts.scheme in ("http", "https", "mailto", "data"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.is_file() or (anchor and anchor not in ids(target)):
                broken.append(f"{where(path)}: {address}")
    assert not broken


def test_no_page_script_or_style_asks_another_host():
    asked = [
        f"{where(path)}: {address}"
        for path in every_page()
        for tag, address in addresses(path)
        if urlsplit(address).netloc and tag.name != "a"
    ]
    request = re.compile(
        r"""(?:url\(|@import|fetch\(|import\(|src\s*=|href\s*=|getScript\(|require\()\s*["'`]?"""
        r"""\s*(?:https?:)?//[^"'`)\s]*"""
    )
    asked += [
        f"{where(path)}: {found[0]}"
        for path in SITE.rglob("*")
        if path.suffix in (".css", ".js", ".html")
        for found in request.finditer(path.read_text(encoding="utf-8"))
        if path.suffix != ".html" or not found[0].startswith("href")  # links are for readers
    ]
    assert not asked


def test_no_markup_is_left_in_the_text():
    raw = re.compile(r"\{[\w:-]+\}`|:::|```|\$|\\[A-Za-z]+|\*\*|\]\(|<[a-z]+>")
    left = {where(path): raw.findall(prose(path)) for lang in LANGUAGES for path in chapters(lang)}
    assert not {path: found for path, found in left.items() if found}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_says_its_language_and_its_title_and_leads_to_its_twin(language):
    titles = set()
    for path in pages(language):
        html = page(path)
        assert html.html["lang"] == LANGUAGES[language]
        titles.add(html.title.get_text(strip=True))
        twins = {code: SITE / name / path.name for name, code in LANGUAGES.items()}
        (switch,) = html.select("a.language-switch")
        assert switch["hreflang"] == LANGUAGES[OTHER[language]]
        assert (path.parent / switch["href"]).resolve() == twins[switch["hreflang"]]
        links = html.select("link[rel=alternate]")
        targets = {link["hreflang"]: (path.parent / link["href"]).resolve() for link in links}
        assert targets == twins | {"x-default": SITE / "index.html"}
    assert len(titles) == len(pages(language)) and all(titles)


def test_no_button_or_label_of_a_chinese_page_is_english():
    english = set()
    for path in pages("zh"):
        html = path.read_text(encoding="utf-8")
        frame = BeautifulSoup(html, "html.parser").body
        for tag in frame.find_all(["script", "style", "code"]) + frame.select("[lang=en]"):
            tag.decompose()
        names = ("title", "aria-label", "placeholder", "data-bs-title")
        texts = [tag[name] for tag in frame.find_all(True) for name in names if tag.get(name)]
        for article in frame.find_all("article"):
            article.decompose()
        texts += [text for text in frame.find_all(string=True) if not isinstance(text, Comment)]
        english |= {
            text.strip()
            for text in texts
            if re.search("[A-Za-z]", text) and not re.search(r"[\u4e00-\u9fff]", text)
        }
        # What extensions write into the article.
        theirs = ("Click to", "Show code", "Hide code", ">Note<", ">Tip<", "Link to this")
        english |= {text for text in theirs if text in html}
    assert english <= LATIN_IN_CHINESE_PAGES


def test_the_search_finds_the_glossary_in_the_chinese_pages():
    script = (SITE / "zh" / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(script.removeprefix("Search.setIndex(").removesuffix(")"))

    def found(word):
        """The pages with a word, as the browser looks it up."""
        numbers = []
        for table in (index["terms"], index["titleterms"]):
            hits = table.get(word.lower(), [])
            numbers += hits if isinstance(hits, list) else [hits]
        return {index["docnames"][number] for number in numbers}

    missed, tried = [], 0
    for path in chapters("zh"):
        for term in GLOSSARY:
            if re.search(rf"(?<![A-Za-z]){term}(?![A-Za-z])", prose(path)):
                tried += 1
                if path.stem not in set.intersection(*map(found, cut(term))):
                    missed.append(f"{where(path)}: {term}")
    assert tried
    assert not missed


def test_the_browser_cuts_queries_by_the_same_rule_as_the_index():
    assert RUN.pattern.replace(r"\w", r"[\p{Letter}\p{Number}_]") in IN_THE_BROWSER
    script = (SITE / "zh" / "_static" / "language_data.js").read_text(encoding="utf-8")
    assert IN_THE_BROWSER.strip() in script
    if shutil.which("node"):
        queries = [
            "学习率",
            "轮",
            "用 Adam 的随机梯度下降",
            "lr=0.1，batch_size",
            "β₁ x²",
            "a轮b",
            "",
        ]
        call = (
            f"{IN_THE_BROWSER}; console.log(JSON.stringify({json.dumps(queries)}.map(splitQuery)))"
        )
        output = subprocess.run(["node", "-e", call], capture_output=True, check=True).stdout
        assert json.loads(output) == [cut(query) for query in queries]


def test_the_font_of_the_formulas_has_their_characters():
    with TTFont(SITE / "en" / "_static" / "math.woff2") as font:
        drawn = font.getBestCmap()
    formulas = [math for lang in LANGUAGES for path in pages(lang) for math in page(path)("math")]
    used = set("".join(math.get_text() for math in formulas))
    # A browser draws a single letter slanted, which has a place of its own in the font.
    slanted = {tag.get_text() for math in formulas for tag in math("mi", mathvariant=False)}
    used |= {slant(letter) for letter in slanted if len(letter) == 1}
    # Chinese words come from the page's fonts; the signs of a function and a product are unseen.
    missing = {c for c in used if ord(c) not in drawn and not "\u2e80" <= c <= "\uffef"}
    assert not {c for c in missing if not c.isspace()}


def slant(letter):
    """Name the character that a browser draws for a variable of one Latin or Greek letter."""
    for first, last, slanted in (("A", "Z", 0x1D434), ("a", "z", 0x1D44E), ("α", "ω", 0x1D6FC)):
        if first <= letter <= last and letter != "h":
            return chr(slanted + ord(letter) - ord(first))
    return letter


@pytest.mark.parametrize(
    "latex",
    [
        r"\unknown{x}",
        r"\frac{1}{2",
        r"a & b",
        r"a \\ b",
        r"x \tag{1}",
        r"\begin{align}a\end{align}",
    ],
)
def test_a_formula_that_cannot_be_typeset_is_refused(latex):
    with pytest.raises((LatexError, ValueError)):
        mathml(latex)


@pytest.mark.parametrize(
    "module", [assignments, docstrings, mathematics, numerals, reading, search]
)
def test_the_examples_in_docstrings_hold(module):
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


def test_the_site_holds_nothing_that_only_the_build_needs():
    rubbish = (".doctree", ".pickle", ".po", ".mo", ".map", ".inv", ".buildinfo")
    files = [path for path in SITE.rglob("*") if path.is_file()]
    assert not [where(p) for p in files if p.suffix in rubbish or p.name.startswith(".")]
    shown = " ".join(path.read_text(encoding="utf-8") for path in every_page())
    assert not [path.name for path in SITE.glob("*/_images/*") if path.name not in shown]


def test_figures_are_light_keep_their_place_and_say_what_they_show():
    seen = 0
    for path in every_page():
        for number, image in enumerate(page(path).select(".cell_output img")):
            seen += 1
            assert image["src"].endswith(".webp"), where(path)
            assert int(image["width"]) == 640 and int(image["height"]) > 100, where(path)
            assert (image.get("loading") == "lazy") == (number > 0), where(path)
            assert not image["alt"].endswith(".png")
            chinese = bool(re.search("[一-鿿]", image["alt"]))
            assert chinese == (path.parent.name == "zh"), image["alt"]
    assert seen


def test_pages_are_light():
    """What a first visit transfers, compressed, before anything is scrolled to."""

    @cache
    def transferred(file):
        data = file.read_bytes()
        packed = file.suffix in {".woff2", ".webp", ".png"}
        return len(data if packed else gzip.compress(data))

    for path in [*chapters("en"), *chapters("zh")]:
        files = {path, path.parent / "_static" / "math.woff2"} | {
            (path.parent / unquote(urlsplit(address).path)).resolve()
            for tag, address in addresses(path)
            if tag.name != "a" and tag.get("loading") != "lazy" and not urlsplit(address).netloc
            if tag.get("rel") not in (["next"], ["prev"], ["search"], ["alternate"])
        }
        files |= set(path.parent.glob("_static/vendor/fontawesome/webfonts/fa-solid*.woff2"))
        assert sum(map(transferred, files)) <= 500 * 1024, where(path)


def run(*command, folder=ROOT):
    return subprocess.run(
        [str(part) for part in command], capture_output=True, encoding="utf-8", cwd=folder
    )


@pytest.fixture
def small(tmp_path):
    """A book of two pages, made as the course is, with a site of one line."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    for name in ("_config.yml", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    appendix = {"caption": "Appendix", "chapters": [{"file": "chapters/en/references"}]}
    toc = {"format": "jb-book", "root": "chapters/en/index", "parts": [appendix]}
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc))
    shutil.copytree(ROOT / "chapters", tmp_path / "chapters", ignore=lambda *_: ["en", "zh"])
    for language in LANGUAGES:
        pages = tmp_path / "chapters" / language
        pages.mkdir()
        if (ROOT / "chapters" / language / "_config.yml").exists():
            shutil.copy(ROOT / "chapters" / language / "_config.yml", pages)
        shutil.copy(ROOT / "chapters" / language / "references.md", pages)
        (pages / "index.md").write_text("# The course")
    (tmp_path / "_site" / "en").mkdir(parents=True)
    (tmp_path / "_site" / "en" / "index.html").write_text("the old site")
    return tmp_path


def test_plain_jupyter_book_builds_the_english_edition_alone(small):
    program = Path(sys.executable).with_name("jupyter-book")
    built = run(program, "build", ".", "-W", "-n", "--keep-going", "-q", folder=small)
    assert built.returncode == 0, built.stderr
    html = small / "_build" / "html"
    assert {p.name for p in (html / "chapters").iterdir()} == {"en"}
    assert not page(html / "chapters" / "en" / "index.html").select(".language-switch")


def test_mistakes_are_named_and_leave_the_old_site_whole(small):
    mistakes = {
        "[x](references.md#nobody1999)": "nobody1999",
        "[x](index.md#no-such-heading)": "no-such-heading",
        r"$\unknown{x}$": r'Unknown command "\unknown"',
    }
    with (small / "chapters" / "zh" / "references.md").open("a", encoding="utf-8") as file:
        file.write("\n\n".join(["", *mistakes, ""]))
    for _ in range(2):  # the second time, too, though the page has not changed since the first
        built = run(sys.executable, "-m", "tools.site.book", small / "_site", folder=small)
        assert built.returncode == 1
        assert built.stdout == ""  # no progress where nobody looks at it
        *lines, _ = built.stderr.splitlines()
        for line, complaint in zip(lines, mistakes.values(), strict=True):
            assert line.startswith("chapters/zh/references.md:")
            assert complaint in line
    assert (small / "_site" / "en" / "index.html").read_text() == "the old site"


def test_a_mistake_in_a_notebook_is_named_with_its_cell_and_line():
    match = re.match(r".*:(\d+):", "chapters/en/index.ipynb:20025: WARNING")
    assert place_in_notebook(match) == ".ipynb: cell 3, line 25:"


def test_the_progress_is_read_from_what_sphinx_prints():
    line = "\x1b[2Kwriting output... \x1b[39;49;00m[ 45%] \x1b[32m04-schedules\x1b[39;49;00m"
    at = PROGRESS.search(COLOURS.sub("", line))
    assert (at["what"], at["percent"], at["page"]) == ("writing output", "45", "04-schedules")


def test_a_folder_that_is_no_site_is_not_replaced(tmp_path):
    (tmp_path / "precious").write_text("mine")
    built = run(sys.executable, "-m", "tools.site.book", tmp_path)
    assert built.returncode == 2
    assert f"{tmp_path} exists and is not a site made here" in built.stderr
    assert (tmp_path / "precious").exists()
