"""Units, milestones, Adam's own rates and a saved training: a class's numbers, and submissions."""

import random

from tools.grading.assignments import Submission

# What is kept of each cell that students fill in, and judged.
ANSWERS = {
    "formula": ["by_formula", "compounding"],
    "unit": ["per_update", "rate_by_mistake"],
    "milestone": ["rate_at"],
    "adam": ["adam_scales"],
    "resume": ["restored", "forgetful", "lowest"],
    "claim": ["grown", "steps_to_double"],
}


def inputs(slopes, adam_rate, beta2, eps, **_) -> dict:
    """Say with what the functions that students write are called."""
    lengths = 10, 20, 33, 60
    seen = [([0.5, 0.5], 0.1, 0.9, 1e-8)]
    hidden = [
        (each, adam_rate, beta2, eps) for each in (slopes, slopes[::-1])
    ]
    return {
        "rate_at": [(epoch, n) for n in lengths for epoch in range(n)],
        "adam_scales": seen + hidden,
    }


def variant(rng: random.Random) -> dict:
    """Draw what the readers ask about; every batch size leaves a rest."""
    rows = rng.choice([1000, 1250, 1600, 2000, 2500])
    total = rng.choice([30, 40, 50, 60])
    second = rng.choice([0.7, 0.75, 0.8, 0.9])
    small = rng.choice([2, 4, 5, 8, 10])
    beta2 = rng.choice([0.98, 0.985, 0.99])
    return {
        "start": rng.choice([0.05, 0.1, 0.2, 0.3, 0.4]),
        "decay": rng.choice([0.002, 0.005, 0.01, 0.02]),
        "asked": rng.randint(12, 40),
        "rows": rows,
        "batch": rng.choice([12, 24, 30, 35, 48, 60]),
        "halved_after": rng.randint(4, 15),
        "shares": [rng.choice([0.3, 0.4, 0.5, 0.6]), second],
        "divisors": [small, small * rng.choice([3, 4, 5, 10])],
        "slopes": [
            rng.choice([-1, 1]) * rng.randint(*span) / 10
            for span in ((8, 15), (1, 4), (20, 40), (5, 7), (1, 3))
        ],
        "adam_rate": rng.choice([0.002, 0.005, 0.01, 0.02]),
        "beta2": beta2,
        "eps": 1e-8,
        "peak": rng.choice([0.01, 0.02, 0.03, 0.05, 0.1]),
        "total": total,
        "stopped": rng.randint(total // 5, total // 2 - 1),
        "steep_steps": rng.randint(200, 500),
        "flat_steps": rng.randint(600, 900),
        "flat_slope": rng.choice([0.05, 0.1, 0.15, 0.2, 0.25, 0.3]),
    }


MILESTONES = """\
def rate_at(epoch, epochs):
    first, second = (share * epochs for share in shares)
    if {later}:
        return {low}
    if {earlier}:
        return start / divisors[0]
    {last}
"""
ADAM = """\
def adam_scales(gradients, rate, beta2, eps):
    s, scales = 0, []
    for t in range(len(gradients)):
        s = {memory}
        scales.append(rate / ({denominator} + eps))
    return scales
"""
WALK = """\
def rates_of(method):
    w, seen = [np.zeros(1)], []
    for step in range(steep_steps + flat_steps):
        slope = 1.0 if step < steep_steps else flat_slope
        before = w[0].copy()
        method.step(w, [np.array([slope])])
        seen.append(((before - w[0]){over}).item())
    return np.array(seen)


traced = {{name: rates_of(method) for name, method in optimizers().items()}}
grown = {{name: {ratio} for name, seen in traced.items()}}
seen = rates_of(optimizers()["Adam"])
steps_to_double = {count}
"""


def milestones(
    later="epoch >= second",
    earlier="epoch >= first",
    low="start / divisors[1]",
    last="return start",
) -> dict[str, str]:
    """Return the milestones with something changed."""
    return {
        "milestone": MILESTONES.format(
            later=later, earlier=earlier, low=low, last=last
        )
    }


def adam(
    memory="beta2 * s + (1 - beta2) * gradients[t] ** 2",
    denominator="(s / (1 - beta2 ** (t + 1))) ** 0.5",
) -> dict[str, str]:
    """Return Adam's rates with something changed."""
    return {"adam": ADAM.format(memory=memory, denominator=denominator)}


def walk(
    over=" / slope",
    ratio="seen[-1] / seen[steep_steps - 1]",
    count="int((seen[steep_steps:] < 2 * seen[steep_steps - 1]).sum()) + 1",
) -> dict[str, str]:
    """Return the test of the claim with something changed."""
    return {"claim": WALK.format(over=over, ratio=ratio, count=count)}


UNIT = "many = -(-rows // batch)\nrate_by_mistake = start / (1 + many)\n"
DOUBLED = "(seen[steep_steps:] < 2 * seen[steep_steps - 1]).sum()"

SUBMISSIONS = {
    # Right, in another way than ours.
    "by loops": Submission(
        {
            "formula": "by_formula = compounding = start\n"
            "for n in range(asked + 1):\n"
            "    compounding /= 1 + decay * n\n    by_formula = start / (1 + decay * n)",
            "unit": "many = len(range(0, rows, batch))\n"
            "per_update = 1 / halved_after / many\n"
            "rate_by_mistake = start / (1 + 1 / halved_after * halved_after * many)",
        }
        | milestones()
        | adam()
    ),
    "with the library": Submission(
        {
            "formula": "from lrcourse.schedules import time_based, time_based_compounding\n\n"
            "by_formula = time_based(start, decay)(asked)\n"
            "compounding = time_based_compounding(start, decay)(asked)",
            "resume": "from lrcourse.schedules import cosine\n\n"
            "restored = cosine(peak, total)(stopped)\n"
            "forgetful, lowest = cosine(peak, total)([0, stopped - 1])",
            "milestone": "from lrcourse.schedules import piecewise\n\n\n"
            "def rate_at(epoch, epochs):\n"
            "    passed = sum(epoch >= share * epochs for share in shares)\n"
            "    return start / [1, *divisors][passed]",
            "adam": "def adam_scales(gradients, rate, beta2, eps):\n"
            "    method, scales = Adam(rate, betas=(0.0, beta2), eps=eps), []\n"
            "    for g in gradients:\n"
            "        method.step([np.zeros(1)], [np.array([g])])\n"
            "        scales.append(method.effective_rates([np.array([g])])[0][0])\n"
            "    return np.array(scales)",
        }
    ),
    "by the places": Submission(walk()),
    # Mistakes.
    "off by one epoch": Submission(
        {
            "formula": "by_formula = start / (1 + decay * (asked - 1))\n"
            "compounding = start / np.prod(1 + decay * np.arange(asked))",
            "resume": "f = lambda n: peak * (1 + np.cos(np.pi * n / total)) / 2\n"
            "restored, forgetful, lowest = f(stopped + 1), peak, f(stopped)",
        },
        {"formula-values": 0, "resume-rates": 0},
        {
            "formula-values": ("epoch before", "前一轮"),
            "resume-rates": ("too far", "多走了一轮"),
        },
    ),
    "one division missing": Submission(
        {
            "formula": "by_formula = start / (1 + decay * asked)\n"
            "compounding = start / np.prod(1 + decay * np.arange(asked))"
        },
        {"formula-values": 0},
        {"formula-values": ("division is missing", "少除了一次")},
    ),
    "always the same divisor": Submission(
        {
            "formula": "by_formula = start / (1 + decay * asked)\n"
            "compounding = start / (1 + decay) ** asked"
        },
        {"formula-values": 0},
        {"formula-values": ("another number", "除数都不同")},
    ),
    "per epoch for per update": Submission(
        {
            "unit": "per_update = 1 / halved_after\nrate_by_mistake = start / (1 + rows / batch // 1)"
        },
        {"unit-decay": 0, "unit-mistake": 0},
        {
            "unit-decay": ("decay per epoch", "每轮的衰减"),
            "unit-mistake": ("smaller batch", "小一些的批"),
        },
    ),
    "the rest forgotten": Submission(
        {"unit": UNIT + "per_update = 1 / halved_after / (rows // batch)"},
        {"unit-decay": 0},
        {"unit-decay": ("smaller batch", "小一些的批")},
    ),
    "rows for batches": Submission(
        {"unit": UNIT + "per_update = 1 / (halved_after * rows)"},
        {"unit-decay": 0},
        {"unit-decay": ("not as rows", "不是有几行")},
    ),
    "after one epoch": Submission(
        {
            "unit": "many = -(-rows // batch)\nper_update = 1 / (halved_after * many)\n"
            "rate_by_mistake = start / (1 + many / halved_after)"
        },
        {"unit-mistake": 0},
        {"unit-mistake": ("after one epoch", "一轮之后")},
    ),
    "nothing returned": Submission(
        milestones(last="pass"),
        {"milestone-form": 0, "milestone-rates": 0},
        {"milestone-form": ("returns nothing", "没有返回")},
    ),
    "asked for with ==": Submission(
        milestones(later="epoch == second", earlier="epoch == first"),
        {"milestone-form": 0, "milestone-rates": 0},
        {"milestone-rates": ("with ==", "用 == 问")},
    ),
    "one epoch late": Submission(
        milestones(later="epoch > second", earlier="epoch > first"),
        {"milestone-rates": 0},
        {"milestone-rates": ("there already", "就应当用新的")},
    ),
    "the earlier one first": Submission(
        milestones(
            later="epoch >= first",
            earlier="epoch >= second",
            low="start / divisors[0]",
        ),
        {"milestone-form": 0, "milestone-rates": 0},
        {
            "milestone-form": ("has been passed", "应当已经过了"),
            "milestone-rates": ("never reached", "永远轮不到"),
        },
    ),
    "divided twice": Submission(
        milestones(low="start / divisors[0] / divisors[1]"),
        {"milestone-form": 0, "milestone-rates": 0},
        {"milestone-form": ("not of the second", "不是降过一次")},
    ),
    "missing bias correction": Submission(
        adam(denominator="s**0.5"),
        {"adam-first": 0, "adam-all": 0},
        {
            "adam-first": ("make up for that", "补回来"),
            "adam-all": ("correction is missing", "漏了偏差修正"),
        },
    ),
    "corrected as in the first step": Submission(
        adam(denominator="(s / (1 - beta2)) ** 0.5"),
        {"adam-all": 0},
        {"adam-all": ("every step", "每一步都要修正")},
    ),
    "the root forgotten": Submission(
        adam(denominator="s / (1 - beta2 ** (t + 1))"),
        {"adam-first": 0, "adam-all": 0},
        {"adam-first": ("root", "开平方")},
    ),
    "Adagrad's sum": Submission(
        adam(memory="s + gradients[t] ** 2", denominator="s**0.5"),
        {"adam-all": 0},
        {"adam-all": ("a sum", "求和")},
    ),
    "the night's last epoch": Submission(
        {
            "resume": "f = lambda n: peak * (1 + np.cos(np.pi * n / total)) / 2\n"
            "restored, forgetful, lowest = f(stopped), peak, f(stopped - 2)"
        },
        {"resume-rates": 0},
        {"resume-rates": ("later than that", "还要靠后")},
    ),
    "the lengths of the steps": Submission(
        walk(over=""),
        {"claim-grown": 0, "claim-double": 0},
        {"claim-grown": ("the lengths", "步子的长度")},
    ),
    "upside down": Submission(
        walk(ratio="seen[steep_steps - 1] / seen[-1]"),
        {"claim-grown": 0},
        {"claim-grown": ("Upside down", "上下颠倒")},
    ),
    "one method only": Submission(
        walk(
            ratio='seen[-1] / seen[steep_steps - 1] * (1 if name == "Adam" else 2)'
        ),
        {"claim-grown": 1},
        {"claim-grown": ("Not right", "不对的是")},
    ),
    "counted from 0": Submission(
        walk(count=f"int({DOUBLED})"),
        {"claim-double": 0},
        {"claim-double": ("One too few", "少了一步")},
    ),
    "counted from the start": Submission(
        walk(count=f"steep_steps + int({DOUBLED}) + 1"),
        {"claim-double": 0},
        {"claim-double": ("do not count", "不算")},
    ),
}
