"""Adam, momentum and a rate for each weight: a class's numbers, and submissions for the tests."""

import random

import numpy as np

from lrcourse.landscapes import descend, least_squares
from lrcourse.optimizers import Adagrad, Adam
from tools.grading.assignments import Submission

# What is kept of each cell that students fill in, and judged.
ANSWERS = {
    "adam": ["w_1", "w_2"],
    "program": ["walk"],
    "momentum": ["rate_then", "rate_at_last", "eta_new", "limit"],
    "words": ["rate_common", "rate_rare", "rate_first", "rate_again"],
    "turned": ["fewest", "good"],
}


def inputs(w_0, slope_1, eta, beta_1, beta_2, **_) -> dict:
    """Say with what the functions that students write are called."""
    betas = [beta_1, beta_2]
    calls = [(w_0, [0.0, slope_1], eta, betas, 1e-8)]
    generator = np.random.default_rng(0)
    for pair, eps in (
        (betas, 0.01),
        ([0.8, 0.95], 1e-3),
        ([0.0, 0.9], 0.1),
    ):
        slopes = [float(g) for g in generator.normal(slope_1, 1.0, 12)]
        calls.append((w_0, slopes, eta, pair, eps))
    return {"walk": calls}


def variant(rng: random.Random) -> dict:
    """Draw slopes, averages, words and a ravine whose common mistakes all differ."""
    rare = rng.randint(4, 15)
    mu, mu_new = rng.sample([0.5, 0.6, 0.7, 0.8, 0.9, 0.95], 2)
    numbers = {
        "w_0": rng.choice([-2.0, -1.5, 1.5, 2.0, 3.0]),
        "eta": rng.choice([0.02, 0.03, 0.04, 0.06, 0.08]),
        "beta_1": rng.choice([0.8, 0.85, 0.9]),
        "beta_2": rng.choice([0.98, 0.995, 0.998]),
        "slope_1": rng.choice([-1, 1])
        * rng.choice([0.4, 0.6, 0.7, 1.4, 1.6, 1.8, 2.2, 2.6, 3.2]),
        "slope_2": rng.choice([-1, 1]) * rng.randint(21, 60) / 5,
        "mu": mu,
        "mu_new": mu_new,
        "steps": rng.randint(3, 7),
        "L": rng.randint(11, 60) / 5,
        "size": rng.choice([0.2, 0.25, 0.3, 0.4, 0.6]),
        "common": rng.randint(40, 120) * rare,
        "rare": rare,
        "alpha": rng.choice([0.9, 0.92, 0.94, 0.95]),
        "pause": rng.randint(4, 12),
    }
    while True:
        ravine = {
            "ratio": rng.randint(30, 70),
            "degrees": rng.randint(25, 44),
        }
        if _turn_matters(**ravine):
            return numbers | ravine


def _turn_matters(ratio, degrees) -> bool:
    """Say whether the turn costs Adagrad many steps and Adam some, and changes their good rates."""
    for make, times in ((Adagrad, 5), (Adam, 1)):
        along, turned = (
            _steps(make, ratio, angle) for angle in (0, degrees)
        )
        few = along.min(), turned.min()
        good = [(each <= 2 * each.min()).sum() for each in (along, turned)]
        if few[1] <= times * few[0] or good[0] == good[1]:
            return False
    return True


def _steps(make, ratio, angle) -> np.ndarray:
    """Return for each rate after how many steps the error stays small."""
    turn = np.radians(angle)
    axes = np.array(
        [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    )
    bowl = least_squares(
        np.diag([2.0, 2.0 * ratio]) ** 0.5 @ axes.T, np.zeros(2)
    )
    rates = np.geomspace(0.001, 10, 61)
    start = axes @ [ratio**0.5, 1.0]
    errors = descend(bowl, make(rates), start, 500).errors
    above = ~(errors < 1e-4 * errors[0])
    last = len(errors) - 1 - above[::-1].argmax(axis=0)
    return np.where(last < len(errors) - 1, last + 1.0, np.inf)


ADAM = """\
m, s = 0.0, 0.0
places = [w_0]
for t, g in enumerate([slope_1, slope_2], {first}):
    m = beta_1 * m + (1 - beta_1) * g
    s = beta_2 * s + (1 - beta_2) * g**2
    places.append(places[-1] {sign} eta * {step})
w_1, w_2 = places[1:]
"""
STEP = "(m / (1 - beta_1**t)) / np.sqrt(s / (1 - beta_2**t))"
WALK = """\
def walk(w, slopes, eta, betas, eps):
    m, s, t = 0.0, 0.0, {first}
    weights = {start}
    for g in slopes:
        t += {more}
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g * g
        w {sign}= eta * {step}
        weights.append(w)
    return weights
"""
CORRECTED = (
    "m / (1 - betas[0] ** t) / (np.sqrt(s / (1 - betas[1] ** t)) + eps)"
)
MOMENTUM = """\
rate_then = {then}
rate_at_last = eta / (1 - mu)
eta_new = {new}
limit = {limit}
"""
WORDS = """\
rate_common, rate_rare = [{adagrad} for n in (common, rare)]
rate_first = {first}
rate_again = {again}
"""
TURNED = """\
fewest, good = {{}}, {{}}
for name, make in methods.items():
    both = [needed(make, angle) for angle in {angles}]
    fewest[name] = [{fewest} for each in both]
    good[name] = [{good} for each in both]
"""


def adam(first="1", sign="-", step=STEP) -> dict[str, str]:
    """Return the first two steps with something changed."""
    return {"adam": ADAM.format(first=first, sign=sign, step=step)}


def walk(
    first="0", more="1", start="[w]", sign="-", step=CORRECTED
) -> dict[str, str]:
    """Return the program with something changed."""
    text = WALK.format(
        first=first, more=more, start=start, sign=sign, step=step
    )
    return {"program": text}


def momentum(
    then="eta * sum(mu**i for i in range(steps))",
    new="eta / (1 - mu) * (1 - mu_new)",
    limit="(2 + 2 * mu) / L",
) -> dict[str, str]:
    """Return the rates of momentum with something changed."""
    return {"momentum": MOMENTUM.format(then=then, new=new, limit=limit)}


def words(
    adagrad="eta / (size * n**0.5)",
    first="eta / (size * (1 - alpha) ** 0.5)",
    again="rate_first / (1 + alpha ** (pause + 1)) ** 0.5",
) -> dict[str, str]:
    """Return the rates of the words with something changed."""
    return {
        "words": WORDS.format(adagrad=adagrad, first=first, again=again)
    }


def turned(
    angles="(0, degrees)",
    fewest="int(min(each))",
    good="sum(n <= 2 * min(each) for n in each)",
) -> dict[str, str]:
    """Return the counts with something changed."""
    return {
        "turned": TURNED.format(angles=angles, fewest=fewest, good=good)
    }


SUBMISSIONS = {
    # Right, in another way than ours.
    "with loops": Submission(
        adam() | walk() | momentum() | words() | turned()
    ),
    "the library's optimizers": Submission(
        {
            "adam": "method, w, places = Adam(eta, betas=(beta_1, beta_2)), np.array([w_0]), []\n"
            "for g in (slope_1, slope_2):\n"
            "    method.step([w], [np.array([g])])\n"
            "    places.append(w[0])\n"
            "w_1, w_2 = places",
            "program": "def walk(w, slopes, eta, betas, eps):\n"
            "    method, w = Adam(eta, betas=tuple(betas), eps=eps), np.array([float(w)])\n"
            "    weights = [w[0]]\n"
            "    for g in slopes:\n"
            "        method.step([w], [np.array([g])])\n"
            "        weights.append(w[0])\n"
            "    return np.array(weights)",
        }
    ),
    "the schedule in the correction": Submission(
        walk(
            step="m * np.sqrt(1 - betas[1] ** t) / (1 - betas[0] ** t)"
            " / (np.sqrt(s) + eps * np.sqrt(1 - betas[1] ** t))"
        )
    ),
    # Mistakes.
    "missing bias correction": Submission(
        adam(step="m / np.sqrt(s)"),
        {"adam-first": 0, "adam-second": 0},
        {
            "adam-first": ("bias correction is missing", "漏了偏差修正"),
            "adam-second": ("bias correction is missing", "漏了偏差修正"),
        },
    ),
    "one average corrected": Submission(
        adam(step="(m / (1 - beta_1**t)) / np.sqrt(s)"),
        {"adam-first": 0, "adam-second": 0},
        {"adam-first": ("Only one", "只修正了一个")},
    ),
    "missing minus": Submission(
        adam(sign="+"),
        {"adam-first": 0, "adam-second": 0},
        {"adam-first": ("Mind the minus", "注意减号")},
    ),
    "a step of SGD": Submission(
        adam(step="g"),
        {"adam-first": 0, "adam-second": 0},
        {"adam-first": ("step of SGD", "SGD 的一步")},
    ),
    "no memory": Submission(
        adam(step="np.sign(g)"),
        {"adam-second": 0},
        {"adam-second": ("remembers nothing", "不记得")},
    ),
    "the first correction again": Submission(
        adam(step="(m / (1 - beta_1)) / np.sqrt(s / (1 - beta_2))"),
        {"adam-second": 0},
        {"adam-second": ("Off by one", "差了一步")},
    ),
    "a program without correction": Submission(
        walk(step="m / (np.sqrt(s) + eps)"),
        {"program-walk": 0},
        {"program-walk": ("bias correction is missing", "漏了偏差修正")},
    ),
    "a program that counts from 2": Submission(
        walk(first="1"),
        {"program-walk": 0},
        {"program-walk": ("Off by one", "差了一步")},
    ),
    "a program that counts from 0": Submission(
        walk(first="-1"),
        {"program-form": 0, "program-walk": 0},
    ),
    "a program that does not count": Submission(
        walk(first="1", more="0"),
        {"program-walk": 0},
        {"program-walk": ("Its power grows", "指数应当")},
    ),
    "a program that climbs": Submission(
        walk(sign="+"),
        {"program-walk": 0},
        {"program-walk": ("mind the minus", "注意减号")},
    ),
    "eps under the root": Submission(
        walk(
            step="m / (1 - betas[0] ** t) / np.sqrt(s / (1 - betas[1] ** t) + eps)"
        ),
        {"program-walk": 0},
        {"program-walk": ("not under it", "不在里面")},
    ),
    "without eps": Submission(
        walk(
            step="m / (1 - betas[0] ** t) / np.sqrt(np.float64(s) / (1 - betas[1] ** t))"
        ),
        {"program-form": 0, "program-walk": 0},
        {"program-form": ("what is eps for", "做什么用")},
    ),
    "without the start": Submission(
        walk(start="[]"),
        {"program-form": 0},
        {"program-form": ("the start counts", "起点也算")},
    ),
    "one step of momentum too many": Submission(
        momentum(then="eta * (1 - mu ** (steps + 1)) / (1 - mu)"),
        {"momentum-rates": 0},
        {"momentum-rates": ("Off by one", "差了一步")},
    ),
    "the momentum's change the wrong way": Submission(
        momentum(new="eta * (1 - mu) / (1 - mu_new)"),
        {"momentum-change": 0},
        {"momentum-change": ("wrong way round", "反了")},
    ),
    "the limit without momentum": Submission(
        momentum(limit="2 / L"),
        {"momentum-limit": 0},
        {"momentum-limit": ("without momentum", "不带动量")},
    ),
    "the limit shrinks": Submission(
        momentum(limit="2 * (1 - mu) / L"),
        {"momentum-limit": 0},
        {"momentum-limit": ("changes its sign", "会变号")},
    ),
    "the root forgotten": Submission(
        words(adagrad="eta / (n * size**2)"),
        {"words-adagrad": 0},
        {"words-adagrad": ("root over the sum", "和的平方根")},
    ),
    "the size forgotten": Submission(
        words(adagrad="eta / n**0.5"),
        {"words-adagrad": 0},
        {"words-adagrad": ("size is missing", "漏了梯度的大小")},
    ),
    "one text too few": Submission(
        words(adagrad="eta / (size * (n - 1) ** 0.5)"),
        {"words-adagrad": 0},
        {"words-adagrad": ("Off by one", "差了一次")},
    ),
    "RMSprop corrected": Submission(
        words(
            first="eta / size",
            again="eta / (size * ((1 - alpha) * (1 + alpha ** (pause + 1))) ** 0.5)",
        ),
        {"words-rmsprop": 0},
        {"words-rmsprop": ("does not correct", "并不修正")},
    ),
    "RMSprop corrected at every text": Submission(
        words(
            first="eta / size",
            again="eta / size * ((1 - alpha ** (pause + 2)) / (1 - alpha)"
            " / (1 + alpha ** (pause + 1))) ** 0.5",
        ),
        {"words-rmsprop": 0},
        {"words-rmsprop": ("does not correct", "并不修正")},
    ),
    "nothing forgotten": Submission(
        words(again="rate_first / (1 + alpha) ** 0.5"),
        {"words-rmsprop": 0},
        {"words-rmsprop": ("the average forgets", "也在遗忘")},
    ),
    "one text forgotten": Submission(
        words(again="rate_first / (1 + alpha**pause) ** 0.5"),
        {"words-rmsprop": 0},
        {"words-rmsprop": ("Off by one", "差了一次")},
    ),
    "the turned ravine only": Submission(
        turned(angles="(degrees, degrees)"),
        {"turned-fewest": 1.0, "turned-good": 1.0},
        {
            "turned-fewest": ("Not right", "不对的是"),
            "turned-good": ("Not right", "不对的是"),
        },
    ),
    "the best rates for the fewest steps": Submission(
        turned(fewest="many_rates[np.argmin(each)]"),
        {"turned-fewest": 0},
    ),
    "fewer than the fewest": Submission(
        turned(good="sum(n < min(each) for n in each)"),
        {"turned-good": 0},
        {"turned-good": ("best rate itself", "自己也算")},
    ),
}
