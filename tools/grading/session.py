"""A student's code at work: cells are run, values fetched and functions called, at a distance."""

import contextlib
import json
import os
import selectors
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable

import numpy as np
import psutil

from tools.grading import sandbox, wire

GRACE = 3.0  # seconds after which a process that did not keep its time limit is ended
WATCH = 0.1  # seconds between two looks at memory and processes
ALLOWED_DATA = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png")


class Ended(Exception):
    """The student's process is no more; the message is a reason (a key of `reasons`)."""


class Raised(Exception):
    """The student's code raised an exception; name, message and where."""

    def __init__(self, name: str, message: str, where: str):
        super().__init__(f"{name}: {message}" if message else name)
        self.name, self.where = name, where


class Session:
    """One student's process, from start to end.

    Parameters
    ----------
    limits : Limits
    shut_in : bool
        Whether in a sandbox.
    named : function, optional
        Returns the name under which a value is known on both sides, or None.
    """

    def __init__(
        self,
        limits: sandbox.Limits | None = None,
        shut_in: bool = True,
        named: Callable[[object], str | None] = lambda value: None,
    ):
        self.limits, self.named = limits or sandbox.Limits(), named
        self.ended = ""
        self._callbacks: list[Callable] = []
        self._received = b""
        self._until = time.monotonic() + self.limits.total_seconds
        self._home = None if shut_in else tempfile.mkdtemp(prefix="submission-")
        command = sandbox.command(self.limits, shut_in)
        self.process = subprocess.Popen(
            [*command, json.dumps(self.limits.of_process())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=sandbox.environment(self._home or sandbox.SCRATCH),
            cwd=self._home or "/",
            start_new_session=True,
        )
        os.set_blocking(self.process.stdout.fileno(), False)
        threading.Thread(target=self._watch, daemon=True).start()
        ready = False
        with contextlib.suppress(Ended):
            ready = "ready" in self._receive(time.monotonic() + 60)
        if not ready:
            self.close()
            raise sandbox.NoSandbox("the process for a submission's code did not start")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self) -> None:
        """End the process and all that it started."""
        self._end("closed")
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        if self._home:
            shutil.rmtree(self._home, ignore_errors=True)

    def run(self, source: str) -> list[dict]:
        """Run a cell and return its outputs, as nbformat's but in plain dictionaries."""
        reply = self._request({"do": "run", "source": source})
        if "raised" in reply:  # the time was over while the outputs were collected
            name, message, _ = _words(reply["raised"])
            return [_error(name, message, [f"{name}: {message}"])]
        return _outputs(reply.get("outputs"))

    def get(self, name: str):
        """Return what a name stands for; plain data by value, anything else as `Theirs`."""
        return self._value(self._request({"do": "get", "name": name}))

    def call(self, target: int, args: tuple, kwargs: dict):
        """Call a function of the student's. Arrays and lists that it changes are changed here."""
        request = {
            "do": "call",
            "target": target,
            "args": [self._pack(each) for each in args],
            "kwargs": {name: self._pack(each) for name, each in kwargs.items()},
        }
        reply = self._request(request)
        value = self._value(reply)
        for ours, theirs in zip(args, self._unpack(reply.get("arguments") or []), strict=False):
            if isinstance(ours, np.ndarray) and np.shape(ours) == np.shape(theirs):
                np.copyto(ours, theirs, casting="unsafe")
            elif isinstance(ours, list) and isinstance(theirs, list):
                ours[:] = theirs
        return value

    def attribute(self, target: int, name: str):
        """Return an attribute of an object of the student's."""
        return self._value(self._request({"do": "attribute", "target": target, "name": name}))

    def reset(self) -> None:
        """Start afresh in the same process; for tests, where all submissions are ours."""
        self._request({"do": "reset"})
        self._callbacks.clear()
        self._until = time.monotonic() + self.limits.total_seconds

    def _value(self, reply: dict):
        if "raised" in reply:
            raise Raised(*_words(reply["raised"]))
        return self._unpack(reply.get("value"))

    def _pack(self, value):
        def refer(some):
            if isinstance(some, Theirs):
                return {"held": some._target}
            if (name := self.named(some)) is not None:
                return {"name": name}
            if callable(some):
                self._callbacks.append(some)
                return {"callback": len(self._callbacks) - 1}
            raise TypeError(f"a test cannot hand a {type(some).__name__} to a student's function")

        return wire.pack(value, refer)

    def _unpack(self, packed):
        try:
            return wire.unpack(packed, self._theirs)
        except wire.Unreadable:
            self._end("broken")
            raise Ended(self.ended) from None

    def _theirs(self, reference):
        match reference:
            case {"held": int(number), "type": str(kind), "calls": bool(calls)}:
                return Theirs(self, number, kind[:60], calls)
        raise wire.Unreadable("an unknown reference")

    def _request(self, request: dict) -> dict:
        """Send a request and wait for its reply, serving calls of ours meanwhile."""
        if self.ended:
            raise Ended(self.ended)
        left = max(self._until - time.monotonic(), 0.1)
        seconds = min(self.limits.seconds, left)
        wall_seconds = min(self.limits.seconds * sandbox.PATIENCE, left)
        deadline = time.monotonic() + wall_seconds + GRACE
        self._send(request | {"seconds": [seconds, wall_seconds]})
        while "callback" in (reply := self._receive(deadline)):
            self._send(self._called(reply))
        return reply

    def _called(self, request: dict) -> dict:
        """Call a function of ours with what the student's code hands to it."""
        try:
            function = self._callbacks[request["callback"]]
            return {"value": self._pack(function(*(self._unpack(a) for a in request["args"])))}
        except Ended:
            raise
        except Exception as error:
            return {"raised": f"{type(error).__name__}: {error}"}

    def _send(self, message: dict) -> None:
        try:
            self.process.stdin.write(wire.line(message))
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError):
            self._end("died")
            raise Ended(self.ended) from None

    def _receive(self, deadline: float) -> dict:
        """Return the next message, or end the process if it comes too late or is none."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._received:
                if not selector.select(max(deadline - time.monotonic(), 0)):
                    self._end("time")
                    raise Ended(self.ended)
                some = self.process.stdout.read(2**20)
                self._received += some or b""
                if some == b"" or len(self._received) > wire.LARGEST_LINE:
                    self._end("died" if some == b"" else "flood")
                    raise Ended(self.ended)
        text, _, self._received = self._received.partition(b"\n")
        try:
            return wire.message(text)
        except wire.Unreadable:
            self._end("broken")
            raise Ended(self.ended) from None

    def _end(self, reason: str) -> None:
        self.ended = self.ended or reason
        with contextlib.suppress(psutil.NoSuchProcess):
            ours = psutil.Process(self.process.pid)
            for process in [*ours.children(recursive=True), ours]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()

    def _watch(self) -> None:
        """End a submission whose processes together take too much."""
        while self.process.poll() is None and not self.ended:
            with contextlib.suppress(psutil.NoSuchProcess):
                ours = psutil.Process(self.process.pid)
                family = [ours, *ours.children(recursive=True)]
                if len(family) > self.limits.processes:
                    self._end("processes")
                if sum(_resident(process) for process in family) > self.limits.memory:
                    self._end("memory")
            time.sleep(WATCH)


class Theirs:
    """A function or an object of the student's, seen from here."""

    def __init__(self, session: Session, target: int, kind: str, calls: bool):
        self._session, self._target, self._kind, self._calls = session, target, kind, calls

    def __call__(self, *args, **kwargs):
        """Call it, in the student's process."""
        return self._session.call(self._target, args, kwargs)

    def __getattr__(self, name: str):
        if name.startswith("_"):  # numpy and others ask for all sorts of protocols
            raise AttributeError(name)
        return self._session.attribute(self._target, name)

    def __repr__(self):
        return f"<{self._kind}>"


def _resident(process: psutil.Process) -> int:
    """Return the bytes that a process takes; what it shares with others, in part."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        memory = process.memory_full_info()
        return getattr(memory, "pss", memory.rss)
    return 0


def _words(raised) -> tuple[str, str, str]:
    """Return three texts, whatever arrived."""
    match raised:
        case [str(name), str(message), str(where)]:
            return name[:200], message[:2000], where[:5000]
    return "Error", "", ""


def _error(name: str, message: str, lines: list[str]) -> dict:
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": lines}


def _size(output: dict) -> dict:
    """Return the width and height at which a picture is to be seen."""
    match output.get("metadata"):
        case {"image/png": {"width": int(width), "height": int(height)}}:
            return {"image/png": {"width": width, "height": height}}
    return {}


def _outputs(packed) -> list[dict]:
    """Keep of a cell's outputs what is well formed."""
    kept = []
    for output in packed if isinstance(packed, list) else []:
        match output:
            case {"output_type": "stream", "name": "stdout" | "stderr", "text": str()}:
                kept.append({key: output[key] for key in ("output_type", "name", "text")})
            case {"output_type": "error", "ename": str(name), "evalue": str(said)}:
                lines = [line for line in output.get("traceback", []) if isinstance(line, str)]
                kept.append(_error(name, said, lines))
            case {"output_type": "display_data" | "execute_result" as kind, "data": dict(data)}:
                shown = {k: v for k, v in data.items() if k in ALLOWED_DATA and type(v) is str}
                kept.append({"output_type": kind, "data": shown, "metadata": _size(output)})
                if kind == "execute_result":
                    kept[-1]["execution_count"] = None
    return kept
