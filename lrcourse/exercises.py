"""Checks for the exercises: an answer is right, or it is told why not.

A check compares numbers with a tolerance, knows the mistakes that are usual in its
problem, and says in the language of the notebook (`lrcourse.use_language`) what to
think over. It never says the answer.
"""

from collections.abc import Mapping

import numpy as np

from lrcourse.language import translate


def check(value, expected, mistakes: Mapping | None = None, *, tolerance: float = 1e-6) -> None:
    """Compare an answer with the expected one; where it is wrong, an `AssertionError` says so.

    Parameters
    ----------
    value, expected
        A number, several numbers (list, tuple, array), a truth value or a word.
    mistakes : dict, optional
        Messages and the wrong values that each is for: ``{"The step goes uphill.": w + step}``.
        One message may stand for several values, given as a tuple.
    tolerance : float
        How far a number may be off, relative to the largest expected one.

    >>> check(0.3, 0.1 + 0.2)
    >>> check(-0.3, 0.3, {"The minus is missing.": -0.3})
    Traceback (most recent call last):
        ...
    AssertionError: The minus is missing.
    """
    if same(value, expected, tolerance):
        return
    for message, wrong in (mistakes or {}).items():
        several = wrong if isinstance(wrong, tuple) else (wrong,)
        if any(same(value, each, tolerance) for each in several):
            raise AssertionError(message)
    raise AssertionError(_complaint(value, expected))


def check_each(values: Mapping, expected: Mapping, points: float) -> float:
    """Compare several answers and return the points that they earn together.

    As the last line of a test it gives partial credit: all of the `points` for all answers right.
    Wrong answers are named in print.

    >>> check_each({"a": 1, "b": 3}, {"a": 1, "b": 2}, points=4)
    Not right: b.
    2.0
    """
    if not isinstance(values, Mapping):
        raise AssertionError(translate("A dict was expected, with an answer for each question."))
    wrong = [name for name, right in expected.items() if not same(values.get(name), right)]
    if wrong:
        print(translate("Not right: {names}.", names=", ".join(map(str, wrong))))
    return points * (len(expected) - len(wrong)) / len(expected)


def same(value, expected, tolerance: float = 1e-6) -> bool:
    """Say whether two answers are the same: in shape, and in value up to the tolerance."""
    if isinstance(expected, str):
        return isinstance(value, str) and value.strip().casefold() == expected.casefold()
    numbers = _numbers(value)
    if numbers is None or _is_truth(expected) != _is_truth(value):
        return False
    expected = np.asarray(expected, dtype=float)
    finite = np.abs(expected[np.isfinite(expected)])
    close = tolerance * float(finite.max(initial=0.0))
    return numbers.shape == expected.shape and np.allclose(
        numbers, expected, rtol=0, atol=close, equal_nan=True
    )


def _is_truth(value) -> bool:
    return isinstance(value, bool | np.bool_)


def _numbers(value) -> np.ndarray | None:
    """Return an answer as an array of floats, or None if it is not made of numbers."""
    try:
        numbers = np.asarray(value)
    except ValueError:  # rows of different length
        return None
    return numbers.astype(float) if numbers.dtype.kind in "biuf" else None


def _complaint(value, expected) -> str:
    """Say what is wrong with an answer that is none of the usual mistakes."""
    if value is None or value is ...:
        return translate("There is no answer here yet.")
    if isinstance(expected, str):
        return translate("{value} is not it.", value=_short(value))
    if _is_truth(expected):
        if _is_truth(value):
            return translate("It is the other way round.")
        return translate("True or False was expected, not {value}.", value=_short(value))
    numbers, expected = _numbers(value), np.asarray(expected, dtype=float)
    if numbers is None or _is_truth(value):
        return translate("A number was expected, not {value}.", value=_short(value))
    if numbers.shape != expected.shape:
        wanted, found = (" × ".join(map(str, each.shape)) or "1" for each in (expected, numbers))
        return translate("{wanted} numbers were expected, not {found}.", wanted=wanted, found=found)
    if not np.isfinite(numbers).all() and np.isfinite(expected).all():
        return translate("Not every number is finite: {value}.", value=_short(value))
    if same(-numbers, expected):
        return translate("The size is right, the sign is not.")
    if same(numbers, expected, 0.01):
        return translate("Very close. Keep all digits: round nothing on the way.")
    return translate(
        "{value} does not follow from the numbers of this notebook.", value=_short(value)
    )


def _short(value) -> str:
    text = repr(value.tolist() if isinstance(value, np.ndarray | np.generic) else value)
    return text if len(text) <= 60 else text[:57] + "..."
