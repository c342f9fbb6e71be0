"""Schedules by number and by function: a class's numbers, and submissions for the tests."""

import random

import numpy as np

from lrcourse.comparison import paired_difference
from lrcourse.schedules import constant, cosine
from tools.grading.assignments import Submission

# What is kept of each cell that students fill in, and judged.
ANSWERS = {
    "stairs": ["stairs", "turns"],
    "count": ["updates", "last_by_epoch", "last_by_update"],
    "count-all": ["applied"],
    "warm": ["rate"],
    "reach": ["worth", "at_most", "left"],
    "reach-plan": ["k_exponential", "k_time"],
    "help": [
        "best_constant",
        "best_cosine",
        "gain_on_top",
        "gain_at_its_best",
    ],
}


def inputs(warm, total, **_) -> dict:
    """Say with what the functions that students write are called."""
    seen = [0, warm, total + 5]
    hidden = [warm // 2, (2 * warm + total) // 3, total - 3]
    return {"rate": [(t,) for t in seen + hidden]}


def variant(rng: random.Random) -> dict:
    """Draw schedules whose common mistakes differ, and a bowl where a cosine on top does harm."""
    every = rng.randint(6, 15)
    drops = rng.randint(2, 4)
    total = 4 * rng.randint(20, 60)
    batch_size = rng.randint(16, 48)
    epochs = rng.randint(25, 80)
    numbers = {
        "eta": rng.choice([0.05, 0.08, 0.12, 0.2, 0.3, 0.4]),
        "drop": rng.choice([0.3, 0.4, 0.5, 0.6, 0.7]),
        "every": every,
        # Right before a drop, right at one, and between two.
        "asked": [
            every - 1,
            drops * every,
            drops * every + rng.randint(2, every - 2),
        ],
        "total": total,
        "end": rng.choice([0.002, 0.003, 0.005, 0.01]),
        "batch_size": batch_size,
        # The last batch of an epoch is not full.
        "rows": batch_size * rng.randint(6, 20)
        + rng.randint(2, batch_size - 2),
        "epochs": epochs,
        "decay": rng.randint(2, 20) / 1000,
        "warm": 2 * rng.randint(4, 9),
        # The last epochs still count for something.
        "k": round(rng.uniform(1.5, 4) / epochs, 3),
        "bend": rng.choice(
            [0.3, 0.4, 0.6, 0.7, 0.8, 1.2, 1.4, 1.6, 1.8, 2.2]
        ),
        "fraction": rng.choice([0.02, 0.04, 0.05, 0.08, 0.2, 0.25]),
    }
    while True:
        bowl = {
            "curvatures": [
                rng.randint(3, 10) / 100,
                rng.randint(8, 15) / 10,
            ],
            "begin": [float(rng.randint(6, 12)), 1.0],
            "noise": rng.randint(6, 12) / 10,
            "steps": rng.randint(200, 400),
            "tried": _rates(rng.randint(80, 125) / 100),
            "runs": [rng.randint(20, 30), rng.randint(80, 100)],
        }
        if _harmful_on_top(**bowl):
            return numbers | bowl


def _rates(factor) -> list[float]:
    some = (0.007, 0.014, 0.028, 0.05, 0.08, 0.13, 0.2, 0.33, 0.5)
    return [float(f"{factor * rate:.2g}") for rate in some]


def _harmful_on_top(curvatures, begin, noise, steps, tried, runs) -> bool:
    """Say whether a cosine is worse than the best constant rate from there, and better from its own."""
    errors = []
    for make in (constant, lambda peak: cosine(peak, steps)):
        generator = np.random.default_rng(0)
        rates = np.array([make(peak)(np.arange(steps)) for peak in tried])
        w = np.tile(begin, (runs[1], len(tried), 1))
        for now in rates.T:
            wrong = generator.normal(scale=noise, size=(runs[1], 1, 2))
            w = w - now[:, np.newaxis] * (curvatures * w + wrong)
        errors.append((curvatures * w**2).sum(axis=-1) / 2)
    flat, falling = errors
    one, other = (
        int(each[: runs[0]].mean(axis=0).argmin()) for each in errors
    )
    at_first = paired_difference(
        flat[runs[0] :, one], falling[runs[0] :, one]
    )
    at_best = paired_difference(
        flat[runs[0] :, one], falling[runs[0] :, other]
    )
    return (
        other > one
        and at_first.high < 0
        and at_best.low > 0
        and (flat[:, one].mean() - falling[:, other].mean() > 0)
    )


STAIRS = "stairs = [{} for t in asked]\n"
RIGHT_STAIRS = STAIRS.format("eta * drop ** (t // every)")
TURNS = "turns = [{} for t in (0, total // 4, total)]"
RIGHT_TURNS = TURNS.format(
    "end + (eta - end) / 2 * (1 + np.cos(np.pi * t / total))"
)
COUNT = """\
updates = {updates}
last_by_epoch = eta / (1 + decay * ({epoch}))
last_by_update = eta / (1 + decay * ({update}))
"""
WARM = """\
def rate(t):
    if t < warm:
        return eta * {rising}
    return {half}eta * (1 + np.cos(np.pi * {share}))
"""
REACH = """\
worth = {worth}
at_most = {at_most}
left = {left}
"""
PLAN = "k_exponential = {}\nk_time = {}"
HELP = """\
flat = last_errors([constant(peak) for peak in tried])
falling = last_errors([cosine(peak, steps) for peak in tried])
i = flat[{chosen}].mean(axis=0).argmin()
j = {own}
best_constant, best_cosine = tried[i], tried[j]
gain_on_top = {sign}(flat - falling)[{rest}, i].mean()
gain_at_its_best = {sign}(flat[{rest}, i] - falling[{rest}, j]).mean()
"""


def count(
    updates="int(np.ceil(rows / batch_size))",
    epoch="epochs - 1",
    update="updates * epochs - 1",
) -> dict[str, str]:
    """Return the last rates with something changed."""
    return {
        "count": COUNT.format(updates=updates, epoch=epoch, update=update)
    }


def warm(
    rising="t / warm",
    half="0.5 * ",
    share="min((t - warm) / (total - warm), 1)",
) -> dict[str, str]:
    """Return the schedule with a warmup and something changed."""
    return {"warm": WARM.format(rising=rising, half=half, share=share)}


def reach(
    worth="sum(np.exp(-k * t) for t in range(epochs))",
    at_most="1 / (1 - np.exp(-k))",
    left="np.exp(-bend * eta * at_most)",
) -> dict[str, str]:
    """Return what a schedule is worth, with something changed."""
    return {"reach": REACH.format(worth=worth, at_most=at_most, left=left)}


def help_(
    chosen=":runs[0]",
    rest="runs[0]:",
    own="falling[:runs[0]].mean(axis=0).argmin()",
    sign="",
) -> dict[str, str]:
    """Return the comparison with something changed."""
    return {
        "help": HELP.format(chosen=chosen, rest=rest, own=own, sign=sign)
    }


SUBMISSIONS = {
    # Right, in another way than ours.
    "the library's schedules": Submission(
        {
            "stairs": "from lrcourse.schedules import step_decay\n\n"
            "stairs = step_decay(eta, drop, every)(asked)\n"
            "turns = cosine(eta, total, end)([0, total // 4, total])",
            "count": "from lrcourse.schedules import time_based\n\n"
            "updates = (rows + batch_size - 1) // batch_size\n"
            "last_by_epoch = time_based(eta, decay)(epochs - 1)\n"
            "last_by_update = time_based(eta, decay)(epochs * updates - 1)",
            "count-all": "from lrcourse.schedules import per_epoch\n\n"
            "held = per_epoch(time_based(eta, decay), updates)\n"
            "applied = held(range(epochs * updates))",
            "warm": "from lrcourse.schedules import warmup\n\n"
            "rate = warmup(cosine(eta, total - warm), warm)",
        }
    ),
    "with loops": Submission(
        count()
        | {
            "count-all": "applied = []\nfor epoch in range(epochs):\n"
            "    applied += [eta / (1 + decay * epoch)] * updates"
        }
        | warm()
        | reach(at_most="sum(np.exp(-k * t) for t in range(100_000))")
        | {
            "reach-plan": PLAN.format(
                "np.log(eta / (fraction * eta)) / epochs",
                "(1 - fraction) / fraction / epochs",
            )
        }
    ),
    "by differences": Submission(help_()),
    # Mistakes.
    "off by one epoch": Submission(
        {
            "stairs": STAIRS.format("eta * drop ** ((1 + t) // every)")
            + RIGHT_TURNS
        },
        {"stairs-drops": 0},
        {"stairs-drops": ("counted from 0", "从 0 数起")},
    ),
    "without treads": Submission(
        {
            "stairs": STAIRS.format("eta * drop ** (t / every)")
            + RIGHT_TURNS
        },
        {"stairs-drops": 0},
        {"stairs-drops": ("round down", "向下取整")},
    ),
    "one drop only": Submission(
        {
            "stairs": STAIRS.format("eta * drop if t >= every else eta")
            + RIGHT_TURNS
        },
        {"stairs-drops": 0},
        {"stairs-drops": ("used only once", "只乘了一次")},
    ),
    "the missing half": Submission(
        {
            "stairs": RIGHT_STAIRS
            + TURNS.format(
                "end + (eta - end) * (1 + np.cos(np.pi * t / total))"
            )
        },
        {"stairs-turns": 0},
        {"stairs-turns": ("something is missing", "漏了什么")},
    ),
    "down to zero": Submission(
        {
            "stairs": RIGHT_STAIRS
            + TURNS.format("eta * (1 + np.cos(np.pi * t / total)) / 2")
        },
        {"stairs-turns": 0},
        {"stairs-turns": ("leads to zero", "降到了零")},
    ),
    "the end added": Submission(
        {
            "stairs": RIGHT_STAIRS
            + TURNS.format(
                "end + eta / 2 * (1 + np.cos(np.pi * t / total))"
            )
        },
        {"stairs-turns": 0},
        {"stairs-turns": ("starts too high", "起点就高了")},
    ),
    "full batches only": Submission(
        count(updates="rows // batch_size"),
        {"count-updates": 0},
        {"count-updates": ("do not fill", "凑不满")},
    ),
    "the epoch after the last": Submission(
        count(epoch="epochs", update="updates * epochs"),
        {"count-rates": 0},
        {"count-rates": ("Off by one", "差了一轮")},
    ),
    "the update after the last": Submission(
        count(update="updates * epochs"),
        {"count-rates": 0},
        {"count-rates": ("first update has the number 0", "差了一次")},
    ),
    "updates of one epoch": Submission(
        count(update="updates - 1"),
        {"count-rates": 0},
        {"count-rates": ("counted in updates", "按更新计")},
    ),
    "per update for per epoch": Submission(
        {
            "count-all": "applied = eta / (1 + decay * np.arange(epochs * updates))"
        },
        {"count-applied": 0},
        {"count-applied": ("not per update", "不是按更新")},
    ),
    "epochs counted from 1": Submission(
        {
            "count-all": "applied = eta / (1 + decay * (1 + np.arange(epochs * updates) // updates))"
        },
        {"count-applied": 0},
        {"count-applied": ("first rate", "初始学习率")},
    ),
    "epochs take turns": Submission(
        {
            "count-all": "applied = np.tile(eta / (1 + decay * np.arange(epochs)), updates)"
        },
        {"count-applied": 0},
        {"count-applied": ("take turns", "轮流出现")},
    ),
    "one rate for each epoch": Submission(
        {"count-all": "applied = eta / (1 + decay * np.arange(epochs))"},
        {"count-applied": 0},
        {"count-applied": ("Each update", "每次更新，各有")},
    ),
    "warmup from 1": Submission(
        warm(rising="(t + 1) / warm"),
        {"warm-ends": 0, "warm-middle": 0},
        {"warm-ends": ("number 0 or number 1", "0 还是 1")},
    ),
    "a cosine without half": Submission(
        warm(half=""),
        {"warm-ends": 0, "warm-middle": 0},
        {"warm-ends": ("a half is missing", "二分之一")},
    ),
    "a cosine that ends late": Submission(
        warm(share="min((t - warm) / total, 1)"),
        {"warm-ends": 0, "warm-middle": 0},
        {
            "warm-ends": ("stays at 0", "停在 0"),
            "warm-middle": ("ends too late", "结束得太晚"),
        },
    ),
    "a line that goes on below 0": Submission(
        {
            "warm": "def rate(t):\n"
            "    return eta * min(t / warm, (total - t) / (total - warm))"
        },
        {"warm-ends": 0, "warm-middle": 0},
        {
            "warm-ends": ("stays at 0", "停在 0"),
            "warm-middle": ("straight line", "直线下降"),
        },
    ),
    "a cosine that climbs again": Submission(
        warm(share="(t - warm) / (total - warm)"),
        {"warm-ends": 0},
        {"warm-ends": ("climbs again", "又会往上走")},
    ),
    "a cosine that began before": Submission(
        warm(share="min(t / total, 1)"),
        {"warm-ends": 0, "warm-middle": 0},
        {
            "warm-ends": ("own step 0", "自己的第 0 步"),
            "warm-middle": ("warmup is over", "等预热结束"),
        },
    ),
    "a sum of rates": Submission(
        reach(worth="sum(eta * np.exp(-k * t) for t in range(epochs))"),
        {"reach-sums": 0},
        {"reach-sums": ("How many times the full rate", "多少倍")},
    ),
    "epochs from 1": Submission(
        reach(worth="sum(np.exp(-k * t) for t in range(1, epochs + 1))"),
        {"reach-sums": 0},
        {"reach-sums": ("epoch 0 runs", "第 0 轮是全速")},
    ),
    "an integral": Submission(
        reach(
            worth="(1 - np.exp(-k * epochs)) / k",
            at_most="1 / k",
        ),
        {"reach-sums": 0, "reach-left": 0},
        {"reach-sums": ("This is an integral", "这是积分")},
    ),
    "missing minus": Submission(
        reach(left="np.exp(bend * eta * at_most)"),
        {"reach-left": 0},
        {"reach-left": ("Mind the minus", "注意减号")},
    ),
    "epochs for rates": Submission(
        reach(left="np.exp(-bend * at_most)"),
        {"reach-left": 0},
        {"reach-left": ("first rate is missing", "漏了 η₀")},
    ),
    "what has gone": Submission(
        {
            "reach-plan": PLAN.format(
                "-np.log(1 - fraction) / epochs",
                "(1 / fraction - 1) / epochs",
            )
        },
        {"reach-planned": 0},
        {"reach-planned": ("should be left", "应当剩下")},
    ),
    "the common rule": Submission(
        {
            "reach-plan": PLAN.format(
                "-np.log(fraction) / epochs", "eta / epochs"
            )
        },
        {"reach-planned": 0},
        {"reach-planned": ("common rule", "常用的规则")},
    ),
    "the 1 forgotten": Submission(
        {
            "reach-plan": PLAN.format(
                "-np.log(fraction) / epochs", "1 / fraction / epochs"
            )
        },
        {"reach-planned": 0},
        {"reach-planned": ("a 1 in the denominator", "还有一个 1")},
    ),
    "those that chose are reported": Submission(
        help_(rest=":"),
        {"help-gains": 0},
        {"help-gains": ("runs that have chosen", "参与挑选的")},
    ),
    "one rate for both": Submission(
        help_(own="i"),
        {"help-chosen": 0, "help-gains": 0},
        {"help-chosen": ("its own", "各找各的")},
    ),
    "gains the wrong way": Submission(
        help_(sign="-"),
        {"help-gains": 0},
        {"help-gains": ("order and the signs", "次序和正负号")},
    ),
}
