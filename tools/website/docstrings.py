"""The library's docstrings, for the page that shows them."""


def name_examples(app, what, name, obj, options, lines):
    """Put a heading over a doctest that follows a section, which would count as its last entry."""
    sections = any(set(line) == {"-"} for line in lines)
    if sections and (examples := [i for i, line in enumerate(lines) if line.startswith(">>>")]):
        lines[examples[0] : examples[0]] = ["Examples", "--------"]


def skip_fields(app, what, name, obj, skip, options):
    """Leave out a named tuple's fields: its own docstring says more than "Alias for field"."""
    return True if type(obj).__name__ == "_tuplegetter" else None


def setup(app):
    """Register the hooks, the first before the one that reads the sections."""
    app.connect("autodoc-process-docstring", name_examples, priority=400)
    app.connect("autodoc-skip-member", skip_fields)
