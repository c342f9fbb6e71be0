"""Run the notebook on the frameworks, and record what its functions return there.

``python tests/parity/recordings.py`` writes ``lrcourse/book/framework_runs.json``; ``make record``
calls it.
"""

import ast
import json
import linecache
import os
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "chapters" / "en" / "11-frameworks.ipynb"
RECORDINGS = ROOT / "lrcourse" / "book" / "framework_runs.json"


def live() -> dict[str, dict]:
    """Execute what the notebook does with frameworks; return an entry for each function called.

    Of the other cells only the imports and definitions are executed: no training.
    """
    from lrcourse.book import framework_runs as recordings

    entries = {}

    def live_and_noted(function, *arguments):
        numbers = function(*arguments)
        entries[function.__name__] = recordings.entry(function, arguments, numbers)
        return recordings.rounded(numbers)

    recordings.live_or_recorded = live_and_noted
    names = {"__name__": "notebook"}
    for number, cell in enumerate(json.loads(NOTEBOOK.read_text("utf-8"))["cells"]):
        if cell["cell_type"] == "code":
            code, place = "".join(cell["source"]), f"<cell {number}>"
            # So that the source of a function can be asked for.
            linecache.cache[place] = len(code), None, code.splitlines(keepends=True), place
            tree = ast.parse(code)
            if "live_or_recorded(" not in code:
                kept = ast.Import, ast.ImportFrom, ast.FunctionDef
                tree.body = [node for node in tree.body if isinstance(node, kept)]
            exec(compile(tree, place, "exec"), names)
    return entries


def main():
    """Write the file."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    if not RECORDINGS.exists():
        RECORDINGS.write_text('{"versions": {}, "recordings": {}}', "utf-8")
    entries = live()
    versions = {name: version(name) for name in ("torch", "keras", "optax", "jax")}
    lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items()]
    RECORDINGS.write_text(
        f'{{\n"command": "make record",\n"versions": {json.dumps(versions)},\n'
        '"recordings": {\n' + ",\n".join(lines) + "\n}\n}\n",
        "utf-8",
    )
    print(f"{RECORDINGS}: {RECORDINGS.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
