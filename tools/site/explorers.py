"""Interactive figures: the page holds the picture, and a script puts the live one in its place.

A notebook stores which figure it shows, with which settings. Its frames are computed here by
the library and lie beside the page in files of their own, which the script loads when their
figure comes near: as scripts, since a page in a folder may load those but no data.
"""

import hashlib
import json
from html import escape
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util.display import status_iterator

from lrcourse import explorer, use_language

HERE = Path(__file__).parent
OPENING = '<div class="explorer" data-explorer="{}"><div class="explorer-still">'


class Explorers(SphinxTransform):
    """Mark the outputs that are interactive figures, and remember what they show."""

    default_priority = 790

    def apply(self, **kwargs):
        """Go through the cells while MyST-NB still has them as containers."""
        path = self.env.doc2path(self.env.docname)
        figures = self.env.metadata[self.env.docname].setdefault("explorers", {})
        if not path.endswith(".ipynb"):
            return
        cells = nbformat.read(path, 4).cells
        for container in list(self.document.findall(nodes.container)):
            if container.get("nb_element") != "cell_code":
                continue
            shown = [
                out for out in cells[container["cell_index"]].get("outputs", ()) if "data" in out
            ]
            bundles = [
                node
                for node in container.findall(nodes.container)
                if node.get("nb_element") == "mime_bundle"
            ]
            for output, bundle in zip(shown, bundles, strict=True):
                if asked := output.data.get(explorer.MIME):
                    name = digest(asked)
                    figures[name] = dict(asked)
                    wrap(bundle, OPENING.format(escape(name)), "</div></div>")


def outdated(app, env, added, changed, removed):
    """Name the pages whose figures another state of the library computed, to be read again."""
    return [
        page
        for page, metadata in env.metadata.items()
        if any(digest(asked) != name for name, asked in metadata.get("explorers", {}).items())
    ]


def wrap(node, before, after):
    """Put a node between two pieces of HTML."""
    place = node.parent.index(node)
    node.parent.insert(place + 1, nodes.raw("", after, format="html"))
    node.parent.insert(place, nodes.raw("", before, format="html"))


def digest(asked) -> str:
    """Name the frames of a figure by what decides them: its settings and the library."""
    sources = sorted(Path(explorer.__file__).parent.parent.rglob("*.py"))
    everything = json.dumps(asked, sort_keys=True).encode() + b"".join(
        source.read_bytes() for source in [*sources, sources[0].parent / "labels.json"]
    )
    return f"{asked['figure']}-{hashlib.sha256(everything).hexdigest()[:10]}"


def add_script(app, page, template, context, doctree):
    """Load the script on pages that have a figure for it."""
    if app.env.metadata.get(page, {}).get("explorers"):
        app.add_css_file("explorer.css")
        app.add_js_file("explorer.js", loading_method="defer")


def write_frames(app, exception):
    """Compute the frames of all figures that are not there from an earlier build."""
    if exception or app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static"
    source = explorer.STATIC.joinpath("explorer.js").read_text("utf-8")
    # The module as a plain script, which a page may load from a folder too.
    source = source.replace(
        "export default { render };\n", (HERE / "explorers.js").read_text("utf-8")
    )
    (folder / "explorer.js").write_text(f"(() => {{\n{source}}})();\n", encoding="utf-8")
    (folder / "explorer.css").write_bytes(explorer.STATIC.joinpath("explorer.css").read_bytes())
    (folder / "explorer").mkdir(exist_ok=True)
    wanted = {
        name: asked
        for page in app.env.metadata.values()
        for name, asked in page.get("explorers", {}).items()
    }
    files = {name: folder / "explorer" / f"{name}.js" for name in wanted}
    for old in set((folder / "explorer").glob("*.js")) - set(files.values()):
        old.unlink()
    missing = [name for name, file in files.items() if not file.exists()]
    use_language(app.config.language[:2])
    for name in status_iterator(missing, "computing figures... ", "darkgreen", len(missing)):
        asked = wanted[name]
        data = explorer.FIGURES[asked["figure"]](**asked["settings"]).figure.data()
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        files[name].write_text(f"lrcourseExplorer({json.dumps(name)},{text})", encoding="utf-8")


def allow_the_mime_type(app, config):
    """Say nothing of the output that is read here."""
    config.suppress_warnings.append("mystnb.unknown_mime_type")


def setup(app):
    """Register the transform, the script and the frames."""
    app.add_transform(Explorers)
    app.connect("config-inited", allow_the_mime_type)
    app.connect("env-get-outdated", outdated)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_frames)
