"""What needs a framework, and what was recorded of it for readers without one.

``make record`` writes into ``framework_runs.json`` what the notebooks' functions return;
``make parity`` calls them again and compares.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable

import numpy as np

from lrcourse.language import shipped

FRAMEWORKS = ("torch", "keras", "tensorflow", "jax", "optax")
DIGITS = 10


def live_or_recorded(function: Callable, *arguments) -> np.ndarray:
    """Return ``function(*arguments)``, live or as recorded: the same numbers, to ten digits.

    The function imports its framework and returns an array of numbers; the ``repr`` of an argument,
    such as a `Schedule`, tells all of it. If a framework is missing and the function or an
    argument is not what it was when it was recorded, that is a `ModuleNotFoundError`: an old record
    is never passed off for new code.
    """
    try:
        numbers = function(*arguments)
    except ModuleNotFoundError as problem:
        if problem.name not in FRAMEWORKS:
            raise
        entry = recorded().get(function.__name__)
        said = [repr(argument) for argument in arguments]
        if not (entry and said == entry["arguments"] and same_code(_code(function), entry["code"])):
            raise ModuleNotFoundError(
                f"{problem.name} is missing, and nothing is recorded of {function.__name__} "
                "as it is now; install the framework to run it",
                name=problem.name,
            ) from None
        runs = np.array(entry["numbers"])
        return np.repeat(runs[:, 0], runs[:, 1].astype(int)).reshape(entry["shape"])
    return rounded(numbers)


def framework_versions() -> dict[str, str]:
    """Return the versions of the frameworks that were recorded.

    >>> sorted(framework_versions())
    ['jax', 'keras', 'optax', 'torch']
    """
    versions = shipped("book/framework_runs.json")["versions"]
    return {name: version.split("+")[0] for name, version in versions.items()}


def recorded() -> dict[str, dict]:
    """Return each function's name with its code, arguments, shape and runs of equal numbers."""
    return shipped("book/framework_runs.json")["recordings"]


def rounded(numbers) -> np.ndarray:
    """Return the numbers to ten significant digits, as they are recorded."""
    numbers = np.asarray(numbers, float)
    texts = [f"{number:.{DIGITS}g}" for number in numbers.ravel()]
    return np.array(texts, float).reshape(numbers.shape)


def entry(function: Callable, arguments: tuple, numbers: np.ndarray) -> dict:
    """Return what is to be written of a call that returned `numbers`."""
    runs = []
    for number in rounded(numbers).ravel().tolist():
        if runs and runs[-1][0] == number:
            runs[-1][1] += 1
        else:
            runs.append([number, 1])
    return {
        "code": _code(function),
        "arguments": [repr(argument) for argument in arguments],
        "shape": list(np.shape(numbers)),
        "numbers": runs,
    }


def same_code(one: str, other: str) -> bool:
    """Whether two pieces of code differ in layout and comments at most."""
    return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))


def _code(function) -> str:
    return textwrap.dedent(inspect.getsource(function))
