"""Check the course's text: languages, translations, numbers, links, assignments.

Usage::

    python -m tools.check                       one line per finding; exit 1 if there is any
    python -m tools.check --accept PAGE [CELL]  record that a translation has been reviewed;
                                                with --words-differ if it spells out other numbers
    python -m tools.check --explain PAGE        what each number in a page's prose rests on
"""

import argparse
import sys
from pathlib import Path

from lrcourse.language import LANGUAGES
from tools.grading import form
from tools.text import claims, links, pairing, prose_numbers, translations
from tools.text.findings import Finding

EXERCISES = Path("exercises", "source")
ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--accept", nargs="+", metavar=("PAGE", "CELL"))
    action.add_argument("--explain", metavar="PAGE")
    parser.add_argument("--words-differ", action="store_true", help="accept other number words")
    options = parser.parse_args(arguments)
    if options.accept and len(options.accept) > 2:
        parser.error("--accept takes a page and at most one cell")
    if options.accept:
        return accept(root, *options.accept, differ=options.words_differ)
    if options.explain:
        return explain(root, Path(options.explain).stem)
    findings = check(root)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


def check(root: Path) -> list[Finding]:
    """Run every check over a repository."""
    chapters, sources = root / "chapters", root / "lrcourse" / "book" / "sources.json"
    return [
        *pairing.check(chapters),
        *translations.check(chapters),
        *translations.without_record(root),
        *prose_numbers.check(chapters, sources),
        *prose_numbers.check_exercises(root / EXERCISES, chapters, sources),
        *claims.check(root),
        *pairing.check(root / EXERCISES, exercises=True),
        *translations.check(root / EXERCISES, exercises=True),
        *form.check(root),
        *links.check(root),
    ]


def accept(root: Path, page: str, cell: str | None = None, differ: bool = False) -> int:
    """Record a reviewed translation and say so."""
    try:
        if page.startswith("exercises/"):
            folder, exercises = root / EXERCISES, True
        else:
            folder, exercises = root / "chapters", False
        accepted, refused = translations.accept(folder, page, cell, exercises, differ)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    for finding in refused:
        print(f"not accepted: {finding}", file=sys.stderr)
    for place in accepted:
        print(f"accepted: {place}")
    if not accepted and not refused:
        print("nothing to accept: the records are up to date")
    return 1 if refused else 0


def explain(root: Path, page: str) -> int:
    """Print what each number of a notebook rests on, in both languages."""
    for language in LANGUAGES:
        path = root / "chapters" / language / f"{page}.ipynb"
        if not path.exists():
            print(f"no notebook {path.name} in {language}/", file=sys.stderr)
            return 2
        print(f"{language}/{path.name}")
        for line in prose_numbers.explain(path, root / "lrcourse" / "book" / "sources.json"):
            print(f"  {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
