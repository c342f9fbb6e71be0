"""What the library keeps for the chapters is what the chapters use."""

import ast
import json
from pathlib import Path

from lrcourse.book import framework_runs as recordings
from lrcourse.experiments.comparisons import comparisons
from lrcourse.language import labels

ROOT = Path(__file__).resolve().parents[2]


def texts_in_use():
    """Every string constant of the library and of the notebooks' code, and column names."""
    files = [*(ROOT / "lrcourse").rglob("*.py"), *(ROOT / "tools" / "grading").glob("*.py")]
    trees = [ast.parse(path.read_text("utf-8")) for path in files]
    for path in (ROOT / "chapters" / "en").glob("*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        trees += [ast.parse("".join(c["source"])) for c in cells if c["cell_type"] == "code"]
    found = {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for item in json.loads(
        (ROOT / "lrcourse" / "book" / "sources.json").read_text("utf-8")
    ).values():
        for entry in item.values():
            found.update(entry.get("columns", []))
            found.update(v for row in entry.get("rows", []) for v in row if isinstance(v, str))
    return found | {cell for row in comparisons().rows for cell in row if isinstance(cell, str)}


def test_the_catalogue_holds_no_label_that_nothing_uses():
    assert set(labels()) - texts_in_use() == set()


def functions_of_the_notebook():
    """The code of every function that a chapter hands to `live_or_recorded`."""
    found = {}
    for path in (ROOT / "chapters" / "en").glob("*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        nodes = [(source, node) for source in sources for node in ast.walk(ast.parse(source))]
        called = {
            node.args[0].id
            for _, node in nodes
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "live_or_recorded"
        }
        found |= {
            node.name: ast.get_source_segment(source, node)
            for source, node in nodes
            if isinstance(node, ast.FunctionDef) and node.name in called
        }
    return found


def test_every_recording_is_of_the_code_that_the_notebook_shows():
    shown, entries = functions_of_the_notebook(), recordings.recorded()
    assert shown.keys() == entries.keys()
    changed = [
        name for name in shown if not recordings.same_code(shown[name], entries[name]["code"])
    ]
    assert changed == []
