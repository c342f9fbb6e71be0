"""The page that a student gets back: nbgrader's feedback, in the course's language.

It stands by itself: no script, no picture, formulas as MathML, nothing that asks a network.
What a student wrote is text on it and nothing else.
"""

import html
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbconvert.exporters import Exporter
from nbgrader.api import Gradebook
from traitlets import Bool

from lrcourse import use_language
from lrcourse.language import translate
from tools.grading import assignments

MARK_SCHEME = re.compile(r"\s*=== BEGIN MARK SCHEME ===(.*?)=== END MARK SCHEME ===\s*", re.S)
# What a student's formula may say of itself; anything else could be a link or a style.
SAFE = {"display", "mathvariant", "stretchy", "columnalign", "form", "accent", "width"}
SAFE |= {"lspace", "rspace"}
NAMED = re.compile(r"&(?!lt|gt|amp|quot)\w+;")  # characters whose names XML does not know


class Page(Exporter):
    """nbgrader's feedback as a page of ours."""

    file_extension = ".html"
    rubric = Bool(False, help="Whether students see the rubric.").tag(config=True)
    plain = Bool(False, help="Whether written answers are shown as they stand.").tag(config=True)

    def from_notebook_node(self, nb, resources=None, **more):
        """Return the page of a graded notebook."""
        about = resources["nbgrader"]
        where = (about["notebook"], about["assignment"], about["student"])
        with Gradebook(about["db_url"]) as gradebook:
            submission = gradebook.find_submission(*where[1:])
            graded = gradebook.find_submission_notebook(*where)
            grades = {each.name: each for each in graded.grades}
            comments = {each.name: each.comment for each in graded.comments}
            summary = score(submission)
            language = Path(about["db_url"].partition("?")[0]).parent.name
            use_language(language)
            cells = [self.cell(cell, grades.get(cell.id), comments) for cell in nb.cells]
        page = _template().render(
            language=language,
            student=about["student"],
            cells=[cell for cell in cells if cell],
            notes=[
                translate(text, name=name)
                for text, name in nb.metadata.get("grading", {}).get("notes", [])
            ],
            words={text: translate(text) for text in WORDS},
            **summary,
        )
        resources["output_extension"] = self.file_extension
        return page, resources

    def cell(self, cell, grade, comments) -> dict | None:
        """Return what the page shows of a cell; nothing of the code that we gave."""
        answer = assignments.is_solution(cell)
        if cell.cell_type == "code" and not answer and grade is None:
            return None
        comment = comments.get(cell.id)
        comment = translate(comment) if comment == "No response." else comment
        shown = {"points": grade and points(grade), "comment": comment}
        if cell.cell_type == "code":
            errors = ["\n".join(each.traceback) for each in cell.outputs if "traceback" in each]
            return shown | {
                "kind": "answer" if answer else "test",
                "code": cell.source if answer else "",
                "printed": [output.text for output in cell.outputs if "text" in output],
                "errors": errors,
            }
        scheme = "" if answer else "".join(MARK_SCHEME.findall(cell.source))
        text = cell.source if answer else MARK_SCHEME.sub("\n\n", cell.source)
        text = text.replace("&lt;", "<") if answer else text
        return shown | {
            "kind": "written" if answer else "text",
            "html": f"<pre>{html.escape(text)}</pre>" if answer and self.plain else rendered(text),
            "rubric": rendered(scheme) if scheme and self.rubric else "",
        }


WORDS = (
    "Feedback for {student}",
    "{score} of {points} points",
    "so far",
    "{points} points are not graded yet",
    "not graded yet",
    "late: −{points}",
    "Comment",
    "Rubric",
    "Your answer",
    "Test",
    "Right.",
)


def score(submission) -> dict:
    """Return the points of a submission, as `nbgrader export` counts them.

    Parameters
    ----------
    submission : nbgrader.api.SubmittedAssignment
    """
    penalty = submission.late_submission_penalty or 0.0
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    return {
        "score": max(0.0, submission.score - penalty),
        "raw": submission.score,
        "penalty": penalty,
        "max": submission.max_score,
        "auto": sum(grade.auto_score or 0.0 for grade in grades),
        "waiting": sum(grade.max_score for grade in grades if waits(grade)),
    }


def waits(grade) -> bool:
    """Say whether an answer has still to be read: neither a test nor a person has judged it."""
    return grade.auto_score is None and grade.manual_score is None


def points(grade) -> tuple[float | None, float]:
    """Return the points of an answer, or None if it waits, and the most that it can get."""
    return None if waits(grade) else grade.score, grade.max_score


def rendered(text: str) -> str:
    """Return Markdown as HTML: no tag of its own, no picture, formulas as MathML."""
    return _markdown().render(text)


def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    return parser.use(dollarmath_plugin, renderer=formula, allow_digits=True)


def formula(latex: str, options: dict) -> str:
    """Return a formula as MathML, or as it was written if it cannot be typeset."""
    from xml.etree import ElementTree

    from tools.site.mathematics import mathml

    display = "block" if options["display_mode"] else "inline"
    try:
        text = NAMED.sub(lambda name: html.unescape(name[0]), mathml(latex, display))
        math = ElementTree.fromstring(text)
    except Exception:  # of many kinds, for a student may have written anything
        return f"<code>{html.escape(latex)}</code>"
    for element in math.iter():
        element.attrib = {k: v for k, v in element.attrib.items() if k in SAFE}
    return ElementTree.tostring(math, encoding="unicode")


def _template():
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = lambda value: f"{value:g}"
    return environment.get_template("feedback.html.j2")
