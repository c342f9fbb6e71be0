"""The library can be read from the first module to the last."""

import ast
import re
from pathlib import Path
from pkgutil import resolve_name

import pytest

from tools.site.docstrings import HELPERS

LIBRARY = Path(__file__).resolve().parents[2] / "lrcourse"

# Data flows one way: each module imports only from those before it.
ORDER = [
    "checks", "language", "tables", "comparison", "schedules",
    "optimizers", "models", "datasets",
    "training", "landscapes", "search", "plots", "frameworks", "diagnosis", "book", "experiments",
    "explorer", "notation", "exercises",
    "__init__", "__main__",
]  # fmt: skip
NUMERICS = [
    "schedules", "optimizers", "models", "training", "landscapes", "search", "comparison",
]  # fmt: skip


def imported(module):
    """The parts of the library, and the other packages, that a module names in an import."""
    path = LIBRARY / module
    files = sorted(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    own, others = set(), set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = [node.module]
                if node.module == "lrcourse":
                    names = [f"lrcourse.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            for name in names:
                first, *rest = name.split(".")
                if first == "lrcourse":
                    own.update(rest[:1])
                else:
                    others.add(first)
    return own - {module}, others


def test_every_module_has_its_place():
    found = {path.stem for path in LIBRARY.glob("*.py")}
    found |= {path.parent.name for path in LIBRARY.glob("*/__init__.py")}
    assert found == set(ORDER)


@pytest.mark.parametrize("module", ORDER)
def test_a_module_imports_only_from_those_before_it(module):
    assert imported(module)[0] <= set(ORDER[: ORDER.index(module)])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_pages_on_the_library_can_be_read_from_first_to_last(language):
    folder = LIBRARY.parent / "chapters" / language
    toc = (LIBRARY.parent / "_toc.yml").read_text("utf-8")
    pages = [folder / f"{name}.md" for name in re.findall(r"chapters/en/(library\S*)", toc)]
    assert set(pages) == set(folder.glob("library*.md"))
    first, *others = [page.read_text("utf-8") for page in pages]
    told = re.findall(r"(?m)automodule:: lrcourse\.([\w.]+)$", "\n".join(others))
    shown = [name for name in told if not name.startswith("experiments.")]
    assert re.findall(r"`([\w.]+)`", first.partition("##")[0]) == shown
    # `book` and `datasets` are folders: only of whole modules it is easily seen what they use.
    shown = [name for name in shown if "." not in name]
    assert set(NUMERICS) <= set(shown) <= set(ORDER)
    for number, module in enumerate(shown):
        assert imported(module)[0] & set(shown) <= set(shown[:number])


def test_the_pages_on_the_library_tell_what_the_chapters_import():
    folder = LIBRARY.parent / "chapters" / "en"
    chapters = "".join(path.read_text("utf-8") for path in folder.glob("*.ipynb"))
    pages = "".join(path.read_text("utf-8") for path in folder.glob("library-*.md"))
    used = re.findall(r"from lrcourse\.(\w+)|from lrcourse import (\w+)", chapters)
    modules = {module for pair in used for module in pair if module in ORDER}
    assert modules <= set(re.findall(r"automodule:: lrcourse\.(\w+)", pages))


def test_the_helpers_that_the_pages_leave_out_exist():
    for name in HELPERS:
        helper = resolve_name(name)
        assert f"{helper.__module__}.{helper.__qualname__}" == name


@pytest.mark.parametrize("module", NUMERICS)
def test_the_numerics_need_numpy_and_nothing_else(module):
    import sys

    assert imported(module)[1] - set(sys.stdlib_module_names) <= {"numpy", "tqdm"}
