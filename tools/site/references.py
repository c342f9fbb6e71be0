"""The references page: each entry of a BibTeX file, under its key as anchor.

Chapters cite with a plain link, `[Adam](references.md#kingma2015)`, which reads well wherever the
notebook is opened; a key that does not exist is a warning, so `make book` fails.
"""

import re

from docutils import nodes
from docutils.parsers.rst import directives
from pybtex.database import parse_file
from pybtex.exceptions import PybtexError
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective


class References(SphinxDirective):
    """List the entries that have a keyword, in the order of the file."""

    required_arguments = 1
    option_spec = {"keyword": directives.unchanged_required}

    def run(self):
        """Make a list, one entry an item."""
        name, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(name)
        try:
            entries = parse_file(path, bib_format="bibtex").entries.values()
        except (OSError, PybtexError) as error:
            raise self.error(f"cannot read {name}: {error}") from error
        keyword = self.options.get("keyword")
        items = [
            nodes.list_item("", layout(entry, self.config.language), ids=[entry.key])
            for entry in entries
            if keyword in re.split(r",\s*", entry.fields.get("keywords", ""))
        ]
        if not items:
            raise self.error(f"{name} has no entry with the keyword {keyword}")
        return [nodes.bullet_list("", *items, classes=["references"])]


def layout(entry, language):
    """Lay out an entry: authors, title, where it appeared, link, remark."""
    fields = {name: plain(text) for name, text in entry.fields.items()}
    venue = fields.get("journal") or fields.get("booktitle") or fields.get("howpublished", "")
    issue = fields.get("volume", "") + (f"({fields['number']})" if "number" in fields else "")
    appeared = [f"{venue} {issue}".strip(), fields.get("pages"), fields.get("year")]

    text = nodes.paragraph()
    if names := ", ".join(full_name(person) for person in entry.persons.get("author", [])):
        text += nodes.Text(f"{names}. ")
    text += nodes.strong("", fields["title"])
    text += nodes.Text(". " + ", ".join(filter(None, appeared)) + ". ")
    if url := address(fields):
        label = url.removeprefix("https://")
        text += nodes.reference("", label if len(label) < 50 else label.split("/")[0], refuri=url)
        text += nodes.Text(". ")
    text += nodes.Text(fields.get("note_zh" if language == "zh_CN" else "note", ""))
    return text


def plain(text):
    """Take the TeX out of a field: braces and the dash of number ranges."""
    return text.replace("{", "").replace("}", "").replace("--", "–")


def full_name(person):
    """Write a name as it is spoken; BibTeX's "others" becomes what all languages know."""
    if person.last_names == ["others"]:
        return "et al"
    parts = person.first_names + person.middle_names + person.prelast_names + person.last_names
    return plain(" ".join(parts))


def address(fields):
    """Find the best link of an entry."""
    if "doi" in fields:
        return f"https://doi.org/{fields['doi']}"
    if "eprint" in fields:
        return f"https://arxiv.org/abs/{fields['eprint']}"
    return fields.get("url")


class LinkableReferences(SphinxTransform):
    """Let MyST's links to a page's headings find its references, too."""

    default_priority = 800  # as SectionAnchors

    def apply(self, **kwargs):
        """Add the keys to MyST's table of this page's anchors."""
        for bullets in self.document.findall(nodes.bullet_list):
            if "references" in bullets["classes"]:
                for item in bullets:
                    key = item["ids"][0]
                    self.document.myst_slugs[key] = (item.line, key, key)


def setup(app):
    """Register the directive."""
    app.add_directive("references", References)
    app.add_transform(LinkableReferences)
