"""The numbers in a text, English or Chinese, and when two of them agree."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

ALIKE = str.maketrans("０１２３４５６７８９．％－−＋", "0123456789.%--+")
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
SCALES = {"千": 3, "万": 4, "亿": 8, "thousand": 3, "million": 6, "billion": 9}

# Names that contain digits: w1, float64, L2; CIFAR-10, ResNet-50; 2D; versions such as 3.11.2.
IDENTIFIER = re.compile(
    r"""(?<![A-Za-z0-9.]) [A-Za-z]*[A-Z][A-Za-z]*-[0-9]+ (?![.0-9])
      | (?<![A-Za-z0-9.]) [A-Za-z_][A-Za-z_0-9]*[0-9][A-Za-z_0-9]*
      | (?<![A-Za-z0-9.]) [0-9][Dd] (?![A-Za-z])
      | (?<![A-Za-z0-9.]) [0-9]+(?:\.[0-9]+){2,}""",
    re.VERBOSE,
)
NUMBER = re.compile(
    r"""(?P<of_hundred>百分之\s*)?
        (?: (?<![A-Za-z0-9_)\]}%]) (?P<sign>[-+]) )?
        (?<![A-Za-z_])
        (?P<digits> (?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9]) | [0-9]+) (?:\.[0-9]+)? | \.[0-9]+ )
        (?: [eE](?P<exponent>[-+]?[0-9]+) )?
        (?P<percent> \s*(?: \\?% | per\ ?cent | 个百分点 ) )?
        (?: \s*(?P<scale> 千(?![克米瓦卡焦帕伏赫字])  # 千克 is a unit
                          | 万 | 亿 | thousand\b | million\b | billion\b ) )?""",
    re.VERBOSE,
)
RANGE = re.compile(r"\s*(?:[-–—~～至到]|to|and)\s*")
SCRIPT = re.compile(r"[_^]\s*(?:\{((?:[^{}]|\{[^{}]*\})*)\}|([A-Za-z0-9]))")


@dataclass(frozen=True)
class Number:
    """A number as written.

    Attributes
    ----------
    value : Decimal
        What the digits say: 13 for "13%", 12000 for "1.2 万".
    unit : Decimal
        One in the last digit written: the precision.
    percent : bool
    text : str
    start : int
        Where it begins in the text.
    structural : bool
        Part of a formula's build rather than a quantity (see `in_formula`).
    """

    value: Decimal
    unit: Decimal
    percent: bool
    text: str
    start: int
    structural: bool = False

    @property
    def amount(self) -> Decimal:
        """The value, a percentage as a fraction: what two languages must have in common."""
        return (self.value / 100 if self.percent else self.value).normalize()


@cache
def in_text(text: str) -> list[Number]:
    """Find the numbers in running text, in an output or in inline code.

    Full-width digits, the minus sign, thousands separators, percentages
    (13%, 13 per cent, 百分之 13), powers of ten (6.09e-5, 6.09 × 10⁻⁵) and scales
    (1.2 万, 2 million) are understood; names that contain digits are not numbers.

    >>> [str(number.value) for number in in_text("CIFAR-10: 1,600 张，误差 −0.5，约 1.2 万步")]
    ['1600', '-0.5', '1.2E+4']
    """
    text = text.translate(ALIKE)
    text = re.sub(r"(?<=10)[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+", lambda raised: "^" + raised[0].translate(RAISED), text)
    text = re.sub(r"(?<=[0-9])\s*[×·*]\s*10\^\{?([-+]?[0-9]+)\}?", r"e\1", text)
    text = re.sub(r"(?<![0-9.])10\^\{?([-+]?[0-9]+)\}?", r"1e\1", text)
    text = IDENTIFIER.sub(lambda name: "x" * len(name[0]), text)
    found = [_number(match) for match in NUMBER.finditer(text)]
    for i in range(len(found) - 1):  # "10–20%" says per cent twice
        between = text[found[i].start + len(found[i].text) : found[i + 1].start]
        if found[i + 1].percent and RANGE.fullmatch(between):
            found[i] = Number(**{**vars(found[i]), "percent": True})
    return found


def _number(match: re.Match) -> Number:
    digits = Decimal(match["digits"].replace(",", ""))
    shift = int(match["exponent"] or 0) + SCALES.get(match["scale"], 0)
    value = digits.scaleb(shift)
    return Number(
        value=-value if match["sign"] == "-" else value,
        unit=Decimal(1).scaleb(digits.as_tuple().exponent + shift),
        percent=bool(match["percent"] or match["of_hundred"]),
        text=match[0],
        start=match.start(),
    )


def in_formula(tex: str) -> list[Number]:
    r"""Find the numbers in a TeX formula.

    Structural, and so in need of no source, are only the bare integers 0, 1
    and 2 and, in a subscript or an exponent, the integers of one digit.

    >>> [(n.text, n.structural) for n in in_formula(r"w_3 - \tfrac12 x^2 = 0.25 \times 10^{-3}")]
    [('3', True), ('2', True), ('1', True), ('2', True), ('0.25e-3', False)]
    """
    tex = tex.translate(ALIKE)
    tex = re.sub(r"\\[td]?frac\s*([0-9])\s*([0-9])", r" {\1}{\2} ", tex)
    tex = re.sub(r"(?<=[0-9])(?:\\,|\{,\})(?=[0-9]{3})", "", tex)
    tex = re.sub(r"\\\\\s*\[[^\]]*\]|\\[hv]space\*?\{[^}]*\}", " ", tex)
    tex = re.sub(r"\\(?:times|cdot)(?=\s*10\s*\^)", "×", tex)
    tex = re.sub(r"10\s*\^\s*(?:\{\s*([-+]?[0-9]+)\s*\}|([0-9]))", r"10^\1\2", tex)
    tex = re.sub(r"\\[A-Za-z]+", " ", tex)
    tex = re.sub(r"\s*([-+])\s*", r"\1", tex)

    scripts = []
    kept = r"(?<![0-9.])10\^[-+]?[0-9]+"  # a power of ten is one number, not a base and a script
    pieces = re.split(f"({kept})", tex)
    for i in range(0, len(pieces), 2):
        scripts += [inner or single for inner, single in SCRIPT.findall(pieces[i])]
        pieces[i] = SCRIPT.sub(" ", pieces[i])
    numbers = [_structural(number, below=10) for script in scripts for number in in_text(script)]
    return numbers + [_structural(number, below=3) for number in in_text("".join(pieces))]


def _structural(number: Number, below: int) -> Number:
    bare = number.text.lstrip("+-").isdigit() and abs(number.value) < below
    return Number(**{**vars(number), "structural": bare})


def agrees(written: Number, shown: Number) -> bool:
    """Say whether a number in prose is one that was shown, at the precision written.

    A decimal agrees with what rounds to it. An integer agrees with an equal
    one and, from 10 on, with a decimal that rounds to it. A percentage agrees
    with a percentage, a fraction, or a bare number of per cent.

    >>> of = lambda text: in_text(text)[0]
    >>> agrees(of("0.23"), of("0.2297")), agrees(of("0.2298"), of("0.2297"))
    (True, False)
    >>> agrees(of("13%"), of("0.1285")), agrees(of("3"), of("2.97")), agrees(of("13"), of("12.97"))
    (True, False, True)
    """
    if not written.percent:
        return _rounds_to(shown.value / 100 if shown.percent else shown.value, written)
    if shown.percent:
        return _rounds_to(shown.value, written)
    return _rounds_to(shown.value * 100, written) or _rounds_to(shown.value, written)


def _rounds_to(value: Decimal, written: Number) -> bool:
    if value == written.value:
        return True
    if written.unit >= 1 and abs(written.value) < 10 and not written.percent:
        return False
    return abs(value - written.value) <= written.unit / 2
