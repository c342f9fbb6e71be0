"""The course's Sphinx extension: what its website does beyond a stock Jupyter Book."""

from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
# `book` builds the editions with this extension; `front` and `pdf` go on from there.
PARTS = (
    "anchors",
    "assignments",
    "cells",
    "chinese",
    "docstrings",
    "editions",
    "explorers",
    "figures",
    "glossary",
    "mathematics",
    "reading",
    "references",
    "search",
)


def setup(app):
    """Add the parts, their templates and their static files."""
    for part in PARTS:
        import_module(f"tools.site.{part}").setup(app)
    app.connect("config-inited", add_folders)
    app.add_css_file("course.css")
    app.add_js_file("course.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def add_folders(app, config):
    """Put this folder's templates before the theme's, its static files among the site's."""
    config.templates_path.insert(0, str(HERE / "templates"))
    config.html_static_path.append(str(HERE / "static"))
