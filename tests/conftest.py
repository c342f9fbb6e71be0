"""What all tests need."""

import signal

import pytest
from hypothesis import settings

import lrcourse

# The same examples every time, and no more than pay; how long one takes says how busy the
# machine is.
settings.register_profile("fixed", derandomize=True, max_examples=30, deadline=None, database=None)
settings.load_profile("fixed")


def pytest_configure():
    """Let interrupts reach the programs under test, even if the tests run in the background.

    A shell starts background jobs with interrupts ignored, and what they start inherits that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(params=["en", "zh"])
def language(request):
    """The test runs in English and in Chinese."""
    lrcourse.use_language(request.param)
    yield request.param
    lrcourse.use_language("en")


@pytest.fixture
def chinese():
    """The test runs in Chinese."""
    lrcourse.use_language("zh")
    yield
    lrcourse.use_language("en")
