"""Grade the submissions of an assignment, unattended.

Usage::

    make grade CLASS=word [EDITION=en|zh] [ASSIGNMENT=name]
    python -m grading COURSE [ASSIGNMENT] [--jobs N] [--no-sandbox] ...

COURSE is ``exercises/courses/CLASS/LANGUAGE``; the submissions are where nbgrader
collects them, ``COURSE/submitted/STUDENT/ASSIGNMENT``. What is graded already is not
graded again, unless the submission has changed since, so an interrupted run goes on
where it was.
"""

import argparse
import os
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from lrcourse.language import LANGUAGES
from tools.grading import sandbox
from tools.grading.submissions import GradingError, as_csv, grade_all, grades, submissions
from tools.text.canonical import write
from tools.text.pages import short


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="grading", description=__doc__.splitlines()[0])
    parser.add_argument("course", type=Path, help="exercises/courses/CLASS/LANGUAGE")
    parser.add_argument("assignment", nargs="?", help="only this one (default: all)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="submissions at once")
    parser.add_argument("--csv", type=Path, help="where the grades go (default: in the course)")
    parser.add_argument("--no-feedback", action="store_true", help="no pages for the students")
    parser.add_argument("--no-sandbox", action="store_true", help="trust the students' code")
    limits = sandbox.Limits()
    parser.add_argument("--seconds", type=float, default=limits.seconds, help="for each cell")
    parser.add_argument("--memory", type=int, default=limits.memory // 2**20, help="in MiB")
    options = parser.parse_args(arguments)
    problem = _problem(options)
    if problem:
        print(problem, file=sys.stderr)
        return 2
    settings = {
        "shut_in": not options.no_sandbox,
        "seconds": options.seconds,
        "memory": options.memory * 2**20,
        "feedback": not options.no_feedback,
    }
    try:
        fresh = grade_all(options.course, options.assignment, options.jobs, settings)
    except KeyboardInterrupt:
        print("Interrupted. The same command goes on from here.", file=sys.stderr)
        return 130
    except GradingError as error:
        print(f"{error}\nThe same command goes on from here.", file=sys.stderr)
        return 1
    except BrokenProcessPool:
        print(
            "A grading process was ended from outside, perhaps for want of memory. "
            "The same command goes on from here; fewer --jobs take less.",
            file=sys.stderr,
        )
        return 1
    path = options.csv or options.course / f"{options.assignment or 'grades'}.csv"
    rows = grades(options.course, options.assignment)
    write(path, as_csv(rows))
    refused = [row for row in rows if row["status"] == "refused"]
    for row in refused:
        who = f"{row['student']}, {row['assignment']}"
        print(f"refused: {who}: {row['reason']}", file=sys.stderr)
    mean = f", {sum(fresh) / len(fresh):.1f} s each" if fresh else ""
    print(f"graded now: {len(fresh)}{mean}; graded in all: {len(rows) - len(refused)}; "
          f"refused: {len(refused)}; grades: {short(path)}")  # fmt: skip
    return 0


def _problem(options: argparse.Namespace) -> str:
    if options.course.name not in LANGUAGES or not (options.course / "gradebook.db").exists():
        return f"{options.course} is no course; make one with: make exercises CLASS=word"
    if options.assignment and not (options.course / "source" / options.assignment).is_dir():
        there = sorted(path.name for path in (options.course / "source").iterdir())
        return f"no assignment {options.assignment}; there are: {', '.join(there)}"
    if not submissions(options.course, options.assignment):
        return f"no submissions in {options.course / 'submitted'}/STUDENT/ASSIGNMENT"
    try:
        sandbox.command(sandbox.Limits(), not options.no_sandbox)
    except sandbox.NoSandbox as reason:
        return str(reason)
    return ""


if __name__ == "__main__":
    sys.exit(main())
