"""What every public function asks of its arguments, said in one voice."""

import math
from numbers import Integral, Real

import numpy as np


def positive_integer(name: str, value, at_most: int | None = None, unit: str = "") -> int:
    """Return `value` as an int, or raise an error that names the argument."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < 1 or (at_most is not None and value > at_most):
        bounds = "at least 1" if at_most is None else f"between 1 and {at_most}{unit}"
        raise ValueError(f"{name} must be {bounds}, got {value}")
    return int(value)


def whole(name: str, value, low: int = 0) -> int:
    """Return `value` as an int of at least `low`."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < low:
        raise ValueError(f"{name} must be at least {low}, got {value}")
    return int(value)


def number(name: str, value) -> float:
    """Return `value` as a float, which may be nan or infinite."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    return float(value)


def positive(name: str, value) -> float:
    """Return `value` as a finite float above 0."""
    if not (math.isfinite(number(name, value)) and value > 0):
        raise ValueError(f"{name} must be positive and finite, got {value}")
    return float(value)


def one_of(name: str, value, allowed):
    """Return `value` if it is one of the `allowed` words."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
    return value


def real(name: str, value, low: float = -math.inf, high: float = math.inf) -> float:
    """Return `value` as a finite float between `low` and `high`, both included."""
    if not (math.isfinite(number(name, value)) and low <= value <= high):
        raise ValueError(f"{name} must be {_range(low, high)}, got {value}")
    return float(value)


def _range(low, high):
    if low == -math.inf and high == math.inf:
        return "finite"
    if high == math.inf:
        return f"finite and at least {low:g}"
    return f"between {low:g} and {high:g}"


def learning_rates(name: str, value) -> np.ndarray:
    """Return a rate, or an array with one rate per run, as a float array of at most one axis."""
    try:
        rates = np.asarray(value)
    except ValueError:  # nested lists of unequal length
        raise TypeError(f"{name} must be a number or an array of numbers, got {value!r}") from None
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


def numeric(name: str, value) -> np.ndarray:
    """Return `value` as a float array with at least one axis and only finite numbers."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise TypeError(f"{name} must be an array of numbers") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be an array of numbers, got dtype {array.dtype}")
    if array.ndim == 0:
        raise ValueError(f"{name} must have at least one axis, got the single number {array}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got nan or infinity")
    return array if array.dtype.kind == "f" else array.astype(float)


def float_type(value) -> np.dtype:
    """Return `value` as the dtype of float32 or float64."""
    try:
        dtype = np.dtype(value)
    except TypeError:
        raise TypeError(f"dtype must be float32 or float64, got {value!r}") from None
    if dtype not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, got {dtype}")
    return dtype
