"""The pages of the assignments: what they are for, where their notebook is, and the way to them.

tools/site/book.py puts them beside the chapters, named after these, and the notebooks to
download into a folder of their own; built without them, the chapters say nothing of them.
"""

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

PREFIX = "exercises-"
WORDS = {
    "en": {
        "chapter": ("An assignment that grades itself goes with this chapter: ", "."),
        "notebook": ("To solve these exercises, take the notebook ", "; it belongs to "),
        "class": (
            ". These are the numbers of the open class. If you learn in a class, "
            "take the notebook from your teacher: yours has other numbers."
        ),
    },
    "zh": {
        "chapter": ("本章另有一份自动评分的作业：", "。"),
        "notebook": ("做题请下载笔记本 ", "，它配合的是"),
        "class": (
            "。这里是公开班的数字。如果你在班上学习，请用老师发的笔记本，那里的数字与此不同。"
        ),
    },
}
# Buttons that would look for the page in the repository, where it is not.
NOT_HERE = {"launch-buttons", "source-file-button", "source-edit-button"}


class Assignments(SphinxTransform):
    """Lead from each chapter to its assignment, and from there to its notebook and back."""

    default_priority = 800  # as SectionAnchors

    def apply(self, **kwargs):
        """Add a sentence to a chapter's end, or below an assignment's title."""
        page = self.env.docname
        words = WORDS[self.config.language[:2]]
        if page.startswith(PREFIX):
            chapter = page.removeprefix(PREFIX)
            notebook = f"{chapter}.ipynb"
            before, between = words["notebook"]
            link = nodes.reference("", notebook, refuri=f"exercises/{notebook}", internal=True)
            text = nodes.paragraph("", before, link, nodes.Text(between))
            text += [title_of(chapter, page), nodes.Text(words["class"])]
            title = next(self.document.findall(nodes.title))
            place = title.parent.index(title) + 1
            title.parent.insert(place, nodes.container("", text, classes=["assignment"]))
        elif f"{PREFIX}{page}" in self.env.found_docs:
            before, after = words["chapter"]
            *_, last = self.document.findall(nodes.section)
            link = title_of(f"{PREFIX}{page}", page)
            last += nodes.paragraph("", before, link, nodes.Text(after), classes=["assignment"])


def title_of(page, here):
    """Make a link to a page that says the page's title."""
    return addnodes.pending_xref(
        "",
        nodes.inline(),
        refdomain="std",
        reftype="doc",
        refdoc=here,
        reftarget=f"/{page}",
        refexplicit=False,
        refwarn=True,
    )


def mend_buttons(app, pagename, templatename, context, doctree):
    """Let the buttons of an assignment's page lead to what there is of it."""
    if not pagename.startswith(PREFIX):
        return
    kept = [button for button in context["header_buttons"] if button["label"] not in NOT_HERE]
    for group in kept:
        if group["type"] == "group":
            inner = [button for button in group["buttons"] if button["label"] not in NOT_HERE]
            for button in inner:
                if button["label"] == "download-source-button":
                    button["url"] = f"exercises/{pagename.removeprefix(PREFIX)}.ipynb"
            group["buttons"] = inner
    context["header_buttons"] = kept


def setup(app):
    """Register the transform and the buttons."""
    app.add_transform(Assignments)
    app.connect("html-page-context", mend_buttons, priority=900)  # when the theme has made them
