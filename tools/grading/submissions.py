"""Grade submissions, several at once, and record what became of each.

A record is written when a submission is done, so an interrupted run, even a killed one,
goes on where it was: what has no record, or changed since, is graded.
"""

import csv
import hashlib
import io
import json
import os
import signal
import threading
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import nbformat
import psutil
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from tqdm import tqdm

from tools.grading import steps
from tools.text.canonical import write

LARGEST_NOTEBOOK = 20 * 2**20
# Failures that are no fault of a submission.
OURS = ("sqlalchemy.exc.", "NoSandbox", "No space left", "Cannot allocate memory")


class GradingError(Exception):
    """Grading itself failed; what is not graded yet can be graded when that is mended."""


@dataclass(frozen=True)
class Outcome:
    """What became of a submission.

    Attributes
    ----------
    digest : str
        Of the notebook that was graded.
    reason : str
        Why it was refused; empty if it was graded.
    seconds : float
    """

    digest: str
    reason: str
    seconds: float


def submissions(course: Path, assignment: str | None = None) -> list[tuple[str, str]]:
    """Return the submissions, of all assignments or of one, as (assignment, student)."""
    names = [path.name for path in sorted((course / "source").iterdir()) if path.is_dir()]
    return sorted(
        (path.name, path.parent.name)
        for path in (course / "submitted").glob("*/*")
        if path.name in names and assignment in (None, path.name)
    )


def grade_all(course: Path, assignment: str | None, jobs: int, settings: dict) -> list[float]:
    """Grade what is not graded yet; return the seconds that each took."""
    handed_in = submissions(course, assignment)
    waiting = [each for each in handed_in if _outstanding(course, *each)]
    taken = []
    # Fresh processes: nothing of the one that started them, neither threads nor gradebooks.
    pool = ProcessPoolExecutor(
        max(1, min(jobs, len(waiting))),
        mp_context=get_context("spawn"),
        initializer=_end_with,
        initargs=(os.getpid(),),
    )
    try:
        futures = [pool.submit(grade, course, *each, settings) for each in waiting]
        with tqdm(
            total=len(handed_in), initial=len(handed_in) - len(waiting), unit="submission",
            disable=None,
        ) as progress:  # fmt: skip
            for future in as_completed(futures):
                taken.append(future.result().seconds)
                progress.update()
    except BaseException:
        for process in psutil.Process().children():  # what they were at is done anew next time
            with suppress(psutil.NoSuchProcess):
                process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return taken


def _end_with(parent: int) -> None:
    """Have this process end when its parent does, or at Ctrl-C, at once and with no word.

    nbgrader would take an interruption for a failure of the submission. A process that
    is waiting for work does not notice that its parent was killed.
    """
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    warnings.simplefilter("ignore")  # nbgrader's own, about its database

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def grade(course: Path, assignment: str, student: str, settings: dict) -> Outcome:
    """Grade one submission, write its feedback, and record what became of it."""
    began = time.perf_counter()
    path = _notebook(course, assignment, student)
    digest = _digest(path)
    reason = unreadable(path)
    if not reason:
        reason = _autograde(course, assignment, student, settings)
    outcome = Outcome(digest, reason, round(time.perf_counter() - began, 2))
    record = _record(course, assignment, student)
    record.parent.mkdir(parents=True, exist_ok=True)
    write(record, json.dumps(asdict(outcome), ensure_ascii=False, indent=1) + "\n")
    return outcome


def unreadable(path: Path) -> str:
    """Say why a submitted file is no notebook that can be graded; empty if it is."""
    if path.is_symlink() or not path.is_file():
        return f"there is no file {path.name}"
    if path.stat().st_size > LARGEST_NOTEBOOK:
        return f"the file is larger than {LARGEST_NOTEBOOK // 2**20} MiB"
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # whatever a broken file makes nbformat raise
        return f"not a notebook: {str(error).strip().splitlines()[0][:200]}"
    return ""


def _autograde(course: Path, assignment: str, student: str, settings: dict) -> str:
    """Have nbgrader grade a submission; return why it could not."""
    config = steps.configuration(course, course.name)
    for name in ("shut_in", "seconds", "memory"):
        config.RunApart[name] = settings[name]
    api = NbGraderAPI(config=config)
    api.log.setLevel("ERROR")
    result = api.autograde(assignment, student, force=True)
    if result["success"] and settings["feedback"]:
        result = api.generate_feedback(assignment, student, force=True)
    if result["success"]:
        return ""
    lines = (result.get("log") or result["error"]).strip().splitlines()
    reason = next((line for line in reversed(lines) if "Error" in line), lines[-1]).strip()
    if any(word in line for line in lines for word in OURS):
        raise GradingError(f"{student}, {assignment}: {reason}")
    return reason


def grades(course: Path, wanted: str | None = None) -> list[dict]:
    """Return a row for each submission: what a table of grades needs."""
    rows = []
    with Gradebook(steps.configuration(course, course.name).CourseDirectory.db_url) as gradebook:
        for assignment, student in submissions(course, wanted):
            outcome = _outcome(course, assignment, student)
            row = dict.fromkeys(("score", "max_score", "auto_score", "to_grade_by_hand"), "")
            if outcome and not outcome.reason:
                try:
                    submission = gradebook.find_submission(assignment, student)
                except MissingEntry:  # graded, then removed by hand
                    outcome = None
                else:
                    row = {
                        "score": f"{submission.score:g}",
                        "max_score": f"{submission.max_score:g}",
                        "auto_score": f"{sum(_auto_scores(submission)):g}",
                        "to_grade_by_hand": "yes" if submission.needs_manual_grade else "no",
                    }
            status = "waiting" if outcome is None else "refused" if outcome.reason else "graded"
            rows.append(
                {
                    "student": student,
                    "assignment": assignment,
                    "status": status,
                    **row,
                    "reason": outcome.reason if outcome else "",
                    "seconds": outcome.seconds if outcome else "",
                }
            )
    return rows


def _auto_scores(submission) -> list[float]:
    return [
        grade.auto_score or 0.0 for notebook in submission.notebooks for grade in notebook.grades
    ]


def as_csv(rows: list[dict]) -> str:
    """Return the rows as a CSV file's text."""
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _notebook(course: Path, assignment: str, student: str) -> Path:
    return course / "submitted" / student / assignment / f"{assignment}.ipynb"


def _record(course: Path, assignment: str, student: str) -> Path:
    return course / "outcomes" / assignment / f"{student}.json"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _outcome(course: Path, assignment: str, student: str) -> Outcome | None:
    path = _record(course, assignment, student)
    return Outcome(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def _outstanding(course: Path, assignment: str, student: str) -> bool:
    outcome = _outcome(course, assignment, student)
    return outcome is None or outcome.digest != _digest(_notebook(course, assignment, student))
