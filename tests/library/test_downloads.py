"""A file is whole, or it is not there: against a server on this machine."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from local_server import NOBODY, Server

from lrcourse.datasets import downloads
from lrcourse.datasets.downloads import DataUnavailable, fetch, find

CONTENT = np.random.default_rng(0).bytes(300_000)


@pytest.fixture
def server():
    with contextlib.closing(Server(CONTENT)) as server:
        yield server


@pytest.fixture(autouse=True)
def impatient(cache, monkeypatch):
    monkeypatch.setattr(downloads, "PATIENCE", 0.3)


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def refused(file):
    """Return what is said when a file cannot be had, after looking at the form of it."""
    with pytest.raises(DataUnavailable) as raised:
        fetch(file)
    said = str(raised.value)
    assert "\n" not in said
    assert f"save {file.mirrors[0].url}" in said and f"as {file.name} in a folder" in said
    assert "LRCOURSE_DATA" in said
    assert find(file) is None
    return said


def test_a_file_arrives_whole_without_a_word_and_is_asked_for_once(server, cache, capsys):
    file = server.file("/good")
    for _ in range(2):
        path = fetch(file)
        assert path == cache / "data.bin" and path.read_bytes() == CONTENT
    assert names(cache) == ["data.bin"] and len(server.requests) == 1
    assert capsys.readouterr() == ("", "")  # it is no terminal


def test_a_slow_server_is_waited_for_while_it_sends(server):
    started = time.monotonic()
    assert fetch(server.file("/drip", "/good")).read_bytes() == CONTENT
    assert time.monotonic() - started > 2 * downloads.PATIENCE
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/404", "127.0.0.1:{port}: 404 Client Error: Not Found for url"),
        (NOBODY, "127.0.0.1:9: Connection refused"),
        ("http://nowhere.invalid", "nowhere.invalid: "),
        ("/silent", "127.0.0.1:{port}: timed out"),
        ("/short", "127.0.0.1:{port}: IncompleteRead(150000 bytes read, 150000 more expected)"),
        ("/other", "127.0.0.1:{port}: another file: its checksum differs"),
        ("/longer", "127.0.0.1:{port}: another file: 300008 bytes instead of 300000"),
        ("/page", "127.0.0.1:{port}: broke off after 43 of 300,000 bytes"),
        ("/endless", "127.0.0.1:{port}: another file: its checksum differs"),
        ("no-such-scheme://x", "x: No connection adapters"),
    ],
)
def test_what_a_mirror_said_is_told_and_the_next_one_is_asked(server, cache, path, said):
    # Two bad mirrors: both are listed.
    message = refused(server.file(path, "/404/also"))
    assert f"cannot get data.bin: {said.format(port=server.http.server_port)}" in message
    assert message.count("; ") == 1 and "/404/also. To supply" in message
    assert "data.bin" not in names(cache)
    # A bad one and a good one: whole.
    assert fetch(server.file(path, "/good")).read_bytes() == CONTENT
    assert names(cache) == ["data.bin"]


@pytest.mark.parametrize("path", ["/short", "/silent"])
def test_a_download_goes_on_where_it_broke_off(server, cache, path):
    refused(server.file(path))
    (part,) = cache.iterdir()
    assert part.name == "data.bin.part" and CONTENT.startswith(part.read_bytes())
    have = part.stat().st_size
    assert have > 100_000
    assert fetch(server.file("/good")).read_bytes() == CONTENT
    assert server.requests[-1] == ("/good", f"bytes={have}-")
    assert names(cache) == ["data.bin"]
    (cache / "data.bin").unlink()
    assert fetch(server.file(path, "/good")).read_bytes() == CONTENT  # and so does the next mirror
    assert server.requests[-1] == ("/good", f"bytes={have}-")


@pytest.mark.parametrize("path", ["/whole", "/good"])
@pytest.mark.parametrize("part", [CONTENT[:1000], CONTENT, CONTENT * 2, b"x" * 1000, b""])
def test_whatever_a_part_holds_the_file_is_whole(server, cache, path, part):
    cache.mkdir()
    (cache / "data.bin.part").write_bytes(part)
    assert find(server.file(path)) is None
    assert fetch(server.file(path)).read_bytes() == CONTENT
    assert names(cache) == ["data.bin"]


@pytest.mark.parametrize("path", ["/login", NOBODY])
def test_a_part_survives_a_web_page_and_no_network(server, cache, path):
    cache.mkdir()
    (cache / "data.bin.part").write_bytes(CONTENT[:1000])
    refused(server.file(path))
    assert (cache / "data.bin.part").read_bytes() == CONTENT[:1000]
    fetch(server.file("/far"))  # refuses to go on with a part
    assert server.requests[-2:] == [("/far", "bytes=1000-"), ("/far", None)]


@pytest.mark.parametrize("damage", [CONTENT[:-1], CONTENT[:-1] + b"x", b"", CONTENT + b"x"])
def test_a_damaged_file_in_the_cache_is_fetched_again(server, cache, damage):
    cache.mkdir()
    (cache / "data.bin").write_bytes(damage)
    refused(server.file(NOBODY))
    assert fetch(server.file("/good")).read_bytes() == CONTENT


def test_a_local_folder_comes_first_and_what_it_lacks_is_downloaded(
    server, cache, tmp_path, monkeypatch
):
    monkeypatch.setenv("LRCOURSE_DATA", str(tmp_path))
    (tmp_path / "data.bin").write_bytes(CONTENT)
    assert fetch(server.file("/good")) == tmp_path / "data.bin"
    (tmp_path / "data.bin").write_bytes(CONTENT[:-1])
    with pytest.raises(DataUnavailable, match="data.bin cannot be used: its checksum is not"):
        fetch(server.file("/good"))
    assert server.requests == [] and not cache.exists()
    (tmp_path / "data.bin").unlink()
    (tmp_path / "data.bin").mkdir()  # a folder of its name is not taken for it
    assert fetch(server.file("/good")) == cache / "data.bin"


@pytest.mark.parametrize("missing", ["pooch", "requests", "tqdm"])
def test_what_downloading_needs_is_named_with_the_command(server, tmp_path, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    said = f"downloading needs {missing}: pip install 'lrcourse[data]'. To supply"
    assert said in refused(server.file("/good"))
    (tmp_path / "data.bin").write_bytes(CONTENT)
    monkeypatch.setenv("LRCOURSE_DATA", str(tmp_path))
    assert fetch(server.file("/good")) == tmp_path / "data.bin"


def test_any_of_the_published_checksums_is_enough(server):
    file = server.file("/404", checksum="0" * 64)
    both = file._replace(mirrors=file.mirrors + server.file("/good").mirrors)
    assert fetch(both) == fetch(both)
    assert len(server.requests) == 2


def test_several_processes_may_want_the_same_file_at_once(server, cache):
    file = server.file("/drip")
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetch(file).read_bytes() == CONTENT, range(4)))
    assert paths == [True] * 4
    assert names(cache) == ["data.bin"]


def test_a_terminal_shows_how_far_it_is(server, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    fetch(server.file("/drip"))
    assert "data.bin" in terminal.getvalue() and "k/300k" in terminal.getvalue()


def test_a_cache_that_cannot_be_made_is_said(server, cache):
    cache.write_text("not a folder")
    assert f"cannot get data.bin: it cannot be kept in {cache}: " in refused(server.file("/good"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_cache_that_is_read_only_is_said_and_read(server, cache):
    fetch(server.file("/good"))
    cache.chmod(0o500)
    try:
        assert fetch(server.file("/good")) == cache / "data.bin"
        said = refused(server.file("/good", name="other.bin"))
    finally:
        cache.chmod(0o700)
    assert f"cannot get other.bin: it cannot be kept in {cache}: Permission denied" in said


PROGRAM = """
import sys
from pathlib import Path
from lrcourse import datasets
from lrcourse.datasets import downloads
from lrcourse.__main__ import main

url, checksum, size, cache, limit = sys.argv[1:]
downloads.cache_folder = lambda: Path(cache)
if int(limit):
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
mirror = downloads.Mirror(url, checksum, int(size))
downloads.FILES["data.bin"] = downloads.File("data.bin", (mirror,))
datasets.CATALOGUE["ionosphere"] = datasets.Entry(None, "", ["data.bin"])
sys.exit(main(["data", "fetch", "ionosphere"]))
"""


def command(server, cache, path, limit=0):
    """Fetch in a process of its own, as the command line does."""
    mirror = [str(value) for value in server.mirror(path)]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *mirror, str(cache), str(limit)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


def stopped_half_way(server, cache, how):
    process = command(server, cache, "/silent")
    for _ in range(1000):
        if any(path.stat().st_size > 100_000 for path in cache.glob("*")):
            break
        time.sleep(0.01)
    process.send_signal(how)
    _, err = process.communicate(timeout=30)
    return process.returncode, err


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signal")
def test_an_interrupted_download_is_said_and_gone_on_with(server, cache):
    assert stopped_half_way(server, cache, signal.SIGINT) == (130, "lrcourse data: interrupted\n")
    assert names(cache) == ["data.bin.part"]
    assert find(server.file("/good")) is None
    assert fetch(server.file("/good")).read_bytes() == CONTENT
    assert server.requests[-1][1] is not None
    assert names(cache) == ["data.bin"]


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signal")
def test_a_killed_download_leaves_nothing_that_is_taken_for_the_file(server, cache):
    assert stopped_half_way(server, cache, signal.SIGKILL)[0] == -signal.SIGKILL
    assert names(cache) != [] and "data.bin" not in names(cache)
    assert find(server.file("/good")) is None
    assert fetch(server.file("/good")).read_bytes() == CONTENT


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_a_full_disk_is_said_and_nothing_half_written_stays(server, cache):
    process = command(server, cache, "/good", limit=100_000)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    said = f"lrcourse data: cannot get data.bin: it cannot be kept in {cache}: File too large. To s"
    assert err.startswith(said)
    assert err.count("\n") == 1
    assert names(cache) == []
