"""What all tests need."""

import signal

from hypothesis import settings

# How long a test takes says how busy the machine is.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def pytest_configure():
    """Let interrupts reach the programs under test, even if the tests run in the background.

    A shell starts background jobs with interrupts ignored, and what they start inherits that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
