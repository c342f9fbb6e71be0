"""How long does grading take, and is every score right? By the real command, twice.

Usage: ``python tests/benchmarks/grading.py [--submissions 200] [--jobs 2] [--language en]``

Solutions, untouched notebooks and the prepared mistakes take turns; a third is late, a tenth is
broken or hostile. Then a test's points are doubled and all is graded again. Each time every
score is compared with the one that it should be and with the one that `nbgrader export` gives.
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

from nbgrader.api import Gradebook

from lrcourse.language import LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.grading import assignments  # noqa: E402
from tools.text.canonical import canonical, write  # noqa: E402
from tools.text.pages import read  # noqa: E402

CLASS = "bench"
LATE: set[str] = set()
HOW = ["--user", "nobody"] * (os.geteuid() == 0)


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
    _late(course, assignment)
    expected = hand_in(course, language, assignment, submissions)
    print(grade(course, jobs, expected))
    records = course.glob("outcomes/*/*.json")
    seconds = [json.loads(record.read_text("utf-8"))["seconds"] for record in records]
    print(
        f"from begin to end of one: median {statistics.median(seconds):.2f} s, "
        f"longest {max(seconds):.2f} s"
    )
    path = course / "source" / assignment / f"{assignment}.ipynb"
    notebook = read(path)
    changed = next(cell for cell in notebook.cells if assignments.is_test(cell))
    changed.metadata.nbgrader.points *= 2
    write(path, canonical(notebook))
    again = {
        student: (score and score + won.get(changed.id, 0.0), won)
        for student, (score, won) in expected.items()
    }
    print(grade(course, jobs, again))
    print(_run("tools.grading", str(course), "--jobs", str(jobs), *HOW).splitlines()[-1])


def grade(course: Path, jobs: int, expected: dict) -> str:
    """Grade, and compare the scores; return what the command said and what it took."""
    began = time.perf_counter()
    said = _run("tools.grading", str(course), "--jobs", str(jobs), *HOW)
    wall = time.perf_counter() - began
    with (course / "grades.csv").open(encoding="utf-8") as file:
        got = {row["student"]: row["score"] for row in csv.DictReader(file)}
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "export", "--to=all.csv"],
        cwd=course, check=True, capture_output=True,
    )  # fmt: skip
    with (course / "all.csv").open(encoding="utf-8") as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    wrong = [
        student
        for student, (score, _) in expected.items()
        if (got[student] == "") != (score is None)
        or score is not None
        and not float(got[student]) == exported[student] == max(0.0, score - 2 * (student in LATE))
    ]
    assert not wrong, wrong[:5]
    return f"{said}{wall:.0f} s in all, {wall / len(expected):.2f} s each; all scores as expected"


def _late(course: Path, assignment: str) -> None:
    """Take two points from whoever is late."""
    (course / "late.py").write_text(
        "from nbgrader.plugins import LateSubmissionPlugin\n"
        "class Late(LateSubmissionPlugin):\n"
        "    def late_submission_penalty(self, student, score, seconds): return 2.0\n",
        encoding="utf-8",
    )
    settings = course / "nbgrader_config.py"
    more = f"sys.path.append({str(course)!r})\nimport late\n"
    more += "c.AssignLatePenalties.plugin_class = late.Late\n"
    settings.write_text(settings.read_text("utf-8") + more, encoding="utf-8")
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        book.update_or_create_assignment(assignment, duedate="2027-03-05 12:00:00 UTC")


def hand_in(course: Path, language: str, assignment: str, number: int) -> dict:
    """Write the submissions; return each one's points and what each test gave, or None."""
    solved = read(course / "source" / assignment / f"{assignment}.ipynb")
    release = course.parent.parent.parent / "release" / CLASS / language / assignment
    points = {
        cell.id: cell.metadata.nbgrader.points for cell in solved.cells if assignments.is_test(cell)
    }
    kinds = [(canonical(solved), points)]
    kinds.append((canonical(read(release / f"{assignment}.ipynb")), dict.fromkeys(points, 0.0)))
    for submission in assignments.companion(assignment)["SUBMISSIONS"].values():
        notebook = read(course / "source" / assignment / f"{assignment}.ipynb")
        for cell in notebook.cells:
            cell.source = submission.cells.get(cell.id, cell.source)
        kinds.append((canonical(notebook), points | submission.scores))
    hostile = read(course / "source" / assignment / f"{assignment}.ipynb")
    for cell in hostile.cells:
        if cell.cell_type == "code" and assignments.is_solution(cell):
            cell.source = "import os\nos._exit(0)"
    bad = [("{ no notebook", None), (canonical(hostile), dict.fromkeys(points, 0.0))]
    expected = {}
    for i in range(number):
        text, won = bad[i // 10 % 2] if i % 10 == 9 else kinds[i % len(kinds)]
        student = f"student-{i:03}"
        path = course / "submitted" / student / assignment / f"{assignment}.ipynb"
        path.parent.mkdir(parents=True)
        write(path, text)
        late = i % 3 == 0
        date = "2027-03-06 12:00:00 UTC" if late else "2027-03-04 12:00:00 UTC"
        path.with_name("timestamp.txt").write_text(date, encoding="utf-8")
        if late:
            LATE.add(student)
        expected[student] = (None, {}) if won is None else (sum(won.values()), won)
    return expected


def _run(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return done.stdout


if __name__ == "__main__":
    main()
