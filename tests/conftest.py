"""What all tests need."""

import signal

from hypothesis import settings

# The same examples every time, and no more than pay; how long one takes says how busy the
# machine is.
settings.register_profile("fixed", derandomize=True, max_examples=30, deadline=None, database=None)
settings.load_profile("fixed")


def pytest_configure():
    """Let interrupts reach the programs under test, even if the tests run in the background.

    A shell starts background jobs with interrupts ignored, and what they start inherits that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
