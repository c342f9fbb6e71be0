"""Figures, tables and their language."""

import importlib
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
from lrcourse.tables import Table


@pytest.fixture(params=["en", "zh"])
def language(request):
    lrcourse.use_language(request.param)
    yield request.param
    lrcourse.use_language("en")


@pytest.fixture(scope="module")
def history():
    return school_district_runs(epochs=2, keep_path=True)


def every_picture(history):
    data, title = school_district(), "training loss"
    descent = descend(quadratic([1.0, 4.0]), SGD([0.1, 0.6]), [1.0, 1.0], 5)
    curve = quadratic(1.0, 2.0)
    yield plots.loss_curves(history, title=title)
    yield figures.sample_predictions(history, title=title)
    yield figures.loss_valley(history, data, title=title)
    yield figures.verdict_bars(verdicts(), title=title)
    yield plots.descent_errors(descent, title=title)
    yield plots.error_mountain(
        descent.landscape,
        descent,
        title=title,
        spans=((-2, 2), (-2, 2)),
        xlabel=title,
        ylabel=title,
    )
    yield plots.error_curve(
        curve, descent=descend(curve, SGD(0.1), 0.0, 4), span=(-1, 5), title=title
    )
    yield plots.spread(
        ["1", "2"], [[1, 2], [3, 4]], title=title, ylabel="training loss", marks=[1, 2]
    )
    yield plots.intervals(
        ["1", "2"], [1.0, 2.0], [0.5, 1.8], [2.0, 2.2], title=title, xlabel="training loss",
        level=1.0, log=True,
    )  # fmt: skip


def test_every_figure_draws_without_a_missing_glyph_in_both_languages(history, language):
    for picture in every_picture(history):
        png, size = picture._repr_png_()  # a warning is an error, see pyproject.toml
        assert png.startswith(b"\x89PNG")
        assert size["width"] == 640


def test_a_figure_has_the_same_bytes_every_time(history):
    first, second = (
        plots.loss_curves(history, title="training loss")._repr_png_() for _ in range(2)
    )
    assert first == second


def test_a_figure_says_what_it_shows_in_its_language(history, language):
    picture = plots.loss_curves(history, title="training loss")
    assert repr(picture) == {"en": "training loss", "zh": "训练损失"}[language]


def test_a_character_that_no_font_has_is_not_passed_over():
    lrcourse.use_language("zh")
    try:
        picture = plots.spread(["1"], [[1]], title="损失", ylabel="\U00013000 损失")
        with pytest.warns(UserWarning, match="missing from .*font"):
            picture._repr_png_()
    finally:
        lrcourse.use_language("en")


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # importing it fails
    monkeypatch.delitem(sys.modules, "lrcourse.plots")
    with pytest.raises(ModuleNotFoundError, match=r"^matplotlib is missing: .*lrcourse\[plots\]'$"):
        importlib.import_module("lrcourse.plots")


def test_without_the_chinese_font_a_chinese_figure_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "zhplot", None)
    plots.spread(["1"], [[1]], title="loss", ylabel="loss")
    lrcourse.use_language("zh")
    try:
        with pytest.raises(ModuleNotFoundError, match=r"^zhplot, .*lrcourse\[plots\]'$"):
            plots.spread(["1"], [[1]], title="loss", ylabel="loss")
    finally:
        lrcourse.use_language("en")


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


def test_a_label_without_chinese_is_noticed():
    lrcourse.use_language("zh")
    try:
        with pytest.warns(UserWarning, match="no Chinese for 'something new'"):
            assert translate("something new") == "something new"
        assert translate("学习率 {rate}", rate=1) == "学习率 1"
        assert translate("w = −w₁") == "w = −w₁"
        assert translate("weight w₁") == "权重 w₁"
    finally:
        lrcourse.use_language("en")


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
    assert header in table.text() and f"{header}" in table._repr_html_()


def test_a_table_is_escaped_in_html():
    assert "<b>" not in Table(["name"], [["<b>"]])._repr_html_()


def test_a_valley_needs_the_path():
    history = school_district_runs(0.1, epochs=1)
    with pytest.raises(ValueError, match="keep_path=True"):
        figures.loss_valley(history, school_district(), title="training loss")


def test_least_squares_pictures_need_no_quadratic():
    mountain = least_squares([[1.0, 1], [2, 1]], [1.0, 2])
    descent = descend(mountain, SGD(0.1), [0.0, 0.0], 3)
    picture = plots.error_mountain(
        mountain,
        descent,
        title="training loss",
        spans=((-1, 2), (-1, 2)),
        xlabel="weight w₁",
        ylabel="weight w₂",
    )
    assert len(picture.axes[0].lines) == 2
