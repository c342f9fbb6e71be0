"""Where files are looked for."""

import os
from pathlib import Path

import pytest

from lrcourse.datasets import downloads

REAL = os.environ.get("LRCOURSE_DATA", "")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and no local folder."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(downloads, "cache_folder", lambda: folder)
    monkeypatch.delenv("LRCOURSE_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    return folder


@pytest.fixture
def real(cache, monkeypatch):
    """The local folder with the real data; without one the test is skipped."""
    if not REAL:
        pytest.skip("needs the real data: set LRCOURSE_DATA to the folder they are in")
    monkeypatch.setenv("LRCOURSE_DATA", REAL)
    return Path(REAL)
