"""`make anywhere` notices what does not run elsewhere."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

import anywhere
from canonical import canonical, write

ROOT = Path(__file__).parent.parent


def in_kernel(code):
    """Run code as a notebook's, after what a kernel of `make anywhere` runs first."""
    command = [sys.executable, "-c", f"exec({anywhere.NO_NETWORK!r}, {{}})\n{code}"]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_notebook_that_asks_for_another_host_fails_and_says_so():
    for code in (
        "import urllib.request; urllib.request.urlopen('http://example.org')",
        "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)",
        "import socket; socket.socket().connect(('192.0.2.1', 80))",
    ):
        done = in_kernel(code)
        assert done.returncode == 1, code
        assert re.search(
            "may not need the network, .* asks for (example.org|192.0.2.1)", done.stderr
        )


def test_what_stays_on_this_machine_is_no_network():
    code = (
        "import socket\n"
        "with socket.create_server(('127.0.0.1', 0)) as server:\n"
        "    socket.create_connection(server.getsockname()).close()\n"
        "print('connected')"
    )
    assert in_kernel(code).stdout == "connected\n"


def test_a_missing_and_a_superfluous_file_are_named(tmp_path, monkeypatch):
    with pytest.raises(anywhere.Problem, match="the wheel: b missing"):
        anywhere.the_same("the wheel", {"a"}, {"a", "b"})
    with pytest.raises(anywhere.Problem, match="the wheel: c should not be there"):
        anywhere.the_same("the wheel", {"a", "c"}, {"a"})
    monkeypatch.setattr(anywhere, "ROOT", tmp_path)
    with pytest.raises(anywhere.Problem, match="run: make dist"):
        anywhere.unpack(tmp_path)


def test_a_wheel_without_the_results_is_refused(tmp_path, monkeypatch):
    names = [name for name in anywhere.tracked() if name.startswith("lrcourse/")]
    (tmp_path / "dist").mkdir()
    with zipfile.ZipFile(tmp_path / "dist" / "lrcourse.whl", "w") as wheel:
        for name in names:
            if name != "lrcourse/book/results/table-quick.json":
                wheel.writestr(name, "")
    monkeypatch.setattr(anywhere, "tracked", lambda: names)
    monkeypatch.setattr(anywhere, "ROOT", tmp_path)
    with pytest.raises(anywhere.Problem, match="the wheel: lrcourse/book/.*quick.json miss"):
        anywhere.unpack(tmp_path)


def test_other_words_are_named_and_other_pictures_are_not(tmp_path):
    def text(words, pixels):
        picture = {"image/png": pixels, "text/plain": "a figure"}
        outputs = [
            new_output("stream", name="stdout", text=words),
            new_output("display_data", picture),
        ]
        cell = new_code_cell("draw()", id="drawn", execution_count=1, outputs=outputs)
        return canonical(new_notebook(cells=[cell]))

    path = tmp_path / "a.ipynb"
    write(path, text("0.2297", "AAAA"))
    assert anywhere.same_words(path, text("0.2297", "BBBB")) is None
    assert anywhere.same_words(path, text("0.2279", "AAAA")).endswith("other words in drawn")
    assert nbformat.read(path, 4).cells[0].outputs[0].text == "0.2297"


def test_the_lowest_versions_are_those_of_pyproject():
    extras = [line for name in ("data", "plots", "widgets") for line in anywhere.requirements(name)]
    lines = anywhere.project()["dependencies"] + extras
    lines = [line for line in lines if not line.startswith("matplotlib")]
    found = anywhere.floors()
    assert len(found) == len(lines)
    for line, (name, version) in zip(lines, found.items(), strict=True):
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert f"{name}=={version}".startswith(line.replace(">=", "=="))


def test_only_tests_of_the_book_stay_out_of_the_source_distribution():
    excluded = re.findall(r"tests/test_\w+\.py", (ROOT / "MANIFEST.in").read_text("utf-8"))
    tools = {path.stem for path in (ROOT / "tools").iterdir()}
    for path in ROOT.glob("tests/test_*.py"):
        text = path.read_text("utf-8")
        imports = set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE))
        if f"tests/{path.name}" in excluded:
            assert imports & tools or "chapters" in text or "CONTRIBUTING" in text, path.name
        else:
            assert not imports & tools, path.name
    assert len(excluded) > 10
