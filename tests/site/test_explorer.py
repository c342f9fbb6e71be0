"""The interactive figures show what the library computes, and travel light."""

import gzip
import importlib
import json
import re
import sys
import types

import numpy as np
import pytest

from lrcourse import explorer, fit, search, use_language
from lrcourse.book import records
from lrcourse.book.sources import SAMPLES
from lrcourse.datasets import LIKE_THE_TEXTBOOK, Data, digits, school_district
from lrcourse.datasets.splits import shuffled_split
from lrcourse.experiments import autoencoder, school_district_runs
from lrcourse.explorer.figure import SIDE, Axis, Control, Figure, Panel, Readout, Series
from lrcourse.landscapes import classify, descend, quadratic
from lrcourse.models import LogisticRegression, MultilayerPerceptron
from lrcourse.optimizers import SGD, Adam
from tools.site import explorers

schedules, race = (importlib.import_module(f"lrcourse.explorer.{x}") for x in ("schedules", "race"))

SCHEDULES = ("schedules", {"seeds": [0, 1]})
RACE = ("race", {})

# The settings that the chapters use.
SHOWN = [
    ("descent", {"curvature": [7.5], "start": [-2.0]}),
    ("descent", {"curvature": [0.2, 1.0], "start": [-4.0, 3.0]}),
    SCHEDULES,
    RACE,
    ("table", {}),
    ("noise", {"reference": 0.005, "rate": 0.004}),
    ("range_test", {}),
]


@pytest.fixture(params=["en", "zh"])
def language(request):
    use_language(request.param)
    yield request.param
    use_language("en")


@pytest.fixture(scope="module")
def figures():
    return {json.dumps(each): explorer.FIGURES[each[0]](**each[1]).figure for each in SHOWN}


def compressed(text: str) -> float:
    return len(gzip.compress(text.encode(), mtime=0)) / 1024


@pytest.mark.parametrize("shown", SHOWN, ids=str)
def test_frames_are_small_and_in_the_readers_language(shown, figures, language):
    data = figures[json.dumps(shown)].data()
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    assert compressed(text) <= 150
    assert compressed(explorer.STATIC.joinpath("explorer.js").read_text("utf-8")) <= 20
    labels = [data["about"], *data["words"].values()]
    labels += [panel["title"] for panel in data["panels"]]
    labels += [axis["label"] for panel in data["panels"] for axis in (panel["x"], panel["y"])]
    labels += [each["label"] for each in data["controls"] + data["readouts"] + data["groups"]]
    if language == "zh":
        assert not [each for each in labels if each.isascii() and each not in NAMES]


# Methods and symbols that Chinese texts call by the same name.
NAMES = {"x", "y", "b", "SGD", "Nesterov", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW"}


def unpacked(packed):
    """What the script makes of an array, in Python."""
    rows = np.array(packed["values"].split(" ")).reshape(packed["shape"])
    numbers = np.full(rows.shape, np.nan)
    for place in np.ndindex(rows.shape[:-1]):
        last = 0
        for i, text in enumerate(rows[place]):
            last = last + int(text) if text else 0
            numbers[(*place, i)] = last if text else np.nan
    return numbers


def test_packing_keeps_places_to_a_thousandth_of_the_panel():
    numbers = np.random.default_rng(0)
    x = np.sort(numbers.uniform(0, 10, 30))
    y = 10 ** numbers.uniform(-3, 3, (4, 30))
    y[2, [0, 7, 8, 29]] = np.nan
    y[3, 5] = np.inf
    panel = Panel("", Axis("", 0, 10), Axis("", 1e-3, 1e3, log=True), [Series(x, y, ["run"])])
    figure = Figure("", [Control("run", "", list("abcd"))], [panel])
    series = figure.data()["panels"][0]["series"][0]
    assert np.abs(unpacked(series["x"]) - x * SIDE / 10).max() <= 0.5
    drawn, meant = unpacked(series["y"]), SIDE * (1 - (np.log10(y) + 3) / 6)
    assert (np.isnan(drawn) == np.isnan(y)).all()
    assert drawn[3, 5] == -3 * SIDE  # far above the panel
    inside = np.isfinite(y)
    assert np.abs(drawn - meant)[inside].max() <= 0.5


@pytest.mark.parametrize("momentum", range(5))
def test_descent_shows_what_descend_computes(momentum, figures):
    figure = figures[json.dumps(SHOWN[1])]
    rates = [float(text) for text in figure.controls[0].texts]
    betas = [float(text) for text in figure.controls[1].texts]
    scenario, steps, error = (readout.texts()[momentum] for readout in figure.readouts)
    for position in range(0, len(rates), 7):
        bowl = quadratic([0.2, 1.0])
        optimizer = SGD(rates[position], momentum=betas[momentum])
        alone = descend(bowl, optimizer, [-4.0, 3.0], 40)
        assert scenario[position] == classify(alone)[0]
        share = alone.errors[:, 0] / alone.errors[0, 0]
        if steps[position] != "–":
            assert (share[int(steps[position]) :] <= 0.01).all()
            assert share[int(steps[position]) - 1] > 0.01
        else:
            assert share[-1] > 0.01
        assert float(error[position]) == pytest.approx(alone.errors[-1, 0], rel=0.01)


def test_the_thresholds_of_a_parabola_are_positions_of_the_slider(figures):
    rate = figures[json.dumps(SHOWN[0])].controls[0]
    marks = {text: at for at, text, when in rate.marks if when == {"momentum": 0}}
    for text, share in (("1/L", 1), ("2/L", 2)):
        assert float(rate.texts[round(marks[text])]) == pytest.approx(share / 7.5, rel=1e-3)


def readouts(figure):
    return {each.label: each.texts() for each in figure.readouts}


@pytest.fixture(scope="module")
def houses(figures):
    """The figure of the table, and single runs at some of its rates with their positions."""
    figure = figures[json.dumps(["table", {}])]
    rates = figure.controls[0].texts
    places = [rates.index(text) for text in ("0.001", "0.01", "0.5", "10", "50", "100")]
    alone = school_district_runs(
        [float(rates[place]) for place in places], evaluate_every=None, keep_path=True
    )
    return figure, places, alone


def test_the_table_has_two_hundred_rates_and_the_textbooks(houses):
    rates = [float(text) for text in houses[0].controls[0].texts]
    assert len(rates) == len(set(rates)) == 200
    assert (rates[0], rates[-1]) == (0.001, 100)
    assert {0.01, 0.1, 0.5, 1, 10, 50} <= set(rates)
    ratios = np.diff(np.log(rates))
    assert ratios.max() < 0.061


def test_the_table_shows_what_single_runs_compute(houses):
    figure, places, alone = houses
    shown = {name: texts[places] for name, texts in readouts(figure).items()}
    weights = alone.path[0].swapaxes(0, 1)
    p = np.array([LogisticRegression(2).probabilities([each], SAMPLES) for each in weights])
    for name, computed, close in (
        ("training loss", alone.train_loss.T, {"rtol": 0.005}),
        ("validation loss", alone.validation_loss.T, {"rtol": 0.005}),
        ("training accuracy", alone.train_accuracy.T, {"atol": 0.0005}),
        ("validation accuracy", alone.validation_accuracy.T, {"atol": 0.0005}),
        ("w₁", weights[..., 0], {"rtol": 0.005}),
        ("w₂", weights[..., 1], {"rtol": 0.005}),
        ("b", weights[..., 2], {"rtol": 0.005}),
        ("p at (0.2, 0.8)", p[..., 0], {"atol": 0.005}),
        ("p at (0.4, 0.9), on the border", p[..., 1], {"atol": 0.005}),
        ("p at (0.6, 0.5)", p[..., 2], {"atol": 0.005}),
    ):
        np.testing.assert_allclose(shown[name].astype(float), computed, **close, err_msg=name)
    lost = (shown["training loss"] == "nan").any(axis=1)
    assert lost.tolist() == [False] * 4 + [True] * 2


def test_the_tables_lines_are_where_the_probability_is_theirs(houses):
    figure, places, alone = houses
    lines = {group: [] for group in ("border, p = 0.5", "p = 0.2 and 0.8")}
    for series in figure.panels[0].series:
        if series.group in lines:
            lines[series.group].append(series)
    found = 0
    for group, chances in (("border, p = 0.5", [0.5]), ("p = 0.2 and 0.8", [0.8, 0.2])):
        for series, chance in zip(lines[group], chances, strict=True):
            x, y = series.x[places], series.y[places]
            for run, epoch in np.argwhere(np.isfinite(x).all(axis=-1)):
                *w, b = alone.path[0][epoch, run]
                ends = np.stack([x[run, epoch], y[run, epoch]], axis=-1)
                away = (ends @ w + b - np.log(chance / (1 - chance))) / np.linalg.norm(w)
                assert np.abs(away).max() <= 0.005 * 2**0.5 + 1e-9
                found += 1
    assert found > 600


def test_the_tables_houses_are_those_of_the_validation_set(houses):
    data = school_district(LIKE_THE_TEXTBOOK)
    drawn = {series.group: series for series in houses[0].panels[0].series}
    for group, label in (("houses in the district", 1), ("other houses", 0)):
        points = np.stack([drawn[group].x, drawn[group].y], axis=-1)
        assert (points == data.x_validation[data.y_validation.ravel() == label]).all()


@pytest.fixture(scope="module")
def noise(figures):
    return figures[json.dumps(["noise", {"reference": 0.005, "rate": 0.004}])]


def test_noise_says_of_all_seeds_what_the_record_says(noise):
    record = records.load("seeds", "full")
    compared = autoencoder.comparison(record)
    assert noise.controls[0].texts[-1] == str(len(record.seeds))
    shown = {name: texts[..., -1, :] for name, texts in readouts(noise).items() if texts.ndim == 3}
    for place, rate in enumerate(noise.controls[2].texts):
        first, second = sorted([rate, "0.005"], key=float)
        difference = compared.differences[first, second]
        sign = 1 if first == rate else -1
        for draw in range(20):
            told = shown["decided with all pairs in view"][draw, place]
            assert told == ("no" if compared.outcome(rate, "0.005") == "undecided" else "yes")
            alone = shown["decided by its interval alone"][draw, place]
            assert alone == ("no" if difference.outcome == "undecided" else "yes")
            mean = float(shown["difference in loss"][draw, place])
            assert mean == pytest.approx(sign * difference.mean, rel=0.05)
    apart = sum(each != "undecided" for each in compared.outcomes.values())
    assert set(readouts(noise)["pairs decided"][:, -1]) == {f"{apart} / 28"}


@pytest.fixture(scope="module")
def ramp(figures):
    """The figure of the range test, and the chapter's own test of 200 updates."""
    images = digits()
    split = shuffled_split(images._replace(x=images.x.astype(float)), 0.25, 0)
    x, x_validation = split.x_train, split.x_validation
    part = Data(x[:256], x[:256], x_validation[:256], x_validation[:256])
    test = search.range_test(
        MultilayerPerceptron([64, 16, 64]), Adam, part, low=0.00001, high=10.0, updates=200
    )
    return figures[json.dumps(["range_test", {}])], test, Data(x, x, x_validation, x_validation)


def suggested(text):
    return [float(end) for end in text.split(" – ")]


@pytest.mark.parametrize("stop", [0, 20, 37, 55, 70, 100])
def test_the_range_test_suggests_what_the_library_does_up_to_the_stop(ramp, stop):
    figure, test, _ = ramp
    seen = test.learning_rates <= float(figure.controls[0].texts[stop]) * 1.002
    # The text has three digits: an update so near the stop may be on either side.
    either = []
    for count in {seen.sum() - 1, seen.sum()}:
        part = search.RangeTest(test.learning_rates[:count], test.losses[:, :count])
        either.append([[each.min(), each.max()] for each in (part.steepest, part.tenth_of_minimum)])
    shown = [
        suggested(readouts(figure)[f"{rule}: suggests"][1, stop])
        for rule in ("steepest slope", "a tenth of the lowest")
    ]
    assert any(np.allclose(shown, each, rtol=0.006) for each in either)


def test_the_range_test_draws_the_librarys_curve(ramp):
    figure, test, _ = ramp
    drawn = [series for series in figure.panels[0].series if series.upto == "stop"]
    assert len(drawn) == len(test.losses) == 3
    for series, losses in zip(drawn, test.losses, strict=True):
        for stop, rate in enumerate(series.x):
            last = np.flatnonzero(test.learning_rates <= rate * (1 + 1e-9))[-1]
            assert series.y[1, stop] == losses[last]


def test_the_range_tests_suggestions_are_put_to_the_librarys_trainings(ramp):
    figure, _, data = ramp
    bars = next(each for each in figure.panels[1].series if each.style == "interval")
    history = fit(
        MultilayerPerceptron([64, 16, 64]), Adam(0.01), data,
        epochs=15, batch_size=32, evaluate_every=100_000, seed=0,
    )  # fmt: skip
    place = int(np.abs(np.log(bars.x / 0.01)).argmin())
    assert bars.x[place] == pytest.approx(0.01)
    assert bars.low[2, place] <= history.validation_loss[-1, 0] * (1 + 1e-9)
    assert bars.high[2, place] >= history.validation_loss[-1, 0] * (1 - 1e-9)
    best = readouts(figure)["best of the rates tried"]
    for epochs, text in enumerate(best):
        assert float(text) == pytest.approx(bars.x[bars.y[epochs].argmin()], rel=1e-3)


WRONG = {
    "descent": [
        {"curvature": []},
        {"curvature": [-1.0]},
        {"curvature": [1.0, 2.0, 3.0], "start": [1.0, 1.0, 1.0]},
        {"start": [0.0]},
        {"start": [float("nan")]},
        {"start": [1.0, 2.0]},
        {"steps": 1},
        {"steps": 61},
        {"steps": 2.5},
    ],
    "table": [{"epochs": 0}, {"epochs": 201}, {"batch_size": 1601}],
    "noise": [
        {"reference": 0.006},
        {"reference": "best"},
        {"rate": 0.005},
        {"draws": 0},
        {"draws": 41},
        {"confidence": 1.5},
        {"seed": -1},
    ],
    "range_test": [{"epochs": 1}, {"epochs": 61}, {"seeds": 0}, {"seeds": 11}, {"batch_size": 0}],
    "schedules": [{"seeds": seeds} for seeds in ([], list(range(11)), [-1], [0.5], 3)],
    "race": [
        {"rates": [0.1]},
        {"rates": [0.1, -1.0]},
        {"rates": [0.2, 0.1]},
        {"rates": list(range(1, 12))},
        {"steps": 1},
        {"steps": 101},
    ],
}


@pytest.mark.parametrize("figure", WRONG)
def test_a_figure_names_the_setting_that_is_wrong(figure):
    assert WRONG.keys() == explorer.FIGURES.keys()
    for settings in WRONG[figure]:
        with pytest.raises((TypeError, ValueError), match=next(iter(settings)).removesuffix("s")):
            explorer.FIGURES[figure](**settings)


def test_parts_must_fit_together():
    control = Control("rate", "learning rate", ["1", "2"])
    axis = Axis("step", 0, 1)
    wrong = Panel("", axis, axis, [Series([0, 1], np.zeros((3, 2)), ["rate"])])
    with pytest.raises(ValueError, match="y of a series must have the axes"):
        Figure("", [control], [wrong])
    with pytest.raises(ValueError, match="values of 'loss'"):
        Figure("", [control], [], [Readout("loss", np.zeros(3), ["rate"])])


def test_a_notebook_stores_the_picture_and_the_settings():
    shown, sizes = explorer.descent(curvature=[2.0])._repr_mimebundle_()
    assert shown[explorer.MIME] == {
        "figure": "descent",
        "settings": {"curvature": [2.0], "start": (-4.0,), "steps": 40},
    }
    assert shown["image/png"].startswith("iVBORw0KGgo")
    assert sizes["image/png"].keys() == {"width", "height"}
    again, _ = explorer.descent(curvature=[2.0])._repr_mimebundle_()
    assert shown == again


def test_google_colab_learns_where_the_code_for_widgets_comes_from(monkeypatch):
    colab = types.ModuleType("google.colab.output")
    colab.enable_custom_widget_manager = lambda: None
    colab._widgets = types.SimpleNamespace(_installed_url="manager.js")
    monkeypatch.setitem(sys.modules, "google.colab.output", colab)
    explorer.live_widget(explorer.descent())  # loads ipywidgets, which needs more of a kernel
    kernel = types.SimpleNamespace(kernel=object())
    monkeypatch.setattr("IPython.get_ipython", lambda: kernel)
    shown, metadata = explorer.descent()._repr_mimebundle_()
    (view,) = (kind for kind in shown if kind.endswith("widget-view+json"))
    assert metadata[view] == {"colab": {"custom_widget_manager": {"url": "manager.js"}}}
    assert "image/png" in metadata


def test_without_the_widgets_the_picture_stays_and_says_what_is_missing(monkeypatch):
    kernel = types.SimpleNamespace(kernel=object())
    monkeypatch.setattr("IPython.get_ipython", lambda: kernel)
    monkeypatch.setitem(sys.modules, "anywidget", None)  # importing it fails
    missing = r"anywidget is missing: pip install 'lrcourse\[widgets\]'"
    figure = explorer.descent()
    with pytest.raises(ModuleNotFoundError, match=missing):
        explorer.live_widget(figure)
    with pytest.warns(UserWarning, match=missing):
        shown, _ = figure._repr_mimebundle_()
    assert shown.keys() == {explorer.MIME, "image/png", "text/plain"}


def test_the_live_widget_computes_when_it_is_asked():
    widget = explorer.live_widget(explorer.descent())
    assert widget.data == {}
    widget.wanted = True
    before = widget.data["readouts"]
    assert len(before) == 3
    widget.settings = {**widget.settings, "steps": 12}
    assert widget.data["readouts"] != before
    widget.settings = {**widget.settings, "steps": -1}
    assert "steps" in widget.problem
    widget.settings = {**widget.settings, "steps": 12}
    assert widget.problem == ""


def test_a_page_is_read_again_when_another_library_computed_its_frames():
    asked = {"figure": "descent", "settings": {"steps": 40}}

    class Environment:
        metadata = {
            "plain": {},
            "now": {"explorers": {explorers.digest(asked): asked}},
            "before": {"explorers": {"descent-0123456789": asked}},
        }

    assert explorers.outdated(None, Environment, set(), set(), set()) == ["before"]


# Schedules


def evaluated(formula, t, rate):
    """What a reader with a calculator makes of a formula at an update."""
    text = formula.removeprefix("η(t) = ").replace("{rate}", str(rate))
    for sign, python in {
        "·": "*",
        "−": "-",
        "⌊": "floor(",
        "⌋": ")",
        "√": "sqrt",
        "π": "pi",
        "^": "**",
        "≤": "<=",
        "≥": ">=",
        " mod ": "%",
    }.items():
        text = text.replace(sign, python)
    text = re.sub(r"\|(.*)\|", r"abs(\1)", text)
    known = {
        "floor": np.floor,
        "sqrt": np.sqrt,
        "pi": np.pi,
        "cos": np.cos,
        "e": np.e,
        "t": np.float64(t),
    }
    known |= {"min": min, "abs": abs}

    @np.errstate(divide="ignore")  # a root over t = 0 is an infinity that min() leaves out
    def value(expression):
        return eval(expression, {"__builtins__": {}}, known)

    parts = text.split(";  ")
    if len(parts) > 1:  # pieces, each with the updates that it is for
        return next(value(a) for a, b in (part.split(",  ") for part in parts) if value(b))
    if ",  s = " in text:  # cycles, each with its first update
        text, starts = text.split(",  s = ")
        known["s"] = max(int(each) for each in starts.split("; ") if int(each) <= t)
    return value(text)


@pytest.fixture(scope="module")
def chosen(figures):
    """The figure of schedules, and its families with their formulas."""
    figure = figures[json.dumps(SCHEDULES)]
    formulas = [each for each in figure.readouts if each.label == "formula"]
    return figure, list(zip(schedules.FAMILIES, formulas, strict=True))


@pytest.mark.parametrize("place", range(len(schedules.FAMILIES)))
def test_a_formula_with_its_numbers_is_the_schedule(place, chosen):
    family, formula = chosen[1][place]
    for own, text in zip(family.settings(), np.ravel(formula.values), strict=True):
        for rate in (schedules.RATES[0], schedules.RATES[-1]):
            schedule = family.make(rate, *own)
            if family.label == "compounding":
                rule, first = text.split(",  ")
                assert first == "η(0) = {rate}" and schedule(0) == rate
                told = evaluated(rule.replace("η(t − 1)", repr(schedule(699))), 700, rate)
                assert told == pytest.approx(schedule(700))
                continue
            for t in (0, 39, 40, 150, 399, 400, 1000, 1599):
                assert evaluated(text, t, rate) == pytest.approx(schedule(t), rel=1e-4, abs=1e-12)


@pytest.mark.parametrize("place", [0, 3, 7, 14])
def test_a_schedule_is_drawn_and_trained_as_by_itself(place, chosen):
    figure, families = chosen
    family = families[place][0]
    here = {"schedule": place}
    shape, rates, loss = (
        next(one for one in panel.series if one.when == here) for panel in figure.panels
    )
    own, last = family.settings()[-1], (-1,) * (len(family.own) + 1)
    schedule = family.make(schedules.RATES[-1], *own)
    assert rates.y[last] == pytest.approx(schedule(rates.x.astype(int)))
    assert shape.y[last[1:]] * schedules.RATES[-1] == pytest.approx(rates.y[last])
    alone = []
    for seed in (0, 1):
        data = school_district(seed, wrong=0.1)
        how = {"model": LogisticRegression(2), "data": data, "seed": seed}
        run = fit(optimizer=SGD(schedule), epochs=10, batch_size=10, evaluate_every=50, **how)
        long = fit(optimizer=SGD(4.0), epochs=1000, batch_size=1600, **how)
        alone.append(run.train_loss[:, 0] - long.train_loss[-1])
    assert loss.x.tolist() == run.updates.tolist()
    assert loss.y[last] == pytest.approx(np.mean(alone, axis=0), rel=1e-4, abs=1e-9)
    told = {one.label: one.values for one in figure.readouts if one.when == here}
    assert told["rate of the last update"][last] == schedule(1599)
    assert told["loss above the lowest, at the end"][last] == loss.y[last][-1]


# Race


@pytest.mark.parametrize("place", range(4))
def test_a_race_is_what_each_method_does_alone(place, figures):
    figure = figures[json.dumps(RACE)]
    course = list(race.COURSES.values())[place]
    mountain, (errors, moves) = figure.panels[place], figure.panels[4 + 2 * place : 6 + 2 * place]
    paths = {each.group: each for each in mountain.series if each.style == "trail"}
    lines = {each.group: each for each in errors.series}
    rates = [float(text) for text in figure.controls[5].texts]
    lead, least = (each for each in figure.readouts if each.when == {"landscape": place})
    ends = {}
    for i, (name, make) in enumerate(race.RACERS.items()):
        # The last start, the third rate.
        alone = descend(course.landscape, make(rates[2]), course.starts[-1], 60)
        assert paths[name].x[-1, 2] == pytest.approx(alone.points[:, 0, 0], nan_ok=True)
        assert paths[name].y[-1, 2] == pytest.approx(alone.points[:, 0, 1], nan_ok=True)
        assert lines[name].y[-1, 2] == pytest.approx(alone.errors[:, 0], nan_ok=True)
        ends[name] = alone.errors[-1, 0]
        for weight, group in enumerate((race.FIRST, race.SECOND)):
            (drawn,) = (s for s in moves.series if s.when == {"method": i} and s.group == group)
            moved = np.abs(np.diff(alone.points[:, 0, weight]))
            assert drawn.y[-1, 2, 1:] == pytest.approx(moved, nan_ok=True)
    best = min(e for e in ends.values() if np.isfinite(e))
    shown = least.values[-1, 2, -1]
    assert float(shown) == pytest.approx(best, rel=0.05) if best >= 1e-12 else shown == "< 1e-12"
    assert ends[lead.values[-1, 2, -1]] == pytest.approx(best)
