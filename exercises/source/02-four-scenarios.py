"""Bowls, a parabola and a curve of fourth degree: a class's numbers, and submissions."""

import random

import numpy as np

from lrcourse.landscapes import descend, quadratic
from lrcourse.optimizers import SGD
from tools.grading.assignments import Submission

# The rate times the curvature, from and to: well away from where two scenarios meet.
SCENARIOS = ((0.02, 0.08), (0.25, 0.95), (1.1, 1.9), (2.1, 3.0))

# What is kept of each cell that students fill in, and judged.
ANSWERS = {
    "factor": ["flat_factor", "steep_factor", "flat_distance"],
    "names": ["scenario"],
    "count": ["steps_needed"],
    "best": ["best", "best_factor"],
    "border": ["border"],
    "safe": ["safe_start"],
    "swing": ["better"],
}


def inputs(flat, steep, eta, **_) -> dict:
    """Say with what the functions that students write are called."""
    ravine = [flat, steep]
    return {
        "steps_needed": [
            ([2.0], 0.5),
            ([2.0], 1.5),
            (ravine, eta),
            (ravine, 1.9 / steep),
            ([0.02, 0.3, 1.0], 1.2),
            ([1.0], 1e-4),
        ],
        "safe_start": [(rate,) for rate in (0.01, 0.02, 0.003, 0.05, 0.7)],
    }


def variant(rng: random.Random) -> dict:
    """Draw a bowl whose steep axis swings, rates of every scenario, and a bowl for the claim."""
    steep = rng.randint(30, 90) / 10
    parabola = rng.randint(5, 50) / 10
    ranges = [*SCENARIOS, *rng.sample(SCENARIOS, 2)]
    rng.shuffle(ranges)
    numbers = {
        "flat": rng.randint(2, 9) / 10,
        "steep": steep,
        "eta": round(rng.uniform(1.2, 1.8) / steep, 3),
        "parabola": parabola,
        "six_rates": _rates(rng, ranges, parabola),
        "a": rng.choice([0.5, 1.5, 2.0, 2.5, 3.0, 4.0]),
        "start": rng.randint(15, 40) / 10,
    }
    while len(set(numbers["six_rates"])) < 6:  # they are keys of a dict
        numbers["six_rates"] = _rates(rng, ranges, parabola)
    while True:
        bowls = [
            rng.randint(5, 20) / 100,
            rng.randint(20, 80) / 10,
            rng.randint(80, 140),
        ]
        if _swinging_pays(*bowls):
            return numbers | {"bowls": bowls}


def _rates(rng, ranges, parabola) -> list[float]:
    return [round(rng.uniform(*each) / parabola, 3) for each in ranges]


def _swinging_pays(flat, steep, many) -> bool:
    """Say whether some rates swing and are faster, some as fast, and some slower than calm ones."""
    rates = np.linspace(0.02, 2.1, many) / steep
    errors = descend(
        quadratic([flat, steep]), SGD(rates), [1.0, 1.0], 1000
    ).errors
    reached = errors <= 0.01 * errors[0]
    steps = np.where(reached.any(axis=0), reached.argmax(axis=0), np.inf)
    fewest = steps[rates <= 1 / steep].min()
    swinging = steps[rates > 1 / steep]
    slower = swinging[np.isfinite(swinging)] > fewest
    return (
        (swinging < fewest).sum() >= 5
        and (swinging == fewest).any()
        and slower.any()
    )


COUNT = """\
def steps_needed(curvatures, rate):
    curvatures = np.array(curvatures)
    w = np.ones(len(curvatures))
    start = {measure}
    for step in range({numbers}):
        {first}
        if {measure} <= 0.01 * start:
            return step{plus}
        {then}
    return None
"""
MOVE = "w = w - rate * curvatures * w"


def count(
    measure="np.sum(curvatures * w**2)",
    numbers="1001",
    first="pass",
    then=MOVE,
    plus="",
) -> dict[str, str]:
    """Return the counting of steps with something changed."""
    text = COUNT.format(
        measure=measure, numbers=numbers, first=first, then=then, plus=plus
    )
    return {"count": text}


FACTORS = "flat_factor, steep_factor = 1 - eta * flat, 1 - eta * steep\n"
SAFE = "def safe_start(rate):\n    return {}"

SUBMISSIONS = {
    # Right, in another way than ours.
    "by walking": Submission(
        {
            "factor": "walk = descend(quadratic([flat, steep]), SGD(eta), [1.0, 1.0], 5)\n"
            "flat_factor, steep_factor = walk.points[1, 0]\n"
            "flat_distance = walk.points[5, 0, 0]",
        }
    ),
    "by thresholds": Submission(
        {
            "names": "def name(rate):\n    factor = 1 - rate * parabola\n"
            "    if abs(factor) > 1:\n        return 'diverging'\n"
            "    if factor < 0:\n        return ' Oscillating'\n"
            "    return 'slow' if factor**40 > 0.01 else 'converging'\n\n\n"
            "scenario = {rate: name(rate) for rate in six_rates}"
        }
    ),
    "counting before the step": Submission(count()),
    "counting with the library": Submission(
        {
            "count": "def steps_needed(curvatures, rate):\n"
            "    walk = descend(quadratic(curvatures), SGD(rate), np.ones(len(curvatures)), 1000)\n"
            "    reached = walk.errors[:, 0] <= 0.01 * walk.errors[0, 0]\n"
            "    return reached.argmax() if reached.any() else None"
        }
    ),
    "in another order": Submission(
        {
            "best": "best_factor = 1 - 2 / (steep + flat) * flat\nbest = (1 - best_factor) / flat",
            "safe": SAFE.format("np.sqrt(2 / rate / a)"),
            "swing": "fewest = min(steps_needed(bowls[:2], r) or 9999 for r in many_rates "
            "if r <= 1 / bowls[1])\n"
            "better = [r for r in many_rates[::-1] if r > 1 / bowls[1] "
            "and (steps_needed(bowls[:2], r) or 9999) < fewest]",
        }
    ),
    # Mistakes.
    "missing minus": Submission(
        {
            "factor": "flat_factor, steep_factor = 1 + eta * flat, 1 + eta * steep\n"
            "flat_distance = (1 - eta * flat) ** 5"
        },
        {"factor-values": 0},
        {"factor-values": ("comes closer", "越走越近")},
    ),
    "the part covered": Submission(
        {
            "factor": "flat_factor, steep_factor = -eta * flat, -eta * steep\n"
            "flat_distance = (1 - eta * flat) ** 5"
        },
        {"factor-values": 0},
        {"factor-values": ("part of the way", "走过的部分")},
    ),
    "the sign dropped": Submission(
        {
            "factor": "flat_factor, steep_factor = 1 - eta * flat, abs(1 - eta * steep)\n"
            "flat_distance = flat_factor**5"
        },
        {"factor-values": 0},
        {"factor-values": ("which side", "哪一侧")},
    ),
    "one step too few": Submission(
        {"factor": FACTORS + "flat_distance = flat_factor**4"},
        {"factor-distance": 0},
        {"factor-distance": ("four steps", "四步")},
    ),
    "always the same piece": Submission(
        {"factor": FACTORS + "flat_distance = 1 - 5 * eta * flat"},
        {"factor-distance": 0},
        {"factor-distance": ("does not subtract", "并不是每次减去")},
    ),
    "all called slow": Submission(
        {
            "names": "walk = descend(quadratic(parabola), SGD(six_rates), 1.0, 20)\n"
            "scenario = dict(zip(six_rates, classify(walk)))\n"
            "scenario[six_rates[0]] = scenario[six_rates[1]] = 'fast'\n"
        },
        {"names-test": 2},
        {"names-test": ("Not right", "不对的是")},
    ),
    "one rate left out": Submission(
        {"names": "scenario = dict.fromkeys(six_rates[:5], 'slow')"},
        {"names-test": 0},
        {"names-test": ("one scenario", "一种情形")},
    ),
    "a list of names": Submission(
        {"names": "scenario = ['slow'] * 6"},
        {"names-test": 0},
        {"names-test": ("A dict", "字典")},
    ),
    "from one step on": Submission(
        count(first=MOVE, then="pass"),
        {"count-easy": 0, "count-bowls": 0, "swing-better": 3},
        {
            "count-easy": ("one step is enough", "一步就到"),
            "count-bowls": ("too few", "少数了一步"),
        },
    ),
    "one too many": Submission(
        count(plus=" + 1"),
        {"count-easy": 0, "count-bowls": 0, "swing-better": 3},
        {"count-bowls": ("too many", "多数了一步")},
    ),
    "the distance for the error": Submission(
        count(measure="np.sqrt(np.sum(w**2))"),
        {"count-bowls": 0, "swing-better": 0},
        {"count-bowls": ("its square", "平方成正比")},
    ),
    "best for the steep axis": Submission(
        {"best": "best = 1 / steep\nbest_factor = 1 - best * flat"},
        {"best-rate": 0},
        {"best-rate": ("steep axis alone", "陡的方向最好")},
    ),
    "half of the best": Submission(
        {
            "best": "best = 1 / (steep + flat)\nbest_factor = 1 - best * flat"
        },
        {"best-rate": 0},
        {"best-rate": ("Half", "一半")},
    ),
    "the curvature at the start": Submission(
        {
            "safe": SAFE.format("(2 / (3 * rate * a)) ** 0.5"),
            "border": "border = 2 / (3 * a * start**2)",
        },
        {"border-rate": 0, "border-start": 0},
        {
            "border-rate": ("not what counts", "不起作用"),
            "border-start": ("curvature", "曲率"),
        },
    ),
    "the root forgotten": Submission(
        {"safe": SAFE.format("2 / (rate * a)")},
        {"border-start": 0},
        {"border-start": ("square root", "开平方")},
    ),
    "the a forgotten": Submission(
        {
            "safe": SAFE.format("(2 / rate) ** 0.5"),
            "border": "border = 2 / start**2",
        },
        {"border-rate": 0, "border-start": 0},
        {
            "border-rate": ("belongs to it", "别漏了"),
            "border-start": ("is missing", "漏了"),
        },
    ),
    "as many steps count as fewer": Submission(
        {
            "swing": "counts = np.array([steps_needed(bowls[:2], r) or np.inf for r in "
            "many_rates])\n"
            "calm = many_rates <= 1 / bowls[1]\n"
            "better = many_rates[~calm & (counts <= counts[calm].min())]"
        },
        {"swing-better": 0},
        {"swing-better": ("as many steps", "最少的一样")},
    ),
    "all that swing and arrive": Submission(
        {
            "swing": "counts = np.array([steps_needed(bowls[:2], r) or np.inf for r in "
            "many_rates])\n"
            "better = many_rates[(many_rates > 1 / bowls[1]) & np.isfinite(counts)]"
        },
        {"swing-better": 0},
        {"swing-better": ("swing and arrive", "都振荡，也都收敛")},
    ),
}
