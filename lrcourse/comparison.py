"""What several seeds allow one to say."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import exp, lgamma, pi, sqrt

import numpy as np

from lrcourse import checks
from lrcourse.language import current_language, translate
from lrcourse.tables import Table


@dataclass(frozen=True)
class Difference:
    """How much two settings differ over the same seeds.

    Attributes
    ----------
    mean : float
        Of first minus second, seed by seed.
    low : float
        Where the confidence interval of the mean begins.
    high : float
        Where it ends.
    seeds : int
    error : float
        The standard error of the mean.
    """

    mean: float
    low: float
    high: float
    seeds: int
    error: float

    @property
    def told_apart(self) -> bool:
        """Whether the interval leaves out zero."""
        return bool(self.low > 0 or self.high < 0)


def paired_difference(first, second, confidence: float = 0.95) -> Difference:
    r"""Compare two settings that were run with the same seeds.

    The interval of the mean difference d is :math:`\bar d \pm t\, s_d / \sqrt n`, with
    Student's t for n − 1 degrees of freedom.  [Student 1908]

    Parameters
    ----------
    first, second : arrays (seeds,)
        A result of each seed, in the same order of seeds. At least two.
    confidence : float
        Above 0 and below 1.

    Raises
    ------
    ValueError
        For fewer than two seeds, different numbers of them, or values that are not finite.

    >>> paired_difference([1.0, 2.0, 3.0], [0.9, 1.8, 3.0]).told_apart
    False
    """
    first, second = checks.numeric("first", first), checks.numeric("second", second)
    if first.ndim != 1 or first.shape != second.shape or len(first) < 2:
        raise ValueError(
            "first and second must be one value for each of the same two or more seeds, "
            f"got shapes {first.shape} and {second.shape}"
        )
    differences = first - second
    seeds = len(differences)
    mean = float(differences.mean())
    if abs(mean) <= np.finfo(float).eps * np.abs(first).max():  # the rounding of a zero
        mean = 0.0
    error = float(differences.std(ddof=1)) / seeds**0.5
    reach = student(confidence, seeds - 1) * error
    return Difference(mean, mean - reach, mean + reach, seeds, error)


class Comparison:
    r"""What can be told apart among settings that were run with the same seeds.

    Every two settings are compared by the mean of their difference, seed by seed,
    with Student's t. Where many pairs are tried, some differ by chance: which can be told
    apart is decided by Holm's procedure, which tells even one pair apart by mistake with
    a probability of at most 1 − `confidence`.  [Holm 1979]

    Parameters
    ----------
    results : dict of arrays (seeds,)
        A result of each setting, by its name, all in the same order of seeds. In the
        tables a name that has letters is looked up in ``labels.json``.
    confidence : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        For fewer than two settings, and as `paired_difference`.

    >>> seeds = np.array([0.1, 0.2, 0.3, 0.4])
    >>> compared = Comparison({"a": seeds, "b": seeds + [0.01, -0.01, 0.0, 0.02], "c": seeds + 1})
    >>> compared.told_apart("a", "b"), compared.told_apart("a", "c")
    (False, True)
    >>> print(compared.statement())
    2 of 3 pairs can be told apart. Not told apart: a and b.
    """

    def __init__(self, results: Mapping[str, np.ndarray], confidence: float = 0.95):
        if not isinstance(results, Mapping) or len(results) < 2:
            raise ValueError(f"results must be a dict of two or more settings, got {results!r}")
        self.results = {name: checks.numeric(str(name), values) for name, values in results.items()}
        self.confidence = confidence  # which `student` checks
        names = list(combinations(self.results, 2))
        self.differences = {
            pair: paired_difference(*(self.results[name] for name in pair), confidence)
            for pair in names
        }
        chances = [_chance(each) for each in self.differences.values()]
        self.chances = dict(zip(names, holm(chances).tolist(), strict=True))

    def told_apart(self, first: str, second: str) -> bool:
        """Whether two of the settings can be told apart, by Holm's procedure."""
        for name in (first, second):
            checks.one_of("setting", name, self.results)
        pair = (first, second) if (first, second) in self.chances else (second, first)
        return first != second and self.chances[pair] < 1 - self.confidence

    def means(self) -> Table:
        """Return mean, standard deviation over the seeds and extremes of every setting."""
        columns = ["setting", "seeds", "mean", "standard deviation", "lowest", "highest"]
        rows = [
            [name, len(v), *map(float, (v.mean(), v.std(ddof=1), v.min(), v.max()))]
            for name, v in self.results.items()
        ]
        return Table(columns, rows)

    def pairs(self) -> Table:
        """Return the difference of every two settings, its interval and the verdict.

        The interval from "low" to "high" is that of each comparison by itself. "p" is
        Holm's, adjusted for the number of pairs, and "told apart" follows from it:
        where many pairs are compared, an interval may leave out zero and yet not suffice.
        """
        columns = ["setting", "other setting", "difference", "low", "high", "p", "told apart"]
        rows = [
            [*pair, d.mean, d.low, d.high, self.chances[pair],
             "yes" if self.told_apart(*pair) else "no"]
            for pair, d in self.differences.items()
        ]  # fmt: skip
        return Table(columns, rows)

    def statement(self) -> str:
        """Return in a sentence how many pairs can be told apart, and which can not."""
        alike = [pair for pair in self.chances if not self.told_apart(*pair)]
        counts = {"apart": len(self.chances) - len(alike), "pairs": len(self.chances)}
        said = translate("{apart} of {pairs} pairs can be told apart.", **counts)
        if not alike:
            return said
        named = [
            translate("{first} and {second}", first=translate(first), second=translate(second))
            for first, second in alike
        ]
        names = ("；" if current_language() == "zh" else "; ").join(named)
        return said + translate(" Not told apart: {names}.", names=names)


def holm(chances) -> np.ndarray:
    """Return the p-values of m tests, adjusted so that they hold for all of them together.

    The smallest is multiplied by m, the next by m − 1, and so on; none falls below a smaller one.

    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    chances = checks.numeric("chances", chances, axes=1)
    order = np.argsort(chances)
    factors = np.arange(len(chances), 0, -1)
    adjusted = np.empty_like(chances)
    adjusted[order] = np.minimum(np.maximum.accumulate(chances[order] * factors), 1)
    return adjusted


def _chance(difference) -> float:
    """Return p: how probable a difference as large is, were there none in truth."""
    if difference.error == 0:
        return float(difference.mean == 0)
    return _beyond(abs(difference.mean) / difference.error, difference.seeds - 1)


def student(confidence: float, degrees: int) -> float:
    """Return the t for which Student's distribution lies within ±t with the given probability.

    >>> round(student(0.95, 4), 3), round(student(0.95, 29), 3)
    (2.776, 2.045)
    """
    if not 0 < checks.real("confidence", confidence) < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence}")
    degrees = checks.positive_integer("degrees", degrees)
    low, high = 0.0, np.pi / 2  # of the angle arctan(t / √ν), halved until no float lies between
    while low < (angle := (low + high) / 2) < high:
        within = 1 - _beyond(np.sqrt(degrees) * np.tan(angle), degrees)
        low, high = (angle, high) if within < confidence else (low, angle)
    return float(np.sqrt(degrees) * np.tan(low))


@cache
def _gauss():
    return np.polynomial.legendre.leggauss(100)


def _beyond(t: float, degrees: int) -> float:
    r"""Return how probable :math:`|T| \ge t` is for Student's T with ν degrees of freedom.

    With :math:`T = \sqrt\nu \cot\varphi` it is, by Gauss and Legendre's rule of a hundred points,

    .. math:: \frac{2\, \Gamma((\nu + 1)/2)}{\sqrt\pi\, \Gamma(\nu/2)}
              \int_0^{\operatorname{arccot}(t/\sqrt\nu)} \sin^{\nu - 1} \varphi \, d\varphi

    from the far end, where small probabilities are not lost in a difference from 1.
    """
    points, weights = _gauss()
    half = np.arctan2(np.sqrt(degrees), t) / 2
    integral = half * weights @ np.sin(half * (points + 1)) ** (degrees - 1)
    scale = lgamma((degrees + 1) / 2) - lgamma(degrees / 2)
    return float(2 * exp(scale) / sqrt(pi) * integral)
