"""Published files: looked for on this machine, else downloaded, never taken for whole in part.

A file is known by its checksum alone. It is looked for in the folder named by
the environment variable ``LRCOURSE_DATA``, then in the cache, and only then asked
for from one mirror after the other. What arrives has another name until its
checksum is right; what an interrupted download left is gone on with.
"""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

VARIABLE = "LRCOURSE_DATA"

# Seconds without a sign of life after which the next mirror is tried.
PATIENCE = 20


class DataUnavailable(OSError, ValueError):
    """Data that cannot be had, or are not what they should be; the message says what to do."""


class Mirror(NamedTuple):
    """Where a file is, and what it is there: an algorithm and its digest, and bytes."""

    url: str
    checksum: str
    size: int


class File(NamedTuple):
    """A published file. Mirrors may have it with different line ends, each with its checksum."""

    name: str
    mirrors: tuple[Mirror, ...]


def local_folder() -> Path | None:
    """Return the folder named by ``LRCOURSE_DATA``, None if it names none.

    Raises
    ------
    DataUnavailable
        If there is no such folder, or it may not be read.
    """
    name = os.environ.get(VARIABLE)
    if not name:
        return None
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise DataUnavailable(f"{VARIABLE} must name a folder, got {name!r}, which is not there")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise DataUnavailable(f"{VARIABLE} must name a folder that you may read, got {name!r}")
    return folder


def cache_folder() -> Path:
    """Return the folder of this user in which downloads are kept."""
    import pooch

    return Path(pooch.os_cache("lrcourse"))


def folders() -> dict[str, Path]:
    """Return where files are looked for, in this order."""
    local = local_folder()
    return ({"local folder": local} if local else {}) | {"cache": cache_folder()}


def find(file: File) -> Path | None:
    """Return where a file with the right checksum is on this machine, None if nowhere.

    Raises
    ------
    DataUnavailable
        For a file in the local folder with another checksum, or that cannot be
        read. In the cache it counts as absent.
    """
    for place, folder in folders().items():
        path = folder / file.name
        try:
            if not path.is_file():
                continue
            if _is_whole(path, file):
                return path
        except OSError as problem:
            raise DataUnavailable(f"cannot read {path}: {problem.strerror}") from None
        if place != "cache":
            raise DataUnavailable(
                f"{path} is not {file.name} as it was published: its checksum is not "
                f"{file.mirrors[0].checksum}. Remove it, or save {file.mirrors[0].url} there"
            )
    return None


def where(file: File) -> str:
    """Return "local folder" or "cache" if a file of the right length is there, else "".

    Its checksum is compared when it is used.
    """
    for place, folder in folders().items():
        sizes = [mirror.size for mirror in file.mirrors]
        with contextlib.suppress(OSError):
            if (folder / file.name).stat().st_size in sizes:
                return place
    return ""


def fetch(file: File) -> Path:
    """Return where a file is on this machine, downloading it if it is not there yet.

    Shows a progress bar on a terminal.

    Raises
    ------
    DataUnavailable
        If no mirror had it, or it could not be kept. The message lists what each
        said and how to supply the file by hand.
    """
    if path := find(file):
        return path
    said = []
    for mirror in file.mirrors:
        try:
            return _download(file.name, mirror)
        except _Failed as problem:
            said.append(f"{urlsplit(mirror.url).netloc}: {problem}")
        except OSError as problem:  # of this machine: another mirror would not help
            reason = (problem.__cause__ or problem).strerror
            raise DataUnavailable(
                f"cannot keep {file.name} in {cache_folder()}: {reason}. {_by_hand(file)}"
            ) from None
    raise DataUnavailable(f"cannot get {file.name}: {'; '.join(said)}. {_by_hand(file)}")


def _by_hand(file):
    places = " or ".join(mirror.url for mirror in file.mirrors)
    return (
        f"To supply it by hand, save {places} as {file.name} in a folder "
        f"and set the environment variable {VARIABLE} to that folder"
    )


def _is_whole(path, file):
    from pooch import file_hash

    size = path.stat().st_size
    return any(
        size == mirror.size and file_hash(str(path), algorithm) == digest
        for mirror in file.mirrors
        for algorithm, digest in [mirror.checksum.split(":")]
    )


class _Failed(Exception):
    """What was wrong with a mirror's answer."""


def _download(name, mirror):
    """Let pooch download to a temporary name, check, and rename."""
    import pooch

    pooch.get_logger().setLevel("WARNING")  # the progress bar says it already
    part = cache_folder() / f"{name}.part"
    begun = part.exists()

    def download(url, temporary, _):
        # Nobody else can go on with the same part: it is ours from here on.
        with contextlib.suppress(FileNotFoundError):
            part.replace(temporary)
        try:
            _transfer(mirror, Path(temporary), name)
        except (_Failed, KeyboardInterrupt):
            if Path(temporary).stat().st_size:
                Path(temporary).replace(part)
            raise

    try:
        where = pooch.retrieve(mirror.url, mirror.checksum, name, cache_folder(), None, download)
    except ValueError:  # pooch's word for another checksum
        if begun:  # the part, now gone, may have been at fault
            return _download(name, mirror)
        raise _Failed("another file: its checksum differs") from None
    return Path(where)


def _transfer(mirror, path, name):
    """Write what the mirror sends to the file at `path`, after what is there already."""
    import requests

    have = path.stat().st_size if path.stat().st_size < mirror.size else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        with requests.get(mirror.url, headers=headers, stream=True, timeout=PATIENCE) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                os.truncate(path, 0)  # then it is not the beginning of the file
            answer.raise_for_status()
            if answer.status_code != requests.codes.partial_content:
                have = 0
            _receive(answer, path, name, have, mirror.size)
    except requests.HTTPError as problem:
        raise _Failed(f"{problem.response.status_code} {problem.response.reason}") from None
    except requests.RequestException as problem:
        raise _Failed(_cause(problem)) from None


def _receive(answer, path, name, have, size):
    from requests.exceptions import ChunkedEncodingError
    from tqdm import tqdm

    length = answer.headers.get("Content-Length", "")
    announced = length.isdecimal() and "Content-Encoding" not in answer.headers
    if announced and have + int(length) != size:
        raise _Failed(f"another file: {have + int(length):,} bytes instead of {size:,}")
    bar = tqdm(
        desc=name, initial=have, total=size, unit="B", unit_scale=True, leave=False, disable=None
    )
    with bar, path.open("r+b") as file:
        file.seek(have)
        file.truncate()
        try:
            with contextlib.suppress(ChunkedEncodingError):  # requests' word for too few bytes
                for chunk in answer.iter_content(1 << 14):
                    file.write(chunk)
                    bar.update(len(chunk))
                    if file.tell() > size:
                        raise _Failed(f"another file: more than {size:,} bytes")
            if file.tell() < size:
                raise _Failed(f"broke off after {file.tell():,} of {size:,} bytes")
        except BaseException:
            if not announced:  # it may have been the beginning of some web page
                file.truncate(0)
            raise


def _cause(problem):
    """Return what happened first, in the system's words."""
    while problem.__context__:
        problem = problem.__context__
    if isinstance(problem, TimeoutError):
        return f"silent for {PATIENCE} seconds"
    return getattr(problem, "strerror", None) or " ".join(str(problem).split())
