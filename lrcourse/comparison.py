"""What several seeds allow one to say."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import exp, floor, lgamma, pi, sqrt

import numpy as np

from lrcourse import checks
from lrcourse.language import current_language, translate
from lrcourse.tables import Table


@dataclass(frozen=True)
class Difference:
    """How much two settings differ over the same seeds: the first less the second.

    Attributes
    ----------
    mean, low, high : float
        The mean of the differences, seed by seed, and where its confidence interval begins and
        ends.
    seeds : int
    error : float
        The standard error of the mean.
    margin : float
        What would not count as a difference, in the unit of the results; 0 if all would.
    confidence : float
    """

    mean: float
    low: float
    high: float
    seeds: int
    error: float
    margin: float = 0.0
    confidence: float = 0.95

    @property
    def outcome(self) -> str:
        """What the interval decides: "equal" within the margin, "lower", "higher" or "undecided".

        Equal where it lies within a margin on both sides of zero; lower or higher where all of
        it lies on that side of zero; else this many seeds do not say.
        """
        if self.margin and -self.margin <= self.low and self.high <= self.margin:
            return "equal"
        if self.low <= 0 <= self.high:
            return "undecided"
        return "lower" if self.high < 0 else "higher"

    def seeds_to_decide(self) -> int:
        """Return how many seeds would decide, if mean and spread stay as they are.

        So many that the interval reaches no further than from the mean to zero, or to the
        margin's other end, whichever is further away. They decide about as often as not: what
        new seeds add to the mean may lead either way.

        Raises
        ------
        ValueError
            If mean and margin are both zero, and no number of seeds decides.
        """
        room = max(abs(self.mean), self.margin - abs(self.mean))
        if room == 0:
            raise ValueError("no number of seeds decides: mean and margin are both zero")
        spread = self.error * self.seeds**0.5 / room
        seeds = max(2, floor((student(self.confidence, 5000) * spread) ** 2))
        while student(self.confidence, seeds - 1) * spread > seeds**0.5:
            seeds += 1
        return seeds


def paired_difference(first, second, margin: float = 0.0, confidence: float = 0.95) -> Difference:
    r"""Compare two settings that were run with the same seeds.

    The interval of the mean difference d is :math:`\bar d \pm t\, s_d / \sqrt n`, with
    Student's t for n − 1 degrees of freedom.  [Student 1908]  Within the margin settings are
    equal if the whole interval is.  [Schuirmann 1987, with a half of 1 − `confidence` on
    each side]

    Parameters
    ----------
    first, second : arrays (seeds,)
        A result of each seed, in the same order of seeds. At least two.
    margin : float
        What would not count as a difference, decided before looking; not negative.
    confidence : float
        Above 0 and below 1.

    Raises
    ------
    ValueError
        For fewer than two seeds, different numbers of them, or values that are not finite.

    >>> first, second = [1.0, 2.0, 3.0], [0.9, 1.8, 3.0]
    >>> paired_difference(first, second).outcome, paired_difference(first, second, 0.5).outcome
    ('undecided', 'equal')
    """
    first, second = checks.numeric("first", first), checks.numeric("second", second)
    margin = checks.real("margin", margin, low=0.0)
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
    return Difference(mean, mean - reach, mean + reach, seeds, error, margin, confidence)


class Comparison:
    r"""What is decided among settings that were run with the same seeds.

    Every two settings are compared by the mean of their difference, seed by seed, with Student's
    t. Where many pairs are tried, some differ by chance, and some seem equal: Holm's procedure
    decides which differ and, among those, which are equal within the margin. With a probability
    of at least `confidence` none that is the same is called different; likewise none that differs
    by more than the margin is called equal.  [Holm 1979; Schuirmann 1987]

    Parameters
    ----------
    results : dict of arrays (seeds,)
        A result of each setting, by its name, all in the same order of seeds. In the
        tables a name that has letters is looked up in ``labels.json``.
    margin : float
        What would not count as a difference, in the unit of the results; not negative.
    confidence : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        For fewer than two settings, and as `paired_difference`.

    >>> runs = np.array([0.1, 0.2, 0.3, 0.4])
    >>> results = {"a": runs, "b": runs + [0.01, -0.01, 0.0, 0.02], "c": runs + 1}
    >>> compared = Comparison(results, margin=0.05)
    >>> compared.outcome("a", "b"), compared.outcome("a", "c")
    ('equal', 'lower')
    >>> print(compared.statement())
    Of 3 pairs 2 differ. Equal within 0.05: a and b.
    """

    def __init__(
        self, results: Mapping[str, np.ndarray], margin: float = 0.0, confidence: float = 0.95
    ):
        if not isinstance(results, Mapping) or len(results) < 2:
            raise ValueError(f"results must be a dict of two or more settings, got {results!r}")
        self.results = {name: checks.numeric(str(name), values) for name, values in results.items()}
        self.confidence = confidence  # which `student` checks
        self.margin = checks.real("margin", margin, low=0.0)
        self.differences = {
            (first, second): paired_difference(
                self.results[first], self.results[second], margin, confidence
            )
            for first, second in combinations(self.results, 2)
        }
        pairs, found = list(self.differences), self.differences.values()
        # How probable such results are where the two are the same, or differ by the margin.
        self.chances = dict(zip(pairs, holm([_chance(d, abs(d.mean)) for d in found]), strict=True))
        equal = holm([_chance(d, margin - abs(d.mean)) for d in found])
        self.outcomes = {}
        for pair, same in zip(pairs, equal, strict=True):
            if same < 1 - confidence:
                self.outcomes[pair] = "equal"
            elif self.chances[pair] < 1 - confidence:
                self.outcomes[pair] = "lower" if self.differences[pair].mean < 0 else "higher"
            else:
                self.outcomes[pair] = "undecided"

    def outcome(self, first: str, second: str) -> str:
        """Return whether the first is "lower" or "higher", the two "equal", or "undecided"."""
        for name in (first, second):
            checks.one_of("setting", name, self.results)
        if first == second:
            return "equal"
        if (first, second) in self.outcomes:
            return self.outcomes[first, second]
        turned = self.outcomes[second, first]
        return {"lower": "higher", "higher": "lower"}.get(turned, turned)

    def means(self) -> Table:
        """Return mean, standard deviation over the seeds and extremes of every setting."""
        columns = ["setting", "seeds", "mean", "standard deviation", "lowest", "highest"]
        rows = [
            [name, len(v), *map(float, (v.mean(), v.std(ddof=1), v.min(), v.max()))]
            for name, v in self.results.items()
        ]
        return Table(columns, rows)

    def pairs(self) -> Table:
        """Return the difference of every two settings, its interval and the outcome.

        The interval from "low" to "high" is that of each comparison by itself; the outcome is
        that of Holm's procedure: where many pairs are compared, an interval may leave out zero, or
        lie within the margin, and yet not suffice. "Runs to decide" stands where it is undecided.
        """
        columns = ["setting", "other setting", "difference", "low", "high", "outcome"]
        columns += ["runs to decide"]
        rows = []
        for pair, d in self.differences.items():
            undecided = self.outcomes[pair] == "undecided" and (d.mean or d.margin)
            runs = d.seeds_to_decide() if undecided else None
            rows.append([*pair, d.mean, d.low, d.high, self.outcomes[pair], runs])
        return Table(columns, rows)

    def statement(self) -> str:
        """Return in a sentence or three how many pairs differ, are equal, are undecided."""
        named = {"equal": [], "undecided": []}
        for (first, second), outcome in self.outcomes.items():
            if outcome in named:
                pair = {"first": translate(first), "second": translate(second)}
                named[outcome].append(translate("{first} and {second}", **pair))
        comma = "；" if current_language() == "zh" else "; "
        equal, undecided = (comma.join(pairs) for pairs in named.values())
        differ = len(self.outcomes) - len(named["equal"]) - len(named["undecided"])
        said = translate(
            "Of {pairs} pairs {differ} differ.", pairs=len(self.outcomes), differ=differ
        )
        if equal:
            said += translate(
                " Equal within {margin}: {names}.", margin=f"{self.margin:g}", names=equal
            )
        if undecided:
            said += translate(" Undecided: {names}.", names=undecided)
        return said


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


def _chance(difference: Difference, away: float) -> float:
    """Return p: how probable a mean as far `away` or farther is, at its standard error."""
    if away < 0:
        return 1.0
    if difference.error == 0:
        return float(away == 0)
    return _beyond(away / difference.error, difference.seeds - 1)


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
