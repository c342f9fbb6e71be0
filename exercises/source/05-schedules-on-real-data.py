"""Accuracies, splits and winners: a class's numbers, and submissions for the tests."""

import random

import numpy as np

from lrcourse.book.records import load
from lrcourse.experiments import ionosphere
from tools.grading.assignments import Submission

# What is kept of each cell that students fill in, and judged.
ANSWERS = {
    "baseline": ["majority", "above", "standard_error"],
    "baseline-rows": ["enough"],
    "split-tail": ["good_in_training", "good_in_validation"],
    "split-fair": ["stratified"],
    "part": ["by_rate", "by_schedule", "interval"],
    "luck": ["luck"],
    "best": ["optimism", "found"],
}


def inputs(labels, fraction, percent, **_) -> dict:
    """Say with what the functions that students write are called."""
    tables = [(labels, fraction), (1 - labels[::-1], 0.25)]
    table = np.array(
        [
            percent[each] - percent["constant"]
            for each in ("time-based", "drop-based", "cosine")
        ]
    )
    seen = np.array([[2.0, 0.0, 1.0], [0.0, 3.0, 2.5]])
    return {
        "stratified": [
            (*each, seed) for each in tables for seed in range(4)
        ]
        + 2 * [(*tables[0], 7)],  # twice, for the same seed draws the same
        "luck": [(gain,) for gain in (seen, table, table[:2, :7], -table)],
    }


def variant(rng: random.Random) -> dict:
    """Draw a report just above its baseline, a file in an order, and a world to choose in."""
    while True:
        parts = rng.randint(150, 900)
        defective = round(parts * rng.uniform(0.06, 0.2))
        above = rng.randint(3, max(4, defective // 3))
        right = parts - defective + above
        # The number of rows is whole only by rounding up, so that no rounding error decides it.
        if 4 * right * (parts - right) % above**2:
            break
    numbers = {
        "parts": parts,
        "defective": defective,
        "right": right,
        "good_first": [
            rng.randint(5, 20),
            rng.randint(60, 110),
            rng.randint(50, 90),
        ],
        "fraction": rng.choice([0.23, 0.27, 0.29, 0.31, 0.33, 0.37]),
        "seeds": _seeds(rng),
        "row_counts": [
            rng.randint(80, 150),
            rng.randint(400, 700),
            rng.randint(3000, 6000),
        ],
    }
    while not _rounding_tells(**numbers):
        numbers["good_first"][1] += 1
    middle = rng.randint(86, 93) / 100
    while True:
        steps = rng.sample(range(-12, 13), rng.randint(4, 6))
        second, first = sorted(steps)[-2:]
        # Close enough that even the largest validation set is sometimes wrong.
        if first - second <= 8:
            break
    if steps[0] == max(steps):  # a tie would always be decided for the best
        steps.reverse()
    return numbers | {"truth": [round(middle + s / 1000, 3) for s in steps]}


def _rounding_tells(good_first, fraction, **_) -> bool:
    """Say whether it shows in the size of the parts which of them is rounded."""
    rows = good_first[0] + 2 * good_first[1] + good_first[2]
    return int(rows * (1 - fraction)) + int(rows * fraction) < rows


def _seeds(rng) -> list[int]:
    """Return seeds of the record with which each part of the gain is another number."""
    record = load("ionosphere")
    while True:
        seeds = sorted(rng.sample(range(30), 16))
        percent = {
            method: 100
            * ionosphere.accuracy(record, "stratified", method)[seeds, -1]
            for method in record.labels["method"]
        }
        mean = {method: each.mean() for method, each in percent.items()}
        strong, drop = mean["constant, momentum 0.9"], mean["drop-based"]
        gaps = [drop - strong, strong - mean["constant"]]
        gaps.append(drop - mean["constant"])
        gain = np.array(
            [
                percent[each] - percent["constant"]
                for each in ("time-based", "drop-based", "cosine")
            ]
        )
        luck = [_luck(some) for some in (gain, gain[:2, :7], -gain)]
        if (
            np.abs(gaps).min() > 0.1
            and strong - mean["plain"] > 5
            and np.abs(luck).min() > 0.01
        ):
            return seeds


def _luck(gain) -> float:
    """Return how much less the winners gain elsewhere than where they won."""
    chosen = gain.argmax(axis=0)
    own = gain[chosen, np.arange(len(chosen))]
    return float((own - gain[chosen].mean(axis=1)).mean())


BASELINE = """\
majority = {majority}
above = {above}
accuracy = right / parts
standard_error = {error}
"""
SHARES = """\
cut = {}
good_in_training = labels[:cut].mean()
good_in_validation = labels[cut:].mean()
"""
STRATIFIED = """\
def stratified(labels, fraction, seed):
    generator = np.random.default_rng({seed})
    validation = []
    for label in (0, 1):
        rows = np.flatnonzero(labels == label)
        {shuffle}
        validation.extend(rows[: round(len(rows) * fraction)])
    return np.setdiff1d(np.arange(len(labels)), validation), validation
"""
PART = """\
base = percent[{base}]
by_rate = np.mean(base - percent["plain"])
by_schedule = np.mean(percent["drop-based"] - base)
found = paired_difference({pair})
interval = [found.low, found.high]
"""
STRONG = "'constant, momentum 0.9'"
PAIR = "percent['drop-based'], base"
LUCK = """\
def luck(gain):
    inside, outside = [], []
    for j in range(gain.shape[1]):
        row = {row}
        inside.append(gain[row, j])
        outside.append(np.mean({others}))
    return np.mean(inside), np.mean(outside)
"""
BEST = """\
optimism, found = [], []
for n in row_counts:
    seen = measured(n)
    kept = np.argmax(seen, axis=1)
    optimism.append(float({optimism}))
    found.append(float({found}))
"""


def baseline(
    majority="1 - defective / parts",
    above="right - (parts - defective)",
    error="np.sqrt(accuracy * (1 - accuracy) / parts)",
) -> dict[str, str]:
    """Return the first problem with something changed."""
    return {
        "baseline": BASELINE.format(
            majority=majority, above=above, error=error
        )
    }


def stratified(
    seed="seed", shuffle="generator.shuffle(rows)"
) -> dict[str, str]:
    """Return the split with something changed."""
    return {"split-fair": STRATIFIED.format(seed=seed, shuffle=shuffle)}


def part(base=STRONG, pair=PAIR) -> dict[str, str]:
    """Return the division of the gain with something changed."""
    return {"part": PART.format(base=base, pair=pair)}


def luck(
    row="int(np.argmax(gain[:, j]))", others="np.delete(gain[row], j)"
) -> dict[str, str]:
    """Return the winner's gains with something changed."""
    return {"luck": LUCK.format(row=row, others=others)}


def best(
    optimism="np.mean(seen.max(axis=1) - np.take(truth, kept))",
    found="np.mean(kept == np.argmax(truth))",
) -> dict[str, str]:
    """Return the last problem with something changed."""
    return {"best": BEST.format(optimism=optimism, found=found)}


SUBMISSIONS = {
    # Right, in another way than ours.
    "step by step": Submission(
        baseline()
        | {
            "baseline-rows": "enough = 1\n"
            "while above / parts < 2 * (accuracy * (1 - accuracy) / enough) ** 0.5:\n"
            "    enough += 1"
        }
        | stratified()
        | part()
        | luck()
        | best()
    ),
    "the library's splits": Submission(
        {
            "split-tail": "from lrcourse.datasets import Dataset\n"
            "from lrcourse.datasets.splits import tail_split\n\n"
            "parted = tail_split(Dataset(labels[:, np.newaxis] * 1.0, labels), fraction)\n"
            "good_in_training = parted.y_train.mean()\n"
            "good_in_validation = parted.y_validation.mean()",
            "split-fair": "from lrcourse.datasets import Dataset\n"
            "from lrcourse.datasets.splits import stratified_split\n\n\n"
            "def stratified(labels, fraction, seed):\n"
            "    numbers = np.arange(len(labels))[:, np.newaxis] * 1.0\n"
            "    parted = stratified_split(Dataset(numbers, labels), fraction, seed)\n"
            "    return parted.x_train[:, 0].astype(int), parted.x_validation[:, 0].astype(int)",
        }
    ),
    "in plain Python": Submission(
        best(
            optimism="sum(max(row) - truth[list(row).index(max(row))] for row in seen) / 2000",
            found="sum(list(row).index(max(row)) == truth.index(max(truth)) for row in seen) / 2000",
        )
    ),
    # Mistakes.
    "the network's own accuracy": Submission(
        baseline(majority="right / parts", above="0"),
        {"baseline-majority": 0, "baseline-enough": 0},
        {"baseline-majority": ("does not look", "看也不看")},
    ),
    "the share of the defective": Submission(
        baseline(majority="defective / parts"),
        {"baseline-majority": 0},
        {"baseline-majority": ("at least half", "至少对一半")},
    ),
    "missing minus": Submission(
        baseline(above="parts - defective - right"),
        {"baseline-majority": 0},
        {"baseline-majority": ("other way round", "反了")},
    ),
    "the root forgotten": Submission(
        baseline(error="accuracy * (1 - accuracy) / parts"),
        {"baseline-error": 0},
        {"baseline-error": ("root is missing", "开平方")},
    ),
    "a single answer": Submission(
        baseline(error="(accuracy * (1 - accuracy)) ** 0.5"),
        {"baseline-error": 0},
        {"baseline-error": ("single answer", "单个回答")},
    ),
    "one standard error": Submission(
        {
            "baseline-rows": "enough = int(np.ceil(accuracy * (1 - accuracy) / (above / parts) ** 2))"
        },
        {"baseline-enough": 0},
        {"baseline-enough": ("one standard error", "一个标准误")},
    ),
    "twice for two": Submission(
        {
            "baseline-rows": "enough = int(np.ceil(2 * accuracy * (1 - accuracy) / (above / parts) ** 2))"
        },
        {"baseline-enough": 0},
        {"baseline-enough": ("shrinks with the root", "平方根")},
    ),
    "one part too few": Submission(
        {
            "baseline-rows": "enough = int(4 * accuracy * (1 - accuracy) / (above / parts) ** 2)"
        },
        {"baseline-enough": 0},
        {"baseline-enough": ("not quite", "还差一点")},
    ),
    "the other part rounded": Submission(
        {"split-tail": SHARES.format("-int(len(labels) * fraction)")},
        {"split-shares": 0},
        {"split-shares": ("rounded down", "向下取整")},
    ),
    "counts for shares": Submission(
        {
            "split-tail": SHARES.format(
                "int(len(labels) * (1 - fraction))"
            ).replace("mean", "sum")
        },
        {"split-shares": 0},
        {"split-shares": ("not a count", "不是个数")},
    ),
    "the wrong end": Submission(
        {
            "split-tail": "held = int(len(labels) * fraction)\n"
            "good_in_training = labels[held:].mean()\n"
            "good_in_validation = labels[:held].mean()"
        },
        {"split-shares": 0},
        {"split-shares": ("where do the bad rows lie", "坏的行在哪里")},
    ),
    "the tail again": Submission(
        {
            "split-fair": "def stratified(labels, fraction, seed):\n"
            "    cut = int(len(labels) * (1 - fraction))\n"
            "    return np.arange(cut), np.arange(cut, len(labels))"
        },
        {"split-strata": 0},
        {"split-strata": ("each class by itself", "各自划分")},
    ),
    "not at random": Submission(
        stratified(shuffle="pass"),
        {"split-strata": 0},
        {"split-strata": ("at random", "随机抽取")},
    ),
    "another draw each time": Submission(
        stratified(seed=""),
        {"split-strata": 0},
        {"split-strata": ("draws other rows", "别的行")},
    ),
    "rows lost": Submission(
        {
            "split-fair": "def stratified(labels, fraction, seed):\n"
            "    generator = np.random.default_rng(seed)\n"
            "    some = generator.integers(0, len(labels), 50)\n"
            "    return np.arange(100), some"
        },
        {"split-complete": 0, "split-strata": 0},
        {"split-complete": ("exactly one", "恰好在")},
    ),
    "another momentum": Submission(
        part(base="'constant'"),
        {"part-parts": 0, "part-interval": 0},
        {
            "part-parts": ("the momentum changes", "动量也变了"),
            "part-interval": ("the momentum changes", "动量也变了"),
        },
    ),
    "the whole gain": Submission(
        part(pair="percent['drop-based'], percent['plain']"),
        {"part-interval": 0},
        {"part-interval": ("whole gain", "全部领先")},
    ),
    "the interval turned round": Submission(
        part(pair="base, percent['drop-based']"),
        {"part-interval": 0},
        {"part-interval": ("other way round", "反了")},
    ),
    "the gain counted twice": Submission(
        {
            "part": PART.format(base=STRONG, pair=PAIR)
            + "by_schedule = np.mean(percent['drop-based'] - percent['plain'])"
        },
        {"part-parts": 0},
        {"part-parts": ("the whole gain", "应当是全部")},
    ),
    "one winner for all": Submission(
        luck(row="int(np.argmax(gain.mean(axis=1)))"),
        {"luck-form": 0, "luck-values": 0},
        {"luck-form": ("for itself", "各挑各的")},
    ),
    "its own split among the others": Submission(
        luck(others="gain[row]"),
        {"luck-form": 0, "luck-values": 0},
        {
            "luck-form": ("not one of the others", "不在其余之列"),
            "luck-values": ("not one of the others", "不在其余之列"),
        },
    ),
    "made for the example": Submission(
        {"luck": "def luck(gain):\n    return 2.5, (0.5 + 1.25 + 1.5) / 3"},
        {"luck-values": 0},
    ),
    "against the best": Submission(
        best(optimism="seen.max(axis=1).mean() - max(truth)"),
        {"best-optimism": 0},
        {"best-optimism": ("schedule that was kept", "留下的那种")},
    ),
    "the largest of all": Submission(
        best(optimism="seen.max() - max(truth)"),
        {"best-optimism": 0},
        {"best-optimism": ("largest of each row", "每一行取最大")},
    ),
    "ties counted": Submission(
        best(
            found="np.mean(seen[:, np.argmax(truth)] == seen.max(axis=1))"
        ),
        {"best-found": 0},
        {"best-found": ("ties included", "并列")},
    ),
    "people counted": Submission(
        best(found="np.sum(kept == np.argmax(truth))"),
        {"best-found": 0},
        {"best-found": ("not a number of people", "不是人数")},
    ),
}
