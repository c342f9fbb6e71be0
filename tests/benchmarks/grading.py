"""How long does grading take? Many submissions of one assignment, by the real command.

Usage: ``python benchmarks/grading.py [--submissions 200] [--jobs 2] [--language en]``

Solutions, untouched notebooks and the prepared mistakes take turns. Every grade is compared
with the one that it should be; the time of each submission is as the command records it,
feedback included.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lrcourse.language import LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.grading import assignments  # noqa: E402
from tools.text.canonical import canonical, write  # noqa: E402
from tools.text.pages import read  # noqa: E402

CLASS = "bench"


def main() -> None:
    """Generate, hand in, grade, and print the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--language", choices=LANGUAGES, default="en")
    parser.add_argument("--assignment", default=assignments.names()[0])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), **vars(options))


def measure(folder: Path, submissions: int, jobs: int, language: str, assignment: str) -> None:
    """Do it in a folder."""
    words = ["--class", CLASS, "--language", language, "--assignment", assignment]
    _run("tools.grading.generate", *words, "--into", str(folder))
    course = folder / "courses" / CLASS / language
    expected = hand_in(course, language, assignment, submissions)
    began = time.perf_counter()
    _run("grading", str(course), "--jobs", str(jobs))
    wall = time.perf_counter() - began
    with (course / "grades.csv").open(encoding="utf-8") as file:
        got = {row["student"]: float(row["auto_score"]) for row in csv.DictReader(file)}
    wrong = [student for student in expected if got.get(student) != expected[student]]
    records = course.glob("outcomes/*/*.json")
    seconds = [json.loads(record.read_text("utf-8"))["seconds"] for record in records]
    print(
        f"{submissions} submissions of {assignment}, {jobs} at once: {wall:.0f} s in all, "
        f"{wall / submissions:.2f} s each"
    )
    print(
        f"from begin to end of one: median {statistics.median(seconds):.2f} s, "
        f"longest {max(seconds):.2f} s"
    )
    print(f"grades other than expected: {len(wrong)} {wrong[:5]}")
    sys.exit(bool(wrong))


def hand_in(course: Path, language: str, assignment: str, number: int) -> dict[str, float]:
    """Write the submissions and return the points that each should get."""
    solved = read(course / "source" / assignment / f"{assignment}.ipynb")
    release = course.parent.parent.parent / "release" / CLASS / language / assignment
    points = {
        cell.id: cell.metadata.nbgrader.points for cell in solved.cells if assignments.is_test(cell)
    }
    kinds = [(solved, sum(points.values())), (read(release / f"{assignment}.ipynb"), 0.0)]
    for submission in assignments.companion(assignment)["SUBMISSIONS"].values():
        notebook = read(course / "source" / assignment / f"{assignment}.ipynb")
        for cell in notebook.cells:
            cell.source = submission.cells.get(cell.id, cell.source)
        kinds.append((notebook, sum((points | submission.scores).values())))
    expected = {}
    for i in range(number):
        notebook, score = kinds[i % len(kinds)]
        student = f"student-{i:03}"
        path = course / "submitted" / student / assignment / f"{assignment}.ipynb"
        path.parent.mkdir(parents=True)
        write(path, canonical(notebook))
        expected[student] = score
    return expected


def _run(*words: str) -> None:
    subprocess.run([sys.executable, "-m", *words], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
