"""What public functions ask of their arguments, said in one voice: the name, the need, the gift.

A check takes the name of an argument and its value, and returns the value as it is worked with
or raises a `TypeError` or `ValueError`.
"""

import math
from collections.abc import Callable, Sequence
from numbers import Integral, Real

import numpy as np

_LARGEST = 2**63 - 1  # what a whole number of an array can be


def whole(name: str, value, low: int = 0, high: int = _LARGEST, unit: str = "") -> int:
    """Return `value` as an int between `low` and `high`, both included."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if not low <= value <= high:
        low_alone = value < low and not unit
        bounds = f"at least {low}" if low_alone else f"between {low} and {high}{unit}"
        raise ValueError(f"{name} must be {bounds}, got {value}")
    return int(value)


def positive_integer(name: str, value, at_most: int = _LARGEST, unit: str = "") -> int:
    """Return `value` as an int of at least 1."""
    return whole(name, value, 1, at_most, unit)


def number(name: str, value) -> float:
    """Return `value` as a float, which may be nan or infinite."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} must be finite, got an integer beyond all floats") from None


def real(name: str, value, low: float = -math.inf, high: float = math.inf) -> float:
    """Return `value` as a finite float between `low` and `high`, both included."""
    if not (math.isfinite(number(name, value)) and low <= value <= high):
        bounds = "finite" if low == -math.inf else f"finite and at least {low:g}"
        bounds = f"between {low:g} and {high:g}" if high < math.inf else bounds
        raise ValueError(f"{name} must be {bounds}, got {value}")
    return float(value)


def not_negative(name: str, value) -> float:
    """Return `value` as a finite float of at least 0."""
    return real(name, value, 0)


def positive(name: str, value) -> float:
    """Return `value` as a finite float above 0."""
    if not (math.isfinite(number(name, value)) and value > 0):
        raise ValueError(f"{name} must be positive and finite, got {value}")
    return float(value)


def fraction(name: str, value) -> float:
    """Return `value` as a float above 0 and at most 1."""
    return real(name, positive(name, value), 0, 1)


def below_one(name: str, value) -> float:
    """Return `value` as a float of at least 0 and below 1."""
    if real(name, value, 0, 1) == 1:
        raise ValueError(f"{name} must be below 1, got {value}")
    return float(value)


def flag(name: str, value) -> bool:
    """Return `value` if it is True or False."""
    if not isinstance(value, (bool, np.bool)):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def one_of(name: str, value, allowed):
    """Return `value` if it is one of the `allowed` words."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
    return value


def instance(name: str, value, kind: type):
    """Return `value` if it is of that class."""
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise TypeError(f"{name} must be {article} {kind.__name__}, got {value!r}")
    return value


def having(name: str, value, *needed: str):
    """Return `value` if it is an object with the attributes that are needed."""
    if missing := [each for each in needed if not hasattr(value, each)]:
        raise TypeError(f"{name} must be an object with {', '.join(missing)}, got {value!r}")
    return value


def sequence(name: str, value) -> Sequence:
    """Return `value` if it is a list, a tuple, a range or an array with at least one axis."""
    if not isinstance(value, (list, tuple, range)) and not getattr(value, "shape", ()):
        raise TypeError(f"{name} must be a sequence, got {value!r}")
    return value


def several(check, count: int | None = None) -> Callable:
    """Return a check for a sequence whose members, so many of them, each pass a check."""

    def checked(name, value):
        if count not in (None, len(sequence(name, value))):
            raise ValueError(f"{name} must be a sequence of {count}, got {value!r}")
        return [check(f"each of {name}", each) for each in value]

    return checked


def one_for_each(name: str, value, **others) -> None:
    """Refuse others, by their names, that have not as many members as `value`."""
    for other, values in others.items():
        if len(values) != len(value):
            raise ValueError(
                f"{other} must be one for each of {name}, got {len(values)} for {len(value)}"
            )


# Arrays.


def array(value) -> np.ndarray:
    """Return `value` as an array; of nested lists of unequal length, one without numbers."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.asarray(None)


def numbers(name: str, value, axes: int | None = None, kinds: str = "iuf") -> np.ndarray:
    """Return `value` as a float array, of that many axes; nan and infinity may be in it."""
    found = array(value)
    if found.dtype.kind not in kinds:
        raise TypeError(f"{name} must be an array of numbers, got {value!r}")
    if axes is not None and found.ndim != axes:
        raise ValueError(f"{name} must have {axes} axes, got the shape {found.shape}")
    return found if found.dtype.kind == "f" else found.astype(float)


def numeric(name: str, value, axes: int | None = None) -> np.ndarray:
    """Return `value` as a float array with at least one axis and only finite numbers."""
    found = numbers(name, value, axes, kinds="biuf")
    if found.ndim == 0:
        raise ValueError(f"{name} must have at least one axis, got the single number {found}")
    if not np.isfinite(found).all():
        raise ValueError(f"{name} must be finite, got nan or infinity")
    return found


def learning_rates(name: str, value) -> np.ndarray:
    """Return a rate, or an array with one rate per run, as a float array of at most one axis."""
    rates = array(value)
    if rates.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a number or an array of numbers, got {value!r}")
    if rates.ndim > 1 or rates.size == 0:
        raise ValueError(f"{name} must be one number or one per run, got shape {rates.shape}")
    wrong = rates[~(np.isfinite(rates) & (rates > 0))]
    if wrong.size:
        raise ValueError(f"{name} must be positive and finite, got {wrong.flat[0]}")
    return rates.astype(float)


def examples(name: str, x, y) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs `x` (n, ...) and labels `y` (n,) as float arrays of finite numbers."""
    x, y = numeric(f"x of {name}", x), numeric(f"y of {name}", y)
    if len(x) == 0 or len(x) != len(y):
        raise ValueError(
            f"{name} must have one label for each row and at least one row, "
            f"got x of shape {x.shape} and y of shape {y.shape}"
        )
    return x, y


def float_array(name: str, value) -> np.ndarray:
    """Return `value` if it is an array of 32-bit or 64-bit floats."""
    if not isinstance(value, np.ndarray) or value.dtype not in (np.float32, np.float64):
        kind = getattr(value, "dtype", type(value).__name__)
        raise TypeError(f"{name} must be float arrays of 32 or 64 bits, got {kind}")
    return value


def parameter_arrays(name: str, value, shapes: Sequence[tuple[int, ...]]) -> None:
    """Refuse what is not a list of float arrays (runs, ...) of these shapes."""
    found = [float_array(name, each).shape for each in sequence(name, value)]
    runs = found[0][:1] if found else ()
    if found != [(*runs, *shape) for shape in shapes]:
        raise ValueError(f"{name} must have the shapes (runs, …) {list(shapes)}, got {found}")


def float_type(value) -> np.dtype:
    """Return `value` as the dtype of float32 or float64."""
    allowed = (float, np.float32, np.float64, "float32", "float64")
    if not (isinstance(value, (type, str, np.dtype)) and value in allowed):
        raise ValueError(f"dtype must be float32 or float64, got {value!r}")
    return np.dtype(value)
