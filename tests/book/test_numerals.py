"""Which numbers a text contains, and which of them agree."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tools.text.numerals import agrees, in_formula, in_text
from tools.text.prose import mentions


def values(numbers):
    return [float(number.amount) for number in numbers]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the loss is 0.2297.", [0.2297]),
        ("1,600 points, 400 more", [1600, 400]),
        ("(0.4, 0.9)", [0.4, 0.9]),
        ("(0.4,0.9)", [0.4, 0.9]),
        ("weights −3.0113 and -2", [-3.0113, -2]),
        ("x−3 and 5-7", [3, 5, 7]),
        ("a 784–16–784 network", [784, 16, 784]),
        ("10–20%", [0.1, 0.2]),
        ("13 %, 13 per cent, 13 percent", [0.13, 0.13, 0.13]),
        ("6.09e-05 or 6.09 × 10⁻⁵ or 6.09·10^-5", [6.09e-5] * 3),
        ("about 10⁻⁵", [1e-5]),
        ("2 million of 3 thousand", [2e6, 3000]),
        ("w1, L2, float64, CIFAR-10, ResNet-50, 2D, NumPy 2.4.6", []),
        (".5 and 3.", [0.5, 3]),
        ("epochs=50", [50]),
        ("损失为0.2297，约1.2万步", [0.2297, 12000]),
        ("损失为０．２２９７，占１３％", [0.2297, 0.13]),
        ("百分之 13，百分之87.5", [0.13, 0.875]),
        ("从−9.0降到－20", [-9, -20]),
        ("学习率0.5、1、10", [0.5, 1, 10]),
        ("相差 2 个百分点", [0.02]),
        ("3 亿, 4 千克, 4 千次", [3e8, 4, 4000]),
        ("一、二、三", []),
    ],
)
def test_numbers_in_text(text, expected):
    assert values(in_text(text)) == expected


@pytest.mark.parametrize(
    ("tex", "claims"),
    [
        (r"w_1 \leftarrow w_1 - \eta\, 2 x_{10}", [10]),
        (r"\tfrac12 (\eta_0 - \eta_T)(1 + \cos(\pi t / T))", []),
        (r"\frac{3}{4} + \frac34", [3, 4, 3, 4]),
        (r"0.5^2 = 0.25", [0.5, 0.25]),
        (r"x^{12}", [12]),
        (r"w = -3.01", [-3.01]),
        (r"w - 3.01", [3.01]),
        (r"6.09 \times 10^{-5}", [6.09e-5]),
        (r"10^{-5}, 10^3, 10^t", [1e-5, 1e3, 10]),
        (r"1{,}600 + 1\,600", [1600, 1600]),
        (r"13\%", [0.13]),
        (r"\begin{aligned} a &= 7 \\[3pt] b &= 8 \end{aligned}", [7, 8]),
        (r"\eta\in\{0.01,0.1\}", [0.01, 0.1]),
        (r"\text{L2}", []),
    ],
)
def test_numbers_in_formulas(tex, claims):
    found = [number for number in in_formula(tex) if not number.structural]
    assert sorted(values(found)) == sorted(claims)


@pytest.mark.parametrize(
    ("source", "claims"),
    [
        ("1. first\n2. second", []),
        ("# 8. Title\n\n## 8.2 Part\n\n# 10 times faster", [10]),
        ("in chapter 8 and 第 8 章, sections 3 and 4, eq. 5, p. 7", []),
        ("see [8 The table](08-table.ipynb) and [9 of them](08-table.ipynb)", [9]),
        ("[Wang 2022](references.md#wang2022), [Li](references.md#li) (2020)", []),
        ("[Wang 2022](https://example.org/2021)", [2022]),
        ("王等（2022，[文](references.md#wang)）给出 2022 步", [2022]),
        ("`lr=0.1`, **13**%, *0.5*", [0.1, 0.13, 0.5]),
        ("a\nb\n**3** c\n4", [3, 4]),
        ("| a | b |\n|---|---|\n| 1 | $2.5$ |", [1, 2.5]),
        ("```python\nx = 3\n```\n\n    y = 4\n", []),
        ("```{note}\n5 of them\n```\n\n:::{tip} Some 6\n:class: c7\n8\n:::", [5, 6, 8]),
        ("```{math}\nx = 5.5\n```\n\n{math}`6.5`", [5.5, 6.5]),
        ('<img width="300"> <span class="c4">5</span>\n\n<div id="x6">7</div>', [5, 7]),
        ("a footnote[^1] here\n\n[^1]: with 9", [9]),
        ("![of 3 curves](figure-4.png)", [3]),
        ("<https://example.org/5> [x](https://example.org/6)", []),
        ("(label-3)=\n\n% comment 4\n\ntext 5", [5]),
        ("<!-- 3 -->\n\n---\ntext", []),
    ],
)
def test_claims_of_a_page(source, claims):
    assert [float(m.number.amount) for m in mentions(source) if m.claim] == claims


def test_mentions_know_their_line():
    source = "# Title\n\none\ntwo 2 $x=3$\nthree `4`\n\n- a\n- b 5\n\n```{note}\n\nsix 6\n```"
    assert [(float(m.number.value), m.line) for m in mentions(source)] == [
        (2, 4),
        (3, 4),
        (4, 5),
        (5, 8),
        (6, 12),
    ]


@pytest.mark.parametrize(
    ("written", "shown", "expected"),
    [
        ("0.2297", "0.2297", True),
        ("0.23", "0.2297", True),
        ("0.2297", "0.22971234", True),
        ("0.2298", "0.2297", False),
        ("0.2297", "0.23", False),
        ("-0.23", "0.2297", False),
        ("0.23", "-0.2297", False),
        ("−0.23", "-0.2297", True),
        ("13%", "0.1285", True),
        ("13%", "12.85", True),
        ("13%", "13%", True),
        ("13%", "0.1385", False),
        ("12.9%", "0.1285", True),
        ("5%", "0.0512", True),
        ("0.13", "13%", True),
        ("百分之 13", "0.1285", True),
        ("3", "3.0", True),
        ("3", "2.97", False),
        ("12", "11.97", True),
        ("12", "11", False),
        ("6.1e-05", "6.09e-05", True),
        ("6 × 10⁻⁵", "6.09e-05", True),
        ("7 × 10⁻⁵", "6.09e-05", False),
        ("1.2 万", "12,034", True),
        ("1,600", "1600", True),
    ],
)
def test_agreement(written, shown, expected):
    assert agrees(in_text(written)[0], in_text(shown)[0]) is expected


@given(st.decimals("-1e6", "1e6", places=4))
def test_a_number_agrees_with_itself_however_it_is_written(number):
    digits = f"{number:f}"
    variants = [digits, f"{number:,f}", digits.replace("-", "−"), f"约{digits}", f"{number:e}"]
    for text in variants:
        (found,) = in_text(text)
        assert found.amount == number
        assert agrees(found, in_text(digits)[0])


@given(
    st.decimals("0.0001", "999", places=4),
    st.data(),
)
def test_any_changed_digit_of_a_decimal_is_noticed(number, data):
    digits = f"{number:f}"
    place = data.draw(st.sampled_from([i for i, c in enumerate(digits) if c.isdigit()]))
    other = data.draw(st.sampled_from("0123456789"))
    assume(other != digits[place])
    changed = digits[:place] + other + digits[place + 1 :]
    assert Decimal(changed) != number
    assert not agrees(in_text(changed)[0], in_text(digits)[0])


@given(st.text(alphabet="0123456789.,-−%eE ×⁻⁵万约a$`\n", max_size=40))
def test_any_text_can_be_read(text):
    for number in in_text(text) + in_formula(text):
        assert number.value.is_finite()
    mentions(text)
