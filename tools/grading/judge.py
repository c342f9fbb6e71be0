"""Answers are judged: the tests read data, in a process that never sees a student's code.

The locked cells of our source give the tests their names (`given`). What a test reads of the
student's comes from the answers that `inside` left: a value, or what a function returned for
the inputs that the assignment declares beforehand.
"""

import ast
import contextlib
import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from nbformat import NotebookNode
from nbformat.v4 import new_output

from lrcourse.language import translate
from tools.grading import assignments
from tools.grading.inside import decode, encode

UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # characters that a terminal would act upon
# Why there are no more answers; what the student is told.
REASONS = {
    "time": "Your code did not end in time, and could not be stopped: it was shut down.",
    "memory": "Your code took too much memory: it was shut down.",
    "processes": "Your code started too many processes: it was shut down.",
    "flood": "Your code sent too much data: it was shut down.",
    "died": "Your code ended the Python process that it ran in.",
    "judging": "Your answer took too long to judge.",
}


class Undeclared(Exception):
    """A test calls a function with inputs that the assignment has not declared: our mistake."""


@dataclass(frozen=True)
class Sheet:
    """A class's assignment, ready to be judged.

    Attributes
    ----------
    source : NotebookNode
        Our notebook, solutions and hidden tests included.
    given : dict
        The names that its locked cells make.
    answers : dict
        For each cell with a solution, the names that are kept of it.
    inputs : dict
        For each function among these, the arguments of the calls to make, encoded.
    """

    source: NotebookNode
    given: dict
    answers: dict[str, list[str]]
    inputs: dict[str, list]

    def cells(self, solutions: Mapping[str, str]) -> list[dict]:
        """Return what `inside.run` runs: the locked cells, and a student's solutions."""
        return [
            {
                "id": cell.id,
                "source": solutions.get(cell.id, cell.source),
                "answers": self.answers.get(cell.id, []),
            }
            for cell in self.source.cells
            if cell.id in self.answers or assignments.is_given(cell)
        ]

    def digest(self) -> str:
        """Return what changes when a test, points, a solution or an input does."""
        ours = [
            [cell.id, cell.source, cell.metadata.nbgrader.get("points")]
            for cell in self.source.cells
            if "nbgrader" in cell.metadata
        ]
        text = json.dumps([ours, self.answers, self.inputs], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def sheet(name: str, source: NotebookNode) -> Sheet:
    """Prepare an assignment: run its locked cells, once for all its submissions."""
    given = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in filter(assignments.is_given, source.cells):
            exec(compile(cell.source, f"<{cell.id}>", "exec"), given)
    companion = assignments.companion(name)
    inputs = companion["inputs"](**{k: v for k, v in given.items() if not k.startswith("__")})
    encoded = {
        function: [encode(list(arguments)) for arguments in calls]
        for function, calls in inputs.items()
    }
    return Sheet(source, given, companion["ANSWERS"], encoded)


def received(output: bytes, ended: str) -> tuple[dict, dict, str]:
    """Read what a student's process wrote, whatever it is.

    Returns
    -------
    cells : dict
        What each cell has printed, and its error.
    answers : dict
        For each name the records by number: one for a value, one for each call of a function.
    reason : str
        Why there is no more: a key of `REASONS`, or nothing.
    """
    cells, answers, done = {}, {}, False
    for line in bytes(output).splitlines():
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        match record:
            case {"cell": str(cell), "printed": str(printed), "error": str(error)}:
                cells[cell] = (UNSEEN.sub("", printed[:20_100]), UNSEEN.sub("", error[:3_000]))
            case {"answer": str(name), "number": int(number)}:
                answers.setdefault(name, {})[number] = record
            case {"done": True}:
                done = True
    return cells, answers, ended or ("" if done else "died")


class NoAnswer(Exception):
    """There is nothing that a test could read; the message is for the student."""


class Answers:
    """What a submission has answered, as the tests may read it."""

    def __init__(self, sheet: Sheet, answers: dict, reason: str):
        self.sheet, self.answers, self.reason = sheet, answers, reason

    def __getitem__(self, name: str):
        if name in self.sheet.inputs:
            return Function(self, name)
        return self.record(name, 0)

    def record(self, name: str, number: int):
        """Return a value, or what a call has returned."""
        match self.answers.get(name, {}).get(number):
            case {"value": data}:
                try:
                    return decode(data)
                except (TypeError, ValueError, OverflowError):
                    raise NoAnswer(_unlike("?")) from None
            case {"unlike": str(kind)}:
                raise NoAnswer(_unlike(kind[:100]))
            case {"raised": str(told)}:
                raise NoAnswer(translate("Your function failed: {error}", error=told[:2_000]))
        if self.reason:
            raise NoAnswer(translate(REASONS[self.reason]))
        text = translate("There is no {name}: its cell is empty or failed.", name=name)
        raise NoAnswer(text)


class Function:
    """A student's function as the tests see it: a table of inputs and what it returned."""

    def __init__(self, answers: Answers, name: str):
        self.answers, self.name = answers, name
        self.left = [json.dumps(arguments) for arguments in answers.sheet.inputs[name]]

    def __call__(self, *arguments):
        """Look up what it returned; asked for the same again, the next call with these inputs."""
        inputs = json.dumps(encode(list(arguments)))
        if inputs not in self.left:
            raise Undeclared(f"{self.name}{arguments}")
        number = self.left.index(inputs)
        if inputs in self.left[number + 1 :]:
            self.left[number] = None
        return self.answers.record(self.name, number)


def _unlike(kind: str) -> str:
    return translate("Your answer is of a kind that the test cannot use: {error}", error=kind)


def judge(sheet: Sheet, answers: Answers):
    """Run the tests; yield for each its cell's id and its outputs, as nbgrader counts them."""
    for cell in sheet.source.cells:
        if assignments.is_test(cell):
            yield cell.id, tested(cell.source, sheet, answers)


def tested(source: str, sheet: Sheet, answers: Answers) -> list[NotebookNode]:
    """Run a test; return nothing if it passes, a message, or points in part."""
    outputs, printed = [], io.StringIO()
    module = ast.parse(source)
    kept = {name for names in sheet.answers.values() for name in names}
    names = dict(sheet.given)
    with contextlib.redirect_stdout(printed), np.errstate(all="ignore"):
        try:
            for name in sorted(read(module) & kept):
                names[name] = answers[name]
            last = module.body.pop() if isinstance(module.body[-1], ast.Expr) else None
            exec(compile(module, "<test>", "exec"), names)
            if last is not None:
                outputs = _points(
                    eval(compile(ast.Expression(last.value), "<test>", "eval"), names)
                )
        except Undeclared:
            raise
        except Exception as error:
            outputs = [_message(error)]
    if printed.getvalue():
        outputs.insert(0, new_output("stream", name="stdout", text=printed.getvalue()[:5_000]))
    return outputs


def read(module: ast.Module) -> set[str]:
    """Return the names that a test reads and does not make itself."""
    nodes = [node for node in ast.walk(module) if isinstance(node, ast.Name)]
    return {node.id for node in nodes} - {
        node.id for node in nodes if not isinstance(node.ctx, ast.Load)
    }


def _points(value) -> list[NotebookNode]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        data = {"text/plain": repr(float(value))}
        return [new_output("execute_result", data=data, execution_count=None)]
    return []


def _message(error: Exception) -> NotebookNode:
    """Turn what a test raised into the message that the student gets."""
    match error:
        case AssertionError():
            text = str(error) or translate("Not right yet.")
        case NoAnswer():
            text = str(error)
        case _:
            text = _unlike(f"{type(error).__name__}: {error}")
    return message(text[:3_000])


def message(text: str) -> NotebookNode:
    """Return a test's message as an output."""
    return new_output("error", ename="", evalue=text, traceback=text.splitlines())
