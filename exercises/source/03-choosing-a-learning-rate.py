"""A search for a learning rate: a class's numbers, and submissions for the tests."""

import random

import numpy as np

from lrcourse.comparison import paired_difference
from tools.grading.assignments import Submission

# What is kept of each cell that students fill in, and judged.
ANSWERS = {
    "bracket": ["lower", "upper", "fine"],
    "seeds": ["mean", "error"],
    "seeds-all": ["tied"],
    "lottery": ["wins"],
    "lottery-favourite": ["favourite", "share_of_best"],
    "ramp": ["ramp"],
    "ramp-sum": ["way"],
    "ramp-there": ["suggested"],
    "longer": ["best_exact", "best_noisy"],
}


def inputs(loss, steep, last, **_) -> dict:
    """Say with what the functions that students write are called."""
    seen = np.array([[1.0, 6.0], [2.0, 5.0], [3.0, 4.0]])
    tables = [seen, loss, loss[1:4, :4], loss[::-1] ** 2]
    return {
        "wins": [(table,) for table in tables],
        "ramp": [(t,) for t in (0, 1, steep, last)],
    }


def variant(rng: random.Random) -> dict:
    """Draw a search with a valley, seeds that leave some rates tied, a ramp and a bowl."""
    numbers = {"coarse": _coarse(rng), "how_many": rng.choice([4, 6, 8])}
    numbers |= _runs(rng)
    last = rng.randint(150, 400)
    decades = rng.randint(5, 6)
    low = rng.choice([1, 2, 3, 5]) * 10.0**-decades
    numbers |= {
        "low": float(f"{low:.1g}"),
        "high": rng.choice([1.0, 2.0, 5.0, 10.0]),
        "last": last,
        "steep": round(last * rng.uniform(0.35, 0.55)),
        "times": rng.choice([2, 3, 4, 5]),
        "low_there": rng.choice([2, 4, 5, 8]) / 10_000,
    }
    return numbers | _bowl(rng)


def _coarse(rng) -> dict:
    """Return mean losses with their lowest well inside."""
    factor, start = rng.choice([5, 10]), rng.choice([1, 2, 3])
    rates = [float(f"{start * 1e-4 * factor**k:.6g}") for k in range(6)]
    best = rng.choice([2, 3])
    losses = [
        0.25 + 0.05 * abs(k - best) ** 1.4 + rng.randint(1, 99) / 5000
        for k in range(6)
    ]
    return {
        rate: round(loss, 4)
        for rate, loss in zip(rates, losses, strict=True)
    }


def _runs(rng) -> dict:
    """Return losses where one rate gambles, and overlapping bars mislead."""
    while True:
        start = rng.choice([0.0005, 0.001, 0.002, 0.005, 0.01])
        rates = [float(f"{start * 10 ** (k / 3):.4g}") for k in range(5)]
        shared = [rng.gauss(0, 0.015) for _ in range(6)]
        losses = [
            [
                round(0.25 + level + common + rng.gauss(0, own), 4)
                for common in shared
            ]
            for level, own in (
                (0.03, 0.003),
                (0.012, 0.004),
                (0.0, 0.004),
                (0.001, 0.004),
                (0.008, 0.035),
            )
        ]
        first, second = rng.choice([(0, 2), (1, 2), (1, 3), (0, 1)])
        loss = np.array(losses)
        gap = loss[first] - loss[second]
        of_one = [gap[0], loss[first].min() - loss[second].min()]
        if (
            np.unique(loss).size == loss.size
            and _telling(loss)
            and np.abs(gap.mean() - of_one).min() > 1e-5
        ):
            return {
                "rates": rates,
                "losses": losses,
                "first": first,
                "second": second,
            }


def _telling(loss) -> bool:
    """Say whether ties differ from overlaps, clearly, and the gambler wins most often."""
    best = int(loss.mean(axis=1).argmin())
    gaps = [paired_difference(each, loss[best]) for each in loss]
    tied = [gap.outcome == "undecided" for gap in gaps]
    clear = all(
        abs(abs(gap.mean) / gap.error - 2.57) > 0.2
        for gap in gaps
        if gap.error
    )
    deviation = loss.std(axis=1, ddof=1)
    overlap = (
        np.abs(loss.mean(axis=1) - loss[best].mean())
        <= deviation + deviation[best]
    )
    wins = [
        np.mean(
            [
                np.prod(
                    [np.mean(row > own) for row in np.delete(loss, i, 0)]
                )
                for own in loss[i]
            ]
        )
        for i in range(5)
    ]
    return (
        best in (2, 3)
        and clear
        and 2 <= sum(tied) <= 4
        and tied != overlap.tolist()
        and int(np.argmax(wins)) == 4
        and wins[4] - max(wins[:4]) > 0.05
    )


def _bowl(rng) -> dict:
    """Return a bowl whose best rate falls with the length under noise, and only there."""
    while True:
        steep, flat = rng.randint(10, 40) / 10, rng.randint(10, 30) / 100
        numbers = {
            "curvatures": [flat, steep],
            "noise": rng.randint(2, 9) / 10,
            "lengths": [
                rng.randint(4, 9),
                rng.randint(20, 40),
                rng.randint(100, 300),
                rng.randint(1000, 3000),
            ],
        }
        exact, noisy = (
            _best(flat, steep, numbers["lengths"], noise)
            for noise in (0, numbers["noise"])
        )
        if (
            (np.diff(exact) >= 0).all()
            and (np.diff(noisy) < 0).all()
            and noisy[0] > 4 * noisy[-1]
        ):
            return numbers


def _best(flat, steep, lengths, noise) -> np.ndarray:
    rates = np.geomspace(0.001, 1.95, 400) / steep
    bend = np.array([[flat], [steep]])
    factor = (1 - rates * bend) ** 2
    return np.array(
        [
            rates[
                (
                    bend
                    * (
                        factor**t
                        + (rates * noise) ** 2
                        * (1 - factor**t)
                        / (1 - factor)
                    )
                )
                .sum(axis=0)
                .argmin()
            ]
            for t in lengths
        ]
    )


ENDS = "tried = sorted(coarse)\nplace = tried.index(min(coarse, key=coarse.get))\n"
NEIGHBOURS = ENDS + "lower, upper = tried[place - 1], tried[place + 1]\n"
GAP = "gap = loss[first] - loss[second]\nmean = gap.mean()\n"
TIED = """\
best = loss[loss.mean(axis=1).argmin()]
tied = [r for r, each in zip(rates, loss) if {}]
"""
RAMP = "def ramp(t):\n    return {}"
FAVOURITE = "favourite = rates[{}]\nshare_of_best = wins(loss)[{}]"
LONGER = """\
best_exact = [{exact} for n in lengths]
best_noisy = [{noisy} for n in lengths]
"""
BEST = "many_rates[np.argmin(mean_error(many_rates, n, {}))]"
EXACT, NOISY = BEST.format(0), BEST.format("noise")


def longer(exact=EXACT, noisy=NOISY) -> dict[str, str]:
    """Return the last problem with something changed."""
    return {"longer": LONGER.format(exact=exact, noisy=noisy)}


SUBMISSIONS = {
    # Right, in another way than ours.
    "with logarithms": Submission(
        {
            "bracket": "best = min(coarse, key=coarse.get)\n"
            "lower = max(r for r in coarse if r < best)\n"
            "upper = min(r for r in coarse if r > best)\n"
            "step = (np.log10(upper) - np.log10(lower)) / (how_many + 1)\n"
            "fine = [10 ** (np.log10(lower) + i * step) for i in range(1, how_many + 1)]",
            "seeds": "pairs = [a - b for a, b in zip(losses[first], losses[second])]\n"
            "mean = sum(pairs) / 6\n"
            "error = (sum((p - mean) ** 2 for p in pairs) / 5 / 6) ** 0.5",
            "ramp": "def ramp(t):\n"
            "    step = np.log(high / low) / last\n"
            "    return low * np.exp(step * t)",
            "ramp-sum": "way = sum(ramp(t) for t in range(steep + 1))",
        }
    ),
    "the library's difference and schedule": Submission(
        {
            "seeds": "found = paired_difference(loss[first], loss[second])\n"
            "mean, error = found.mean, found.error",
            "ramp": "from lrcourse.schedules import geometric\n\n"
            "ramp = geometric(low, high, last)",
            "ramp-sum": "way = ramp(range(steep + 1)).sum()",
        }
    ),
    "by product and by probability": Submission(
        {
            "seeds-all": TIED.format(
                "(d := paired_difference(best, each)).low <= 0 <= d.high"
            )
            + "tied = set(tied[::-1])\ntied = list(tied)",
            "lottery": "from itertools import product\n\n\n"
            "def wins(loss):\n    counts = [0] * len(loss)\n"
            "    for drawn in product(*loss):\n"
            "        counts[drawn.index(min(drawn))] += 1\n"
            "    return [c / sum(counts) for c in counts]\n",
            "lottery-favourite": FAVOURITE.format(
                "np.argmax(wins(loss))", "np.argmin(loss.sum(axis=1))"
            ),
        }
    ),
    "the sum itself": Submission(
        {
            "ramp-there": "ratio = np.log(high / low) / np.log(high / low_there)\n"
            "suggested = ramp(steep) / ratio / times",
            "longer": "best_exact, best_noisy = (\n"
            "    np.array([min(many_rates, key=lambda r: mean_error(np.array([r]), n, s)[0])\n"
            "              for n in lengths]) for s in (0, noise))",
        }
    ),
    # Mistakes.
    "the best is an end": Submission(
        {
            "bracket": ENDS
            + "lower, upper = tried[place], tried[place + 1]\n"
            "fine = np.geomspace(lower, upper, how_many + 2)[1:-1]"
        },
        {"bracket-ends": 0, "bracket-fine": 0},
        {"bracket-ends": ("on its other side", "另一侧")},
    ),
    "from end to end": Submission(
        {
            "bracket": "lower, upper = min(coarse), max(coarse)\n"
            "fine = np.geomspace(lower, upper, how_many + 2)[1:-1]"
        },
        {"bracket-ends": 0, "bracket-fine": 0},
        {"bracket-ends": ("look at the losses", "看看损失")},
    ),
    "evenly spaced": Submission(
        {
            "bracket": NEIGHBOURS
            + "fine = np.linspace(lower, upper, how_many + 2)[1:-1]"
        },
        {"bracket-fine": 0},
        {"bracket-fine": ("equal distances", "对数的差相等")},
    ),
    "the ends again": Submission(
        {
            "bracket": NEIGHBOURS
            + "fine = np.geomspace(lower, upper, how_many)"
        },
        {"bracket-fine": 0},
        {"bracket-fine": ("tried already", "已经试过")},
    ),
    "logarithms left": Submission(
        {
            "bracket": NEIGHBOURS
            + "fine = np.linspace(np.log10(lower), np.log10(upper), how_many + 2)[1:-1]"
        },
        {"bracket-fine": 0},
        {"bracket-fine": ("take the power", "还要取幂")},
    ),
    "missing minus": Submission(
        {"seeds": GAP + "mean = -mean\nerror = gap.std(ddof=1) / 6**0.5"},
        {"seeds-mean": 0},
        {"seeds-mean": ("other way round", "反了")},
    ),
    "no pairs": Submission(
        {
            "seeds": GAP
            + "error = np.sqrt((loss[first].var(ddof=1) + loss[second].var(ddof=1)) / 6)"
        },
        {"seeds-error": 0},
        {"seeds-error": ("drops out", "消去")},
    ),
    "n instead of n - 1": Submission(
        {"seeds": GAP + "error = gap.std() / 6**0.5"},
        {"seeds-error": 0},
        {"seeds-error": ("n - 1", "n - 1")},
    ),
    "the deviation": Submission(
        {"seeds": GAP + "error = gap.std(ddof=1)"},
        {"seeds-error": 0},
        {"seeds-error": ("varies less", "起伏要小")},
    ),
    "bars that overlap": Submission(
        {
            "seeds-all": TIED.format(
                "abs(each.mean() - best.mean()) <= each.std(ddof=1) + best.std(ddof=1)"
            )
        },
        {"seeds-tied": 0},
        {"seeds-tied": ("do not decide", "不能作准")},
    ),
    "told apart": Submission(
        {
            "seeds-all": TIED.format(
                "paired_difference(each, best).outcome != 'undecided'"
            )
        },
        {"seeds-tied": 0},
        {"seeds-tied": ("can be told apart", "区分得开")},
    ),
    "one seed for all": Submission(
        {
            "lottery": "def wins(loss):\n"
            "    loss = np.array(loss)\n"
            "    won = loss.argmin(axis=0)\n"
            "    return np.array([np.mean(won == i) for i in range(len(loss))])"
        },
        {"lottery-form": 0, "lottery-shares": 0, "lottery-winner": 0},
        {
            "lottery-form": ("draws for itself", "各抽各的"),
            "lottery-shares": ("draws for itself", "各抽各的"),
        },
    ),
    "only one size": Submission(
        {
            "lottery": "def wins(loss):\n"
            "    draws = np.indices([2] * 3).reshape(3, -1)\n"
            "    won = np.take_along_axis(loss[:3, :2], draws, axis=1).argmin(axis=0)\n"
            "    return np.bincount(won, minlength=3) / 8"
        },
        {"lottery-shares": 0, "lottery-winner": 0},
        {"lottery-shares": ("numbers were expected", "个数")},
    ),
    "the lowest mean as the favourite": Submission(
        {
            "lottery-favourite": FAVOURITE.format(
                "loss.mean(axis=1).argmin()", "loss.mean(axis=1).argmin()"
            )
        },
        {"lottery-winner": 0},
        {"lottery-winner": ("not win most often", "不是最多")},
    ),
    "the favourite's share": Submission(
        {
            "lottery-favourite": FAVOURITE.format(
                "wins(loss).argmax()", "wins(loss).argmax()"
            )
        },
        {"lottery-winner": 0},
        {"lottery-winner": ("share of the favourite", "获胜的比例")},
    ),
    "the end one update late": Submission(
        {"ramp": RAMP.format("low * (high / low) ** (t / (last + 1))")},
        {"ramp-rates": 0, "ramp-way": 0},
        {"ramp-rates": ("too late", "晚了一次")},
    ),
    "counted from 1": Submission(
        {"ramp": RAMP.format("low * (high / low) ** ((t + 1) / last)")},
        {"ramp-rates": 0, "ramp-way": 0},
        {"ramp-rates": ("nothing has been multiplied", "还没有乘过")},
    ),
    "in a line": Submission(
        {"ramp": RAMP.format("low + (high - low) * t / last")},
        {"ramp-rates": 0, "ramp-way": 0},
        {"ramp-rates": ("in a line", "直线上升")},
    ),
    "one update missing": Submission(
        {"ramp-sum": "way = ramp(np.arange(steep)).sum()"},
        {"ramp-way": 0},
        {"ramp-way": ("missing from the sum", "少了最后一次")},
    ),
    "another start forgotten": Submission(
        {"ramp-there": "suggested = ramp(steep) / times"},
        {"ramp-moved": 0},
        {"ramp-moved": ("begins elsewhere", "起点也不一样")},
    ),
    "the logarithm upside down": Submission(
        {
            "ramp-there": "suggested = ramp(steep) / times * np.log(high / low) "
            "/ np.log(high / low_there)"
        },
        {"ramp-moved": 0},
        {"ramp-moved": ("in the denominator", "分母")},
    ),
    "errors instead of rates": Submission(
        longer(exact="mean_error(many_rates, n, 0).min()"),
        {"longer-exact": 0},
        {"longer-exact": ("lowest errors", "最低的误差")},
    ),
    "places instead of rates": Submission(
        longer(noisy="mean_error(many_rates, n, noise).argmin()"),
        {"longer-noisy": 0},
        {"longer-noisy": ("places in the list", "位置")},
    ),
    "exchanged": Submission(
        longer(exact=NOISY, noisy=EXACT),
        {"longer-exact": 0, "longer-noisy": 0},
        {
            "longer-exact": ("best rates with noise", "带噪声时"),
            "longer-noisy": ("for exact gradients", "梯度精确时"),
        },
    ),
}
