"""Walls and limits: how a program that nobody has read is run.

With bubblewrap (Linux) it has no network, sees the system's and Python's files and nothing
else, can write into a small folder in memory alone, and all its processes end together. A
filter of system calls closes what walls do not: sockets of every family, memory that belongs
to no process, walls within walls. The limits are kept from outside, by `Work`.
"""

import contextlib
import ctypes
import json
import os
import platform
import pwd
import select
import shutil
import signal
import struct
import subprocess
import sys
import sysconfig
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

import lrcourse
from lrcourse.language import translate

INSIDE = Path(__file__).resolve().parent / "inside.py"
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache")
SCRATCH = "/tmp"
WATCH = 0.05  # seconds between two looks at memory and processes
PR_SET_PDEATHSIG = 1
LARGEST_OUTPUT = 16 * 2**20

# What is refused of the system, by its number on each kind of machine.
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
REFUSED = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "unshare": (272, 97),
    "setns": (308, 268),
    "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "add_key": (248, 217),
    "keyctl": (250, 219),
    "vmsplice": (278, 75),
}
CLONE = (56, 220)
CLONE3 = (435, 435)  # its flags cannot be looked at; without it the C library uses clone
NEW_NAMESPACES = 0x7E020000


class NoSandbox(Exception):
    """There is no way to shut a student's code in; the message says why and what to do."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes
    ----------
    seconds : float
        Of computing, for a cell or a call.
    total_seconds : float
        For all of them, by the clock.
    memory : int
        Bytes, for all its processes together.
    disk : int
        Bytes that it may write.
    processes : int
        Processes and threads, together.
    """

    seconds: float = 30.0
    total_seconds: float = 120.0
    memory: int = 2 * 2**30
    disk: int = 32 * 2**20
    processes: int = 32


class Work:
    """A process at work, watched: whoever takes too much is ended with all that it started.

    Attributes
    ----------
    output : bytearray
        What it has written.
    reason : str
        Why it was ended: "time", "memory", "processes" or "flood"; empty if it ended by itself.
    """

    def __init__(self, pid: int, pipe: int, limits: Limits):
        self.pid, self.pipe, self.limits = pid, pipe, limits
        self.output, self.reason, self.ended = bytearray(), "", False
        self.began = time.monotonic()
        self.looked = 0.0
        os.set_blocking(pipe, False)

    @classmethod
    def of(cls, function: Callable[[Callable[[dict], None]], None], limits: Limits) -> "Work":
        """Call a function in a process of its own; what it says arrives as lines of JSON."""
        pipe, into = os.pipe()
        pid = os.fork()
        if pid == 0:
            with os.fdopen(into, "w") as file:
                try:
                    os.setsid()
                    if sys.platform.startswith("linux"):  # and end when the one who asks does
                        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                    function(lambda words: print(json.dumps(words), file=file, flush=True))
                except BaseException:
                    print(json.dumps({"failure": traceback.format_exc()}), file=file, flush=True)
                finally:
                    os._exit(0)
        os.close(into)
        return cls(pid, pipe, limits)

    def said(self) -> list[dict]:
        """Return what a function of ours has said, and raise what it has raised."""
        words = [json.loads(line) for line in self.output.split(b"\n")[:-1]]
        for each in words:
            if "failure" in each:
                raise RuntimeError(each["failure"])
        return words

    def look(self) -> bool:
        """Read what is there, and end it if it takes too much; say whether it has ended."""
        with contextlib.suppress(BlockingIOError):
            some = os.read(self.pipe, 2**20)
            self.output += some
            if not some:
                self.end("")
            elif len(self.output) > LARGEST_OUTPUT:
                self.end("flood")
        now = time.monotonic()
        if not self.ended and now - self.looked > WATCH:
            self.looked = now
            family = self.family()
            if now - self.began > self.limits.total_seconds:
                self.end("time")
            elif sum(map(_tasks, family)) > self.limits.processes:
                self.end("processes")
            elif _memory(family) > self.limits.memory:
                self.end("memory")
        return self.ended

    def wait(self) -> "Work":
        """Look until it has ended."""
        while not self.look():
            select.select([self.pipe], [], [], WATCH)
        return self

    def end(self, reason: str) -> None:
        """End it now."""
        if self.ended:
            return
        self.reason, self.ended = reason, True
        for process in self.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        os.waitpid(self.pid, 0)
        os.close(self.pipe)

    def family(self) -> list[psutil.Process]:
        """Return the process and all that it started."""
        found, pids = [], [self.pid]
        while pids:
            with contextlib.suppress(psutil.NoSuchProcess, OSError):
                process = psutil.Process(pids.pop())
                found.append(process)
                pids += _children(process)
        return found


def _children(process: psutil.Process) -> list[int]:
    tasks = Path(f"/proc/{process.pid}/task")
    if not tasks.exists():
        return [child.pid for child in process.children()]
    return [int(pid) for each in tasks.glob("*/children") for pid in each.read_text().split()]


def _tasks(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return process.num_threads()
    return 0


def _memory(family: list[psutil.Process]) -> int:
    """Return the bytes that processes take together; what they share is counted once."""
    sizes = list(map(_resident, family))
    return sum(map(_fair, family)) if sum(sizes) > 2**28 else sum(sizes)


def _resident(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return process.memory_info().rss
    return 0


def _fair(process: psutil.Process) -> int:
    """Return the bytes of a process, in part where others share them: that takes longer."""
    with contextlib.suppress(psutil.Error):
        memory = process.memory_full_info()
        return getattr(memory, "pss", memory.rss)
    return 0


def run(cells: list[dict], inputs: dict, limits: Limits, shut_in: bool, user: str) -> Work:
    """Run a student's cells (see `inside.run`), and return the work when it has ended."""
    home = SCRATCH if shut_in else tempfile.mkdtemp(prefix="submission-")
    if user and not shut_in:
        os.chown(home, *_ids(user))
    keep = {"AS": limits.memory, "FSIZE": limits.disk, "CORE": 0, "NOFILE": 256}
    if shut_in:
        keep["NPROC"] = 8 * limits.processes  # until the next look
    job = {
        "cells": cells,
        "inputs": inputs,
        "seconds": limits.seconds,
        "late": translate("No end after {seconds} seconds.", seconds=f"{limits.seconds:g}"),
        "limits": keep,
        "user": _ids(user) if user else None,
    }
    walls, filter_ = command(limits, shut_in, user)
    try:
        with tempfile.TemporaryFile() as file:
            file.write(json.dumps(job).encode())
            file.seek(0)
            process = subprocess.Popen(
                walls,
                stdin=file,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(home),
                cwd=home if not shut_in else "/",
                pass_fds=[filter_] if shut_in else [],
                start_new_session=True,
            )
        work = Work(process.pid, os.dup(process.stdout.fileno()), limits).wait()
        process.stdout.close()
        process.returncode = 0  # it has been waited for
        return work
    finally:
        os.close(filter_)
        if not shut_in:
            shutil.rmtree(home, ignore_errors=True)


def _ids(user: str) -> tuple[int, int]:
    found = pwd.getpwnam(user)
    return found.pw_uid, found.pw_gid


def command(limits: Limits, shut_in: bool, user: str = "") -> tuple[list[str], int]:
    """Return the command that runs `inside`, and the filter of its system calls.

    Raises
    ------
    NoSandbox
        When the code is to be shut in and cannot be, or would run as root.
    """
    if os.geteuid() == 0 and (not user or _ids(user)[0] == 0):
        raise NoSandbox(
            "You are root, and students' code must not be. Grade as a user who owns nothing else, "
            "or say --user nobody: students' code then runs as that user."
        )
    if user and os.geteuid() != 0:
        raise NoSandbox("--user is for root: nobody else can run a program as another user.")
    if not shut_in:
        return [sys.executable, str(INSIDE)], os.open(os.devnull, os.O_RDONLY)
    if reason := why_not():
        raise NoSandbox(
            f"No sandbox: {reason}. Students' code would run with your rights. Grade in a "
            "container without a network and say --no-sandbox."
        )
    filter_ = _filter()
    return [*_bubblewrap(limits, filter_), sys.executable, "/inside.py"], filter_


@cache
def why_not() -> str:
    """Say why there can be no sandbox here; empty if there can."""
    if not sys.platform.startswith("linux"):
        return "it needs Linux"
    if platform.machine() not in MACHINES:
        return f"its filter of system calls does not know {platform.machine()}"
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed (Debian, Ubuntu: apt-get install bubblewrap)"
    filter_ = _filter()
    tried = subprocess.run(
        [*_bubblewrap(Limits(), filter_), "/usr/bin/true"],
        capture_output=True, text=True, check=False, pass_fds=[filter_],
    )  # fmt: skip
    os.close(filter_)
    if tried.returncode:
        said = tried.stderr.strip().splitlines() or ["no reason given"]
        return f"bubblewrap does not work here: {said[-1]}"
    return ""


def environment(home: str) -> dict[str, str]:
    """Return the environment variables of a student's code: nothing of the grader's."""
    return {
        "HOME": home,
        "TMPDIR": home,
        "MPLCONFIGDIR": home,
        "MPLBACKEND": "agg",
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(Path(lrcourse.__file__).resolve().parent.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }


def _bubblewrap(limits: Limits, filter_: int) -> list[str]:
    words = [shutil.which("bwrap"), "--unshare-ipc", "--unshare-pid", "--unshare-net"]
    words += ["--unshare-uts", "--unshare-cgroup-try", "--die-with-parent", "--new-session"]
    words += ["--cap-drop", "ALL", "--seccomp", str(filter_)]
    if os.geteuid() == 0:  # `inside` gives them up with everything else of root
        words += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        words += ["--unshare-user"]
    for path in SYSTEM:
        if Path(path).is_symlink():
            words += ["--symlink", str(Path(path).readlink()), path]
        else:
            words += ["--ro-bind-try", path, path]
    words += ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"]
    # First the scratch folders, for Python's own folders may lie below them.
    for path in ("/dev/shm", SCRATCH):
        words += ["--perms", "1777", "--size", str(limits.disk // 2), "--tmpfs", path]
    for path in _python_folders():
        for parent in list(Path(path).parents)[-2::-1]:
            if str(parent) not in SYSTEM:  # or root's own folder would be closed to others
                words += ["--perms", "0755", "--dir", str(parent)]
        words += ["--ro-bind", path, path]
    words += ["--ro-bind", str(INSIDE), "/inside.py"]
    return [*words, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", SCRATCH]


def _python_folders() -> list[str]:
    """Return the folders without which Python, its packages and lrcourse cannot be imported."""
    folders = {sys.prefix, sys.base_prefix, sysconfig.get_path("platlib")}
    folders |= {str(Path(sys.executable).resolve().parent.parent)}
    folders |= {str(Path(lrcourse.__file__).resolve().parent)}
    return sorted(folder for folder in folders if folder not in ("/usr", "/"))


def _filter() -> int:
    """Return a file with the filter of system calls, in the kernel's language (BPF)."""
    architecture, column = MACHINES[platform.machine()]
    load, equal, above, any_bit, end = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, refuse, unknown, kill = 0x7FFF0000, 0x50001, 0x50026, 0x80000000
    # code, how far to jump if true, and if false, value
    lines = [(load, 0, 0, 4), (equal, 1, 0, architecture), (end, 0, 0, kill), (load, 0, 0, 0)]
    lines += [(above, 0, 1, 0x40000000), (end, 0, 0, refuse)]  # x86_64 has each call twice
    for number in (numbers[column] for numbers in REFUSED.values()):
        lines += [(equal, 0, 1, number), (end, 0, 0, refuse)]
    lines += [(equal, 0, 1, CLONE3[column]), (end, 0, 0, unknown)]
    lines += [(equal, 0, 3, CLONE[column]), (load, 0, 0, 16), (any_bit, 0, 1, NEW_NAMESPACES)]
    lines += [(end, 0, 0, refuse), (end, 0, 0, allow)]
    pipe, into = os.pipe()
    os.write(into, b"".join(struct.pack("<HBBI", *line) for line in lines))
    os.close(into)
    return pipe
