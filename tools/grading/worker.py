"""The process in which a student's code runs. `session` starts it, in a sandbox.

It reads requests from its standard input, one a line, and answers on what was its
standard output: run a cell, send the value of a name, call a function. It sees no test
and no grade. What the student's code does to it, to NumPy or to the checks, it does to
itself alone.
"""

import base64
import contextlib
import json
import os
import resource
import signal
import sys
import traceback

import numpy as np
import wire
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

TEXT_LIMIT = 100_000  # characters that a cell may print
DATA_LIMIT = 4 * 2**20  # and bytes of pictures and the like that it may show


class OutOfTime(BaseException):
    """The time of a cell or a call is over. No Exception, for those are often caught."""


class Outputs(list):
    """What a cell shows, as nbformat's outputs, up to the limits."""

    def begin(self) -> None:
        """Forget the cell before."""
        self.clear()
        self.text_left, self.data_left = TEXT_LIMIT, DATA_LIMIT

    def text(self, name: str, words: str) -> None:
        """Add what is printed."""
        kept = words[: self.text_left]
        self.text_left -= len(kept)
        if kept != words and self.text_left == 0:
            self.text_left, kept = -1, kept + "\n[...]\n"
        if self and self[-1].get("name") == name:
            self[-1]["text"] += kept
        elif kept:
            self.append({"output_type": "stream", "name": name, "text": kept})

    def data(self, kind: str, data: dict, metadata: dict | None) -> None:
        """Add what is displayed."""
        kept = {}
        size = (metadata or {}).get("image/png", {})
        for mime, shown in data.items():
            if isinstance(shown, bytes):
                shown = base64.b64encode(shown).decode()
            if isinstance(shown, str) and len(shown) <= self.data_left:
                self.data_left -= len(shown)
                kept[mime] = shown
        if kept:
            self.append({"output_type": kind, "data": kept, "metadata": {"image/png": size}})


shown = Outputs()
shown.begin()


class Stream:
    """Standard output or error of the student's code."""

    encoding = "utf-8"

    def __init__(self, name: str):
        self.name = name

    def write(self, words: str) -> int:
        """Keep what is written."""
        shown.text(self.name, str(words))
        return len(words)

    def flush(self) -> None:
        """Do nothing: everything is kept at once."""

    def isatty(self) -> bool:
        """Say that nobody is looking."""
        return False


class Result(DisplayHook):
    """Keep the value of a cell's last line."""

    def __call__(self, result=None):
        """Show a value."""
        if result is not None:
            shown.data("execute_result", *self.compute_format_data(result))


class Publisher(DisplayPublisher):
    """Keep what a cell displays."""

    def publish(self, data, metadata=None, *others, **more):
        """Show some data."""
        shown.data("display_data", data, metadata)


class Shell(InteractiveShell):
    """IPython without a terminal: what it would show, it keeps."""

    displayhook_class = Type(Result)
    display_pub_class = Type(Publisher)

    def _showtraceback(self, etype, evalue, stb):
        name = getattr(etype, "__name__", str(etype))
        lines = [str(line)[:2000] for line in stb][-30:]
        shown.append(
            {
                "output_type": "error",
                "ename": name,
                "evalue": str(evalue)[:2000],
                "traceback": lines,
            }
        )

    def ask_exit(self):
        """Let `exit` end the cell, as a notebook does."""
        raise SystemExit

    def enable_gui(self, gui=None):
        """Have no windows."""


class Worker:
    """Answers requests, one after the other."""

    def __init__(self, requests, replies):
        self.requests, self.replies = requests, replies
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        self.shell = Shell.instance(config=config)
        self.held = []
        for alarm in (signal.SIGPROF, signal.SIGALRM):
            signal.signal(alarm, self._out_of_time)

    def _out_of_time(self, number, frame):
        __tracebackhide__ = True  # the student shall see where his own code was
        raise OutOfTime(f"no end after {self.seconds:g} seconds")

    def serve(self) -> None:
        """Answer until nobody asks any more."""
        while request := self.requests.readline():
            reply = self.answer(wire.message(request))
            self.replies.write(wire.line(reply))
            self.replies.flush()

    def answer(self, request: dict) -> dict:
        """Do what a request asks for, in the time that it allows."""
        act = getattr(self, f"do_{request.pop('do')}")
        self.seconds, wall_seconds = request.pop("seconds")
        signal.setitimer(signal.ITIMER_PROF, self.seconds)
        signal.setitimer(signal.ITIMER_REAL, wall_seconds)
        try:
            return act(**request)
        except BaseException as error:
            return {"raised": [type(error).__name__, str(error)[:2000], _own_lines(error)]}
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)

    def do_run(self, source: str) -> dict:
        """Run a cell."""
        shown.begin()
        with contextlib.suppress(SystemExit):
            self.shell.run_cell(source)
        return {"outputs": list(shown)}

    def do_get(self, name: str) -> dict:
        """Send what a name stands for."""
        if name not in self.shell.user_ns:
            return {"raised": ["NameError", f"name {name!r} is not defined", ""]}
        return {"value": self.pack(self.shell.user_ns[name])}

    def do_call(self, target: int, args: list, kwargs: dict) -> dict:
        """Call something that was sent as a reference.

        Arguments that the function may have changed are sent back.
        """
        args = [self.unpack(each) for each in args]
        kwargs = {name: self.unpack(each) for name, each in kwargs.items()}
        value = self.held[target](*args, **kwargs)
        changed = [each if isinstance(each, np.ndarray | list) else None for each in args]
        return {"value": self.pack(value), "arguments": self.pack(changed)}

    def do_attribute(self, target: int, name: str) -> dict:
        """Send an attribute of something that was sent as a reference."""
        return {"value": self.pack(getattr(self.held[target], name))}

    def do_reset(self) -> dict:
        """Forget everything."""
        self.shell.reset()
        self.held.clear()
        return {"value": None}

    def pack(self, value):
        """Turn a value into what is sent."""

        def refer(some):
            self.held.append(some)
            return {
                "held": len(self.held) - 1,
                "type": type(some).__name__,
                "calls": callable(some),
            }

        return wire.pack(value, refer)

    def unpack(self, packed):
        """Turn what was sent into a value."""
        return wire.unpack(packed, self._resolve)

    def _resolve(self, reference: dict):
        match reference:
            case {"name": name}:
                return self.shell.user_ns[name]
            case {"held": number}:
                return self.held[number]
            case {"callback": number}:
                return lambda *args: self._ask(number, args)
        raise wire.Unreadable(f"an unknown reference {reference}")

    def _ask(self, number: int, args: tuple):
        """Have the other side call one of its functions."""
        request = {"callback": number, "args": [self.pack(each) for each in args]}
        self.replies.write(wire.line(request))
        self.replies.flush()
        reply = wire.message(self.requests.readline())
        if "raised" in reply:
            raise RuntimeError(reply["raised"])
        return self.unpack(reply["value"])


def _own_lines(error: BaseException) -> str:
    """Return the end of a traceback, without the lines of this file."""
    frames = traceback.extract_tb(error.__traceback__)
    return "".join(traceback.format_list([f for f in frames if f.filename != __file__])[-5:])


def main() -> None:
    """Set the limits, take the channels away from the student's code, and serve."""
    limits = json.loads(sys.argv[1])
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    sys.argv[1:] = []
    sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")
    worker = Worker(requests, replies)
    replies.write(wire.line({"ready": True}))
    replies.flush()
    worker.serve()


if __name__ == "__main__":
    main()
