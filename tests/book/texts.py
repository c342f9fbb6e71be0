"""What README, changelog, bibliography, glossary and records say, compared with what is so."""

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from pybtex.database import parse_file

from lrcourse import landscapes, optimizers
from lrcourse.__main__ import main
from lrcourse.book import records

READMES = ("README.md", "README.zh.md")
# Inside inline formulas: a rate of a number over the largest curvature.
LIMIT = re.compile(r"\$\s*([\d.]+)\s*/\s*L\s*\$")


def problems(root: Path) -> Iterator[str]:
    """Yield what is wrong, each with its file."""
    for name in READMES:
        yield from (f"{name}: {text}" for text in of_readme((root / name).read_text("utf-8"), root))
    yield from of_changelog((root / "CHANGELOG.md").read_text("utf-8"))
    yield from of_bibliography(root / "chapters" / "references.bib")
    yield from of_limits(root / "chapters")
    for path in sorted((root / "lrcourse" / "book" / "results").glob("*.json")):
        try:
            records.read(path)
        except ValueError as problem:
            yield f"{path.name}: {problem}"


def of_readme(text: str, root: Path) -> Iterator[str]:
    """Run a README's code and commands, and compare the Python that it asks for."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    for version in re.findall(r"(?:Python |py -)(\d\.\d+)", text):
        if f">={version}" != project["requires-python"]:
            yield f"Python {version}, where the library needs {project['requires-python']}"
    with TemporaryDirectory() as folder, chdir(folder), redirect_stdout(StringIO()):
        for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
            try:
                exec(compile(ast.parse(code), "README", "exec"), {})
            except Exception as problem:
                yield f"its code: {problem!r}"
        for command in re.findall(r"^lrcourse (.*)$", text, re.MULTILINE):
            try:
                main(shlex.split(command))
            except SystemExit as problem:
                yield f"lrcourse {command}: ended with {problem}"


def of_changelog(text: str) -> Iterator[str]:
    """Compare what the two languages of each version name in backticks and count in digits."""
    for version in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        chinese = re.search(r"^(?:###? )?[^\n]*[\u4e00-\u9fff]", version, re.MULTILINE)
        if not chinese:
            yield f"CHANGELOG.md: no Chinese in {version.splitlines()[0]}"
            continue
        first = version.find("\n") + 1
        halves = version[first : chinese.start()], version[chinese.start() :]
        named = [
            {re.sub(r"['\"(].*", "", code) for code in re.findall(r"`([^`]+)`", half)}
            | set(re.findall(r"(?<![\w.`])\d+(?:\.\d+)*(?![\w`])", re.sub(r"`[^`]+`", "", half)))
            for half in halves
        ]
        if only := named[0] ^ named[1]:
            where = version.splitlines()[0]
            yield f"CHANGELOG.md, {where}: only in one language: {', '.join(sorted(only))}"


def of_bibliography(path: Path) -> Iterator[str]:
    """Compare each entry's year with that of its key."""
    for key, entry in parse_file(str(path)).entries.items():
        year = re.search(r"\d{4}", key)
        if year and year[0] != entry.fields.get("year"):
            yield f"{path.name}: {key} is of {entry.fields.get('year')}"


def limits() -> dict[str, str]:
    """Find with the library where a parabola's descent begins to swing, and to diverge."""
    rates = [0.5, 0.999, 1.001, 1.999, 2.001, 3.0]
    bowl = landscapes.quadratic(1.0)
    verdicts = landscapes.classify(
        landscapes.descend(bowl, optimizers.SGD(rates), start=1.0, steps=20)
    )
    return {kind: f"{rates[verdicts.index(kind)]:.0f}" for kind in ("oscillating", "diverging")}


def of_limits(chapters: Path) -> Iterator[str]:
    """Compare every limit such as $2/L$ with what the library does there."""
    found = limits()
    known = {"curvature": set(found.values())} | {kind: {n} for kind, n in found.items()}
    for group in yaml.safe_load((chapters / "glossary.yml").read_text("utf-8")).values():
        for term in group:
            for language, text in term["means"].items():
                said = set(LIMIT.findall(text))
                if said != known.get(term["en"], said & set(found.values())):
                    yield f"glossary.yml, {term['en']} ({language}): {', '.join(said)} over L"
    for path in sorted(chapters.glob("*/*.ipynb")):
        for number in set(LIMIT.findall(path.read_text("utf-8"))) - set(found.values()):
            yield f"{path.parent.name}/{path.name}: {number}/L is no limit"
