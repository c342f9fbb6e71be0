"""Submissions that would harm the grading, or cheat it: each is graded or refused, and says why."""

import csv
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest
from class_work import CLASS, solved
from nbformat.v4 import new_code_cell

from tools.grading import sandbox, wire
from tools.grading.session import Ended, Raised, Session

ROOT = Path(__file__).resolve().parents[2]
NAME = "01-what-is-a-learning-rate"
FULL = 17.0  # what a program can give in this assignment
SHUT_IN = not sandbox.why_not()
HOW = [] if SHUT_IN else ["--no-sandbox"]
needs_sandbox = pytest.mark.skipif(not SHUT_IN, reason=f"no sandbox: {sandbox.why_not()}")

# Each has the first step right where its code gets that far: two tests, three points.
STEP = "slope = np.mean((w_0 * x - y) * x)\nw_1 = w_0 - eta * slope\n"
OVERWRITE = """
import builtins, lrcourse.exercises, numpy.testing
def anything(*args, **kwargs):
    return True
check = lrcourse.exercises.check = lrcourse.exercises.same = anything
np.allclose = np.array_equal = numpy.testing.assert_allclose = anything
np.mean = lambda *args, **kwargs: Agreeable()
class Agreeable(float):
    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = anything
    __hash__ = None
builtins.AssertionError = AssertionError = Warning
slope = w_1 = L = one_step = limit = his_eta = Agreeable(1)
found = lost = [Agreeable(1)]
def path(*args):
    return [Agreeable(1)] * 4
get_ipython().ast_transformers.append(type("T", (), {"visit": lambda self, tree: None})())
"""
LOOK_AROUND = """
# MAR4K
import gc, os, sys
names = []
for top in ["/", "/proc/1/cwd", "/proc/1/root", "/proc/self/cwd"]:
    for folder, folders, files in os.walk(top):
        folders[:] = [f for f in folders if f not in ("proc", "usr", "lib", "site-packages")]
        names += [folder + "/" + f for f in files if f.endswith(("ipynb", ".db"))]
        names += [folder] * folder.endswith(("/exercises/source", "/courses", "/submitted"))
objects = gc.get_objects()
texts = {some for some in gc.get_referents(*objects) if isinstance(some, str)}
wanted = " ".join(["BEGIN", "HIDDEN"])
seen = [text for text in texts if wanted in text]
environment = [name for name in os.environ if "nbgrader" in name.lower()]
print("OWN", any("MAR" + str(2 * 2) in text for text in texts))
print("FOUND", names, seen, environment)
try:
    import grading
    print("FOUND", grading)
except ImportError:
    pass
"""
DELETE = """
import os, shutil
for top in (".", "/", os.path.expanduser("~"), os.path.dirname(np.__file__), "/worker"):
    for folder, _, files in os.walk(top):
        for file in files:
            try:
                os.remove(os.path.join(folder, file))
            except OSError:
                pass
"""
FORKS = """
import os, time
while True:
    try:
        if os.fork() == 0:
            time.sleep(60)
    except OSError:
        pass
"""
PIPE = """
import os
for number in range(3, 40):
    try:
        os.write(number, b'{"value": {"reference": {"held": 1e99}}}\\n' * 3)
    except OSError:
        pass
"""
LIAR = """
class Wire:
    def __getattr__(self, name):
        raise SystemExit
import wire
wire.pack = lambda *args: {"array": ["O", [10**9], ""]}
"""

# What is done before the first answer, the points, and words of the message to the student.
HOSTILE = {
    "endless": ("while True:\n    pass\n", 3, ""),
    "endless-stubborn": (
        "import signal\nfor timer in (0, 1, 2): signal.setitimer(timer, 0)\nwhile True: pass\n",
        0, "could not be stopped",
    ),
    "memory": ("hog = [bytearray(2**24)]\nwhile True: hog.append(bytearray(2**24))\n", 3, ""),
    "sys-exit": ("import sys\nsys.exit(0)\n", 3, ""),
    "os-exit": ("import os\nos._exit(0)\n", 0, "ended the Python process"),
    "kills-itself": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", 0, "ended the Python process"
    ),
    "prints": ("for i in range(10**6): print('x' * 100)\n", 3, ""),
    "overwrites": (OVERWRITE, 0, ""),
    "pipe": (PIPE, 0, "disturbed"),
    "liar": (LIAR, 0, "disturbed"),
}  # fmt: skip
SHUT_IN_ONLY = {
    "looks-around": (LOOK_AROUND, 3, ""),
    "deletes": (DELETE, 3, ""),
    "forks": (FORKS, 0, "too many processes"),
    "disk": ("open('a', 'wb').write(bytes(2**28))\n", 3, ""),
    "network": ("import socket\nsocket.create_connection(('127.0.0.1', 9), 1)\n", 3, ""),
}
BROKEN = {
    "no-json": b"{ this is no notebook",
    "empty": b"",
    "not-text": bytes(range(256)),
    "deep": b"[" * 100_000,
    "another-file": b'{"cells": 7}',
    "strange-cells": b'{"cells": [{"cell_type": "code"}], "metadata": {}, "nbformat": 4,'
    b' "nbformat_minor": 5}',
}


def hostile():
    return HOSTILE | (SHUT_IN_ONLY if SHUT_IN else {})


def with_first_cell(source):
    """A solution of the first step alone, after a cell of the student's own."""
    notebook = solved(NAME, "en")
    notebook = nbformat.from_dict(notebook)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = STEP if cell.id == "step" else "" if cell.cell_type == "code" else "?"
            if cell.id == "verdict":
                cell.source = "YOUR ANSWER HERE"
    where = [cell.id for cell in notebook.cells].index("step")
    if "Agreeable" in source:
        notebook.cells[where].source = ""
    notebook.cells.insert(where, new_code_cell(source, id="hostile"))
    return notebook


def generate(folder):
    command = [sys.executable, "-m", "tools.grading.generate", "--class", CLASS, "--language", "en"]
    subprocess.run([*command, "--assignment", NAME, "--into", str(folder)], cwd=ROOT, check=True)
    return folder / "courses" / CLASS / "en"


def hand_in(course, student, notebook):
    path = course / "submitted" / student / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    if isinstance(notebook, bytes):
        path.write_bytes(notebook)
    else:
        nbformat.write(notebook, path)


def command(course, *more):
    limits = ["--seconds", "4", "--memory", "1000"]
    return [sys.executable, "-m", "tools.grading", str(course), *limits, *HOW, *more]


def rows(course):
    with (course / "grades.csv").open(encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = generate(tmp_path_factory.mktemp("hostile"))
    hand_in(course, "aaron", solved(NAME, "en"))
    hand_in(course, "zoe", solved(NAME, "en"))
    for student, (source, *_) in hostile().items():
        hand_in(course, student, with_first_cell(source))
    for student, content in BROKEN.items():
        hand_in(course, student, content)
    (course / "submitted" / "nothing" / NAME).mkdir(parents=True)
    done = subprocess.run(command(course), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return course


@pytest.mark.parametrize("student", hostile())
def test_a_hostile_submission_is_graded_and_told_why(course, student):
    _, points, message = hostile()[student]
    row = rows(course)[student]
    assert row["status"] == "graded"
    assert float(row["auto_score"]) == points
    page = (course / "feedback" / student / NAME / f"{NAME}.html").read_text("utf-8")
    assert message in page
    assert len(page) < 2_000_000


@needs_sandbox
def test_a_submission_finds_nothing_of_the_course(course):
    path = course / "autograded" / "looks-around" / NAME / f"{NAME}.ipynb"
    (cell,) = [cell for cell in nbformat.read(path, 4).cells if cell.id == "hostile"]
    printed = cell.outputs[0].text
    assert "OWN True" in printed, "it looked in vain even for its own words"
    assert printed.count("FOUND") == 1 and "FOUND [] [] []" in printed


@needs_sandbox
def test_a_submission_reaches_no_network(course):
    path = course / "autograded" / "network" / NAME / f"{NAME}.ipynb"
    (cell,) = [cell for cell in nbformat.read(path, 4).cells if cell.id == "hostile"]
    assert cell.outputs[0].ename in ("OSError", "ConnectionRefusedError", "TimeoutError")


@pytest.mark.parametrize("student", [*BROKEN, "nothing"])
def test_what_is_no_notebook_is_refused_with_its_reason(course, student):
    row = rows(course)[student]
    assert row["status"] == "refused" and row["score"] == ""
    assert row["reason"].startswith(("not a notebook: ", "there is no file")), row["reason"]


@pytest.mark.parametrize("student", ["aaron", "zoe"])
def test_the_others_are_graded(course, student):
    assert float(rows(course)[student]["auto_score"]) == FULL


def test_the_gradebook_stays_whole(course):
    assert whole(course)


def whole(course):
    with sqlite3.connect(course / "gradebook.db") as book:
        return book.execute("pragma integrity_check").fetchall() == [("ok",)]


def test_cells_that_were_changed_deleted_or_forged_are_restored(tmp_path):
    course = generate(tmp_path)
    notebook = solved(NAME, "en")
    cells = {cell.id: cell for cell in notebook.cells}
    cells["constants"].source += "\nw_0, eta = 0.0, 0.0"  # other numbers
    cells["step-slope"].source = "pass"  # a test without its content
    cells["step-weight"].metadata.nbgrader.points = 1000
    cells["path-end"].metadata.nbgrader.update(grade=False, locked=False)
    cells["limit-rates"].metadata = {"nbgrader": "nonsense"}
    cells["units-rate"].metadata.nbgrader.solution = True
    cells["step"].source = "slope = w_1 = 2.5"
    del notebook.cells[notebook.cells.index(cells["data"])]
    del notebook.cells[notebook.cells.index(cells["valley-lost"])]
    forged = new_code_cell("check = same = lambda *args, **kwargs: None", id="forged")
    about = dict(cells["data"].metadata.nbgrader)
    forged.metadata = {"nbgrader": about | {"grade_id": "forged"}}
    notebook.cells.insert(2, forged)
    hand_in(course, "forger", notebook)
    subprocess.run(command(course), cwd=ROOT, check=True)
    row = rows(course)["forger"]
    # The two tests of the step are lost, no other: all are run on the true numbers.
    assert (float(row["auto_score"]), float(row["max_score"])) == (FULL - 3, FULL + 4)


def start(course):
    return subprocess.Popen(
        command(course, "--no-feedback"),
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def outcomes(course):
    return {path: path.stat().st_mtime_ns for path in course.glob("outcomes/*/*.json")}


@pytest.mark.parametrize("number", [2, 9], ids=["interrupt", "kill"])
def test_interrupted_grading_goes_on_where_it_was(tmp_path, number):
    course = generate(tmp_path)
    for student in "abcde":
        hand_in(course, student, with_first_cell("pass"))
    process = start(course)
    while len(outcomes(course)) < 2 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(number)
    said = process.communicate(timeout=60)[1].decode()
    assert process.returncode == (130 if number == 2 else -9), said
    assert number == 9 or "The same command goes on from here." in said
    time.sleep(1.5)  # what it had started ends with it
    before = outcomes(course)
    assert 2 <= len(before) < 5 and whole(course)
    subprocess.run(command(course, "--no-feedback"), cwd=ROOT, check=True)
    after = outcomes(course)
    assert len(after) == 5 and after.items() >= before.items()
    assert {row["auto_score"] for row in rows(course).values()} == {"3"}
    assert whole(course)


@pytest.fixture(scope="module")
def session():
    with Session(shut_in=False) as session:
        yield session


DATA = [
    None, True, 3, -(10**30), 2.5, float("inf"), "学习率", [1, [2]], (1, "a"), {"a": (1,)}, {1, 2},
    np.float32(1.5), np.int64(-3), np.bool_(True), np.arange(6.0).reshape(2, 3), np.zeros((0, 2)),
    np.array(["a", "b"]), range(3),
]  # fmt: skip


@pytest.mark.parametrize("value", DATA, ids=str)
def test_plain_data_arrives_as_it_was(session, value):
    session.run("def same(value):\n    return value")
    back = session.get("same")(value)
    value = value.tolist() if isinstance(value, np.ndarray) and value.dtype.kind == "U" else value
    value = list(value) if isinstance(value, range) else value
    assert type(back) is type(value)
    assert np.array_equal(back, value) if isinstance(value, np.ndarray) else back == value


def test_functions_are_called_on_both_sides(session):
    session.run("def twice(function, value):\n    return function(function(value))")
    assert session.get("twice")(lambda number: 3 * number, 2) == 18


def test_what_a_function_changes_in_its_arguments_is_changed(session):
    session.run("def step(weights, names):\n    weights -= 1\n    names.append('b')")
    weights, names = np.array([1.0, 2.0]), ["a"]
    session.get("step")(weights, names)
    assert weights.tolist() == [0.0, 1.0] and names == ["a", "b"]


def test_objects_give_their_attributes_and_can_be_handed_back(session):
    session.run("class Box:\n    size = 3\nbox = Box()\ndef sized(box):\n    return box.size")
    box = session.get("box")
    assert box.size == 3 and session.get("sized")(box) == 3
    with pytest.raises(Raised, match="AttributeError: 'Box' object has no attribute 'weight'"):
        _ = box.weight


def test_a_value_that_a_locked_cell_named_is_handed_over_by_its_name(session):
    ours = object()
    session.named = lambda value: "theirs" if value is ours else None
    session.run("theirs = 5\ndef same(value):\n    return value")
    assert session.get("same")(ours) == 5


@pytest.mark.parametrize(
    "packed",
    [
        {"array": ["O", [1], ""]}, {"array": ["<f8", [10**9], ""]}, {"array": ["<f8", [-1], ""]},
        {"array": ["V8", [1], "AAAAAAAAAAA="]}, {"array": [["<f8"], [1], ""]}, {"set": [[1]]},
        {"int": "x"}, {"int": "9" * 5000}, {"pickle": "gASV"}, {"tuple": 1}, {"dict": [1]},
        {"dict": [[[1], 1]]}, {"reference": {"held": "x"}}, {"tuple": [], "list": []},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_not_plain_data_is_not_read(packed):
    def resolve(reference):
        raise wire.Unreadable

    with pytest.raises(wire.Unreadable):
        wire.unpack(packed, resolve)


def test_data_nested_without_end_is_not_read():
    packed = []
    for _ in range(200):
        packed = [packed]
    with pytest.raises(wire.Unreadable, match="too deep"):
        wire.unpack(packed, None)
    with pytest.raises(wire.Unreadable):
        wire.message(b"[" * 100_000)


def test_a_session_that_ended_says_so_ever_after():
    with Session(shut_in=False) as session:
        with pytest.raises(Ended, match="died"):
            session.run("import os\nos._exit(1)")
        with pytest.raises(Ended, match="died"):
            session.get("x")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="bubblewrap needs Linux")
def test_without_a_sandbox_nothing_is_graded_unless_one_insists(course, tmp_path):
    environment = {"PATH": str(Path(sys.executable).parent)}
    done = subprocess.run(
        [sys.executable, "-m", "tools.grading", str(course)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "No sandbox: bubblewrap is not installed" in done.stderr
    assert "--no-sandbox" in done.stderr and shutil.which("bwrap", path=environment["PATH"]) is None
