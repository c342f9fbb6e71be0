"""nbgrader with steps of ours: a submission is rebuilt, run shut in, judged apart."""

import os
import sys
from functools import cache
from pathlib import Path

from nbformat.v4 import new_output
from nbgrader.api import Gradebook
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    NbGraderPreprocessor,
    OverwriteCells,
    SaveAutoGrades,
)
from traitlets import Bool, Float, Int, Unicode
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from lrcourse import use_language
from lrcourse.language import translate
from tools.grading import assignments, judge, rebuild, sandbox
from tools.text.pages import read

# nbgrader calls alembic, and finds it only if the environment's commands are on the path.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

JUDGING = 60.0  # seconds for all tests of a submission
STUBS = {
    "en": ("# YOUR CODE HERE\nraise NotImplementedError()", "YOUR ANSWER HERE"),
    "zh": ("# 在这里写代码\nraise NotImplementedError()", "在这里写答案"),
}


def configuration(course: Path, language: str) -> Config:
    """Return our part of a course's configuration; its ``nbgrader_config.py`` asks for it.

    Parameters
    ----------
    course : Path
        Its folder, ``exercises/courses/CLASS/LANGUAGE``.
    language : {"en", "zh"}
    """
    from tools.grading.feedback import Page

    course = course.resolve()
    release = course.parent.parent.parent / "release" / course.parent.name / language
    config = Config()
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.course_id = f"{course.parent.name}-{language}"
    config.CourseDirectory.release_directory = str(release)
    # Several submissions are graded at once, and each waits for its turn to write.
    config.CourseDirectory.db_url = f"sqlite:///{course}/gradebook.db?timeout=60"
    config.ClearSolutions.code_stub = {"python": STUBS[language][0]}
    config.ClearSolutions.text_stub = STUBS[language][1]
    # Rubrics stand in locked cells, which are put back for the grader, rather than in tasks.
    config.ClearMarkScheme.enforce_metadata = False
    config.Autograde.sanitize_preprocessors = [Rebuild, OverwriteCells, CheckCellMetadata]
    config.Autograde.autograde_preprocessors = [
        RunAndJudge,
        SaveAutoGrades,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    config.GenerateFeedback.exporter_class = Page
    config.GenerateFeedback.preprocessors = []
    return config


def settings(course: Path) -> Config:
    """Return a course's configuration with all that its instructor has set."""
    return PyFileConfigLoader("nbgrader_config.py", path=str(course.resolve())).load_config()


def source(course: Path, name: str) -> Path:
    """Return the file of an assignment in a course: ours, of the class."""
    return course / "source" / name / f"{name}.ipynb"


@cache
def sheet(course: Path, name: str) -> judge.Sheet:
    """Return an assignment of a course, ready to be judged."""
    use_language(course.name)
    return judge.sheet(name, read(source(course, name)))


def _where(resources) -> tuple[Path, str]:
    """Return the course and the assignment that nbgrader is at."""
    database = resources["nbgrader"]["db_url"].removeprefix("sqlite:///").partition("?")[0]
    return Path(database).parent, resources["nbgrader"]["assignment"]


class Rebuild(NbGraderPreprocessor):
    """Replace a submission by our notebook with the student's solution cells."""

    def preprocess(self, notebook, resources):
        """Rebuild a submission."""
        course, name = _where(resources)
        ours = read(source(course, name))
        with Gradebook(resources["nbgrader"]["db_url"]) as gradebook:
            stubs = {
                cell.id: gradebook.find_source_cell(cell.id, name, name).source
                for cell in filter(assignments.is_solution, ours.cells)
            }
        return rebuild.rebuild(notebook, ours, stubs), resources


class RunAndJudge(NbGraderPreprocessor):
    """Run a rebuilt submission shut in, and judge its answers apart from it."""

    shut_in = Bool(True, help="Whether to refuse to grade without a sandbox.").tag(config=True)
    user = Unicode("", help="As whom students' code runs, if we are root.").tag(config=True)
    seconds = Float(sandbox.Limits.seconds, help="For each cell.").tag(config=True)
    memory = Int(sandbox.Limits.memory, help="In bytes.").tag(config=True)

    def limits(self) -> sandbox.Limits:
        """Return what a submission may use."""
        return sandbox.Limits(self.seconds, 4 * self.seconds, self.memory)

    def preprocess(self, notebook, resources):
        """Run and judge a submission."""
        ours = sheet(*_where(resources))
        solutions = {
            cell.id: cell.source for cell in notebook.cells if assignments.is_solution(cell)
        }
        work = sandbox.run(
            ours.cells(solutions), ours.inputs, self.limits(), self.shut_in, self.user
        )
        shown, answers, reason = judge.received(work.output, work.reason)
        judged = judge.Answers(ours, answers, reason)

        def tests(say):
            for name, outputs in judge.judge(ours, judged):
                say({"test": name, "outputs": outputs})

        limits = sandbox.Limits(total_seconds=JUDGING, memory=self.memory)
        said = sandbox.Work.of(tests, limits).wait().said()
        outputs = {each["test"]: each["outputs"] for each in said}
        late = [judge.message(translate(judge.REASONS["judging"]))]
        for cell in notebook.cells:
            if assignments.is_test(cell):
                cell.outputs = [new_output(**each) for each in outputs.get(cell.id, late)]
            elif cell.id in shown and assignments.is_solution(cell):
                cell.outputs = _outputs(*shown[cell.id])
        return notebook, resources


def _outputs(printed: str, error: str) -> list:
    """Return what a cell has shown, as outputs of a notebook."""
    outputs = [new_output("stream", name="stdout", text=printed)] if printed else []
    if error:
        lines = error.splitlines()
        outputs.append(new_output("error", ename="", evalue=lines[-1], traceback=lines))
    return outputs
