"""Figures, tables and their language."""

import json
import re
import sys

import numpy as np
import pytest

import lrcourse
from lrcourse import plots
from lrcourse.book import figures
from lrcourse.book.claims import verdicts
from lrcourse.datasets import school_district
from lrcourse.experiments import school_district_runs
from lrcourse.landscapes import descend, least_squares, quadratic
from lrcourse.language import labels, translate
from lrcourse.optimizers import SGD
from lrcourse.search import RangeTest, Search
from lrcourse.tables import Table


@pytest.fixture(scope="module")
def history():
    return school_district_runs(epochs=2, keep_path=True)


def every_picture(history):
    title = "training loss"
    axes = {"title": title, "xlabel": title, "ylabel": title}
    bowl, curve, slope = (
        quadratic([1.0, 4.0]),
        quadratic(1.0, 2.0),
        least_squares([[1, 1], [2, 1]], [1.0, 2]),
    )
    descent = descend(bowl, SGD([0.1, 0.6]), [1.0, 1.0], 5)
    slide, spans = descend(curve, SGD(0.1), 0.0, 4), ((-2, 2), (-2, 2))
    yield plots.loss_curves(history, title=title)
    yield figures.sample_predictions(history, title=title)
    yield figures.loss_valley(history, school_district(), title=title)
    yield figures.verdict_bars(verdicts(), title=title)
    yield plots.descent_errors(descent, title=title)
    yield plots.error_mountain(bowl, descent, spans=spans, **axes)
    yield plots.error_mountain(slope, descend(slope, SGD(0.1), [0, 0], 3), spans=spans, **axes)
    yield plots.error_curve(curve, descent=slide, span=(-1, 5), title=title)
    yield plots.spread(["1", "2"], [[1, 2], [3, 4]], title=title, ylabel=title, marks=[1, 2])
    yield plots.intervals(
        ["1", "2"], [1, 2], [0.5, 1.8], [2, 2.2], title=title, xlabel=title, level=1.0, log=True
    )
    yield plots.search_results(
        Search(np.array([0.1, 1.0]), np.ones((3, 2)), np.zeros(2, int)), title=title
    )
    yield plots.range_test_curves(RangeTest(np.array([1.0, 2.0]), np.ones((1, 2))), title=title)


def test_every_figure_draws_without_a_missing_glyph_in_both_languages(history, language):
    for picture in every_picture(history):
        png, size = picture._repr_png_()  # a warning is an error, see pyproject.toml
        assert png.startswith(b"\x89PNG")
        assert size["width"] == 640
    assert repr(picture) == {"en": "training loss", "zh": "训练损失"}[language]
    assert picture._repr_png_()[0] == png  # the same bytes every time
    with pytest.raises(ValueError, match="keep_path=True"):
        history = school_district_runs(0.1, epochs=1)
        figures.loss_valley(history, school_district(), title="training loss")


def test_what_no_font_has_is_not_passed_over_and_a_missing_font_is_named(chinese, monkeypatch):
    picture = plots.spread(["1"], [[1]], title="损失", ylabel="\U00013000 损失")
    with pytest.warns(UserWarning, match="missing from .*font"):
        picture._repr_png_()
    monkeypatch.setitem(sys.modules, "zhplot", None)
    with pytest.raises(ModuleNotFoundError, match=r"^zhplot, .*lrcourse\[plots\]'$"):
        plots.spread(["1"], [[1]], title="loss", ylabel="loss")
    lrcourse.use_language("en")
    plots.spread(["1"], [[1]], title="loss", ylabel="loss")


def test_labels_at_the_ends_of_lines_do_not_touch():
    lines = [np.full(5, height) for height in (1.0, 1.001, 1.002, 5.0)]
    picture = plots.curves(
        np.arange(5),
        lines,
        list("abcd"),
        xlabel="step",
        ylabel="training loss",
        title="training loss",
    )
    heights = sorted(text.xy[1] for text in picture.axes[0].texts)
    assert np.diff(heights).min() > 0.06


def test_a_label_without_chinese_is_noticed(chinese):
    with pytest.warns(UserWarning, match="no Chinese for 'something new'"):
        assert translate("something new") == "something new"
    assert translate("学习率 {rate}", rate=1) == "学习率 1"
    assert translate("w = −w₁") == "w = −w₁"
    assert translate("weight w₁") == "权重 w₁"


def test_labels_keep_their_fields_in_chinese():
    for english, chinese in labels().items():
        assert re.findall(r"{.*?}", english) == re.findall(r"{.*?}", chinese), english
        assert not chinese.isascii() or english.lower() == chinese.lower(), english


def test_a_table_rounds_for_people_and_not_for_programs(language):
    table = Table(["learning_rate", "diverged_at"], [[0.123456789, None], [float("nan"), 5]])
    assert "0.1235" in table.text() and "0.123456789" not in table.text()
    assert table.csv().splitlines()[1:] == ["0.123456789,", "nan,5"]
    assert json.loads(table.json())[1] == {"learning_rate": None, "diverged_at": 5}
    header = {"en": "learning_rate", "zh": "学习率"}[language]
    assert header in table.text() and header in table._repr_html_()
    assert "<1>" not in Table(["learning_rate"], [["<1>"]])._repr_html_()
