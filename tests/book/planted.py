"""Plant errors in the course's texts, and say which of them the checks find.

``python -m tests.book.planted [KIND]`` copies the repository, plants one error after another,
accepts the translations as an author who errs would, and looks for findings: those of
`tools.check`, of the displayed formulas and of the texts beside the chapters.

To plant others, add them to `PLANTS`: a kind, and what to replace where. What is known to slip
through, and why, stands in `SLIPS`; CONTRIBUTING says it in words.
"""

import io
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import formulas
import texts

from tools import check
from tools.text.canonical import canonical
from tools.text.pages import read

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("chapters", "exercises/source", "lrcourse", ".github", "CHANGELOG.md", "README.md")
COPIED += ("README.zh.md", "pyproject.toml", "LICENSE", "LICENSE-TEXT", "CITATION.cff", "Makefile")

SLIPS = {
    "number word in both": "what a word like 'a third' counts is known to its author alone",
    "unit in both": "a unit stands in no output",
    "truth word": "whether 'higher' is true takes understanding",
    "anchor in both": "both sections exist, and which was meant only a reader knows",
    "exchange in a claim": "a claim names cells, not places in them",
    "title of a source": "the entry was compared with the source by a person, once",
    "minutes of an exercise": "nobody has measured them",
    "words of a docstring": "docstrings are in one language; their examples and formulas are run",
}


@dataclass(frozen=True)
class Plant:
    """One error: its kind, and replacements (path, cell or None, old, new)."""

    kind: str
    edits: tuple[tuple[str, str | None, str, str], ...]


def both(kind: str, page: str, cell: str, english: tuple, chinese: tuple = (), where="chapters"):
    """Plant the same in both languages."""
    sides = {"en": english, "zh": chinese or english}
    return Plant(kind, tuple((path(where, k, page), cell, *side) for k, side in sides.items()))


def one(kind: str, language: str, page: str, cell: str, old: str, new: str, where="chapters"):
    """Plant it in one language alone."""
    return Plant(kind, ((path(where, language, page), cell, old, new),))


def plain(kind: str, name: str, *edits: tuple[str, str]) -> Plant:
    """Plant it in a file that is no notebook."""
    return Plant(kind, tuple((name, None, old, new) for old, new in edits))


def path(where: str, language: str, page: str) -> str:
    """Return the path of a notebook: a chapter or an assignment."""
    folder = f"{where}/{language}" if where == "chapters" else f"{where}/{language}/{page}"
    return f"{folder}/{page}.ipynb"


def exchanged(page: str, cell: str, first: str, second: str) -> Plant:
    """Exchange two linked numbers of a paragraph in both languages."""
    hidden = "\0"
    swap = ((f"[{first}]", hidden), (f"[{second}]", f"[{first}]"), (hidden, f"[{second}]"))
    edits = [(path("chapters", k, page), cell, *each) for k in ("en", "zh") for each in swap]
    return Plant("exchange", tuple(edits))


ONE, TWO = "01-what-is-a-learning-rate", "02-four-scenarios"
THREE, FOUR = "03-choosing-a-learning-rate", "04-schedules"
FIVE, SIX = "05-schedules-on-real-data", "06-adaptive-methods"
EIGHT = "08-learning-rate-table"
EXERCISES = "exercises/source"
CLAIMS, BIBLIOGRAPHY = "lrcourse/book/claims.json", "chapters/references.bib"
SCHEDULES, OPTIMIZERS = "lrcourse/schedules.py", "lrcourse/optimizers.py"
PLANTS = [
    exchanged(TWO, "real-notice", "0.008422", "0.01282"),
    exchanged(TWO, "early-notice", "0.7812", "0.1901"),
    exchanged(TWO, "early-notice", "0.2315", "0.1341"),
    exchanged(FOUR, "floors-notice", "0.2932", "0.05138"),
    exchanged(FOUR, "fair-notice", "0.01776", "0.00718"),
    exchanged(FOUR, "carry-notice", "10.51", "19.98"),
    exchanged(FOUR, "power-notice", "0.008593", "0.007672"),
    exchanged(FOUR, "noisy-valleys-notice", "13.5%", "13.75%"),
    exchanged(FOUR, "raise-notice", "0.1064", "0.0135"),
    exchanged(FOUR, "result-notice", "0.4128", "0.042"),
    both("another number of the page", FOUR, "fair-notice", ("[0.01776]", "[0.02139]")),
    both("another number of the page", FOUR, "length-notice", ("[0.03621]", "[0.02305]")),
    both("another number of the page", TWO, "real-notice", ("[0.01282]", "[0.0187]")),
    both("link to another cell", FOUR, "summary", ("=per-epoch", "=three-numbers")),
    one("link to another cell", "zh", FOUR, "summary", "=per-epoch", "=carry"),
    both(
        "unlinked number",
        FOUR,
        "fair-notice",
        ("[0.01776](#cell-id=fair", "0.01776 [x](#cell-id=fair"),
    ),
    both("calculation", TWO, "check-answer", ("2 / 12 = 0.1667", "2 / 12 = 0.1677")),
    plain(
        "number of a claim",
        CLAIMS,
        ("0.09185", "0.09285"),
        ("0.09185", "0.09285"),
    ),
    plain("number of a claim", CLAIMS, ("4.26", "4.36"), ("4.26", "4.36")),
    plain(
        "exchange in a claim",
        CLAIMS,
        ("0.02034 and 0.01589", "0.01589 and 0.02034"),
    ),
    one(
        "number word",
        "en",
        FIVE,
        "recipe-notice",
        "ten times",
        "a hundred times",
    ),
    one("number word", "zh", SIX, "ravine-notice", "十七分之一", "十三分之一"),
    one("number word", "en", TWO, "real-text", "a quarter", "a third"),
    one("number word", "zh", ONE, "tune-notice", "十倍", "百倍"),
    one("number word", "en", TWO, "names-text", "a hundredth", "a tenth", EXERCISES),
    one("number word", "zh", TWO, "count-text", "百分之一", "十分之一", EXERCISES),
    plain("number word", "chapters/glossary.yml", ("nineteen such", "eighteen such")),
    plain("number word", ".github/CONTRIBUTING.md", ("on three versions", "on four versions")),
    both(
        "number word in both", TWO, "real-text", ("a quarter", "a third"), ("四分之一", "三分之一")
    ),
    one("unit", "en", FOUR, "carry-notice", "of 100 epochs", "of 100 updates"),
    one("unit", "zh", SIX, "words-notice", "十轮", "十次更新"),
    one("unit", "en", TWO, "real-notice", "12 epochs", "12 updates"),
    one("unit", "zh", FOUR, "count-all-text", "按轮计", "按更新计", EXERCISES),
    plain("unit", "chapters/glossary.yml", ("so many epochs", "so many updates")),
    plain("unit", "README.md", ("about an hour", "about a day")),
    plain("unit", "README.zh.md", ("一分半钟", "一个半小时")),
    both("unit in both", TWO, "real-notice", ("12 epochs", "12 updates"), ("12 轮", "12 次更新")),
    both(
        "truth word",
        FOUR,
        "too-fast-notice",
        ("it is larger than", "it is smaller than"),
        ("标准差比平均值还大", "标准差比平均值还小"),
    ),
    both("formula", FOUR, "end-text", (r"1 + \cos", r"1 - \cos")),
    both("formula", FOUR, "end-text", (r"\frac{\eta_0}{2}", r"\frac{\eta_0}{1}")),
    both("formula", FOUR, "steps-text", ("{1 + k t} .", "{1 - k t} .")),
    both("formula", FOUR, "drops-text", (r"\lfloor t / n", r"\lfloor (t + 1) / n")),
    both("formula", FOUR, "up-text", (r"\sqrt{\frac{w}{t}}", r"\sqrt{\frac{t}{w}}")),
    both("formula", THREE, "range-text", ("{t / T}", "{T / t}")),
    both("formula", SIX, "units-text", (r"\rho s_t + (1-\rho)", r"\rho s_t + (1+\rho)")),
    both("formula", SIX, "correction-text", (r"\beta_1^{t+1}", r"\beta_1^{t}")),
    both("formula", SIX, "ravine-text", (r"\eta\, v_{t+1}", r"\eta\, v_t")),
    plain(
        "formula in a docstring",
        SCHEDULES,
        (r"\tfrac12 (\eta_0", r"\tfrac13 (\eta_0"),
    ),
    plain(
        "formula in a docstring",
        SCHEDULES,
        (r"\eta_0 / (t + 1)^p", r"\eta_0 / (t + 2)^p"),
    ),
    plain("formula in a docstring", OPTIMIZERS, (r"s_t + g_t^2", r"s_t - g_t^2")),
    plain(
        "formula in a docstring",
        OPTIMIZERS,
        (r"(1 - \eta\lambda)", r"(1 + \eta\lambda)"),
    ),
    plain(
        "limit",
        "chapters/glossary.yml",
        ("what rates above $2/L$", "what rates above $3/L$"),
        ("学习率超过 $2/L$", "学习率超过 $3/L$"),
    ),
    both("text of an exercise", TWO, "count-text", ("1000", "100"), (), EXERCISES),
    both("minutes of an exercise", FOUR, "title", ("75", "175"), (), EXERCISES),
    one("comment in code", "en", TWO, "early", "three epochs", "four epochs"),
    plain(
        "words of a docstring",
        SCHEDULES,
        ("once in `every` steps", "twice in `every` steps"),
    ),
    plain("README", "README.md", ("Python 3.11 or newer", "Python 3.9 or newer")),
    plain("README", "README.zh.md", ("from lrcourse.models import", "from lrcourse.model import")),
    plain("README", "README.md", ("'cosine(0.1, 100)'", "'cosinus(0.1, 100)'")),
    plain("source", BIBLIOGRAPHY, ("year         = {2022}", "year         = {2021}")),
    plain(
        "title of a source",
        BIBLIOGRAPHY,
        ("the Optimal Learning Rate", "an Optimal Learning Rate"),
    ),
    plain("changelog", "CHANGELOG.md", ("arrays of 16 bits", "arrays of 32 bits")),
    plain("record", "lrcourse/book/results/table-full.json", ('"seconds": ', '"seconds": 1')),
    plain("record", "lrcourse/book/results/ionosphere-full.json", ("0.8", "0.7")),
    one("anchor", "en", FOUR, "why-text", "#the-first-descent-by-hand", "#how-large-is-too-large"),
    both(
        "anchor in both",
        FOUR,
        "why-text",
        ("#the-first-descent-by-hand", "#how-large-is-too-large"),
        ("#动手走头几步", "#多大算太大"),
    ),
    plain("stored output", f"chapters/zh/{FOUR}.ipynb", ("0.2932</td>", "0.2933</td>")),
    both("digit", EIGHT, "majority-notice", ("0.8744", "0.8754")),
    one("digit", "en", SIX, "words-notice", "0.4357", "0.4375"),
    one("percent sign", "en", ONE, "tune-notice", "8%", "8"),
    both("exponent", FOUR, "counting-text", ("10^{-5}", "10^{-6}")),
]


def plant(root: Path, some: Plant) -> None:
    """Make the replacements."""
    for name, cell, old, new in some.edits:
        file = root / name
        if cell is None:
            text = file.read_text("utf-8")
            assert old in text, f"{name} has no {old}"
            file.write_text(text.replace(old, new, 1), "utf-8")
            continue
        notebook = read(file)
        (found,) = [each for each in notebook.cells if each.id == cell]
        assert old in found.source, f"{name}, cell {cell}, has no {old}"
        found.source = found.source.replace(old, new, 1)
        file.write_text(canonical(notebook), "utf-8")


def findings(root: Path) -> Iterator[str]:
    """Yield what the checks say, but for the mark that a translation was not accepted."""
    yield from (said for said in map(str, check.check(root)) if "since the translation" not in said)
    yield from formulas.problems(root)
    yield from texts.problems(root)


def accept(root: Path, some: Plant) -> None:
    """Accept every translation that the plant touched, as an author would who sees no error."""
    for name in {name for name, *_ in some.edits}:
        file = Path(name)
        if name.startswith(("chapters/en", "chapters/zh", EXERCISES)):
            page = f"exercises/{file.stem}" if name.startswith(EXERCISES) else file.stem
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                check.accept(root, page)


def tried(plants: list[Plant], root: Path) -> Iterator[tuple[Plant, str | None]]:
    """Plant each in a copy of the repository; yield it with the first finding, if there is one."""
    for name in COPIED:
        source, copy = ROOT / name, root / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, copy)
    if before := list(findings(root)):
        raise RuntimeError(f"there are findings before anything is planted: {before[0]}")
    for some in plants:
        names = {name for name, *_ in some.edits}
        names |= {name.replace("/en/", "/zh/") for name in names}  # where acceptance is recorded
        before = {name: (root / name).read_bytes() for name in names}
        plant(root, some)
        accept(root, some)
        yield some, next(findings(root), None)
        for name, content in before.items():
            (root / name).write_bytes(content)


def main() -> int:
    """Run the command line: all plants, or those of one kind."""
    chosen = [some for some in PLANTS if sys.argv[1:] in ([], [some.kind])]
    found = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for some, finding in tried(chosen, Path(folder)):
            found[bool(finding)] += 1
            said = finding or f"SLIPS THROUGH ({SLIPS.get(some.kind, 'unknown')})"
            print(f"{some.kind}: {some.edits[0][2]} → {some.edits[-1][3]}")
            print(f"    {said.replace(folder, '')[:150]}", flush=True)
    print(f"{found[True]} of {len(chosen)} planted errors found")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("MPLBACKEND", "Agg")
    sys.exit(main())
