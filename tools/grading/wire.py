"""What student and grader send each other: plain data as one line of JSON, nothing else.

The student's process is not trusted. Numbers, texts, truth values, lists, tuples, dicts
and arrays of numbers are sent by value; whatever else there is stays where it is and is
sent as a reference, which the other side may call or ask for an attribute. Nothing that
arrives is ever executed.
"""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

LARGEST_LINE = 32 * 2**20
DEEPEST = 20
ARRAYS = "biuf"  # the kinds of arrays that are sent by value, and texts below


class Unreadable(Exception):
    """What arrived is not what may be sent."""


def line(message: dict) -> bytes:
    """Return a message as the line that is sent."""
    return json.dumps(message, ensure_ascii=True).encode() + b"\n"


def message(text: bytes) -> dict:
    """Return the message that a line holds."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not a message: {text[:60]!r}") from error
    if not isinstance(found, dict):
        raise Unreadable(f"not a message: {text[:60]!r}")
    return found


def pack(value: Any, refer: Callable[[Any], Any], depth: int = 0) -> Any:
    """Turn a value into what JSON can hold.

    Parameters
    ----------
    value
    refer : function
        Returns the reference for a value that is not plain data.
    """
    if depth > DEEPEST:
        raise ValueError(f"nested more than {DEEPEST} deep")

    def inner(some):
        return pack(some, refer, depth + 1)

    match value:
        case np.ndarray() | np.generic() if value.dtype.kind in ARRAYS:
            return {"array": _bytes(value)} if np.ndim(value) else {"scalar": _bytes(value)}
        case np.ndarray() | np.generic() if value.dtype.kind in "UO":
            return inner(value.tolist())
        case None | bool() | str() | float():
            return value
        case int():
            return {"int": str(value)} if abs(value) > 2**53 else int(value)
        case list() | range():
            return [inner(each) for each in value]
        case tuple():
            return {"tuple": [inner(each) for each in value]}
        case set() | frozenset():
            return {"set": [inner(each) for each in value]}
        case Mapping():
            return {"dict": [[inner(key), inner(each)] for key, each in value.items()]}
    return {"reference": refer(value)}


def _bytes(value) -> list:
    array = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
    return [array.dtype.str, list(np.shape(value)), base64.b64encode(array.tobytes()).decode()]


def unpack(packed: Any, resolve: Callable[[Any], Any], depth: int = 0) -> Any:
    """Turn what JSON held back into a value.

    Parameters
    ----------
    packed
    resolve : function
        Returns what a reference stands for.
    """
    if depth > DEEPEST:
        raise Unreadable("nested too deep")

    def inner(some):
        return unpack(some, resolve, depth + 1)

    try:
        match packed:
            case None | bool() | str() | float() | int():
                return packed
            case list():
                return [inner(each) for each in packed]
            case {"int": str(digits), **nothing} if not nothing:
                return int(digits)
            case {"tuple": list(items), **nothing} if not nothing:
                return tuple(inner(each) for each in items)
            case {"set": list(items), **nothing} if not nothing:
                return {inner(each) for each in items}
            case {"dict": list(items), **nothing} if not nothing:
                return {inner(key): inner(each) for key, each in items}
            case {"array": [str(kind), list(shape), str(data)], **nothing} if not nothing:
                return _array(kind, shape, data)
            case {"scalar": [str(kind), [], str(data)], **nothing} if not nothing:
                return _array(kind, [], data)[()]
            case {"reference": reference, **nothing} if not nothing:
                return resolve(reference)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"not plain data: {error}") from error
    raise Unreadable(f"not plain data: {str(packed)[:60]}")


def _array(kind, shape, data) -> np.ndarray:
    dtype = np.dtype(kind)
    if dtype.kind not in ARRAYS or dtype.names or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError(f"an array of {kind[:20]!r}")
    return np.frombuffer(base64.b64decode(data), dtype=dtype).reshape(shape).copy()
