"""A real browser for the tests in this folder: the installed Chromium.

Where there is none the tests are skipped, unless REQUIRE_BROWSER is set, as it is in `.ci/run`.
"""

import functools
import http.server
import os
import threading
from pathlib import Path

import pytest

from tools.site.pdf import FLAGS, chromium

SITE = Path(__file__).resolve().parents[3] / "_site"


def pytest_collection_modifyitems(items):
    """Skip what needs a browser where there is none; let one that hangs try once more.

    A browser without a screen stops, now and then, in the middle of a page where it never
    stopped before. A test that fails fails; one that hangs twice fails too.
    """
    marks = [pytest.mark.timeout(600), pytest.mark.flaky(reruns=1, only_rerun="Timeout")]
    if not (chromium() or os.environ.get("REQUIRE_BROWSER")):
        marks = [pytest.mark.skip(reason="no Chromium or Chrome is installed")]
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for mark in marks:
                item.add_marker(mark)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Start the browser that is installed, which nothing downloads."""
    program = chromium()
    assert program, "REQUIRE_BROWSER is set, and no Chromium or Chrome is installed"
    flags = [flag for flag in FLAGS if "headless" not in flag]
    args = [*flags, "--no-sandbox", "--disable-dev-shm-usage"]
    return {**browser_type_launch_args, "executable_path": program, "args": args}


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Send files and keep no log."""

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="session")
def served():
    """Serve the site from a port of its own; a server that does nothing but send files."""
    assert SITE.exists(), "there is no site: run `make book` first"
    handler = functools.partial(Quiet, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class Tab:
    """A page of the site, open, with everything that went wrong on it."""

    def __init__(self, context, root):
        self.root, self.troubles, self.requests = root, [], []
        self.page = context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, path):
        """Go to a page of the site and wait until its scripts have run."""
        self.page.goto(self.root + path, wait_until="load")
        return self.page

    def _console(self, message):
        if message.type == "error":
            self.troubles.append(f"console: {message.text}")

    def _failed(self, request):
        leaving = request.is_navigation_request() or request.resource_type == "fetch"
        if leaving and "ERR_ABORTED" in request.failure:
            return  # who leaves a page ends what it was still loading
        self.troubles.append(f"failed: {request.url} {request.failure}")

    def _answered(self, response):
        if response.status >= 400:
            self.troubles.append(f"{response.status}: {response.url}")

    @property
    def elsewhere(self):
        """What was asked of other hosts."""
        return [url for url in self.requests if not url.startswith((self.root, "data:", "blob:"))]


@pytest.fixture
def tab(browser, served):
    """Return a function that opens a tab: of what size, in which colours, from where."""
    contexts = []

    def new(*, width=1280, dark=False, touch=False, folder=False):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            has_touch=touch,
            offline=folder,
        )
        contexts.append(context)
        return Tab(context, SITE.as_uri() + "/" if folder else served)

    yield new
    for context in contexts:
        context.close()
