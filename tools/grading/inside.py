"""What runs shut in: a student's notebook, cell by cell, once. It leaves its answers as data.

`sandbox` starts this file as a program. It sees no test and no grade; what the student's code
does to it, it does to itself alone. The same functions run our own solutions for the tests.
"""

import contextlib
import io
import json
import linecache
import os
import re
import resource
import signal
import sys
import traceback

import numpy as np

DEEPEST = 20  # lists within lists
PATIENCE = 3  # a machine that is busy with other things must not cost anybody points
LONGEST_LINE = 2 * 2**20  # bytes of one answer
LONGEST_TEXT = 20_000  # characters that a cell may print
LONGEST_MESSAGE = 1_000
MAGIC = re.compile(r"^(\s*)[%!?].*$", re.M)  # nobody needs them to answer; they are no Python


class OutOfTime(BaseException):
    """The time of a cell or a call is over. No Exception, for those are often caught."""


class NotPlain(Exception):
    """A value that is not made of numbers, texts, lists and arrays."""


def encode(value, depth: int = 0):
    """Turn plain data into what JSON can hold."""
    if depth > DEEPEST:
        raise NotPlain("nested too deep")

    def inner(values):
        return [encode(each, depth + 1) for each in values]

    if isinstance(value, np.generic):
        value = value.item()
    match value:
        case None | bool() | str() | int() | float():
            return value
        case list() | range():
            return inner(value)
        case tuple():
            return {"tuple": inner(value)}
        case set() | frozenset():
            return {"set": inner(value)}
        case dict():
            return {"dict": inner(value.items())}
        case np.ndarray() if value.dtype.kind in "biufUO":
            return {"array": inner(value.ravel().tolist()), "shape": list(value.shape)}
    raise NotPlain(type(value).__name__)


def decode(data, depth: int = 0):
    """Turn what JSON held back into plain data; ValueError where it is something else."""
    if depth > DEEPEST:
        raise ValueError("nested too deep")

    def inner(values):
        return [decode(each, depth + 1) for each in values]

    match data:
        case None | bool() | str() | int() | float():
            return data
        case list():
            return inner(data)
        case {"tuple": list(values)}:
            return tuple(inner(values))
        case {"set": list(values)}:
            return set(inner(values))
        case {"dict": list(values)}:
            return dict(inner(values))
        case {"array": list(values), "shape": list(shape)}:
            return np.array(inner(values)).reshape(shape)
    raise ValueError("not plain data")


def run(cells: list[dict], inputs: dict[str, list], say, seconds: float | None = None) -> None:
    """Run cells and say what they show and answer.

    Parameters
    ----------
    cells : list of dict
        For each its ``id``, ``source`` and the names of its ``answers``.
    inputs : dict
        For the name of each function that is an answer, the arguments of the calls to make.
    say : function
        Is given a dict for each cell, then one for each of its answers or calls.
    seconds : float, optional
        Of computing, for a cell or a call.
    """
    space = {"__name__": "__main__", "display": print}
    for cell in cells:
        say({"cell": cell["id"], **shown(cell, space, seconds)})
        for name in cell["answers"]:
            if name not in space:
                continue
            for number, arguments in enumerate(inputs.get(name, [None])):
                say({"answer": name, "number": number, **kept(space[name], arguments, seconds)})


def shown(cell: dict, space: dict, seconds: float | None) -> dict:
    """Run a cell; return what it has printed and the error that it ended with."""
    file = f"<{cell['id']}>"
    source = MAGIC.sub(r"\1pass", cell["source"])
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    printed, error = Printed(), ""
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            with limited(seconds):
                exec(compile(source, file, "exec"), space)
        except BaseException as raised:
            error = told(raised)
    return {"printed": printed.getvalue(), "error": error}


def kept(value, arguments, seconds: float | None) -> dict:
    """Return a value, or what a function returns, as data; or what it raised."""
    try:
        with limited(seconds):
            if arguments is not None:
                with contextlib.redirect_stdout(Printed()):
                    value = value(*decode(arguments))
            return {"value": encode(value)}
    except NotPlain as kind:
        return {"unlike": str(kind)[:LONGEST_MESSAGE]}
    except BaseException as raised:
        return {"raised": told(raised)}


def told(raised: BaseException) -> str:
    """Return the lines of the student's code at which it was raised, and its message."""
    try:
        frames = traceback.extract_tb(raised.__traceback__)
        own = [f"{f.lineno}: {f.line}" for f in frames if f.filename.startswith("<")]
        message = "".join(traceback.format_exception_only(raised)).strip()
    except BaseException:  # its message may be a program, too
        own, message = [], "an error that cannot be printed"
    return "\n".join([*(line[:200] for line in own[-3:]), message[:LONGEST_MESSAGE]])


class Printed(io.StringIO):
    """What is printed, up to a length."""

    def write(self, words: str) -> int:
        """Keep what there is room for."""
        room = LONGEST_TEXT - self.tell()
        if room > 0:
            super().write(words[:room] + ("\n[...]\n" if len(words) > room else ""))
        return len(words)


@contextlib.contextmanager
def limited(seconds: float | None):
    """Raise `OutOfTime` after so much computing, or after waiting for longer than that takes."""
    signal.setitimer(signal.ITIMER_PROF, seconds or 0)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE * (seconds or 0))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def main() -> None:
    """Give up what the student's code must not have, and run what standard input says."""
    job = json.load(sys.stdin)
    if job["user"]:
        os.setgroups([])
        os.setgid(job["user"][1])
        os.setuid(job["user"][0])
    for name, value in job["limits"].items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    replies = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)

    def out_of_time(number, frame):
        raise OutOfTime(job["late"])

    def say(reply):
        try:
            line = json.dumps(reply).encode()
        except ValueError:  # an integer of too many digits
            line = None
        if line is None or len(line) > LONGEST_LINE:
            short = {key: reply[key] for key in ("cell", "answer", "number") if key in reply}
            line = json.dumps(short | {"unlike": "too large"}).encode()
        replies.write(line + b"\n")
        replies.flush()

    signal.signal(signal.SIGPROF, out_of_time)
    signal.signal(signal.SIGALRM, out_of_time)
    say({"ready": True})
    run(job["cells"], job["inputs"], say, job["seconds"])
    say({"done": True})


if __name__ == "__main__":
    main()
