"""Execute the course's notebooks and store their outputs, the same bytes every time.

Usage::

    python -m tools.notebooks               every notebook, both languages
    python -m tools.notebooks 04            the pages whose names begin with that, or contain it
    python -m tools.notebooks PATH ...      these files
    python -m tools.notebooks --check       write nothing; fail if a stored output is out of date
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

import matplotlib.font_manager  # noqa: F401 - builds the font cache, or a kernel would report it
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from tqdm import tqdm

from tools.text.canonical import canonical, write
from tools.text.pages import without_colours

ROOT = Path(__file__).resolve().parent.parent
SECONDS_PER_CELL = 300
# Sums must not depend on how many threads shared the work.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
# What Python prints of a warning has its text here, and a line of source code below.
WARNING = re.compile(r":\d+: (\w+: .+)")


class NotebookError(Exception):
    """A notebook that does not execute as it must; the message names file and cell."""


class Interrupted(BaseException):
    """Ctrl-C or a request to end; its argument is the signal's number."""


def _interrupt(number: int, frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough: the clean-up must finish
    raise Interrupted(number)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", help="files, or how the names of pages begin")
    parser.add_argument("--check", action="store_true", help="report what would change")
    options = parser.parse_args(arguments)
    try:
        paths = [path for page in options.pages for path in chosen(page)] or chosen("")
    except ValueError as error:
        parser.error(str(error))
    os.environ.update(ONE_THREAD)  # for the kernels to inherit
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        return execute_all(paths, compare if options.check else store)
    except Interrupted as interrupted:
        print("Interrupted: the notebooks not yet finished are as they were.", file=sys.stderr)
        return 128 + interrupted.args[0]


def chosen(page: str) -> list[Path]:
    """Return the notebooks that are meant: one file, or a page of the course in both languages.

    Raises
    ------
    ValueError
        When no page has a name that begins with `page` or contains it.
    """
    if page.endswith(".ipynb"):
        return [Path(page)]
    pages = sorted(ROOT.glob("chapters/*/*.ipynb"))
    found = [path for path in pages if path.stem.startswith(page)]
    found = found or [path for path in pages if page in path.stem]
    if not found:
        raise ValueError(f"no page of the course has {page!r} in its name")
    return found


def execute_all(paths: list[Path], then: Callable) -> int:
    """Execute notebooks in parallel, each in a kernel process of its own.

    Parameters
    ----------
    paths : list of Path
    then : callable
        What to do with a notebook, from its path and the text of the executed
        file to a message, or None if all is well: `store` or `compare`.

    Returns
    -------
    int
        0, or 1 when a notebook failed or there was a message.
    """
    clients: list[NotebookClient] = []
    messages = []
    # The work is done by the kernels; a thread each waits for them.
    pool = ThreadPoolExecutor(max_workers=os.cpu_count())
    futures = {pool.submit(execute, path, clients): path for path in paths}
    try:
        with tqdm(total=len(paths), unit="notebook", disable=None) as progress:
            for future in as_completed(futures):
                message = _finish(futures[future], future, then)
                if message:
                    messages.append(message)
                progress.update()
    finally:
        _stop(pool, futures, clients)
    for message in sorted(messages):
        print(message, file=sys.stderr)
    return 1 if messages else 0


def execute(path: Path, clients: list[NotebookClient] | None = None) -> str:
    """Execute one notebook in its own folder and return the text of its file.

    Parameters
    ----------
    path : Path
    clients : list, optional
        Gains the client, so that an interruption can stop its kernel.

    Raises
    ------
    NotebookError
        When a cell raises, takes too long, or writes to standard error.
    """
    try:
        notebook = nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise NotebookError(f"{_short(path)}: not a notebook: {error!s:.60}") from error
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    current = {}
    client = NotebookClient(
        notebook,
        timeout=SECONDS_PER_CELL,
        kernel_name="python3",  # this environment's own
        resources={"metadata": {"path": str(path.resolve().parent)}},
        coalesce_streams=True,
        store_widget_state=False,
        record_timing=False,
        on_cell_start=lambda cell, cell_index: current.update(cell=cell),
    )
    if clients is not None:
        clients.append(client)
    try:
        client.execute(stderr=subprocess.DEVNULL)  # the kernel's own log; cells' stderr is caught
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        lines = [line for line in without_colours(str(error)).splitlines() if line.strip()]
        where = f"{_short(path)}, cell {current['cell'].id}" if current else _short(path)
        raise NotebookError(f"{where}: " + "\n    ".join(lines[-3:])) from error
    complaints = [
        f"{_short(path)}, cell {cell.id}: {text}"
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr"
        for text in _complaints(output.text)
    ]
    if complaints:
        raise NotebookError("\n".join(complaints))
    return canonical(notebook)


def _complaints(stderr: str) -> list[str]:
    """Return the texts of the warnings in what a cell wrote; without one, its last line."""
    texts = WARNING.findall(stderr) or stderr.strip().splitlines()[-1:]
    return list(dict.fromkeys(texts))


def store(path: Path, text: str) -> None:
    """Write an executed notebook, if anything changed."""
    if text != path.read_text(encoding="utf-8"):
        write(path, text)


def compare(path: Path, text: str) -> str | None:
    """Say which cells of an executed notebook are not as stored."""
    old = path.read_text(encoding="utf-8")
    return None if text == old else f"{_short(path)}: executing it changes {_changed(old, text)}"


def _finish(path: Path, future: Future, then: Callable) -> str | None:
    """Go on with what one notebook's execution gave; return a message if it is bad news."""
    try:
        return then(path, future.result())
    except NotebookError as error:
        return str(error)
    except OSError as error:
        return f"{_short(path)}: {error.strerror or error}; the notebook is as it was"


def _changed(old: str, new: str) -> str:
    """Name the cells in which two versions of a notebook differ."""
    before, after = (nbformat.reads(text, as_version=4).cells for text in (old, new))
    cells = [b.id for a, b in zip(before, after, strict=True) if a != b]
    return f"cell {', '.join(cells)}" if cells else "the form of the file alone"


def _stop(pool: ThreadPoolExecutor, futures: dict, clients: list[NotebookClient]) -> None:
    """End the kernels of whatever has not finished, and wait for their threads."""
    pool.shutdown(wait=False, cancel_futures=True)
    while not all(future.done() for future in futures):
        for client in clients:
            # The process, at once: a cell in the midst of its work answers no request.
            if client.km and client.km.provisioner and client.km.provisioner.process:
                client.km.provisioner.process.kill()
        time.sleep(0.1)
    pool.shutdown()


def _short(path: Path) -> str:
    path = path.resolve()
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    sys.exit(main())
