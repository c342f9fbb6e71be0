"""Published files: looked for on this machine, else downloaded from one mirror after the other.

A file is known by its checksum alone: ``published.json`` has those that the publishers,
TensorFlow Datasets and torchvision give.
"""

import contextlib
import hashlib
import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

VARIABLE = "LRCOURSE_DATA"
INSTALL = "pip install 'lrcourse[data]'"
PATIENCE = 20  # seconds without a sign of life after which the next mirror is tried


class DataUnavailable(OSError, ValueError):
    """Data that cannot be had, or are not what they should be; the message says what to do."""


class Mirror(NamedTuple):
    """Where a file is ("": on no server), and what it is there: its SHA-256 and its bytes."""

    url: str
    sha256: str
    size: int


class File(NamedTuple):
    """A published file. Mirrors may have it with other line ends, each with its checksum."""

    name: str
    mirrors: tuple[Mirror, ...]


PUBLISHED = json.loads(Path(__file__).with_name("published.json").read_text("utf-8"))
FILES = {
    name: File(name, tuple(Mirror(*mirror) for mirror in mirrors))
    for name, mirrors in PUBLISHED["files"].items()
}


def local_folder() -> Path | None:
    """Return the folder named by ``LRCOURSE_DATA``, None if it names none; it must be readable."""
    name = os.environ.get(VARIABLE)
    if not name:
        return None
    folder = Path(os.path.expanduser(name))  # noqa: PTH111 (Path's own raises for ~nobody)
    if not (os.access(folder, os.R_OK | os.X_OK) and folder.is_dir()):
        said = f"{VARIABLE} must name a folder, got {name!r}, which is not there or not readable"
        raise DataUnavailable(said)
    return folder


def cache_folder() -> Path:
    """Return this user's folder for downloads, and for files that were put there by hand."""
    try:
        import pooch
    except ImportError:
        return Path.home() / ".cache" / "lrcourse"
    return Path(pooch.os_cache("lrcourse"))


def find(file: File) -> tuple[str, Path] | None:
    """Return where a file is on this machine, in words, and its path.

    In the local folder a file that cannot be read or has another checksum is an error;
    elsewhere it counts as absent.
    """
    folders = {"local folder": local_folder(), "cache": cache_folder()}
    if (sklearn := find_spec("sklearn")) and sklearn.origin:
        folders["scikit-learn"] = Path(sklearn.origin).parent / "datasets" / "data"
    for place, folder in folders.items():
        try:
            if not folder or not (path := folder / file.name).is_file():
                continue
            with path.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            if digest in [mirror.sha256 for mirror in file.mirrors]:
                return place, path
            said = f"its checksum is not that of {file.name} as it was published"
        except OSError as problem:
            said = problem.strerror
        if place == "local folder":
            raise DataUnavailable(f"{path} cannot be used: {said}. Remove or replace it")
    return None


def fetch(file: File) -> Path:
    """Return where a file is on this machine, downloading it if it is not there yet.

    Shows a progress bar on a terminal. If no mirror had the file, or it could not be kept, the
    error lists what each said and how to supply the file by hand.
    """
    if found := find(file):
        return found[1]
    said, mirrors = [], [mirror for mirror in file.mirrors if mirror.url]
    for mirror in mirrors:
        try:
            return _download(file.name, mirror)
        except _Failed as problem:
            said.append(f"{urlsplit(mirror.url).netloc}: {problem}")
        except ImportError as problem:
            said = [f"downloading needs {problem.name}: {INSTALL}"]
            break
        except OSError as problem:  # of this machine: another mirror would not help
            reason = (problem.__cause__ or problem).strerror
            said = [f"it cannot be kept in {cache_folder()}: {reason}"]
            break
    urls = " or ".join(mirror.url for mirror in mirrors)
    shipped = f"scikit-learn has it: {INSTALL}. " if "scikit-learn" in urls else ""
    raise DataUnavailable(
        f"cannot get {file.name}: {'; '.join(said)}. {shipped}To supply it by hand, save {urls} "
        f"as {file.name} in a folder and set the environment variable {VARIABLE} to that folder"
    )


class _Failed(Exception):
    """What was wrong with a mirror; what has arrived is kept."""


def _download(name, mirror):
    """Let pooch download to a temporary name, compare the checksum, and rename."""
    import pooch

    pooch.get_logger().setLevel("WARNING")  # the progress bar says it already
    part = cache_folder() / f"{name}.part"
    begun = part.exists()

    def download(_, temporary, __):
        temporary = Path(temporary)
        with contextlib.suppress(FileNotFoundError):
            part.replace(temporary)  # so that nobody else goes on with it
        try:
            _append(mirror, temporary, name)
        except (_Failed, KeyboardInterrupt):
            if temporary.stat().st_size:
                temporary.replace(part)
            raise

    try:
        path = pooch.retrieve(mirror.url, mirror.sha256, name, cache_folder(), downloader=download)
    except ValueError:  # pooch's word for another checksum
        if begun:  # the part, now gone, may have been at fault
            return _download(name, mirror)
        raise _Failed("another file: its checksum differs") from None
    return Path(path)


def _append(mirror, path, name):
    """Ask for what is missing of a file and write it behind what is there."""
    import requests
    from tqdm import tqdm

    have = path.stat().st_size
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    bar = tqdm(desc=name, total=mirror.size, unit="B", unit_scale=True, leave=False, disable=None)
    with path.open("ab", 0) as file, bar:
        try:
            with requests.get(mirror.url, headers=headers, stream=True, timeout=PATIENCE) as answer:
                length = answer.headers.get("Content-Length", "")
                if answer.status_code == 200 and length not in ("", str(mirror.size)):
                    raise _Failed(f"another file: {length} bytes instead of {mirror.size}")
                if answer.status_code == 416:  # no such range
                    return  # it is whole or another file, as its checksum will tell
                if answer.status_code == 200:  # all of it, from the start
                    file.seek(0)
                    file.truncate()
                answer.raise_for_status()
                bar.update(file.tell())
                for chunk in answer.iter_content(1 << 14):
                    bar.update(file.write(chunk))
                    if file.tell() > mirror.size:
                        return  # another file, as its checksum will tell
        except requests.RequestException as problem:
            raise _Failed(_cause(problem)) from None
        if file.tell() < mirror.size:  # before urllib3 2 that is no exception
            raise _Failed(f"broke off after {file.tell():,} of {mirror.size:,} bytes")


def _cause(problem):
    """Return what happened first, in the system's words."""
    while problem.__context__:
        problem = problem.__context__
    return getattr(problem, "strerror", None) or " ".join(str(problem).split())
