"""A table to be read and a comparison on equal terms: a class's numbers, and submissions."""

import random
from math import erfc

import numpy as np

from lrcourse.comparison import holm
from lrcourse.schedules import step_decay
from tools.grading.assignments import Submission

METHODS = [
    "constant",
    "time-based",
    "step decay",
    "exponential",
    "RMSprop",
    "Adam",
    "Adagrad",
    "Adadelta",
]

# What is kept of each cell that students fill in, and judged.
ANSWERS = {
    "error": ["error", "gap_error", "in_errors"],
    "many": ["behind", "by_chance", "beyond", "left"],
    "needed": ["pictures_needed"],
    "recorder": ["wrong_epochs"],
    "repaired": ["repaired"],
    "momentum": ["times_farther", "fair_rate"],
    "claim": ["at_given", "at_best"],
}


def inputs(table, first, second, schedule, **_) -> dict:
    """Say with what the functions that students write are called."""
    seen = [(0.5, 0.75), (0.7, 0.8), (0.8, 0.7)]
    hidden = [(table[first], table[second]), (0.9, 0.85), (0.613, 0.6125)]
    plans = schedule, step_decay(0.4, 0.3, 2), step_decay(1.0, 0.9, 1)
    return {
        "pictures_needed": seen + hidden,
        "repaired": [([0.4, 0.3, 0.2], 0.5)]
        + [([plan(t + 1) for t in range(9)], plan(0)) for plan in plans],
    }


def variant(rng: random.Random) -> dict:
    """Draw a table that shows little, a schedule, and two rates of which one is a bad guess."""
    while True:
        table = _table(rng)
        if _shows_little(**table):
            break
    shares = table["accuracies"]
    ranked = sorted(range(len(shares)), key=shares.__getitem__)
    pair = [ranked[-1], rng.choice(ranked[-4:-1])]
    sgd_rate, adam_rate = rng.choice(
        [(0.003, 0.01), (0.003, 0.03), (0.03, 0.001), (0.1, 0.001)]
    )
    every = rng.randint(6, 12)
    momenta = rng.sample([0.5, 0.6, 0.7, 0.8, 0.9, 0.95], 2)
    return table | {
        "pair": pair,
        "names": [METHODS[place] for place in pair],
        "start": rng.choice([0.05, 0.1, 0.2, 0.4]),
        "drop": rng.choice([0.1, 0.2, 0.5]),
        "every": every,
        "shift": rng.randint(1, every - 2),
        "epochs": rng.randint(3, 4) * every + rng.randint(0, every - 1),
        "momenta": sorted(momenta),
        "published_rate": rng.choice([0.01, 0.03, 0.05, 0.1]),
        "hidden": rng.randint(12, 24),
        "passes": rng.randint(7, 10),
        "seed": rng.randint(1, 99),
        "sgd_rate": sgd_rate,
        "adam_rate": adam_rate,
    }


def _table(rng) -> dict:
    """Draw accuracies at chosen distances from the best."""
    pictures = rng.choice([1000, 2000, 2500, 4000, 5000])
    best = rng.uniform(0.7, 0.82)
    away = [rng.uniform(0.2, 1.6) for _ in range(rng.randint(3, 5))]
    away += [0, rng.uniform(2.1, 2.7), rng.uniform(5, 7)]
    unit = (2 * best * (1 - best) / pictures) ** 0.5
    right = [round(pictures * (best - each * unit)) for each in away]
    rng.shuffle(right)
    shares = [round(each / pictures, 5) for each in right]
    return {"pictures": pictures, "accuracies": shares}


def _shows_little(pictures, accuracies) -> bool:
    """Say whether Holm's procedure matters, and nothing lies on a border."""
    p = np.array(accuracies)
    v = p * (1 - p) / pictures
    i, j = np.triu_indices(len(p), 1)
    z = np.abs(p[i] - p[j]) / np.sqrt(v[i] + v[j])
    adjusted = holm([erfc(each / 2**0.5) for each in z])
    top = p.argmax()
    others = np.delete(np.arange(len(p)), top)
    lag = (p[top] - p)[others]
    one = lag / np.sqrt(v)[others]
    both = lag / np.sqrt(v + v[top])[others]
    close = np.abs(z - 1.96).min() < 0.03 or np.abs(one - 1.96).min() < 0.03
    return (
        len(set(accuracies)) == len(accuracies)
        and not close
        and not ((adjusted > 0.04) & (adjusted < 0.06)).any()
        and 0 < (adjusted < 0.05).sum() < (z > 1.96).sum()
        and (both > 1.96).sum() < (z > 1.96).sum()
        # The usual mistakes choose other methods.
        and 2 == (both > 1.96).sum() < (one > 1.96).sum() < (both > 1).sum()
    )


ERROR = "p, q = table[first], table[second]\n"
ONE = ERROR + "error = np.sqrt(p * (1 - p) / pictures)\n"
COUNT = """\
rows = list(table)
z = {{}}
for k, one in enumerate(rows):
    for two in rows[{start}:]:
        p, q = table[one], table[two]
        if one != two:
            z[one, two] = abs(p - q) / ((p * (1 - p) + q * (1 - q)) / pictures) ** 0.5
top = max(rows, key=lambda row: table[row])
behind = [row for row in rows if max(z.get((row, top), 0), z.get((top, row), 0)) > {limit}]
by_chance = len(z) / 20
beyond = sum(far > 1.96 for far in z.values())
left = sum(holm([erfc(far / 2**0.5) for far in z.values()]) < 0.05)
"""
NEEDED = "def pictures_needed(p, q):\n    v = p * (1 - p) + q * (1 - q)\n"
REPAIRED = "def repaired(recorded, first_rate):\n    return {}"
CLAIM = """\
report, search = list(REPORT_SEEDS), list(SEARCH_SEEDS)
sgd = lambda rates, seeds: final_losses(SGD(rates, momentum=0.9), seeds)
adam = lambda rates, seeds: final_losses(Adam(rates), seeds)
best_sgd = SGD_RATES[sgd(SGD_RATES, search).mean(axis=0).argmin()]
best_adam = ADAM_RATES[adam(ADAM_RATES, search).mean(axis=0).argmin()]


def compared(a, b, seeds):
    d = paired_difference(sgd(a, seeds)[:, 0], adam(b, seeds)[:, 0])
    return d.mean, d.low, d.high


at_given = compared(sgd_rate, adam_rate, report)
at_best = compared(best_sgd, best_adam, report)
"""


def count(start="k + 1", limit="1.96", more="") -> dict[str, str]:
    """Return the reading of the whole table with something changed."""
    return {"many": COUNT.format(start=start, limit=limit) + more}


def claim(more) -> dict[str, str]:
    """Return the comparison with a line added."""
    return {"claim": CLAIM + more}


SUBMISSIONS = {
    # Right, in another way than ours.
    "in NumPy": Submission(
        {
            "error": "p = np.array([table[first], table[second]])\n"
            "error, other = np.sqrt(p * (1 - p) / pictures)\n"
            "gap_error = np.hypot(error, other)\n"
            "in_errors = np.abs(np.diff(p))[0] / gap_error",
            "needed": "def pictures_needed(p, q):\n    n = 1\n    gap = abs(p - q)\n"
            "    v = p * (1 - p) + q * (1 - q)\n"
            "    while gap < 1.96 * np.sqrt(v / n):\n        n += 1 + n // 10**9\n"
            "        if n < 0.99999 * v * (1.96 / gap) ** 2:\n"
            "            n = int(0.99999 * v * (1.96 / gap) ** 2)\n    return n",
            "repaired": REPAIRED.format(
                "np.concatenate([[first_rate], recorded])[:-1]"
            ),
            "recorder": "rates = schedule(np.arange(epochs + 1))\n"
            "wrong_epochs = np.flatnonzero(rates[1:] != rates[:-1])",
            "momentum": "fair_rate = published_rate / (1 - momenta[0]) * (1 - momenta[1])\n"
            "times_farther = published_rate / fair_rate",
        }
    ),
    "with loops": Submission(count() | claim("")),
    "lists for tuples, names as a set": Submission(
        count(more="behind = set(behind)")
        | claim("at_given, at_best = list(at_given), np.array(at_best)")
    ),
    # Mistakes.
    "the root forgotten": Submission(
        {
            "error": ERROR + "error = p * (1 - p) / pictures\n"
            "gap_error = error + q * (1 - q) / pictures\nin_errors = abs(p - q) / gap_error"
        },
        {"error-one": 0, "error-gap": 0},
        {
            "error-one": ("variance", "方差"),
            "error-gap": ("variance of the difference", "差的方差"),
        },
    ),
    "of a single picture": Submission(
        {
            "error": ERROR
            + "error = np.sqrt(p * (1 - p))\ngap_error = np.sqrt(p * (1 - p) + q * (1 - q))\n"
            "in_errors = abs(p - q) / gap_error"
        },
        {"error-one": 0, "error-gap": 0},
        {"error-one": ("single picture", "单张图片")},
    ),
    "errors added up": Submission(
        {
            "error": ONE
            + "gap_error = error + np.sqrt(q * (1 - q) / pictures)\n"
            "in_errors = abs(p - q) / gap_error"
        },
        {"error-gap": 0},
        {"error-gap": ("as squares do", "相加的是平方")},
    ),
    "in errors of one row": Submission(
        {
            "error": ONE
            + "gap_error = np.sqrt((p * (1 - p) + q * (1 - q)) / pictures)\n"
            "in_errors = abs(p - q) / error"
        },
        {"error-gap": 0},
        {"error-gap": ("of one row", "一行的标准误")},
    ),
    "one error is enough": Submission(
        count(limit="1.0"),
        {"many-behind": 0},
        {"many-behind": ("1.96 were asked", "要的是 1.96")},
    ),
    "errors of one row": Submission(
        count(
            more="behind = [n for n in table if table[top] - table[n] > "
            "1.96 * (table[n] * (1 - table[n]) / pictures) ** 0.5]"
        ),
        {"many-behind": 0},
        {"many-behind": ("has an error, too", "也有误差")},
    ),
    "every pair twice": Submission(
        count(start="0"),
        {"many-pairs": 0},
        {"many-pairs": ("twice", "两遍")},
    ),
    "without Holm": Submission(
        count(more="left = beyond"),
        {"many-pairs": 0},
        {"many-pairs": ("without Holm", "校正之前")},
    ),
    "only against the best": Submission(
        count(more="by_chance = 0.05 * (len(table) - 1)"),
        {"many-pairs": 0},
        {"many-pairs": ("the best alone", "与最好的比较")},
    ),
    "rounded down": Submission(
        {"needed": NEEDED + "    return int(v * (1.96 / (p - q)) ** 2)"},
        {"needed-form": 0, "needed-numbers": 0},
        {
            "needed-form": ("round up", "向上取整"),
            "needed-numbers": ("rounded down", "向下取整"),
        },
    ),
    "one error": Submission(
        {"needed": NEEDED + "    return int(np.ceil(v / (p - q) ** 2))"},
        {"needed-form": 0, "needed-numbers": 0},
        {"needed-numbers": ("one error", "一个标准误")},
    ),
    "one variance": Submission(
        {
            "needed": "def pictures_needed(p, q):\n"
            "    return int(np.ceil(p * (1 - p) * (1.96 / (p - q)) ** 2))"
        },
        {"needed-form": 0, "needed-numbers": 0},
        {
            "needed-form": ("both variances", "两份方差"),
            "needed-numbers": ("Only one", "只有一份"),
        },
    ),
    "off by one epoch": Submission(
        {
            "repaired": REPAIRED.format("[*recorded[1:], first_rate]"),
            "recorder": "wrong_epochs = [e for e in range(1, epochs) if schedule(e) != schedule(e - 1)]",
        },
        {"recorder-epochs": 0, "recorder-repaired": 0},
        {
            "recorder-epochs": ("count from 1", "从 1 开始数"),
            "recorder-repaired": ("the wrong way", "移反了方向"),
        },
    ),
    "the shift forgotten": Submission(
        {
            "repaired": REPAIRED.format("recorded"),
            "recorder": "wrong_epochs = list(range(every - 1, epochs, every))",
        },
        {"recorder-epochs": 0, "recorder-repaired": 0},
        {
            "recorder-epochs": ("Mind the shift", "平移过"),
            "recorder-repaired": (
                "the recorder's list",
                "还是记录器的列表",
            ),
        },
    ),
    "one entry too many": Submission(
        {"repaired": REPAIRED.format("[first_rate, *recorded]")},
        {"recorder-repaired": 0},
        {"recorder-repaired": ("as many epochs", "就练了几轮")},
    ),
    "the momentum the wrong way": Submission(
        {
            "momentum": "times_farther = (1 - momenta[1]) / (1 - momenta[0])\n"
            "fair_rate = published_rate / times_farther"
        },
        {"momentum-rate": 0},
        {"momentum-rate": ("wrong way round", "颠倒了")},
    ),
    "one plus the momentum": Submission(
        {
            "momentum": "times_farther = (1 + momenta[1]) / (1 + momenta[0])\n"
            "fair_rate = published_rate / times_farther"
        },
        {"momentum-rate": 0},
        {"momentum-rate": ("adds up", "累加")},
    ),
    "Adam minus SGD": Submission(
        claim(
            "at_given = -at_given[0], -at_given[2], -at_given[1]\n"
            "at_best = -at_best[0], -at_best[2], -at_best[1]"
        ),
        {"claim-given": 0, "claim-best": 0},
        {
            "claim-given": ("subtracted", "减去 Adam"),
            "claim-best": ("subtracted", "减去 Adam"),
        },
    ),
    "the seeds of the search in the report": Submission(
        claim(
            "at_given = compared(sgd_rate, adam_rate, search + report)\n"
            "at_best = compared(best_sgd, best_adam, search + report)"
        ),
        {"claim-given": 0, "claim-best": 0},
        {
            "claim-given": ("other seeds", "种子不对"),
            "claim-best": ("Luck in the search", "运气"),
        },
    ),
    "the given rates again": Submission(
        claim("at_best = at_given"),
        {"claim-best": 0},
        {"claim-best": ("the article's rates", "文章的学习率")},
    ),
}
