"""The library can be read from the first module to the last."""

import ast
import re
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parent.parent / "lrcourse"

# Data flows one way: each module imports only from those before it.
ORDER = [
    "checks", "storage", "language", "tables", "sources", "claims", "comparison", "schedules",
    "optimizers", "models", "downloads", "formats", "published", "datasets", "splits",
    "training", "sweeps", "landscapes", "search", "records", "experiments", "plots",
    "explorer", "frameworks", "recordings", "exercises",
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
def test_the_page_on_the_library_can_be_read_from_top_to_bottom(language):
    page = LIBRARY.parent / "chapters" / language / "library.md"
    shown = re.findall(r"automodule:: lrcourse\.(\w+)", page.read_text("utf-8"))
    assert set(NUMERICS) <= set(shown) <= set(ORDER)
    for number, module in enumerate(shown):
        assert imported(module)[0] & set(shown) <= set(shown[:number])


@pytest.mark.parametrize("module", NUMERICS)
def test_the_numerics_need_numpy_and_nothing_else(module):
    import sys

    assert imported(module)[1] - set(sys.stdlib_module_names) <= {"numpy", "tqdm"}
