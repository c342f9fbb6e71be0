"""Where a student's code runs: what it may see, use and take.

With bubblewrap (Linux) it has no network, sees the system's and Python's files and
nothing of the course, can write into a small folder in memory alone, and all its
processes end together. The limits on memory, time, file size and processes hold with
and without it.
"""

import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import lrcourse

HERE = Path(__file__).resolve().parent
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/fonts")
SCRATCH = "/tmp"
PATIENCE = 3  # a machine that is busy with other things must not cost anybody points


class NoSandbox(Exception):
    """There is no way to shut a student's code in; the message says why and what to do."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes
    ----------
    seconds : float
        Of computing, for a cell or a call; waiting may take `PATIENCE` times as long.
    total_seconds : float
        For the whole submission, all told.
    memory : int
        Bytes, for all its processes together.
    disk : int
        Bytes that it may write.
    processes : int
    """

    seconds: float = 30.0
    total_seconds: float = 300.0
    memory: int = 2 * 2**30
    disk: int = 32 * 2**20
    processes: int = 32

    def of_process(self) -> dict[str, int]:
        """Return the limits that the operating system keeps for each process."""
        return {
            "AS": self.memory,
            "CPU": int(self.total_seconds),
            "FSIZE": self.disk,
            "CORE": 0,
            "NOFILE": 256,
        }


@cache
def why_not() -> str:
    """Say why there can be no sandbox here; empty if there can."""
    if not sys.platform.startswith("linux"):
        return "it needs Linux"
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed (Debian, Ubuntu: apt-get install bubblewrap)"
    tried = subprocess.run(
        [*_bubblewrap(Limits()), "/usr/bin/true"], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        said = tried.stderr.strip().splitlines() or ["no reason given"]
        return f"bubblewrap does not work here: {said[-1]}"
    return ""


def command(limits: Limits, shut_in: bool = True) -> list[str]:
    """Return the command, without arguments, that starts the worker.

    Raises
    ------
    NoSandbox
        When the code is to be shut in and cannot be.
    """
    if not shut_in:
        return [sys.executable, str(HERE / "worker.py")]
    if reason := why_not():
        raise NoSandbox(
            f"No sandbox: {reason}. Students' code would run with your rights. Grade in a "
            "container without a network, or as a user who owns nothing, and say --no-sandbox."
        )
    return [*_bubblewrap(limits), sys.executable, "/worker/worker.py"]


def environment(home: str = SCRATCH) -> dict[str, str]:
    """Return the environment variables of a student's code: nothing of the grader's."""
    return {
        "HOME": home,
        "TMPDIR": home,
        "IPYTHONDIR": f"{home}/.ipython",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(Path(lrcourse.__file__).resolve().parent.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }


def _bubblewrap(limits: Limits) -> list[str]:
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    for path in SYSTEM:
        if Path(path).is_symlink():
            words += ["--symlink", str(Path(path).readlink()), path]
        else:
            words += ["--ro-bind-try", path, path]
    half = str(limits.disk // 2)
    words += ["--proc", "/proc", "--dev", "/dev", "--size", half, "--tmpfs", "/dev/shm"]
    # First the scratch folder, for Python's own folders may lie below it.
    words += ["--size", half, "--tmpfs", SCRATCH]
    for path in _python_folders():
        words += ["--ro-bind", path, path]
    for name in ("worker.py", "wire.py"):
        words += ["--ro-bind", str(HERE / name), f"/worker/{name}"]
    if fonts := _font_list():  # or matplotlib would look at every font anew
        words += ["--ro-bind", fonts, f"{SCRATCH}/.matplotlib/{Path(fonts).name}"]
    return [*words, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", SCRATCH]


def _python_folders() -> list[str]:
    """Return the folders without which Python, its packages and lrcourse cannot be imported."""
    folders = {sys.prefix, sys.base_prefix, sysconfig.get_path("platlib")}
    folders |= {str(Path(sys.executable).resolve().parent.parent)}
    folders |= {str(Path(lrcourse.__file__).resolve().parent)}
    return sorted(folder for folder in folders if folder not in ("/usr", "/"))


@cache
def _font_list() -> str:
    import matplotlib.font_manager

    name = f"fontlist-v{matplotlib.font_manager.FontManager.__version__}.json"
    path = Path(matplotlib.get_cachedir()) / name
    return str(path) if path.exists() else ""
