"""nbgrader with steps of ours: cells restored, tests run apart, feedback without the tests."""

import os
import sys
from contextlib import suppress
from pathlib import Path

from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbformat import NotebookNode, from_dict
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    ClearOutput,
    DeduplicateIds,
    GetGrades,
    IgnorePattern,
    LimitOutput,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from traitlets import Bool, Float, Int, Unicode
from traitlets.config import Config

from lrcourse import use_language
from tools.grading import apart, sandbox
from tools.grading.session import Ended, Session
from tools.text.pages import read

# nbgrader calls alembic, and finds it only if the environment's commands are on the path.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

STUBS = {
    "en": ("# YOUR CODE HERE\nraise NotImplementedError()", "YOUR ANSWER HERE"),
    "zh": ("# 在这里写代码\nraise NotImplementedError()", "在这里写答案"),
}


def configuration(course: Path, language: str) -> Config:
    """Return the configuration of a course, for nbgrader's commands and for ours.

    Parameters
    ----------
    course : Path
        Its folder, ``exercises/courses/CLASS/LANGUAGE``.
    language : {"en", "zh"}
    """
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
    # Rubrics stand in locked cells, which autograding restores, rather than in tasks.
    config.ClearMarkScheme.enforce_metadata = False
    # In a submission anything may stand anywhere; of the sources `grading.form` takes care.
    config.ClearHiddenTests.enforce_metadata = False
    config.RestoreCells.source = str(course / "source")
    config.RunApart.language = language
    config.Autograde.sanitize_preprocessors = [
        RestoreCells,
        ClearOutput,
        DeduplicateIds,
        OverwriteKernelspec,
        OverwriteCells,
        CheckCellMetadata,
    ]
    config.Autograde.autograde_preprocessors = [
        RunApart,
        IgnorePattern,
        ClearMetadataPreprocessor,
        LimitOutput,
        SaveAutoGrades,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    config.GenerateFeedback.preprocessors = [
        GetGrades,
        ClearHiddenTests,
        CSSHTMLHeaderPreprocessor,
    ]
    config.HTMLExporter.sanitize_html = True  # what a submission shows may be a script
    return config


class RestoreCells(NbGraderPreprocessor):
    """Give each cell the metadata of its original, and put back the cells that were deleted."""

    source = Unicode(help="The folder of the course's sources.").tag(config=True)

    def preprocess(self, notebook, resources):
        """Restore a submission's cells."""
        about = resources["nbgrader"]
        names = (about["notebook"], about["assignment"])
        source = read(Path(self.source) / names[1] / f"{names[0]}.ipynb")
        originals = {name: cell for cell in source.cells if (name := apart.grade_id(cell))}
        for cell in notebook.cells:
            original = originals.get(_claimed(cell))
            about_cell = {} if original is None else {"nbgrader": original.metadata.nbgrader}
            cell.metadata = from_dict(about_cell)
        with Gradebook(resources["nbgrader"]["db_url"]) as gradebook:
            released = {name: gradebook.find_source_cell(name, *names).source for name in originals}
        put_back(notebook, originals, released)
        return notebook, resources


def put_back(notebook: NotebookNode, originals: dict, released: dict[str, str]) -> None:
    """Insert each cell that a submission lacks, after the one that it follows in the source."""
    there = {apart.grade_id(cell) for cell in notebook.cells}
    ids = {cell.get("id") for cell in notebook.cells}
    before = None
    for name, original in originals.items():
        if name not in there:
            cell = from_dict({**original, "source": released[name]})
            if cell.id in ids:
                cell.id = f"{cell.id[:50]}-restored"
            at = [apart.grade_id(some) for some in notebook.cells].index(before) + 1
            notebook.cells.insert(at if before else 0, cell)
        before = name


def _claimed(cell: NotebookNode) -> str | None:
    """Return the grade id that a cell says it has, if it is one."""
    with suppress(AttributeError, KeyError, TypeError):
        name = cell.metadata["nbgrader"]["grade_id"]
        return name if isinstance(name, str) else None
    return None


class RunApart(NbGraderPreprocessor):
    """Execute a submission in a sandbox and its tests outside; see `grading.apart`."""

    language = Unicode("en", help="The language of messages.").tag(config=True)
    shut_in = Bool(True, help="Whether to refuse to grade without a sandbox.").tag(config=True)
    seconds = Float(sandbox.Limits.seconds, help="For each cell.").tag(config=True)
    total_seconds = Float(sandbox.Limits.total_seconds, help="For all.").tag(config=True)
    memory = Int(sandbox.Limits.memory, help="In bytes.").tag(config=True)

    def preprocess(self, notebook, resources):
        """Execute a submission."""
        about = resources["nbgrader"]
        ours = {}
        with Gradebook(about["db_url"]) as gradebook:
            names = (about["notebook"], about["assignment"])
            for cell in gradebook.find_notebook(*names).source_cells:
                if cell.locked and cell.cell_type == "code":
                    ours[cell.name] = (cell.source, _has_points(gradebook, cell.name, *names))
        use_language(self.language)
        limits = sandbox.Limits(
            seconds=self.seconds, total_seconds=self.total_seconds, memory=self.memory
        )
        with Session(limits, self.shut_in) as session, suppress(Ended):
            apart.run(notebook, session, ours)
        return notebook, resources


def _has_points(gradebook: Gradebook, name: str, *where: str) -> bool:
    try:
        gradebook.find_grade_cell(name, *where)
    except MissingEntry:
        return False
    return True
