"""Figures with sliders, with a kernel and without.

Each function here computes everything that its figure can show and returns it as an
`Explorer`. The same small script draws it on the website, from frames computed when the site
was built, and in a live notebook, where the kernel computes new ones.
"""

import lrcourse.plots  # noqa: F401  it says what to install where matplotlib is missing
from lrcourse.explorer.descent import descent
from lrcourse.explorer.noise import noise
from lrcourse.explorer.race import race
from lrcourse.explorer.range_test import range_test
from lrcourse.explorer.schedules import schedules
from lrcourse.explorer.table import table
from lrcourse.explorer.widget import MIME, STATIC, Explorer, live_widget

FIGURES = {
    "descent": descent,
    "noise": noise,
    "race": race,
    "range_test": range_test,
    "schedules": schedules,
    "table": table,
}

__all__ = ["FIGURES", "MIME", "STATIC", "Explorer", "live_widget", *FIGURES]
