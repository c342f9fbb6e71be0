"""An interactive figure in a notebook, alive or still."""

import base64
import functools
import sys
import warnings
from collections.abc import Callable
from importlib.resources import files

from lrcourse.explorer.figure import Figure
from lrcourse.explorer.picture import picture_of

# Names a figure and its settings in a stored notebook: the website makes it from these.
MIME = "application/vnd.lrcourse.explorer+json"
VIEW = "widget-view+json"
STATIC = files("lrcourse.explorer").joinpath("static")


class Explorer:
    """A figure to move: what the functions of `lrcourse.explorer` return.

    It has the `name` of the function that made it, its `settings`, and the `figure` with all its
    frames. A live notebook shows it as a widget, which asks the kernel for new frames when a
    setting is changed; a page without a kernel shows frames computed beforehand; paper, and
    everything else, a picture of its beginning.
    """

    def __init__(self, name: str, build: Callable[..., Figure], settings: dict):
        self.name, self.settings, self._build = name, settings, build
        self.figure = build(**settings)

    def __repr__(self):
        return repr(picture_of(self.figure))

    def _repr_mimebundle_(self, include=None, exclude=None):
        picture = picture_of(self.figure)
        dots, size = picture._repr_png_()
        alive, origin = self._alive()
        return alive | {
            MIME: {"figure": self.name, "settings": self.settings},
            "image/png": base64.b64encode(dots).decode(),
            "text/plain": repr(picture),
        }, origin | {"image/png": size}

    def _alive(self) -> tuple[dict, dict]:
        """Return the view of a live widget, if a kernel serves it, and its metadata for Colab."""
        ipython = sys.modules.get("IPython")  # which a kernel has loaded
        if ipython is None or getattr(ipython.get_ipython(), "kernel", None) is None:
            return {}, {}
        try:
            widget = live_widget(self)
        except ModuleNotFoundError as problem:
            warnings.warn(f"{problem}: a picture is shown in its place", stacklevel=2)
            return {}, {}
        data, metadata = widget._repr_mimebundle_()
        return {kind: each for kind, each in data.items() if kind.endswith(VIEW)}, metadata

    def changed(self, **settings) -> "Explorer":
        """Return the same figure with some settings changed; wrong ones raise as when made."""
        return Explorer(self.name, self._build, self.settings | settings)


def explorable(build: Callable[..., Figure]) -> Callable[..., Explorer]:
    """Let a function that builds a figure from keyword arguments return its `Explorer`."""

    @functools.wraps(build)
    def explorer(**settings):
        defaults = build.__kwdefaults__ or {}
        return Explorer(build.__name__, build, defaults | settings)

    return explorer


def live_widget(explorer: Explorer):
    """Return the widget of a figure, which computes frames when the page asks for them."""
    try:
        import anywidget
        import traitlets
    except ModuleNotFoundError as problem:
        message = f"{problem.name} is missing: pip install 'lrcourse[widgets]'"
        raise ModuleNotFoundError(message, name=problem.name) from None

    class LiveFigure(anywidget.AnyWidget):
        _esm = STATIC.joinpath("explorer.js").read_text("utf-8")
        _css = STATIC.joinpath("explorer.css").read_text("utf-8")
        data = traitlets.Dict().tag(sync=True)
        settings = traitlets.Dict().tag(sync=True)
        problem = traitlets.Unicode().tag(sync=True)
        wanted = traitlets.Bool(False).tag(sync=True)

        @traitlets.observe("wanted", "settings")
        def _compute(self, change):
            if not self.wanted:
                return
            try:
                self.data = explorer.changed(**self.settings).figure.data()
            except (TypeError, ValueError) as error:
                self.problem = str(error)
            else:
                self.problem = ""

    return LiveFigure(settings=explorer.settings)
