"""What holds for the website that `make book` has built."""

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

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup, Comment
from fontTools.ttLib import TTFont

from tools.grading import assignments
from tools.site import descriptions, docstrings, loading, mathematics, search, sidebar
from tools.site.book import place_in_notebook
from tools.site.mathematics import FormulaError, mathml
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


def names(language):
    return {path.relative_to(SITE / language).as_posix() for path in pages(language)}


def where(path):
    return path.relative_to(SITE).as_posix()


def addresses(path):
    """All that a page links to or loads, as (tag, address)."""
    for tag in page(path).find_all(True):
        for attribute in ("href", "src", "action", "data", "poster"):
            if tag.get(attribute):
                yield tag, tag[attribute]


@cache
def prose(path):
    """A page's text as readers see it, without code and formulas."""
    article = BeautifulSoup(str(page(path).article), "html.parser")
    unread = article.find_all(["pre", "code", "math", "script", "style"])
    for tag in unread + article.select(".sig, .field-list"):
        tag.decompose()
    return article.get_text()


def test_both_editions_have_the_same_pages():
    assert names("en") == names("zh") >= {"index.html", "references.html", "search.html"}


def test_every_page_of_the_contents_is_there():
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    assert {f"{name}.html" for name in re.findall(r"chapters/en/(\S+)", toc)} <= names("en")


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


def test_no_page_asks_another_host():
    asked = [
        f"{where(path)}: {address}"
        for path in every_page()
        for tag, address in addresses(path)
        if urlsplit(address).netloc and tag.name != "a"
    ]
    assert not asked


def test_no_script_or_style_asks_another_host():
    request = re.compile(
        r"""(?:url\(|@import|fetch\(|import\(|src\s*=|href\s*=|getScript\(|require\()\s*["'`]?"""
        r"""\s*(?:https?:)?//[^"'`)\s]*"""
    )
    asked = [
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
def test_every_page_says_its_language(language):
    assert {page(path).html["lang"] for path in pages(language)} == {LANGUAGES[language]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_has_a_title_of_its_own(language):
    titles = [page(path).title.get_text(strip=True) for path in pages(language)]
    assert all(titles)
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_switch_leads_to_the_same_page_in_the_other_language(language):
    for path in pages(language):
        (switch,) = page(path).select("a.language-switch")
        target = (path.parent / switch["href"]).resolve()
        assert target == SITE / OTHER[language] / path.relative_to(SITE / language)
        assert switch["hreflang"] == LANGUAGES[OTHER[language]]


def test_the_sections_that_the_switch_goes_to_are_the_same_on_both_sides():
    for path in chapters("en"):
        twin = SITE / "zh" / path.relative_to(SITE / "en")
        numbered = [{i for i in ids(p) if re.fullmatch(r"s\d+", i)} for p in (path, twin)]
        assert numbered[0] == numbered[1] != set(), where(path)


def test_search_engines_learn_of_both_languages():
    for path in [*pages("en"), *pages("zh")]:
        links = page(path).select("link[rel=alternate]")
        targets = {link["hreflang"]: (path.parent / link["href"]).resolve() for link in links}
        twins = {code: SITE / language / path.name for language, code in LANGUAGES.items()}
        assert targets == twins | {"x-default": SITE / "index.html"}


def test_no_button_or_label_of_a_chinese_page_is_english():
    english = set()
    for path in pages("zh"):
        frame = BeautifulSoup(str(page(path).body), "html.parser")
        for tag in frame.find_all(["script", "style", "code"]) + frame.select("[lang=en]"):
            tag.decompose()
        texts = []
        for tag in frame.find_all(True):
            names = ("title", "aria-label", "placeholder", "data-bs-title")
            texts += [tag[name] for name in names if tag.get(name)]
        for article in frame.find_all("article"):
            article.decompose()
        texts += [text for text in frame.find_all(string=True) if not isinstance(text, Comment)]
        english |= {
            text.strip()
            for text in texts
            if re.search("[A-Za-z]", text) and not re.search(r"[\u4e00-\u9fff]", text)
        }
    assert english <= LATIN_IN_CHINESE_PAGES


def test_what_extensions_write_into_chinese_articles_is_chinese():
    theirs = ["Click to", "Show code", "Hide code", ">Note<", ">Tip<", ">Warning<", "Link to this"]
    for path in pages("zh"):
        html = path.read_text(encoding="utf-8")
        assert not [text for text in theirs if text in html], where(path)


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


@pytest.mark.skipif(
    not shutil.which("node"), reason="node.js is not here to run the browser's part"
)
def test_the_browser_cuts_queries_into_the_same_words():
    queries = ["学习率", "轮", "用 Adam 的随机梯度下降", "lr=0.1，batch_size", "β₁ x²", "a轮b", ""]
    call = f"{IN_THE_BROWSER}; console.log(JSON.stringify({json.dumps(queries)}.map(splitQuery)))"
    output = subprocess.run(["node", "-e", call], capture_output=True, check=True).stdout
    assert json.loads(output) == [cut(query) for query in queries]


def test_the_font_of_the_formulas_has_their_characters():
    for language in LANGUAGES:
        with TTFont(SITE / language / "_static" / "math.woff2") as font:
            drawn = font.getBestCmap()
        formulas = "".join(m.get_text() for path in pages(language) for m in page(path)("math"))
        missing = {c for c in formulas if ord(c) not in drawn and not "\u2e80" <= c <= "\uffef"}
        assert not {c for c in missing if not c.isspace()}


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
    with pytest.raises(FormulaError):
        mathml(latex)


def test_a_formula_keeps_its_structure():
    formula = BeautifulSoup(mathml(r"\frac{\eta_t}{\boldsymbol{w}} < \max_x"), "html.parser")
    assert formula.mfrac.msub.get_text() == "ηt"
    assert formula.mfrac.get_text() == "ηt𝒘"
    assert formula.munder.get_text() == "maxx"


@pytest.mark.parametrize(
    "module", [assignments, descriptions, docstrings, mathematics, numerals, search, sidebar]
)
def test_the_examples_in_docstrings_hold(module):
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


def test_code_keeps_its_text_and_has_tags_for_colours_alone():
    cell = next(
        cell
        for cell in nbformat.read(ROOT / "chapters/en/02-four-scenarios.ipynb", 4).cells
        if cell.id == "early"
    )
    page = BeautifulSoup((SITE / "en/02-four-scenarios.html").read_bytes(), "html.parser")
    code = page.find(id="cell-id=early").find_parent(class_="cell").select_one(".cell_input pre")
    assert code.text.strip() == cell.source
    assert code["style"] == f"--lines: {len(cell.source.splitlines())}"
    classes = {name for tag in code.select("[class]") for name in tag["class"]}
    assert classes >= {"o", "k"}
    assert not classes & {"n", "nn", "p", "w"}


def test_the_first_page_leads_to_both_editions():
    links = [link["href"] for link in page(SITE / "index.html").find_all("a")]
    assert links == ["en/index.html", "zh/index.html"]


def test_the_site_holds_nothing_that_only_the_build_needs():
    rubbish = (".doctree", ".pickle", ".po", ".mo", ".map", ".inv", ".buildinfo")
    files = [path for path in SITE.rglob("*") if path.is_file()]
    assert not [where(p) for p in files if p.suffix in rubbish or p.name.startswith(".")]


def test_every_figure_of_the_site_is_shown_on_a_page():
    shown = {Path(address).name for path in every_page() for _, address in addresses(path)}
    assert {path.name for path in SITE.glob("*/_images/*")} <= shown


def test_figures_are_light_and_keep_their_place():
    images = {path.suffix for path in SITE.glob("*/_images/*")}
    assert images == {".webp"}
    for path in every_page():
        for number, image in enumerate(page(path).select(".cell_output img")):
            assert int(image["width"]) == 640 and int(image["height"]) > 100, where(path)
            assert (image.get("loading") == "lazy") == (number > 0), where(path)


def weight(path):
    """What a first visit to a page transfers, compressed, before anything is scrolled to."""
    files = {path} | {
        (path.parent / unquote(urlsplit(address).path)).resolve()
        for tag, address in addresses(path)
        if tag.name != "a" and tag.get("loading") != "lazy" and not urlsplit(address).netloc
        if tag.get("rel") not in (["next"], ["prev"], ["search"], ["alternate"])
    }
    files |= set(path.parent.glob("_static/math.woff2"))
    files |= set(path.parent.glob("_static/vendor/fontawesome/webfonts/*.woff2"))
    packed = {".woff2", ".webp", ".png"}
    return sum(
        len(data if file.suffix in packed else gzip.compress(data))
        for file in files
        for data in [file.read_bytes()]
    )


def test_pages_are_light():
    for path in [*chapters("en"), *chapters("zh")]:
        figures = page(path).select(".cell_output img")
        assert weight(path) <= (600 if figures else 220) * 1024, where(path)


def test_no_figure_is_described_by_its_file_name():
    figures = [image for path in every_page() for image in page(path).find_all("img")]
    assert figures
    assert not [image["alt"] for image in figures if Path(image["src"]).name in image["alt"]]


def run(*command, folder=ROOT):
    return subprocess.run(
        [str(part) for part in command], capture_output=True, encoding="utf-8", cwd=folder
    )


def test_plain_jupyter_book_builds_the_english_edition_alone(tmp_path):
    program = Path(sys.executable).with_name("jupyter-book")
    built = run(program, "build", ".", "--path-output", tmp_path, "-W", "-n", "--keep-going", "-q")
    assert built.returncode == 0, built.stderr
    html = tmp_path / "_build" / "html"
    assert {p.name for p in (html / "chapters").iterdir()} == {"en"}
    assert not page(html / "chapters" / "en" / "index.html").select(".language-switch")


@pytest.fixture
def copy(tmp_path):
    """A book of two pages, made as the course is, with a site of one line."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    for name in ("_config.yml", "requirements.txt"):
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


def test_mistakes_are_named_and_leave_the_old_site_whole(copy):
    mistakes = {
        "[x](references.md#nobody1999)": "nobody1999",
        "[x](index.md#no-such-heading)": "no-such-heading",
        r"$\unknown{x}$": r"\unknown is not understood",
    }
    with (copy / "chapters" / "zh" / "references.md").open("a", encoding="utf-8") as file:
        file.write("\n\n".join(["", *mistakes, ""]))
    for _ in range(2):  # the second time, too, though the page has not changed since the first
        built = run(sys.executable, "-m", "tools.site.book", copy / "_site", folder=copy)
        assert built.returncode == 1
        *lines, _ = built.stderr.splitlines()
        for line, complaint in zip(lines, mistakes.values(), strict=True):
            assert line.startswith("chapters/zh/references.md:")
            assert complaint in line
    assert (copy / "_site" / "en" / "index.html").read_text() == "the old site"


def test_a_mistake_in_a_notebook_is_named_with_its_cell_and_line():
    match = re.match(r".*:(\d+):", "chapters/en/index.ipynb:20025: WARNING")
    assert place_in_notebook(match) == ".ipynb: cell 3, line 25:"


def test_a_folder_that_is_no_site_is_not_replaced(tmp_path):
    (tmp_path / "precious").write_text("mine")
    built = run(sys.executable, "-m", "tools.site.book", tmp_path)
    assert built.returncode == 2
    assert f"{tmp_path} exists and is not a site made here" in built.stderr
    assert (tmp_path / "precious").exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_says_what_it_shows_in_the_language_of_its_page(language):
    figures = [image for path in pages(language) for image in page(path).select(".cell_output img")]
    assert figures
    for image in figures:
        assert not image["alt"].endswith(".png")
        assert bool(re.search("[一-鿿]", image["alt"])) == (language == "zh"), image["alt"]


def test_the_icons_in_use_are_there_and_no_others():
    fonts = SITE / "en" / "_static" / "vendor" / "fontawesome" / "webfonts"
    drawn = set(TTFont(fonts / "fa-solid-900.woff2").getBestCmap())
    rules = (SITE / "en" / "_static" / loading.BUNDLE).read_text("utf-8")
    codes = {
        name: ord(sign)
        for names, sign in re.findall(r'((?:\.fa-[\w-]+:before,?)+)\{content:"(.)"\}', rules)
        for name in re.findall(r"fa-[\w-]+", names)
    }
    for path in chapters("en"):
        for tag in page(path).select("i.fas, i.fa-solid"):
            (code,) = {codes[name] for name in tag["class"] if name in codes}
            assert code in drawn, (where(path), tag)
    assert len(drawn) < 40
    assert not list(SITE.rglob("fontawesome.js"))
