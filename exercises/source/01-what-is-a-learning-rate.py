"""The kettle and the two valleys: a class's numbers, and submissions for the tests."""

import random

import numpy as np

from lrcourse.landscapes import descend, two_valleys
from lrcourse.optimizers import SGD
from tools.grading.assignments import Submission

# What is kept of each cell that students fill in, and judged.
ANSWERS = {
    "step": ["slope", "w_1"],
    "path": ["path"],
    "limit": ["L", "one_step", "limit"],
    "units": ["his_eta"],
    "valley": ["found", "lost"],
}


def inputs(w_0, eta, **_) -> dict:
    """Say with what the functions that students write are called."""
    seen = [(w_0, eta, 3)]
    hidden = [(w_0, eta, 6), (w_0 - 2, eta / 3, 11), (9, eta, 4)]
    return {"path": seen + hidden}


def variant(rng: random.Random) -> dict:
    """Draw water and minutes with a clear slope, and valleys that some rates leave."""
    volume = sorted(rng.sample(range(6, 31), 4))
    per_litre = rng.randint(3, 6)
    minutes = [
        round(per_litre * v / 10 + rng.randint(-5, 5) / 10, 1)
        for v in volume
    ]
    volume = [v / 10 for v in volume]
    curvature = sum(v * v for v in volume) / 4
    numbers = {
        "volume": volume,
        "minutes": minutes,
        "w_0": rng.choice([-1.0, -0.5, 0.5, 1.0]),
        # The first step covers a quarter to two thirds of the way.
        "eta": round(rng.uniform(0.25, 0.65) / curvature, 3),
        "k": rng.choice([10, 100, 1000]),
    }
    while True:
        valleys = {
            "tilt": rng.randint(5, 15) / 100,
            "start": rng.randint(14, 19) / 10,
            "rates": [
                rng.randint(1, 9) / 1000,
                rng.randint(95, 115) / 100,
                rng.randint(150, 250),
            ],
        }
        if _both_ways(**valleys):
            return numbers | valleys


def _both_ways(tilt, start, rates) -> bool:
    """Say whether from both sides some rates change the valley, and some never rest."""
    rates = np.linspace(*rates)
    for begin in (-start, start):
        descent = descend(two_valleys(tilt), SGD(rates), begin, steps=500)
        last = descent.points[-50:, :, 0]
        with np.errstate(invalid="ignore"):
            settled = np.ptp(last, axis=0) < 1e-6
        crossed = settled & (last[-1] * begin < 0)
        if crossed.sum() < 10 or (~settled).sum() < 10:
            return False
    return True


RIGHT_STEP = "slope = np.mean((w_0 * x - y) * x)\n"
LOOP = """\
def path(w, eta, steps):
    weights = [w]
    for _ in range({times}):
        w = w {sign} eta * np.{mean}((w * x - y) * x)
        weights.append(w)
    return {result}
"""


def loop(
    times="steps", sign="-", mean="mean", result="weights"
) -> dict[str, str]:
    """Return the descent with something changed."""
    return {
        "path": LOOP.format(
            times=times, sign=sign, mean=mean, result=result
        )
    }


SUBMISSIONS = {
    # Right, in another way than ours.
    "the library's gradient": Submission(
        {
            "step": "slope = float(kettle.gradient(np.array([w_0]))[0])\nw_1 = w_0 - eta * slope"
        }
    ),
    "in pure Python": Submission(
        {
            "step": "slope = sum((w_0 * a - b) * a for a, b in zip(volume, minutes)) / 4\n"
            "w_1 = w_0 - slope * eta",
            "path": "def path(w, eta, steps):\n    if steps == 0:\n        return [w]\n"
            "    slope = sum((w * a - b) * a for a, b in zip(x, y)) / len(x)\n"
            "    return [w] + path(w - eta * slope, eta, steps - 1)",
            "limit": "L = sum(v * v for v in volume) / 4\none_step, limit = L**-1, 2 * L**-1",
            "valley": "found = [r for r, w in zip(many_rates, ends(many_rates, -start)) if w > 0]\n"
            "lost = list({r for r, w in zip(many_rates, ends(many_rates, start)) if w < 0})",
        }
    ),
    "the library's descent": Submission(
        {
            "path": "def path(w, eta, steps):\n"
            "    return descend(kettle, SGD(eta), w, steps).points[:, 0, 0] if steps else [w]"
        }
    ),
    "the curvature that the library knows": Submission(
        {
            "limit": "L = kettle.curvature[-1]\none_step = 1 / L\nlimit = 2 * one_step"
        }
    ),
    # Mistakes.
    "missing minus": Submission(
        {"step": RIGHT_STEP + "w_1 = w_0 + eta * slope"},
        {"step-weight": 0},
        {"step-weight": ("Mind the minus", "注意减号")},
    ),
    "the change alone": Submission(
        {"step": RIGHT_STEP + "w_1 = -eta * slope"},
        {"step-weight": 0},
    ),
    "sum for mean": Submission(
        {
            "step": "slope = np.sum((w_0 * x - y) * x)\nw_1 = w_0 - eta * slope"
        },
        {"step-slope": 0, "step-weight": 0},
        {
            "step-slope": ("divide by n", "除以 n"),
            "step-weight": ("a sum", "总和"),
        },
    ),
    "the half forgotten": Submission(
        {
            "step": "slope = 2 * np.mean((w_0 * x - y) * x)\nw_1 = w_0 - eta * slope"
        },
        {"step-slope": 0, "step-weight": 0},
        {"step-slope": ("twice", "两倍"), "step-weight": ("1/2", "1/2")},
    ),
    "the inner derivative forgotten": Submission(
        {
            "step": "slope = np.mean(w_0 * x - y)\nw_1 = w_0 - eta * np.mean((w_0 * x - y) * x)"
        },
        {"step-slope": 0},
        {"step-slope": ("chain rule", "链式法则")},
    ),
    "rounded": Submission(
        {"step": RIGHT_STEP + "w_1 = round(w_0 - eta * slope, 2) + 1e-3"},
        {"step-weight": 0},
        {"step-weight": ("Keep all digits", "保留全部数位")},
    ),
    "a text": Submission(
        {"step": RIGHT_STEP + "w_1 = 'one'"},
        {"step-weight": 0},
        {"step-weight": ("cannot use", "无法使用")},
    ),
    "one step too few": Submission(
        loop(times="steps - 1"),
        {"path-form": 0, "path-end": 0},
        {
            "path-form": ("one too short", "少了一项"),
            "path-end": ("too early", "太早"),
        },
    ),
    "one step too many": Submission(
        loop(times="steps + 1"),
        {"path-form": 0, "path-end": 0},
        {
            "path-form": ("One place too many", "多了一处"),
            "path-end": ("too long", "太晚"),
        },
    ),
    "without the start": Submission(
        loop(result="weights[1:]"),
        {"path-form": 0},
        {"path-form": ("one too short", "少了一项")},
    ),
    "without the start, and one step too many": Submission(
        loop(times="steps + 1", result="weights[1:]"),
        {"path-form": 0, "path-end": 0},
        {"path-form": ("start is missing", "漏了起点")},
    ),
    "uphill": Submission(
        loop(sign="+"),
        {"path-end": 0},
        {"path-end": ("climbs", "越走越高")},
    ),
    "steps of a sum": Submission(
        loop(mean="sum"),
        {"path-end": 0},
        {"path-end": ("too long", "步子太长")},
    ),
    "always the first slope": Submission(
        {
            "path": "def path(w, eta, steps):\n    slope = np.mean((w * x - y) * x)\n"
            "    return [w - i * eta * slope for i in range(steps + 1)]"
        },
        {"path-end": 0},
        {"path-end": ("as long as the first", "一样长")},
    ),
    "raises": Submission(
        {"path": "def path(w, eta, steps):\n    return weights[0]"},
        {"path-form": 0, "path-end": 0},
        {"path-form": ("NameError", "NameError")},
    ),
    "limits exchanged": Submission(
        {"limit": "L = np.mean(x**2)\nlimit, one_step = 4 / L, 2 / L"},
        {"limit-rates": 0},
        {"limit-rates": ("it is -1", "等于 -1")},
    ),
    "square of the mean": Submission(
        {"limit": "L = np.mean(x) ** 2\none_step, limit = 1 / L, 2 / L"},
        {"limit-curvature": 0, "limit-rates": 0},
        {"limit-curvature": ("square of the mean", "平均值的平方")},
    ),
    "the unit once": Submission(
        {"units": "his_eta = eta / k"},
        {"units-rate": 0},
        {"units-rate": ("slope is larger too", "斜率也变大")},
    ),
    "the unit the wrong way": Submission(
        {"units": "his_eta = eta * k**2"},
        {"units-rate": 0},
        {"units-rate": ("bends more", "弯得更厉害")},
    ),
    "what never rests counted": Submission(
        {
            "valley": "found = many_rates[~(ends(many_rates, -start) < 0)]\n"
            "lost = many_rates[~(ends(many_rates, start) > 0)]"
        },
        {"valley-found": 0, "valley-lost": 0},
        {
            "valley-found": ("nan is not a place", "nan 不是一个位置"),
            "valley-lost": ("nan is not a place", "nan 不是一个位置"),
        },
    ),
}
