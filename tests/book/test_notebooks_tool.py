"""`make notebooks`: the same bytes every time, and never half a notebook."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import notebooks
from tools.text.canonical import canonical, write

FIGURE = """\
import matplotlib.pyplot as plt
import numpy as np

figure, axes = plt.subplots()
axes.plot(np.random.default_rng(0).normal(size=50))
print("学习率", end=" ")
print(0.1)"""


def a_notebook(path: Path, *code: str) -> Path:
    cells = [new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(code, 1)]
    text = new_markdown_cell("A *text*.", id="text", metadata={"translation": {"text": "0"}})
    write(path, canonical(new_notebook(cells=[text, *cells])))
    return path


def run(*arguments: object, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "tools.notebooks", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, **options)


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix != ".ipynb"]


def test_two_executions_give_the_same_bytes_and_the_second_writes_nothing(tmp_path):
    (tmp_path / "here.txt").write_text("found")  # it executes in its own folder
    path = a_notebook(tmp_path / "a.ipynb", FIGURE, "print(open('here.txt').read(), 2 + 2)")
    assert run(path).returncode == 0
    first, written = path.read_bytes(), path.stat().st_mtime_ns
    assert b"image/png" in first and b"found 4" in first
    result = run(path)
    assert (result.returncode, result.stderr, result.stdout) == (0, "", "")
    assert path.read_bytes() == first and path.stat().st_mtime_ns == written
    notebook = nbformat.read(path, as_version=4)
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2]
    assert notebook.cells[0].metadata.translation == {"text": "0"}
    assert [output.text for output in notebook.cells[1].outputs[:1]] == ["学习率 0.1\n"]
    stale = path.read_text().replace("found 4", "found 5")
    write(path, stale)
    result = run("--check", path)
    assert result.returncode == 1 and path.read_text() == stale
    assert result.stderr == f"{path}: executing it changes cell cell-2\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys\nprint('first\\nlast', file=sys.stderr)", "cell cell-2: last"),
        ("import os\nos._exit(1)", "Kernel died"),
    ],
)
def test_a_failing_cell_is_named_and_the_notebook_untouched(tmp_path, code, message):
    path = a_notebook(tmp_path / "a.ipynb", "1", code)
    good, wrong = a_notebook(tmp_path / "b.ipynb", "6 * 7"), tmp_path / "c.ipynb"
    wrong.write_text("no notebook")
    before = path.read_bytes()
    result = run(path, good, wrong)
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert f"{path}, cell cell-2: " in result.stderr and message in result.stderr
    assert f"\n{wrong}: " in f"\n{result.stderr}"
    assert path.read_bytes() == before and '"42"' in good.read_text()
    assert leftovers(tmp_path) == []


def test_all_warnings_are_told_by_their_text_and_not_by_the_code_that_warned(tmp_path):
    warn = "import warnings\nfor x in 'ab':\n    warnings.warn(f'no Chinese for {x}')"
    path = a_notebook(tmp_path / "a.ipynb", warn, warn.replace("ab", "c"))
    assert run(path).stderr.splitlines() == [
        f"{path}, cell cell-1: UserWarning: no Chinese for a",
        f"{path}, cell cell-1: UserWarning: no Chinese for b",
        f"{path}, cell cell-2: UserWarning: no Chinese for c",
    ]


def test_a_page_is_chosen_by_how_its_name_begins_in_both_languages():
    assert [path.parent.name for path in notebooks.chosen("04")] == ["en", "zh"]
    assert {path.stem for path in notebooks.chosen("adaptive-methods")} == {"06-adaptive-methods"}
    with pytest.raises(ValueError, match="no page of the course has '99' in its name"):
        notebooks.chosen("99")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX limits")
def test_a_full_disk_leaves_the_old_notebook_whole(tmp_path):
    import resource

    path = a_notebook(tmp_path / "a.ipynb", "print('x' * 50_000)")
    small = a_notebook(tmp_path / "b.ipynb", "6 * 7")
    before, limit = path.read_bytes(), (20_000, 20_000)
    result = run(path, small, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
    assert result.returncode == 1
    assert result.stderr == f"{path}: File too large; the notebook is as it was\n"
    assert path.read_bytes() == before and '"42"' in small.read_text()
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_every_notebook_whole(tmp_path, sent):
    started = tmp_path / "started.ipynb"
    wait = f"import os, time\nopen({str(started)!r}, 'w').write(str(os.getpid()))\ntime.sleep(100)"
    slow = a_notebook(tmp_path / "slow.ipynb", wait)
    quick = a_notebook(tmp_path / "quick.ipynb", "6 * 7")
    before = slow.read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.notebooks", slow, quick], stderr=subprocess.PIPE
    )
    until(lambda: started.exists() and started.read_text() and '"42"' in quick.read_text())
    process.send_signal(sent)
    message = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 128 + sent
    assert message == "Interrupted: the notebooks not yet finished are as they were.\n"
    assert slow.read_bytes() == before
    assert leftovers(tmp_path) == []
    until(lambda: not alive(int(started.read_text())))


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def until(happens) -> None:
    deadline = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_write_that_fails_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "a.ipynb"
    write(path, "old")
    path.chmod(0o640)

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            write(path, "new")
    assert path.read_text() == "old"
    assert leftovers(tmp_path) == []
    write(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640
