"""Schedules written as text, and names that are nearly right.

>>> schedule("warmup(cosine(0.1, 100), 5)")
warmup(schedule=cosine(learning_rate=0.1, total_steps=100), steps=5)
>>> schedule("OneCycleLR(optimizer, 0.1, 100)")
Traceback (most recent call last):
ValueError: NAME must be a schedule, got 'OneCycleLR': did you mean one_cycle(0.1, 100)?
"""

import ast
import difflib
import inspect
import warnings
from collections.abc import Collection

from lrcourse.language import shipped
from lrcourse.schedules import FACTORIES, Schedule

# What others call a schedule or an argument, where `counterparts.json` does not say it.
_SCHEDULES = {
    "ReduceLROnPlateau": "ReduceOnPlateau, a rule on a metric and no schedule",
    "SequentialLR": "join",
    "join_schedules": "join",
    "invscaling": "inverse_power",
    "sgdr_schedule": "cosine_restarts",
    "WarmupCosine": "warmup(cosine(0.1, 90), 10)",
    "cosine_onecycle_schedule": "one_cycle",
}
_ARGUMENTS = {
    "lr": "learning_rate", "eta0": "learning_rate", "max_lr": "max_rate", "base_lr": "min_rate",
    "T_max": "total_steps", "decay_steps": "total_steps", "eta_min": "end", "alpha": "end",
    "T_0": "period", "T_mult": "multiplier", "m_mul": "shrink", "warmup": "warmup_steps",
}  # fmt: skip


def known(label: str, word: str, names: Collection[str], others=(), kind: str = "") -> str:
    """Return a word that is among the names, or say in a `ValueError` which was probably meant.

    `others` maps names that are used elsewhere to what they are here; `kind` says what the names
    are, if they are too many to be listed.
    """
    if word in names:
        return word
    hint = _hint(word, names, others) or (": --help lists them" if kind else "")
    kind = kind or f"one of {', '.join(names)}"
    raise ValueError(f"{label} must be {kind}, got {word[:60]!r}{hint}")


def _hint(word, names, others):
    """Ask whether the nearest of the names was meant, whatever its case and underscores."""
    meanings = {**dict(others), **dict(zip(names, names, strict=True))}
    plain = {_plain(name): meaning for name, meaning in meanings.items()}
    near = difflib.get_close_matches(_plain(word), plain, n=1)
    return f": did you mean {plain[near[0]]}?" if near else ""


def _plain(name):
    return name.lower().replace("_", "").replace("-", "")


def _factory(name):
    return FACTORIES[known("NAME", name, FACTORIES, _elsewhere(), "a schedule")]


def _elsewhere():
    """Return, for the frameworks' names of schedules, what they are here: one call or two."""
    found = {}
    for _, ours, *theirs in shipped("counterparts.json")["schedules"]:
        for call in theirs:
            if call and "(" in call and "lambda" not in call:
                found.setdefault(call.partition("(")[0], []).append(ours)
    return {name: " or ".join(calls[:2]) for name, calls in found.items()} | _SCHEDULES


def schedule(text: str, pairs: Collection[str] = ()) -> Schedule:
    """Return the schedule that is written as a call, or as a name with arguments ``key=value``.

    A value is a number, a word, a sequence of these or a schedule. Nothing is executed.
    """
    if "(" in text:
        if pairs:
            raise ValueError(f"a schedule written as a call takes no more, got {pairs[0][:60]!r}")
        if not isinstance(made := _value("NAME", text), Schedule):
            raise ValueError(f"NAME must be a schedule, got {text[:60]!r}")
        return made
    factory = _factory(text)
    texts = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    if len(texts) < len(pairs):
        raise ValueError(f"{_usage(factory)}, each once, got {' '.join(pairs)[:60]!r}")
    parameters = _parameters(factory, (), texts)
    values = {key: _value(key, value) for key, value in texts.items()}
    for key, value in values.items():
        if "Sequence" in str(parameters[key].annotation) and not isinstance(value, list):
            values[key] = [value]
    return factory(**values)


def _usage(factory):
    each = inspect.signature(factory).parameters.values()
    keys = (f"{p.name}=…" if p.default is p.empty else f"[{p.name}=…]" for p in each)
    return f"{factory.__name__} takes {' '.join(keys)}"


def _parameters(factory, positional, keywords):
    """Return the parameters of a factory, if it takes what it is called with."""
    signature = inspect.signature(factory)
    try:
        signature.bind(*positional, **keywords)
    except TypeError as problem:
        reason, names = str(problem), signature.parameters
        if unknown := [key for key in keywords if key and key not in names]:
            meanings = {other: ours for other, ours in _ARGUMENTS.items() if ours in names}
            reason = f"got {unknown[0][:60]!r}{_hint(unknown[0], names, meanings)}"
        raise ValueError(f"{_usage(factory)}: {reason}") from None
    return signature.parameters


_VALUE = "a number, numbers separated by commas, a word or a schedule"


def _value(key, text):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's, about how it is written
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"{key} must be {_VALUE}, got {text[:60]!r}") from None
    return _evaluated(tree)


def _evaluated(node):
    match node:
        case ast.Constant(value=bool() | int() | float() | str()):
            return node.value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            return -node.operand.value
        case ast.Tuple() | ast.List():
            return [_evaluated(element) for element in node.elts]
        case ast.Name():
            return {"true": True, "false": False}.get(node.id, node.id)
        case ast.Call(func=ast.Name(id=name)):
            factory = _factory(name)
            positional = [_evaluated(each) for each in node.args]
            keywords = {each.arg: _evaluated(each.value) for each in node.keywords}
            _parameters(factory, positional, keywords)
            return factory(*positional, **keywords)
    raise ValueError(f"a value must be {_VALUE}, got {ast.unparse(node)[:60]!r}")
