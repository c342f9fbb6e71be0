"""The library's docstrings, for the pages that show them."""

import re

# What the modules share among themselves: nothing for a reader to call.
HELPERS = {
    "lrcourse.datasets.Entry",
    "lrcourse.datasets.make_dataset",
    "lrcourse.experiments.running.catalogued",
    "lrcourse.explorer.widget.live_widget",
    "lrcourse.schedules.written",
    "lrcourse.training.progress_bar",
    "lrcourse.training.misfit",
    "lrcourse.training.side_by_side",
    "lrcourse.training.views",
    "lrcourse.training.warn_of_plan",
}


def name_examples(app, what, name, obj, options, lines):
    """Put a heading over a doctest that follows a section, which would count as its last entry."""
    sections = any(set(line) == {"-"} for line in lines)
    if sections and (examples := [i for i, line in enumerate(lines) if line.startswith(">>>")]):
        lines[examples[0] : examples[0]] = ["Examples", "--------"]


def skip_helpers(app, what, name, obj, skip, options):
    """Leave out helpers, and a named tuple's fields: its docstring says more than "Alias for"."""
    full = f"{getattr(obj, '__module__', '')}.{getattr(obj, '__qualname__', '')}"
    return True if full in HELPERS or type(obj).__name__ == "_tuplegetter" else None


def name_defaults(app, what, name, obj, options, signature, returned):
    """Name a function or a type that is a default, and leave out any other object.

    Examples
    --------
    >>> name_defaults(*[None] * 5, "(x, loss=<function mean>, dtype=<class 'float'>)", None)
    ('(x, loss=mean, dtype=float)', None)
    >>> name_defaults(*[None] * 5, "(data=<functools._lru_cache_wrapper object>)", "Data")
    ('(data=...)', 'Data')
    """
    named = re.sub(r"<(?:function|class) '?([\w.]+)'?>", r"\1", signature or "")
    return re.sub(r"<[\w.]+ object>", "...", named) or signature, returned


def setup(app):
    """Register the hooks, the first before the one that reads the sections."""
    app.connect("autodoc-process-docstring", name_examples, priority=400)
    app.connect("autodoc-process-signature", name_defaults)
    app.connect("autodoc-skip-member", skip_helpers)
