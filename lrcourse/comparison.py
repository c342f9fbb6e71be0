"""What several seeds allow one to say."""

from dataclasses import dataclass

import numpy as np

from lrcourse.checks import numeric, real


@dataclass(frozen=True)
class Difference:
    """How much two settings differ over the same seeds.

    Attributes
    ----------
    mean : float
        Of first minus second, seed by seed.
    low, high : float
        The confidence interval of the mean.
    seeds : int
    """

    mean: float
    low: float
    high: float
    seeds: int

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
        Between 0 and 1.

    Raises
    ------
    ValueError
        For fewer than two seeds, different numbers of them, or values that are not finite.

    >>> paired_difference([1.0, 2.0, 3.0], [0.9, 1.8, 3.0]).told_apart
    False
    """
    first, second = numeric("first", first), numeric("second", second)
    confidence = real("confidence", confidence, low=0.0, high=1.0)
    if first.ndim != 1 or first.shape != second.shape or len(first) < 2:
        raise ValueError(
            "first and second must be one value for each of the same two or more seeds, "
            f"got shapes {first.shape} and {second.shape}"
        )
    differences = first - second
    seeds = len(differences)
    mean = float(differences.mean())
    error = float(differences.std(ddof=1)) / seeds**0.5
    reach = student(confidence, seeds - 1) * error
    return Difference(mean, mean - reach, mean + reach, seeds)


def student(confidence: float, degrees: int) -> float:
    """Return the t for which Student's distribution lies within ±t with the given probability.

    >>> round(student(0.95, 4), 3), round(student(0.95, 29), 3)
    (2.776, 2.045)
    """
    # With t = √ν tan θ the density is cos^(ν−1) θ: integrate it from 0 and read off.
    angles = np.linspace(0, np.pi / 2, 200_001)
    density = np.cos(angles) ** (degrees - 1)
    mass = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    angle = np.interp(confidence, mass / mass[-1], angles)
    return float(np.sqrt(degrees) * np.tan(angle))
