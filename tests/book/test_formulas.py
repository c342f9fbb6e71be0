"""The displayed formulas of schedules and methods give what the library gives."""

import math
from pathlib import Path

import pytest
from formulas import SCHEDULES, SYMBOLS, Tex, problems, wrong_schedule

ROOT = Path(__file__).resolve().parents[2]


def test_every_displayed_formula_of_a_schedule_or_method_is_what_the_library_does():
    assert list(problems(ROOT)) == []


@pytest.mark.parametrize(
    ("tex", "value"),
    [
        (r"\frac{a}{2\,(2 - a b)}", 3 / (2 * (2 - 12))),
        (r"\tfrac12 a^{b/2} \cdot 10", 45),
        (r"a\, e^{-b t}", 3 * math.exp(-4 * 5)),
        (r"\min\left(\frac{t}{b}, \sqrt{\frac{b}{t}}\right)", math.sqrt(0.8)),
        (r"\lfloor (1 + t) / b \rfloor - |b - t|", 0),
        (r"\cos\frac{\pi t}{10} - \ln(1)", math.cos(math.pi / 2)),
        (r"a_{t+1} - \hat a_0", 4),
    ],
)
def test_a_formula_has_its_value(tex, value):
    symbols = {"a": 3, "b": 4, "t": 5, "a_{t+1}": 6, r"\hat a_0": 2}
    assert Tex(tex).value(symbols) == pytest.approx(value, abs=1e-15)


@pytest.mark.parametrize("tex", [r"\sum_i a", "(a", "a)", r"\frac{a}", "b"])
def test_what_is_not_understood_is_said(tex):
    with pytest.raises(ValueError):
        Tex(tex).value({"a": 1})


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("cosine", r"\frac{\eta_0}{2} (1 + \cos\frac{\pi t}{T})", ("+", "-")),
        ("cosine", r"\frac{\eta_0}{2} (1 + \cos\frac{\pi t}{T})", ("{2}", "{1}")),
        ("time_based", r"\eta_0 / (1 + k t)", ("+", "-")),
        ("step_decay", r"\eta_0 d^{\lfloor t / n \rfloor}", ("t /", "(t + 1) /")),
        ("inverse_sqrt", r"\eta_{\max} \min(t/w, \sqrt{w/t})", ("w/t", "t/w")),
    ],
)
def test_a_wrong_sign_or_number_in_a_formula_is_found(name, right, wrong):
    symbols = SYMBOLS | {r"\eta_T": 0.0, "s": 0}
    assert name in SCHEDULES
    assert not wrong_schedule(Tex(right), name, symbols)
    assert wrong_schedule(Tex(right.replace(*wrong)), name, symbols)
