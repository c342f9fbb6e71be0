"""The formulas that the course displays, evaluated: TeX to numbers, and what each must give."""

import ast
import math
import re
from collections.abc import Iterator
from pathlib import Path

from lrcourse import landscapes, optimizers, schedules
from tools.text.pages import stored

TOKEN = re.compile(r"\s*(\d*\.\d+|\d+|\\[A-Za-z]+|\\[,;!:]|[A-Za-z]|\S)")
NAMES = {r"\cos": math.cos, r"\ln": math.log, r"\exp": math.exp, r"\sqrt": math.sqrt}
CLOSING = {"(": ")", "{": "}", r"\lfloor": r"\rfloor", "|": "|", "[": "]"}
SKIPPED = {r"\left", r"\right", r"\,", r"\;", r"\!", r"\:", "&"}


class Tex:
    """A formula in the TeX that the course uses, as a value of its symbols.

    >>> Tex(r"\\tfrac12 (1 + \\cos\\frac{\\pi t}{T})").value({"t": 0, "T": 9})
    1.0
    """

    def __init__(self, tex: str) -> None:
        self.tokens = [token for token in TOKEN.findall(tex) if token not in SKIPPED]

    def value(self, symbols: dict) -> float:
        """Evaluate it; ValueError where it holds something that is not understood."""
        self.at, self.symbols = 0, {"e": math.e, r"\pi": math.pi} | symbols
        found = self._sum()
        if self._next():
            raise ValueError(f"{self._next()} is not understood")
        return found

    def _next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _take(self, wanted: str = "") -> str:
        token = self._next()
        if wanted and token != wanted:
            raise ValueError(f"{wanted} expected, got {token or 'the end'}")
        self.at += 1
        return token

    def _sum(self) -> float:
        found = 0.0
        sign = -1 if self._next() == "-" and self._take() else 1
        while True:
            found += sign * self._product()
            if self._next() not in ("+", "-"):
                return found
            sign = 1 if self._take() == "+" else -1

    def _product(self) -> float:
        found = self._power()
        while (token := self._next()) and token not in "+-=,.;)}]|" and token not in (r"\rfloor",):
            if token == "/":
                self._take()
                found /= self._power()
            else:
                if token in (r"\cdot", r"\times"):
                    self._take()
                found *= self._power()
        return found

    def _power(self) -> float:
        found = self._atom()
        if self._next() == "^":
            self._take()
            found **= self._group()
        return found

    def _group(self) -> float:
        """Read what TeX takes as an argument: braces, or one token."""
        if self._next() == "{":
            return self._inside()
        return self._atom()

    def _inside(self) -> float:
        opened = self._take()
        found = self._sum()
        self._take(CLOSING[opened])
        return {r"\lfloor": math.floor, "|": abs}.get(opened, float)(found)

    def _atom(self) -> float:
        token = self._next()
        if token in CLOSING:
            return self._inside()
        self._take()
        if re.fullmatch(r"[\d.]+", token):
            return float(token)
        if token in (r"\frac", r"\tfrac"):
            if self._next().isdigit() and len(self._next()) == 2:  # \tfrac12
                above, below = self._take()
                return int(above) / int(below)
            return self._group() / self._group()
        if token in (r"\min", r"\max"):
            self._take("(")
            values = [self._sum()]
            while self._next() == ",":
                self._take()
                values.append(self._sum())
            self._take(")")
            return min(values) if token == r"\min" else max(values)
        if token in NAMES:
            return NAMES[token](self._power() if token != r"\sqrt" else self._group())
        return self._symbol(token)

    def _symbol(self, name: str) -> float:
        if name == r"\hat":
            name += " " + self._take()
        if self._next() == "_":
            self._take()
            if self._next() != "{":
                name += f"_{self._take()}"
            else:
                end = self.tokens.index("}", self.at)
                name += "_" + "".join(self.tokens[self.at : end + 1])
                self.at = end + 1
        for call in (r"\nabla J(w_t)", "J'(w_t)"):  # a gradient is one symbol
            parts = TOKEN.findall(call)
            if name == parts[0] and self.tokens[self.at : self.at + len(parts) - 1] == parts[1:]:
                self.at += len(parts) - 1
                name = call
        if name not in self.symbols:
            raise ValueError(f"{name} is not among {', '.join(self.symbols)}")
        return self.symbols[name]


def displayed(text: str) -> list[str]:
    """Return the displayed formulas of Markdown or a docstring, each side of a \\qquad one."""
    blocks = re.findall(r"(?s)\$\$(.*?)\$\$|\.\. math:: (.*?)\n\s*\n", f"{text}\n\n")
    pieces = [
        piece
        for block in blocks
        for piece in re.split(r"\\q?quad|\\\\|\\(?:begin|end)\{aligned\}", "".join(block))
    ]
    return [tidy for piece in pieces if (tidy := re.sub(r"[\s.,;]+$", "", piece.strip()))]


def equations(text: str) -> list[tuple[str, Tex]]:
    """Return the equations among them, as (symbol on the left, right side)."""
    sides = [formula.split("=", 1) for formula in displayed(text) if "=" in formula]
    return [(left.replace("&", "").strip(), Tex(right)) for left, right in sides]


# What the symbols stand for, and the schedule that a formula of them describes.
SYMBOLS = {r"\eta_0": 0.3, r"\eta_T": 0.02, r"\eta_{\max}": 0.3, r"\eta_w": 0.3}
SYMBOLS |= {"T": 40, "k": 0.07, "p": 1.7, "d": 0.6, "n": 7, "s": 2, "w": 9}
SCHEDULES = {
    "constant": lambda a: schedules.constant(a[r"\eta_0"]),
    "time_based": lambda a: schedules.time_based(a[r"\eta_0"], a["k"]),
    "time_based_compounding": lambda a: schedules.time_based_compounding(a[r"\eta_0"], a["k"]),
    "inverse_power": lambda a: schedules.inverse_power(a[r"\eta_0"], a["p"]),
    "exponential": lambda a: schedules.exponential(a[r"\eta_0"], a["k"]),
    "geometric": lambda a: schedules.geometric(a[r"\eta_0"], a[r"\eta_T"], a["T"]),
    "step_decay": lambda a: schedules.step_decay(a[r"\eta_0"], a["d"], a["n"], a["s"]),
    "inverse_sqrt": lambda a: schedules.inverse_sqrt(a[r"\eta_{\max}"], a["w"]),
    "polynomial": lambda a: schedules.polynomial(a[r"\eta_0"], a["T"], a["p"], a[r"\eta_T"]),
    "linear": lambda a: schedules.linear(a[r"\eta_0"], a["T"], a[r"\eta_T"]),
    "cosine": lambda a: schedules.cosine(a[r"\eta_0"], a["T"], a[r"\eta_T"]),
    "warmup": lambda a: schedules.warmup(schedules.constant(a[r"\eta_w"]), a["w"], a["s"]),
}
# In the chapters schedules end at zero and count from step 0.
IN_CHAPTERS = {
    ("03-choosing-a-learning-rate", "range-text"): ["geometric"],
    ("04-schedules", "steps-text"): ["time_based"],
    ("04-schedules", "drops-text"): ["step_decay", "exponential"],
    ("04-schedules", "end-text"): ["linear", "polynomial", "cosine"],
    ("04-schedules", "up-text"): ["inverse_sqrt"],
}
RATE, MU = 0.2, 0.9
CONSTANTS = {r"\eta": RATE, r"\mu": MU, r"\alpha": 0.9, r"\rho": 0.9, r"\epsilon": 1e-3}
CONSTANTS |= {r"\beta_1": 0.8, r"\beta_2": 0.95, r"\lambda": 0.1}
METHODS = {
    "SGD": lambda: optimizers.SGD(RATE),
    "momentum": lambda: optimizers.SGD(RATE, momentum=MU),
    "Adagrad": lambda: optimizers.Adagrad(RATE, eps=1e-3),
    "RMSprop": lambda: optimizers.RMSprop(RATE, alpha=0.9, eps=1e-3),
    "Adadelta": lambda: optimizers.Adadelta(RATE, rho=0.9, eps=1e-3),
    "Adadelta of rate 1": lambda: optimizers.Adadelta(1.0, rho=0.9, eps=1e-3),
    "Adam": lambda: optimizers.Adam(RATE, betas=(0.8, 0.95), eps=1e-3),
    "AdamW": lambda: optimizers.AdamW(RATE, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
}
STEP = r"$$w_{t+1} = w_t - \eta v_{t+1}$$"
RMSPROP_STEP = r"$$w_{t+1} = w_t - \eta\, g_t / (\sqrt{s_{t+1}} + \epsilon)$$"
HATS = r"$$\hat m_{t+1} = m_{t+1} / (1 - \beta_1^{t+1}), \quad"
HATS += r"\hat s_{t+1} = s_{t+1} / (1 - \beta_2^{t+1})$$"
METHODS_IN_CHAPTERS = {
    ("01-what-is-a-learning-rate", "direction-text"): ("SGD", ""),
    ("06-adaptive-methods", "ravine-text"): ("momentum", ""),
    ("06-adaptive-methods", "words-text"): ("Adagrad", ""),
    ("06-adaptive-methods", "shrink-text"): ("RMSprop", RMSPROP_STEP),
    ("06-adaptive-methods", "units-text"): ("Adadelta of rate 1", ""),
    ("06-adaptive-methods", "correction-text"): ("Adam", ""),
}


def wrong_schedule(formula: Tex, name: str, symbols: dict) -> str:
    """Say where a formula of t and the schedule of that name part, if they do."""
    rates = SCHEDULES[name](symbols)
    last, steps = symbols[r"\eta_0"], symbols["w" if name == "warmup" else "T"]
    for t in range(1, steps):
        try:
            last = formula.value(symbols | {"t": t, r"\eta_{t-1}": last})
        except (ValueError, ArithmeticError) as problem:
            return f"{name}: {problem}"
        if not math.isclose(last, rates(t), rel_tol=1e-9):
            return f"{name}: the formula gives {last:.6g} at step {t}, the library {rates(t):.6g}"
    return ""


def wrong_method(found: list[tuple[str, Tex]], name: str) -> str:
    """Say where the equations of a method and the optimizer of that name part, if they do."""
    curvature, steps = 1.3, 4
    bowl = landscapes.quadratic(curvature)
    ours = landscapes.descend(bowl, METHODS[name](), start=0.7, steps=steps).points[:, 0, 0]
    state = dict.fromkeys(("v_t", "s_t", "d_t", "m_t"), 0.0) | CONSTANTS | {"w_t": 0.7}
    for t in range(steps):
        slope = curvature * state["w_t"]
        state |= {"t": t, "g_t": slope, r"\nabla J(w_t)": slope, "J'(w_t)": slope}
        for left, right in found:
            try:
                state[left] = right.value(state)
            except (ValueError, ArithmeticError):
                continue  # an equation about something else; what is missing then is told below
        new = {left.replace("{t+1}", "t"): state.pop(left) for left in list(state) if "t+1" in left}
        if not math.isclose(new.get("w_t", math.nan), ours[t + 1], rel_tol=1e-9):
            return f"{name}: the formulas give {new.get('w_t')} after step {t}, not {ours[t + 1]}"
        state |= new
    return ""


def docstrings(path: Path) -> dict[str, str]:
    """Return the docstrings of a module's functions and classes, by name."""
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    kinds = ast.FunctionDef | ast.ClassDef
    return {node.name: ast.get_docstring(node) or "" for node in nodes if isinstance(node, kinds)}


def problems(root: Path) -> Iterator[str]:
    """Yield what is wrong with the formulas of the schedules and methods, wherever displayed."""
    texts = docstrings(root / "lrcourse" / "schedules.py")
    for name in SCHEDULES:
        text = re.sub(r":math:`(\\eta_t = [^`]*)`", r"$$\1$$", texts[name])
        found = [right for left, right in equations(text) if left == r"\eta_t"]
        wrong = wrong_schedule(found[0], name, SYMBOLS) if found else f"{name}: no formula"
        yield from [f"lrcourse/schedules.py: {wrong}"] if wrong else []
    texts = docstrings(root / "lrcourse" / "optimizers.py")
    texts |= {"momentum": "\n".join(f"$${each}$$" for each in displayed(texts["SGD"])[1:]) + STEP}
    texts["SGD"] = texts["SGD"].split("momentum")[0]
    texts["AdamW"] = texts["Adam"] + HATS + texts["AdamW"]
    for name in set(METHODS) & set(texts):
        if wrong := wrong_method(equations(texts[name]), name):
            yield f"lrcourse/optimizers.py: {wrong}"
    for language in ("en", "zh"):
        for (page, cell), names in IN_CHAPTERS.items():
            place = f"chapters/{language}/{page}.ipynb, cell {cell}"
            formulas = displayed(source(root, language, page, cell))
            if len(formulas) != len(names):
                yield f"{place}: {len(formulas)} displayed formulas, not {len(names)}"
            at_zero = SYMBOLS | {"s": 0} | ({} if names == ["geometric"] else {r"\eta_T": 0.0})
            for formula, name in zip(formulas, names, strict=False):
                if wrong := wrong_schedule(Tex(formula.split("=")[-1]), name, at_zero):
                    yield f"{place}: {wrong}"
        for (page, cell), (name, more) in METHODS_IN_CHAPTERS.items():
            if wrong := wrong_method(equations(source(root, language, page, cell) + more), name):
                yield f"chapters/{language}/{page}.ipynb, cell {cell}: {wrong}"


def source(root: Path, language: str, page: str, cell: str) -> str:
    """Return the text of a notebook's cell."""
    cells = stored(root / "chapters" / language / f"{page}.ipynb").cells
    return next(some.source for some in cells if some.id == cell)
