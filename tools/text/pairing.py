"""Are a page's two languages the same page: files, cells, code, results?"""

import ast
import io
import re
import tokenize
from collections import Counter
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path

from nbformat import NotebookNode

from lrcourse.language import LANGUAGES
from tools.text.canonical import canonical
from tools.text.findings import Finding
from tools.text.numerals import in_text
from tools.text.pages import files, notebook_pairs, output_texts, short, stored
from tools.text.syntax import comments, language_calls, python, tree
from tools.text.words import amounts, other

EXCUSE = re.compile(r"#\s*(?:NBVAL|PYTEST_VALIDATE)_\w+")
EXCUSING_TAG = re.compile(r"nbval-.*|raises-exception|pytest-validate-.*")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]")
LAYOUT = {tokenize.COMMENT, tokenize.NL}


def check(chapters: Path, exercises: bool = False) -> list[Finding]:
    """Compare the two languages of every page.

    Parameters
    ----------
    chapters : Path
        The folder that holds ``en`` and ``zh``.
    exercises : bool
        Whether these are assignments: stored without outputs, and with sentences in
        their code, which are translated.
    """
    findings = same_files(chapters)
    for english, chinese in notebook_pairs(chapters):
        findings += same_cells(english, chinese, exercises)
    for language in LANGUAGES:
        for path in files(chapters, language):
            if path.suffix == ".ipynb":
                findings += well_kept(path, language, executed=not exercises)
    return findings


def same_files(chapters: Path) -> list[Finding]:
    """Find the pages that one language lacks."""
    names = {
        language: {path.relative_to(chapters / language) for path in files(chapters, language)}
        for language in LANGUAGES
    }
    return [
        Finding(short(chapters / language / name), f"missing: it exists in {other}/")
        for language, other in (LANGUAGES, LANGUAGES[::-1])
        for name in sorted(names[other] - names[language])
    ]


def same_cells(english: Path, chinese: Path, sentences: bool = False) -> list[Finding]:
    """Compare two notebooks cell by cell; `sentences` in the code may be translated."""
    pair = stored(english).cells, stored(chinese).cells
    ids = [[(cell.id, cell.cell_type) for cell in cells] for cells in pair]
    if ids[0] != ids[1]:
        return [_first_other_cell(chinese, *ids)]
    findings = []
    for ours, theirs in zip(*pair, strict=True):
        if ours.cell_type == "code":
            differences = [
                code_difference(ours.source, theirs.source, sentences),
                numbers(ours, theirs),
                other(comments(ours.source), comments(theirs.source), units=()),
            ]
            findings += [Finding(short(chinese), text, ours.id) for text in differences if text]
    return findings


def _first_other_cell(chinese: Path, ours: list, theirs: list) -> Finding:
    for i in range(max(len(ours), len(theirs))):
        here, there = ((cells[i : i + 1] or [("none", "cell")])[0] for cells in (theirs, ours))
        if here != there:
            return Finding(
                short(chinese),
                f"cell {i + 1} is {here[0]} ({here[1]}), in English {there[0]} ({there[1]})",
                here[0],
            )
    raise AssertionError("called for equal cells")


def code_difference(english: str, chinese: str, sentences: bool = False) -> str:
    """Describe the first difference between two cells' code, comments aside.

    The language given to ``use_language`` is the one thing that may differ, and
    in assignments the `sentences`: strings that are Chinese in Chinese.
    """
    ours, theirs = (tree(source) for source in (english, chinese))
    if sentences:
        translated(ours, theirs)
    if _without_language(ours) == _without_language(theirs):
        return ""
    for ours, theirs in zip_longest(_tokens(english, sentences), _tokens(chinese, sentences)):
        if not (ours and theirs) or (ours.type, ours.string) != (theirs.type, theirs.string):
            lines = [repr(token.line.strip()) if token else "nothing" for token in (theirs, ours)]
            number = (theirs or ours).start[0]
            return f"line {number} of the code differs: {lines[0]}, in English {lines[1]}"
    return "the code differs in its strings' language alone"


def translated(english: ast.Module, chinese: ast.Module) -> None:
    """Make equal the strings that are translations of each other, as far as one can tell."""
    for ours, theirs in zip(_strings(english), _strings(chinese), strict=False):
        if CHINESE.search(theirs.value) and LATIN.search(ours.value):
            ours.value = theirs.value


def _strings(module: ast.Module) -> list[ast.Constant]:
    """Return the strings of a syntax tree, in the order of the code.

    Of a string with fields only the fields count: languages put them in another order.
    """
    for node in ast.walk(module):
        if isinstance(node, ast.JoinedStr):
            fields = [value for value in node.values if isinstance(value, ast.FormattedValue)]
            node.values = sorted(fields, key=ast.dump)
    return [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def _without_language(module: ast.Module) -> str:
    for call in language_calls(module):
        call.args = []
    return ast.dump(module)


def _tokens(source: str, sentences: bool) -> list[tokenize.TokenInfo]:
    """Return what the code says, without comments, empty lines or the choice of language."""
    unread = LAYOUT | {tokenize.STRING} if sentences else LAYOUT
    return [
        token
        for token in tokenize.generate_tokens(io.StringIO(python(source)).readline)
        if token.type not in unread and "use_language(" not in token.line
    ]


def numbers(english: NotebookNode, chinese: NotebookNode) -> str:
    """Describe the numbers that only one of two cells' outputs has."""
    ours, theirs = (_amounts(cell) for cell in (english, chinese))
    return amounts(ours, theirs, "in the outputs")


def _amounts(cell: NotebookNode) -> Counter[Decimal]:
    return Counter(number.amount for text in output_texts(cell) for number in in_text(text))


def well_kept(path: Path, language: str, executed: bool = True) -> list[Finding]:
    """Check what each notebook must be by itself.

    Its set-up chooses the folder's language; every cell was executed, in
    order, without an error or a warning, or else none was; no cell is excused
    from the tests without a reason; and the file is in canonical form.
    """
    notebook = stored(path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    findings = [
        Finding(short(path), text, cell.id)
        for count, cell in enumerate(code, 1)
        for text in (_execution(cell, count) if executed else _unexecuted(cell), _excuse(cell))
        if text
    ]
    findings += _setup(path, code, language)
    tidy = "make notebooks" if executed else "make tidy"
    if canonical(notebook) != path.read_text(encoding="utf-8"):
        findings.append(Finding(short(path), f"not in canonical form; run: {tidy}"))
    return findings


def _setup(path: Path, code: list[NotebookNode], language: str) -> list[Finding]:
    if not code:
        return []
    calls = {cell.id: language_calls(tree(cell.source)) for cell in code}
    found = [(name, ast.unparse(call)) for name, some in calls.items() for call in some]
    wanted = f"use_language({language!r})"
    if len(found) == 1 and found[0][0] == "setup" and found[0][1].endswith(wanted):
        return []
    got = "; ".join(f"{call} in cell {name}" for name, call in found) or "none"
    return [Finding(short(path), f"needs {wanted} in this cell and nowhere else: {got}", "setup")]


def _execution(cell: NotebookNode, count: int) -> str:
    if cell.execution_count != count:
        return f"executed as {cell.execution_count}, not {count}; run: make notebooks"
    for output in cell.outputs:
        if output.output_type == "error":
            return f"stored an error: {output.ename}: {output.evalue}"
        if output.get("name") == "stderr":
            return f"stored a message on stderr: {output.text.strip().splitlines()[-1]}"
    return ""


def _unexecuted(cell: NotebookNode) -> str:
    if cell.outputs or cell.execution_count:
        return "an assignment is stored without outputs; run: make tidy"
    return ""


def _excuse(cell: NotebookNode) -> str:
    """Look for an excuse from nbval; a comment that says why belongs right above it."""
    for tag in cell.metadata.get("tags", []):
        if EXCUSING_TAG.fullmatch(tag):
            return f"the tag {tag} gives no reason; use nbval's comment, below one that says why"
    lines = [line.strip() for line in cell.source.splitlines()]
    for above, line in zip(["", *lines], lines, strict=False):
        if EXCUSE.fullmatch(line) and (not above.startswith("#") or EXCUSE.fullmatch(above)):
            return f"{line} needs a comment right above it that says why"
    return ""
