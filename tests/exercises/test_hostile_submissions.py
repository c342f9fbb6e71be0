"""Submissions that would harm the grading, or cheat it: no point, no leak, nobody waits."""

import csv
import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from class_work import CLASS, HOW, ROOT, SHUT_IN, run, sheet, solved
from hostile import CHEATS, COLLIDING, ESSAYS, VIOLENT
from nbformat.v4 import new_code_cell
from nbgrader.utils import determine_grade

from lrcourse import use_language
from tools.grading import judge, sandbox

NAME = "01-what-is-a-learning-rate"
FULL = 17.0  # what a program can give in this assignment
USER = "nobody" if os.geteuid() == 0 else ""
LIMITS = sandbox.Limits(seconds=1, total_seconds=6, memory=400 * 2**20, processes=20)
needs_sandbox = pytest.mark.skipif(not SHUT_IN, reason=f"no sandbox: {sandbox.why_not()}")
CHEATING = [(kind, number) for kind, those in CHEATS.items() for number in range(len(those))]

# Runs submissions in processes of their own, in one sandbox, as `inside` runs one.
SHARED = """
import json, os, __main__ as inside
def each(cells):
    pipe, into = os.pipe()
    if os.fork() == 0:
        os.close(pipe)
        def say(record):
            line = json.dumps(record).encode()
            if len(line) < 60_000:
                os.write(into, line + b"\\n")
        try:
            inside.run(cells, inputs, say, 3)
            say({"done": True})
        finally:
            os._exit(0)
    os.close(into)
    with os.fdopen(pipe, "rb") as file:
        kept = file.read().decode("utf-8", "replace")
    os.wait()
    return kept[:200_000]
"""


def cells(ours, source):
    """A submission that has nothing but a source in the cell of the first answer."""
    solutions = {cell: source if cell == "step" else "" for cell in ours.answers}
    return ours.cells(solutions)


@pytest.fixture(scope="module")
def ours():
    yield sheet(NAME, "en")
    use_language("en")


@pytest.fixture(scope="module")
def left(ours):
    """What each of the cheats leaves, as lines of JSON."""
    those = {f"{kind} {n}": CHEATS[kind][n] for kind, n in CHEATING}
    found = {}
    for start in range(0, len(those), 30):
        some = dict(list(those.items())[start : start + 30])
        source = SHARED + f"inputs = {ours.inputs!r}\n"
        for title, cheat in some.items():
            source += f"found_{len(found)} = each({cells(ours, cheat)!r})\n"
            found[title] = f"found_{len(found)}"
        harness = {"id": "harness", "source": source, "answers": [found[each] for each in some]}
        setup = ours.cells({})[0]
        limits = sandbox.Limits(300, 300, 2**30, processes=64)
        work = sandbox.run([setup, harness], {}, limits, True, USER)
        _, answers, reason = judge.received(work.output, work.reason)
        assert not reason, reason
        for title in some:
            found[title] = judge.decode(answers[found[title]][0]["value"]).encode()
    return found


def judged(ours, output, ended=""):
    """The points of a submission, all that it gets to read, and why it ended."""
    shown, answers, reason = judge.received(output, ended)
    total, words = 0.0, [str(shown)]
    outputs = dict(judge.judge(ours, judge.Answers(ours, answers, reason)))
    for cell in solved(NAME, "en").cells:
        if cell.id in outputs:
            cell.outputs = outputs[cell.id]
            total += determine_grade(cell)[0]
            words += [str(output) for output in cell.outputs]
    return total, "\n".join(words), reason


@pytest.fixture(scope="module")
def secret(ours):
    """Right answers and lines of hidden tests that nobody may read."""
    space = dict(ours.given)
    for cell in ours.cells({}):
        if cell["answers"]:
            exec(cell["source"], space)
    numbers = [space[name] for name in ("slope", "w_1", "L", "one_step", "limit", "his_eta")]
    return [f"{number:.12g}" for number in numbers] + ["HIDDEN", "after(steps", "residuals"]


def test_there_are_submissions_of_many_kinds():
    assert len(CHEATING) + len(VIOLENT) + len(ESSAYS) + 14 >= 100
    assert len(CHEATS) + len(VIOLENT) >= 20


@needs_sandbox
@pytest.mark.parametrize(("kind", "number"), CHEATING)
def test_a_cheat_gets_no_point_and_reads_no_secret(kind, number, left, ours, secret):
    output = left[f"{kind} {number}"]
    total, words, _ = judged(ours, output)
    assert total == 0
    assert not [each for each in secret if each in words]
    assert len(words) < 100_000
    printed = judge.received(output, "")[0].get("step", ("", ""))[0]
    seen = [line for line in printed.splitlines() if line.startswith("SEEN")]
    assert all(line.startswith("SEEN 0") for line in seen), seen


@needs_sandbox
@pytest.mark.parametrize("title", VIOLENT)
def test_a_violent_submission_is_ended_in_time_and_gets_no_point(title, ours, secret):
    source, expected = VIOLENT[title]
    began = time.monotonic()
    cell = {"id": "step", "source": source, "answers": ["slope", "w_1"]}
    work = sandbox.run([cell], ours.inputs, LIMITS, True, USER)
    assert time.monotonic() - began < LIMITS.total_seconds + 20
    total, words, reason = judged(ours, work.output, work.reason)
    assert total == 0 and expected in (reason, None)
    assert not [each for each in secret if each in words]


@needs_sandbox
def test_memory_stays_within_the_limit_and_nothing_survives(ours):
    source = "import os\nprint(os.getpid())\n" + VIOLENT["memory of children"][0]
    source = source.replace("time.sleep(60)", "time.sleep(61.25)")
    most, measured = [], sandbox._memory

    def noted(family):
        most.append(measured(family))
        return most[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "_memory", noted)
        work = sandbox.run([{"id": "a", "source": source, "answers": []}], {}, LIMITS, True, USER)
    assert work.reason == "memory"
    assert max(most) < LIMITS.memory + 2**29
    assert not [
        p for p in sandbox.psutil.process_iter(["cmdline"])
        if "/inside.py" in (p.info["cmdline"] or []) and p.parent() is None
    ]  # fmt: skip


def test_numbers_that_collide_in_a_set_cannot_keep_the_tests(ours):
    space = {}
    exec(COLLIDING, space)
    records = [{"answer": n, "number": 0, "value": space[n]} for n in ("found", "lost")]
    output = b"".join(json.dumps(each).encode() + b"\n" for each in [*records, {"done": True}])

    def tests(say):
        say({"points": judged(ours, output)[0]})

    began = time.monotonic()
    work = sandbox.Work.of(tests, sandbox.Limits(total_seconds=3, memory=2**31)).wait()
    assert time.monotonic() - began < 10
    assert work.reason == "time" or work.said() == [{"points": 0.0}]


@pytest.mark.skipif(os.geteuid() != 0, reason="we are not root")
def test_root_must_say_as_whom_code_runs():
    for user in ("", "root"):
        with pytest.raises(sandbox.NoSandbox, match="You are root"):
            sandbox.command(LIMITS, True, user)
        with pytest.raises(sandbox.NoSandbox, match="You are root"):
            sandbox.command(LIMITS, False, user)


# The whole way: files in a folder, the real command, nbgrader, pages of feedback.


def generate(folder):
    run("tools.grading.generate", "--class", CLASS, "--language", "en",
        "--assignment", NAME, "--into", folder)  # fmt: skip
    return folder / "courses" / CLASS / "en"


def hand_in(course, student, notebook, name=NAME):
    path = course / "submitted" / student / NAME / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(notebook, bytes):
        path.write_bytes(notebook)
    else:
        nbformat.write(notebook, path)
    return path


def command(course, *more):
    limits = ["--seconds", "2", "--memory", "700", "--jobs", "2"]
    return [sys.executable, "-m", "tools.grading", str(course), *limits, *HOW, *more]


def rows(course):
    with (course / "grades.csv").open(encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def page(course, student):
    return (course / "feedback" / student / NAME / f"{NAME}.html").read_text("utf-8")


BROKEN = {
    "no-json": b"{ this is no notebook",
    "empty": b"",
    "not-text": bytes(range(256)),
    "deep": b"[" * 100_000,
    "another-file": b'{"cells": 7}',
    "strange-cells": b'{"cells": [{"cell_type": "code"}], "metadata": {}, "nbformat": 4,'
    b' "nbformat_minor": 5}',
    "huge": b" " * (21 * 2**20),
}


def blank():
    """A notebook without answers."""
    notebook = solved(NAME, "en")
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = "" if cell.cell_type == "code" else "YOUR ANSWER HERE"
    return notebook


def with_source(source):
    notebook = blank()
    for cell in notebook.cells:
        if cell.id == "step":
            cell.source = source
    return notebook


def forged():
    """Tests emptied, points raised, metadata replaced, cells deleted, moved and pretended."""
    notebook = solved(NAME, "en")
    cells = {cell.id: cell for cell in notebook.cells}
    cells["constants"].source += "\nw_0, eta = 0.0, 0.0"
    cells["step-slope"].source = "pass"
    cells["step-weight"].metadata.nbgrader.points = 1000
    cells["path-end"].metadata.nbgrader.update(grade=False, locked=False)
    cells["limit-rates"].metadata = {"nbgrader": "nonsense"}
    cells["units-rate"].metadata.nbgrader.solution = True
    cells["step"].source = "slope = w_1 = 2.5"
    del notebook.cells[notebook.cells.index(cells["data"])]
    del notebook.cells[notebook.cells.index(cells["valley-lost"])]
    pretended = new_code_cell("check = same = lambda *args, **kwargs: None", id="forged")
    about = dict(cells["data"].metadata.nbgrader)
    pretended.metadata = {"nbgrader": about | {"grade_id": "forged"}}
    notebook.cells = [pretended, *notebook.cells[::-1]]
    return notebook


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = generate(tmp_path_factory.mktemp("hostile"))
    hand_in(course, "aaron", solved(NAME, "en"))
    hand_in(course, "zoe", solved(NAME, "en"))
    hand_in(course, "forger", forged())
    hand_in(course, "exits", with_source(VIOLENT["exits"][0]))
    hand_in(course, "collides", with_source(COLLIDING))
    markup = "<script>alert(1)</script>\\x1b[31m"
    hand_in(course, "prints", with_source(f"print('{markup}')\nraise ValueError('{markup}')"))
    for student, content in BROKEN.items():
        hand_in(course, student, content)
    for student, essay in ESSAYS.items():
        notebook = blank()
        notebook.cells[-1].source = essay
        hand_in(course, f"essay-{student}", notebook)
    (course / "submitted" / "nothing" / NAME).mkdir(parents=True)
    link = hand_in(course, "link", b"")
    link.unlink()
    link.symlink_to(course / "source" / NAME / f"{NAME}.ipynb")
    pipe = hand_in(course, "pipe", b"")
    pipe.unlink()
    os.mkfifo(pipe)
    stamp = hand_in(course, "rubbish-date", solved(NAME, "en")).with_name("timestamp.txt")
    stamp.write_text("the day before yesterday", encoding="utf-8")
    done = subprocess.run(command(course), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return course


@pytest.mark.parametrize("student", ["aaron", "zoe"])
def test_the_others_are_graded(course, student):
    assert float(rows(course)[student]["auto_score"]) == FULL


@pytest.mark.parametrize("student", [*BROKEN, "nothing", "link", "pipe", "rubbish-date"])
def test_what_cannot_be_graded_is_refused_with_its_reason(course, student):
    row = rows(course)[student]
    assert row["status"] == "refused" and row["score"] == ""
    reasons = ("not a notebook: ", "there is no file", "the file is larger", "timestamp.txt holds")
    assert row["reason"].startswith(reasons), row["reason"]


def test_cells_that_were_changed_deleted_moved_or_forged_are_put_right(course):
    row = rows(course)["forger"]
    # The two tests of the step are lost, no other: all are run on the true numbers.
    assert (float(row["auto_score"]), float(row["max_score"])) == (FULL - 3, FULL + 4)


@pytest.mark.parametrize("student", [f"essay-{each}" for each in ESSAYS] + ["prints"])
def test_what_a_student_wrote_is_text_in_the_pages_and_nothing_else(course, student):
    assert rows(course)[student]["status"] == "graded"
    text = page(course, student)
    assert len(text) < 500_000 and "\x1b" not in text
    for tag in BeautifulSoup(text, "html.parser").find_all(True):
        assert tag.name not in ("script", "img", "svg", "div", "iframe") or "math" in tag["class"]
        assert not [name for name in tag.attrs if name == "src" or name.startswith("on")]
        assert not tag.get("href", "").startswith("javascript")
    # nbgrader shows the notebook to the teacher, its Markdown too.
    notebook = nbformat.read(course / "autograded" / student / NAME / f"{NAME}.ipynb", 4)
    (essay,) = [cell.source for cell in notebook.cells if cell.id == "verdict"]
    assert "<s" not in essay and "<i" not in essay and r"\href" not in essay
    assert len(essay) < 100_000
    assert not [out for cell in notebook.cells for out in cell.get("outputs", []) if "data" in out]


@pytest.mark.parametrize(
    ("student", "words"),
    [("exits", "ended the Python process"), ("prints", "There is no slope")],
)
def test_a_student_is_told_why_there_was_nothing_to_grade(course, student, words):
    assert float(rows(course)[student]["score"]) == 0
    assert words in page(course, student)


def test_the_gradebook_stays_whole(course):
    assert whole(course)


def whole(course):
    with sqlite3.connect(course / "gradebook.db") as book:
        return book.execute("pragma integrity_check").fetchall() == [("ok",)]


def outcomes(course):
    return {path: path.stat().st_mtime_ns for path in course.glob("outcomes/*/*.json")}


@pytest.mark.parametrize("number", [2, 9], ids=["interrupt", "kill"])
def test_interrupted_grading_goes_on_where_it_was(tmp_path, number):
    course = generate(tmp_path)
    for student in "abcde":
        hand_in(course, student, with_source("slope = 1"))
    process = subprocess.Popen(
        command(course), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    while len(outcomes(course)) < 2 and process.poll() is None:
        time.sleep(0.01)
    second = subprocess.run(command(course), cwd=ROOT, capture_output=True, text=True, check=False)
    assert second.returncode == 1 and "is being graded already" in second.stderr
    process.send_signal(number)
    said = process.communicate(timeout=60)[1].decode()
    assert process.returncode == (130 if number == 2 else -9), said
    assert number == 9 or "The same command goes on from here." in said
    time.sleep(1.5)  # what it had started ends with it
    before = outcomes(course)
    assert len(before) >= 2 and whole(course)
    subprocess.run(command(course), cwd=ROOT, check=True, capture_output=True)
    assert len(outcomes(course)) == 5
    assert {row["auto_score"] for row in rows(course).values()} == {"0"}
    assert whole(course)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="bubblewrap needs Linux")
def test_without_a_sandbox_nothing_is_graded_unless_one_insists(course):
    environment = {"PATH": str(Path(sys.executable).parent)}
    done = subprocess.run(
        [sys.executable, "-m", "tools.grading", str(course), *HOW],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "bubblewrap is not installed" in done.stderr and "--no-sandbox" in done.stderr
