"""Batches, noise, sharpness, averages and a warmup: a class's numbers, and submissions."""

import random

import numpy as np

from tools.grading.assignments import Submission

# What is kept of each cell that students fill in, and judged.
ANSWERS = {
    "scale": ["small_steps", "one_step", "largest_batch"],
    "noise": ["noise_scale"],
    "sharp": ["sharpness"],
    "beyond": ["edge", "beyond"],
    "average": ["tail_rates"],
    "polyak": ["knowing", "believing"],
    "claim": ["added", "hurt"],
}


def inputs(gradients, matrix, eta, total, tail, **_) -> dict:
    """Say with what the functions that students write are called."""
    rows, square = np.array(gradients), np.array(matrix)
    samples = (
        np.array([[1.0, 0.0], [3.0, 0.0]]),
        rows,
        10 * rows[:, ::-1] + [1, 2],
    )
    matrices = (
        np.diag([1.0, 4.0]),
        square,
        square + np.diag([2.0, 0.5, 0.1]),
    )
    tails = (total, tail), (total, total), (9, 2)
    return {
        "noise_scale": [(each,) for each in samples],
        "sharpness": [(each,) for each in matrices],
        "tail_rates": [(0.1, 7, 3), (0.1, 7, 1)]
        + [(eta, *each) for each in tails],
    }


def variant(rng: random.Random) -> dict:
    """Draw a step that overshoots less than it walks, and rates on both sides of the edge."""
    bend = rng.choice([0.5, 0.8, 1.2, 1.5, 2.0, 2.5])
    many = rng.randint(4, 9)
    total = rng.randint(10, 16)
    w_0 = rng.choice([1.5, 2.0, 2.5, 3.0])
    batch = rng.choice([16, 32, 64])
    matrix = _matrix(rng)
    edge = 2 / float(np.linalg.eigvalsh(matrix)[-1])
    shares = rng.sample([0.3, 0.6, 0.85], 2) + rng.sample([1.15, 1.5, 2], 2)
    rng.shuffle(shares)
    return {
        "bend": bend,
        "w_0": w_0,
        "eta": round(rng.uniform(0.3, 0.9) / many / bend, 3),
        "many": many,
        "batch": batch,
        "batch_rate": rng.choice([0.07, 0.11, 0.13, 0.15, 0.17]),
        "wall": rng.choice([0.8, 1.2, 1.5, 1.8]),
        "gradients": [
            [rng.randint(*span) / 10 for span in ((2, 30), (-20, 20))]
            for _ in range(4)
        ],
        "matrix": matrix,
        "rates": [round(share * edge, 3) for share in shares],
        "total": total,
        "tail": rng.randint(3, total - 4),
        "floor": rng.randint(2, 9) / 10,
        "lowest": w_0 - rng.choice([0.4, 0.6, 0.8, 1.2]),
        "usual": [
            *sorted(rng.sample([0.08, 0.1, 0.12, 0.15, 0.2, 0.25], 2)),
            rng.choice([0.5, 0.55, 0.6]),
        ],
        "rising": rng.randint(25, 50),
        "hidden": rng.randint(16, 32),
        "seed": rng.randint(0, 99),
        "seeds": 8,
    }


def _matrix(rng) -> list:
    """Draw second derivatives whose largest eigenvalue stands alone."""
    while True:
        a, b, c = (rng.randint(10, 60) / 10 for _ in range(3))
        d, e, f = (
            rng.choice([-1, 1]) * rng.randint(5, 15) / 10 for _ in range(3)
        )
        matrix = [[a, d, e], [d, b, f], [e, f, c]]
        good = True
        for some in (
            np.array(matrix),
            np.array(matrix) + np.diag([2, 0.5, 0.1]),
        ):
            values = np.linalg.eigvalsh(some)
            good &= values[0] > 0.2 and values[-1] > 1.3 * values[-2]
        if good:
            return matrix


STEPS = "small_steps = w_0\nfor _ in range({times}):\n    small_steps {sign}= eta * {slope}\n"
LARGE = "one_step = w_0 {sign} many * eta * bend * w_0\n"
LARGEST = "largest_batch = int(np.floor(wall / batch_rate * batch))\n"
NOISE = """\
def noise_scale(gradients):
    g = np.array(gradients)
    mean = {mean}
    variance = ((g - mean) ** 2).sum() / {count}
    return variance / {length}
"""
TAIL = "def tail_rates(eta, total, tail):\n    return {}"
CLAIM = """\
added, hurt = [], []
for rate in usual:
    both = final_losses([constant(rate), warmup(constant(rate), rising)])
    d = paired_difference({first}, {second})
    added.append({measure})
    if {choose}:
        hurt.append(rate)
"""


def scale(
    times="many",
    sign="-",
    slope="bend * small_steps",
    batch=LARGEST,
    large=None,
) -> dict[str, str]:
    """Return the steps with something changed."""
    steps = STEPS.format(times=times, sign=sign, slope=slope)
    return {"scale": steps + (large or LARGE.format(sign=sign)) + batch}


def noise(
    mean="g.mean(axis=0)", count="(len(g) - 1)", length="(mean @ mean)"
) -> dict[str, str]:
    """Return the noise scale with something changed."""
    return {"noise": NOISE.format(mean=mean, count=count, length=length)}


def claim(
    first="both[:, 1]",
    second="both[:, 0]",
    measure="d.mean",
    choose="d.low > 0",
) -> dict[str, str]:
    """Return the test of the claim with something changed."""
    return {
        "claim": CLAIM.format(
            first=first, second=second, measure=measure, choose=choose
        )
    }


SUBMISSIONS = {
    # Right, in another way than ours.
    "step by step": Submission(
        scale()
        | noise()
        | {
            "sharp": "def sharpness(matrix):\n    return max(np.linalg.eigvalsh(matrix))",
            "average": "def tail_rates(eta, total, tail):\n    rates = np.zeros(total)\n"
            "    for k in range(total - tail + 1, total + 1):\n"
            "        rates[:k] += eta / tail\n    return rates",
            "polyak": "loss = lambda w: bend * (w - lowest) ** 2 / 2 + floor\n"
            "slope = bend * (w_0 - lowest)\nknowing = (loss(w_0) - loss(lowest)) / slope**2\n"
            "believing = loss(w_0) / slope**2",
        }
    ),
    "rate by rate": Submission(claim()),
    "with NumPy's covariance": Submission(
        {
            "noise": "def noise_scale(gradients):\n"
            "    mean = np.mean(gradients, axis=0)\n"
            "    return np.trace(np.cov(np.transpose(gradients))) / np.sum(mean**2)",
            "beyond": "edge = 2 / np.linalg.norm(np.array(matrix), 2)\n"
            "beyond = {rate for rate in rates if rate > edge}\nbeyond = sorted(beyond)",
        }
    ),
    # Mistakes.
    "missing minus": Submission(
        scale(sign="+"),
        {"scale-steps": 0},
        {"scale-steps": ("mind the minus", "注意减号")},
    ),
    "one step too few": Submission(
        scale(times="many - 1"),
        {"scale-steps": 0},
        {"scale-steps": ("too few", "少走了一步")},
    ),
    "the small rate once": Submission(
        scale(slope="bend * small_steps / 2"),
        {"scale-steps": 0},
        {"scale-steps": ("without a half", "没有二分之一")},
    ),
    "rounded up": Submission(
        scale(
            batch="largest_batch = int(np.ceil(wall / batch_rate * batch))"
        ),
        {"scale-batch": 0},
        {"scale-batch": ("above the wall", "超过那堵墙")},
    ),
    "the factor for the batch": Submission(
        scale(batch="largest_batch = int(wall / batch_rate)"),
        {"scale-batch": 0},
        {"scale-batch": ("by as much", "增为几倍")},
    ),
    "divided by n": Submission(
        noise(count="len(g)"),
        {"noise-easy": 0, "noise-class": 0},
        {
            "noise-easy": ("n - 1", "n - 1"),
            "noise-class": ("n - 1", "n - 1"),
        },
    ),
    "the length not squared": Submission(
        noise(length="np.linalg.norm(mean)"),
        {"noise-easy": 0, "noise-class": 0},
        {"noise-class": ("enters squared", "要平方")},
    ),
    "the mean of the lengths": Submission(
        noise(length="(np.linalg.norm(g, axis=1) ** 2).mean()"),
        {"noise-easy": 0, "noise-class": 0},
        {"noise-class": ("noise cancels", "抵消")},
    ),
    "the flattest direction": Submission(
        {
            "sharp": "def sharpness(matrix):\n    return np.linalg.eigvalsh(matrix)[0]"
        },
        {"sharp-value": 0, "sharp-beyond": 0},
        {"sharp-value": ("flattest", "最平")},
    ),
    "the diagonal": Submission(
        {
            "sharp": "def sharpness(matrix):\n    return np.diag(matrix).max()",
            "beyond": "edge = 2 / np.linalg.eigvalsh(matrix)[-1]\n"
            "beyond = [rate for rate in rates if rate > edge]",
        },
        {"sharp-value": 0},
        {"sharp-value": ("the diagonal", "对角线")},
    ),
    "one over the sharpness": Submission(
        {
            "beyond": "edge = 1 / sharpness(np.array(matrix))\n"
            "beyond = [rate for rate in rates if rate > edge]"
        },
        {"sharp-beyond": 0},
        {"sharp-beyond": ("still comes closer", "越来越近")},
    ),
    "off by one update": Submission(
        {
            "average": TAIL.format(
                "[eta * min(1, (total - 1 - t) / tail) for t in range(total)]"
            )
        },
        {"average-form": 0, "average-rates": 0},
        {
            "average-form": ("left out", "漏了它的那次更新"),
            "average-rates": ("too early", "早了一次更新"),
        },
    ),
    "linear all the way": Submission(
        {
            "average": TAIL.format(
                "[eta * (1 - t / total) for t in range(total)]"
            )
        },
        {"average-form": 0, "average-rates": 0},
        {"average-rates": ("counts in full", "全数算上")},
    ),
    "the wrong end": Submission(
        {
            "average": TAIL.format(
                "[eta * min(1, (t + 1) / tail) for t in range(total)]"
            )
        },
        {"average-rates": 0},
        {"average-rates": ("wrong end", "弄反了两头")},
    ),
    "nothing known of the lowest loss": Submission(
        {
            "polyak": "g = bend * (w_0 - lowest)\n"
            "knowing = (bend * (w_0 - lowest) ** 2 / 2 + floor) / g**2\n"
            "believing = 2 * knowing"
        },
        {"polyak-rates": 0},
        {"polyak-rates": ("Subtract", "减去最低")},
    ),
    "one step to the minimum": Submission(
        {
            "polyak": "g = bend * (w_0 - lowest)\nknowing = 1 / bend\n"
            "believing = knowing + (bend * (w_0 - lowest) ** 2 / 2 + floor) / g**2"
        },
        {"polyak-rates": 0},
        {"polyak-rates": ("in one step", "一步走到")},
    ),
    "without minus with": Submission(
        claim(first="both[:, 0]", second="both[:, 1]", choose="d.high < 0"),
        {"claim-added": 0},
        {"claim-added": ("other way round", "减反了")},
    ),
    "the losses themselves": Submission(
        claim(measure="both[:, 1].mean()"),
        {"claim-added": 0},
        {"claim-added": ("loss without", "没有预热时")},
    ),
    "none hurt": Submission(
        claim(choose="d.low <= 0"),
        {"claim-hurt": 0},
    ),
}
