"""Grade submissions, several at once, and record what became of each.

A record is written when a submission is done, so an interrupted run, even a killed one, goes
on where it was. What has no record is graded, and what has changed since: the submission, its
date, or our tests, points, solutions and inputs. Each is graded in a process of its own, which
is ended if it takes too much: nobody waits for one that is broken.
"""

import csv
import fcntl
import hashlib
import io
import json
import signal
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from tqdm import tqdm
from traitlets.config import Config

from lrcourse import use_language
from tools.grading import feedback, rebuild, steps
from tools.grading.sandbox import Limits, Work
from tools.text.canonical import write

CONVERTING = 120.0  # seconds for nbgrader's own work on a submission
PAGE = 30.0  # seconds for a page of feedback
# Failures that are no fault of a submission.
OURS = ("sqlalchemy.exc.", "NoSandbox", "No space left", "Cannot allocate", "Undeclared")


class GradingError(Exception):
    """Grading itself failed; what is not graded yet can be graded when that is mended."""


@dataclass(frozen=True)
class Outcome:
    """What became of a submission.

    Attributes
    ----------
    submission, tests, due : str
        What was graded, by which tests, for which date; another one means to grade again.
    reason : str
        Why it was refused; empty if it was graded.
    note : str
        What was undone, for instance another name of the file.
    seconds : float
    page : str
        What the feedback's page shows: grades and comments.
    """

    submission: str
    tests: str
    due: str
    reason: str = ""
    note: str = ""
    seconds: float = 0.0
    page: str = ""


@dataclass
class Class:
    """The submissions of a course, and what is known of them."""

    course: Path
    config: Config
    tests: dict[str, str] = field(default_factory=dict)

    def handed_in(self, wanted: str | None = None) -> list[tuple[str, str]]:
        """Return the submissions, of all assignments or of one, as (assignment, student)."""
        names = [path.name for path in (self.course / "source").iterdir() if path.is_dir()]
        return sorted(
            (path.name, path.parent.name)
            for path in (self.course / "submitted").glob("*/*")
            if path.name in names and wanted in (None, path.name)
        )

    def gradebook(self) -> Gradebook:
        """Open nbgrader's gradebook."""
        return Gradebook(self.config.CourseDirectory.db_url)

    def record(self, assignment: str, student: str) -> Path:
        """Return where the outcome of a submission is kept."""
        return self.course / "outcomes" / assignment / f"{student}.json"

    def outcome(self, assignment: str, student: str) -> Outcome | None:
        """Return what became of a submission, if it was graded."""
        try:
            return Outcome(**json.loads(self.record(assignment, student).read_text("utf-8")))
        except (OSError, ValueError, TypeError):  # an older version's knows too little
            return None

    def keep(self, assignment: str, student: str, outcome: Outcome) -> None:
        """Record what became of a submission."""
        path = self.record(assignment, student)
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, json.dumps(asdict(outcome), ensure_ascii=False, indent=1) + "\n")

    def fresh(self, assignment: str, student: str, due: dict[str, str]) -> Outcome:
        """Return the outcome that there is before grading: what will be graded, and by what."""
        if assignment not in self.tests:
            self.tests[assignment] = steps.sheet(self.course, assignment).digest()
        folder = self.course / "submitted" / student / assignment
        digest = hashlib.sha256()
        for path in sorted([*folder.glob("*.ipynb"), folder / "timestamp.txt"]):
            if rebuild.regular(path):
                size = path.stat().st_size
                whole = size <= rebuild.LARGEST_NOTEBOOK
                digest.update(path.read_bytes() if whole else str(size).encode())
        return Outcome(digest.hexdigest(), self.tests[assignment], due.get(assignment, ""))


def why(before: Outcome | None, now: Outcome, force: bool) -> str:
    """Say why a submission is to be graded; empty if it need not be."""
    if before is None:
        return "new"
    if before.submission != now.submission:
        return "handed in again"
    if before.tests != now.tests:
        return "tests, points or solution changed"
    if before.due != now.due:
        return "another due date"
    return "asked for" if force else ""


@contextmanager
def alone(course: Path):
    """Let nobody else grade this course meanwhile."""
    with (course / ".grading").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise GradingError(f"{course} is being graded already.") from None
        yield


def grade_all(
    course: Class, assignment: str | None, jobs: int, force: bool
) -> tuple[list[float], dict[str, int]]:
    """Grade what must be, and renew the pages of feedback.

    Returns
    -------
    seconds : list of float
        What each submission took.
    reasons : dict
        How many were graded, for each reason to.
    """
    publish(course)
    with course.gradebook() as book:
        due = {each.name: str(each.duedate or "") for each in book.assignments}
    seconds, reasons, waiting = [], {}, {}
    for each in course.handed_in(assignment):
        now = course.fresh(*each, due)
        if reason := why(course.outcome(*each), now, force):
            waiting[each] = now
            reasons[reason] = reasons.get(reason, 0) + 1
    limits = Limits(
        total_seconds=4 * _seconds(course) + steps.JUDGING + CONVERTING,
        memory=2 * _memory(course) + 2**30,
        processes=200,
    )
    for each, work in at_once(list(waiting), jobs, lambda x: grading(course, *x), limits, "graded"):
        result = _result(each, work, "grading it")
        took = round(time.monotonic() - work.began, 2)
        seconds.append(took)
        course.keep(*each, replace(waiting[each], seconds=took, **result))
    renew(course, assignment, jobs)
    return seconds, reasons


def _seconds(course: Class) -> float:
    return course.config.RunAndJudge.get("seconds", Limits.seconds)


def _memory(course: Class) -> int:
    return course.config.RunAndJudge.get("memory", Limits.memory)


def _result(each: tuple[str, str], work: Work, what: str) -> dict[str, str]:
    """Return what a process of ours has said, or why it could not."""
    if work.reason:
        return {"reason": f"{what} took too much: {work.reason}"}
    try:
        (said,) = work.said()
    except (RuntimeError, ValueError) as error:
        raise GradingError(f"{each[1]}, {each[0]}: {error}") from None
    return said


def at_once(
    tasks: list, jobs: int, function: Callable, limits: Limits, unit: str
) -> Iterator[tuple[tuple[str, str], Work]]:
    """Do tasks in processes of their own, some at once; yield each when it has ended."""
    running: dict[tuple[str, str], Work] = {}
    tasks = tasks[::-1]
    progress = tqdm(total=len(tasks), unit=unit, disable=None if tasks else True)
    try:
        while tasks or running:
            while tasks and len(running) < max(jobs, 1):
                each = tasks.pop()
                running[each] = Work.of(function(each), limits)
                progress.set_postfix_str(", ".join(student for _, student in running))
            for each in [each for each, work in running.items() if work.look()]:
                progress.update()
                yield each, running.pop(each)
            time.sleep(0.05)
    finally:
        progress.close()
        for work in running.values():  # what they were at is done anew next time
            work.end("interrupted")


def publish(course: Class) -> None:
    """Have nbgrader read each of our notebooks that has changed since it was released."""
    for path in sorted(course.course.glob("source/*/*.ipynb")):
        released = Path(course.config.CourseDirectory.release_directory) / path.parent.name
        there = released / path.name
        if not there.exists() or there.stat().st_mtime < path.stat().st_mtime:
            result = _quiet(course.config).generate_assignment(path.stem, force=True)
            if not result["success"]:
                raise GradingError(f"{path.stem}: {_last(result)}")


def grading(course: Class, assignment: str, student: str) -> Callable:
    """Return what grades one submission, in a process of its own."""

    def function(say):
        _as_worker(course)
        folder = course.course / "submitted" / student / assignment
        try:
            note = rebuild.settle(folder, assignment)
            notebook = rebuild.submitted(folder / f"{assignment}.ipynb")
            rebuild.recognise(notebook, course.course, assignment)
        except rebuild.Refused as reason:
            say({"reason": str(reason)})
            return
        result = _quiet(course.config).autograde(assignment, student, force=True)
        said = result.get("log") or result.get("error") or ""
        if not result["success"] and any(word in said for word in OURS):
            raise GradingError(_last(result))
        say({"reason": "" if result["success"] else _last(result), "note": note})

    return function


def _as_worker(course: Class) -> None:
    """Leave interruptions to the process that started this one, and speak as the course does."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    warnings.simplefilter("ignore")  # nbgrader's own, about its database
    use_language(course.course.name)


def _quiet(config: Config) -> NbGraderAPI:
    api = NbGraderAPI(config=config)
    api.log.setLevel("ERROR")
    return api


def _last(result: dict) -> str:
    """Return the line of nbgrader's words that says what was wrong."""
    lines = (result.get("log") or result.get("error") or "no reason given").strip().splitlines()
    return next((line for line in reversed(lines) if "Error" in line), lines[-1]).strip()[:500]


def renew(course: Class, assignment: str | None, jobs: int) -> None:
    """Write the pages of feedback whose grades or comments have changed, and their zip file."""
    waiting = {}
    with course.gradebook() as book:
        for each in course.handed_in(assignment):
            outcome = course.outcome(*each)
            if outcome and not outcome.reason:
                page = str(course.config.Page) + _grades(book, *each) + outcome.submission
                page = hashlib.sha256(page.encode()).hexdigest()
                if page != outcome.page or not _page(course, *each).exists():
                    waiting[each] = replace(outcome, page=page)
    limits = Limits(total_seconds=PAGE, memory=_memory(course) + 2**30)
    plain = []
    for each, work in at_once(
        list(waiting), jobs, lambda x: page_of(course, *x, False), limits, "page"
    ):
        if work.reason or _result(each, work, "its page")["reason"]:
            plain.append(each)  # a written answer that cannot be typeset is shown as it stands
        else:
            course.keep(*each, waiting[each])
    for each, work in at_once(plain, jobs, lambda x: page_of(course, *x, True), limits, "page"):
        if reason := _result(each, work, "its page")["reason"]:
            raise GradingError(f"{each[1]}, {each[0]}: {reason}")
        course.keep(*each, waiting[each])
    bundle(course)


def page_of(course: Class, assignment: str, student: str, plain: bool) -> Callable:
    """Return what writes the page of one submission, in a process of its own."""

    def function(say):
        _as_worker(course)
        config = Config(course.config)
        config.Page.plain = plain
        result = _quiet(config).generate_feedback(assignment, student, force=True)
        say({"reason": "" if result["success"] else _last(result)})

    return function


def _page(course: Class, assignment: str, student: str) -> Path:
    return course.course / "feedback" / student / assignment / f"{assignment}.html"


def _grades(book: Gradebook, assignment: str, student: str) -> str:
    submission = book.find_submission(assignment, student)
    shown = [submission.late_submission_penalty]
    for notebook in submission.notebooks:
        shown += [[each.name, each.score, each.max_score] for each in notebook.grades]
        shown += [[each.name, feedback.waits(each)] for each in notebook.grades]
        shown += [[each.name, each.comment] for each in notebook.comments]
    return json.dumps(shown)


def bundle(course: Class) -> None:
    """Put all pages of feedback into one zip file, a folder for each student."""
    pages = sorted((course.course / "feedback").glob("*/*/*.html"))
    if pages:
        with zipfile.ZipFile(course.course / "feedback.zip", "w", zipfile.ZIP_DEFLATED) as file:
            for page in pages:
                file.write(page, f"{page.parents[1].name}/{page.name}")


def grades(course: Class, wanted: str | None = None) -> list[dict]:
    """Return a row for each submission: what a table of grades needs, as nbgrader exports it."""
    rows = []
    with course.gradebook() as book:
        for assignment, student in course.handed_in(wanted):
            outcome = course.outcome(assignment, student)
            row = dict.fromkeys(("score", "max_score", "auto_score", "late_penalty"), "")
            row["to_grade_by_hand"] = ""
            try:
                points = feedback.score(book.find_submission(assignment, student))
                row = {
                    "score": f"{points['score']:g}",
                    "max_score": f"{points['max']:g}",
                    "auto_score": f"{points['auto']:g}",
                    "late_penalty": f"{points['penalty']:g}",
                    "to_grade_by_hand": "yes" if points["waiting"] else "no",
                }
            except MissingEntry:
                if outcome and not outcome.reason:  # graded, then removed by hand
                    outcome = None
            status = "waiting" if outcome is None else "refused" if outcome.reason else "graded"
            rows.append(
                {"student": student, "assignment": assignment, "status": status}
                | row
                | {
                    "reason": outcome.reason if outcome else "",
                    "note": outcome.note if outcome else "",
                    "seconds": outcome.seconds if outcome else "",
                }
            )
    return rows


def as_csv(rows: list[dict]) -> str:
    """Return the rows as a CSV file's text."""
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()
