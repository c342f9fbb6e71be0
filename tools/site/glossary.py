"""The glossary: the terms of one group of a YAML file, each with its name in both languages.

Every term is an anchor, its English name with dashes, which both editions share.
"""

from pathlib import Path

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

CHAPTER = {"en": "[Chapter {number}]({file}.ipynb)", "zh": "[第 {number} 章]({file}.ipynb)"}


class Glossary(SphinxDirective):
    """List the terms of a group, in the order of the file."""

    required_arguments = 1
    option_spec = {"group": directives.unchanged_required}

    def run(self):
        """Make a definition list, one term an item."""
        name, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(name)
        language = self.config.language[:2]
        try:
            groups = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
            group = groups[self.options["group"]]
            items = [self.item(entry, language) for entry in group]
        except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
            raise self.error(f"cannot read {name}: {error!r}") from error
        return [nodes.definition_list("", *items, classes=["glossary"])]

    def item(self, entry, language):
        """Lay out a term: its name here, its name there, what it means, where it is explained."""
        other = "zh" if language == "en" else "en"
        term = nodes.term("", entry[language], ids=[entry["en"].lower().replace(" ", "-")])
        if entry[other] != entry[language]:
            foreign = nodes.inline("", entry[other], classes=["foreign"])
            term += [nodes.Text(" "), foreign]
        number = int(entry["chapter"].split("-")[0])
        chapter = CHAPTER[language].format(number=number, file=entry["chapter"])
        space = " " if language == "en" else ""
        text = f"{entry['means'][language]}{space}{chapter}"
        means, messages = self.state.inline_text(text, self.lineno)
        definition = nodes.definition("", nodes.paragraph("", "", *means), *messages)
        return nodes.definition_list_item("", term, definition)


def setup(app):
    """Register the directive."""
    app.add_directive("terms", Glossary)
