"""Run a submission: the student's cells in the student's process, the tests in ours.

A test never enters the student's process. Locked cells (constants, data, functions that
the assignment gives) run on both sides. The names that a test takes from the student's
cells are fetched when it runs: plain data by value, functions as something that calls
them over there. So nothing that a student's code does to the tests, to the checks or to
NumPy in its own process changes what a test compares with.
"""

import ast
import builtins
import contextlib
import io
from collections.abc import Mapping

from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_output

from lrcourse.language import translate
from tools.grading.session import Ended, Raised, Session

# Why a student's process is no more; what the student is told.
REASONS = {
    "time": "Your code did not end in time, and could not be stopped: it was shut down.",
    "memory": "Your code took too much memory: it was shut down.",
    "processes": "Your code started too many processes: it was shut down.",
    "flood": "Your code sent too much data: it was shut down.",
    "died": "Your code ended the Python process that it ran in.",
    "broken": "Your code disturbed the Python process that it ran in: it was shut down.",
    "closed": "Your code ended the Python process that it ran in.",
}


def run(notebook: NotebookNode, session: Session, ours: Mapping[str, tuple[str, bool]]) -> None:
    """Execute a submission and store the outputs in it.

    Parameters
    ----------
    notebook : NotebookNode
        The submission, restored: its locked cells bear the ids of ours.
    session : Session
        A new one.
    ours : dict
        The source of each locked code cell, by its grade id, and whether it is a test.
        What the submission has in these cells is never executed.
    """
    side = OurSide(session)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        source, is_test = ours.get(grade_id(cell), (None, False))
        if is_test:
            cell.outputs = side.test(source)
            continue
        try:
            outputs = session.run(cell.source if source is None else source)
        except Ended:
            outputs = []  # the tests will say why
        cell.outputs = [from_dict(each) for each in outputs]
        if source is not None:
            side.prepare(source)


def grade_id(cell: NotebookNode) -> str | None:
    """Return the name by which nbgrader knows a cell."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


class OurSide:
    """What the locked cells and the tests see."""

    def __init__(self, session: Session):
        self.session = session
        self.names = {"__name__": "__main__"}
        session.named = self.name_of

    def name_of(self, value) -> str | None:
        """Return the name that a locked cell gave to a value, which the other side knows too."""
        return next((name for name, known in self.names.items() if known is value), None)

    def prepare(self, source: str) -> None:
        """Execute a locked cell."""
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(source, "<locked cell>", "exec"), self.names)

    def test(self, source: str) -> list[NotebookNode]:
        """Execute a test and return its outputs: nothing, a message, or points in part."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            try:
                outputs = _points(self._value(source))
            except Exception as error:
                outputs = [_message(error, self.session)]
        if printed.getvalue():
            outputs.insert(0, new_output("stream", name="stdout", text=printed.getvalue()))
        return outputs

    def _value(self, source: str):
        """Execute a test and return the value of its last line."""
        module = ast.parse(source)
        names = dict(self.names)
        for name in wanted(module) - names.keys():
            with contextlib.suppress(Raised):  # if the test needs it, it will raise NameError
                names[name] = self.session.get(name)
        last = module.body.pop() if isinstance(module.body[-1], ast.Expr) else None
        exec(compile(module, "<test>", "exec"), names)
        if last is not None:
            return eval(compile(ast.Expression(last.value), "<test>", "eval"), names)
        return None


def wanted(module: ast.Module) -> set[str]:
    """Return the names that a test reads and does not make itself."""
    nodes = [node for node in ast.walk(module) if isinstance(node, ast.Name)]
    made = {node.id for node in nodes if not isinstance(node.ctx, ast.Load)}
    for node in ast.walk(module):
        if isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            made.add(node.name)
        elif isinstance(node, ast.alias):
            made.add((node.asname or node.name).partition(".")[0])
    return {node.id for node in nodes} - made - set(dir(builtins))


def _points(value) -> list[NotebookNode]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        data = {"text/plain": repr(float(value))}
        return [new_output("execute_result", data=data, execution_count=None)]
    return []


def _message(error: Exception, session: Session) -> NotebookNode:
    """Turn what a test raised into the message that the student gets."""
    name = type(error).__name__
    match error:
        case AssertionError():
            text = str(error) or translate("Not right yet.")
        case NameError(name=str(missing)):
            text = translate("There is no {name}: its cell is empty or failed.", name=missing)
        case Ended():
            text = translate(REASONS[session.ended])
        case Raised():
            name = error.name
            text = translate("Your function failed: {error}", error=str(error))
            text += f"\n{error.where}" if error.where else ""
        case _:
            text = translate("Your answer is of a kind that the test cannot use: {error}",
                             error=f"{name}: {error}")  # fmt: skip
    return new_output("error", ename=name, evalue=text, traceback=text.splitlines())
