"""Grade the submissions of a course, unattended.

Usage::

    make grade CLASS=word [EDITION=en|zh] [ASSIGNMENT=name] [FORCE=1]
    python -m tools.grading COURSE [ASSIGNMENT] [--force] [--jobs N] [--no-sandbox] ...

COURSE is ``exercises/courses/CLASS/LANGUAGE``; the submissions are where nbgrader collects
them, ``COURSE/submitted/STUDENT/ASSIGNMENT``. What is graded already is graded again only if
the submission or our tests have changed, so an interrupted run goes on where it was.
"""

import argparse
import os
import sys
from pathlib import Path

from lrcourse.language import LANGUAGES
from tools.grading import sandbox, steps
from tools.grading.submissions import Class, GradingError, alone, as_csv, grade_all, grades
from tools.text.canonical import write
from tools.text.pages import short


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="grading", description=__doc__.splitlines()[0])
    parser.add_argument("course", type=Path, help="exercises/courses/CLASS/LANGUAGE")
    parser.add_argument("assignment", nargs="?", help="only this one (default: all)")
    parser.add_argument("--force", action="store_true", help="grade again what is graded")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="submissions at once")
    parser.add_argument("--no-sandbox", action="store_true", help="a container is the wall")
    parser.add_argument("--user", default="", help="if you are root: as whom students' code runs")
    parser.add_argument("--seconds", type=float, help="for each cell")
    parser.add_argument("--memory", type=int, help="for a submission, in MiB")
    options = parser.parse_args(arguments)
    if options.course.name not in LANGUAGES or not (options.course / "gradebook.db").exists():
        return _refuse(f"{options.course} is no course; make one with: make exercises CLASS=word")
    course = Class(options.course.resolve(), steps.settings(options.course))
    step = course.config.RunAndJudge
    step.shut_in = not options.no_sandbox
    step.user = options.user
    step.update({"seconds": options.seconds} if options.seconds else {})
    step.update({"memory": options.memory * 2**20} if options.memory else {})
    there = sorted(path.name for path in (course.course / "source").iterdir())
    if options.assignment and options.assignment not in there:
        return _refuse(f"no assignment {options.assignment}; there are: {', '.join(there)}")
    if not course.handed_in(options.assignment):
        return _refuse(f"no submissions in {options.course / 'submitted'}/STUDENT/ASSIGNMENT")
    try:
        sandbox.command(sandbox.Limits(), step.shut_in, step.user)
        with alone(course.course):
            seconds, reasons = grade_all(course, options.assignment, options.jobs, options.force)
    except sandbox.NoSandbox as reason:
        return _refuse(str(reason))
    except KeyboardInterrupt:
        print("Interrupted. The same command goes on from here.", file=sys.stderr)
        return 130
    except GradingError as error:
        print(f"{error}\nThe same command goes on from here.", file=sys.stderr)
        return 1
    path = course.course / f"{options.assignment or 'grades'}.csv"
    rows = grades(course, options.assignment)
    write(path, as_csv(rows))
    refused = [row for row in rows if row["status"] == "refused"]
    for row in refused:
        who = f"{row['student']}, {row['assignment']}"
        print(f"refused: {who}: {row['reason']}", file=sys.stderr)
    for reason, number in reasons.items():
        print(f"{reason}: {number}")
    mean = f", {sum(seconds) / len(seconds):.1f} s each" if seconds else ""
    print(f"graded now: {len(seconds)}{mean}; graded in all: {len(rows) - len(refused)}; "
          f"refused: {len(refused)}; grades: {short(path)}")  # fmt: skip
    return 0


def _refuse(reason: str) -> int:
    print(reason, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
