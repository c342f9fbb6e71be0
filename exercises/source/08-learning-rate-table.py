"""One update, a loss without holes, and the ratio of rate to batch size, for a class."""

import random

from tools.grading.assignments import Submission


def variant(rng: random.Random) -> dict:
    """Draw a mini-batch, a border that is a little off, and ratios that hold and that do not."""
    rows = rng.choice([1000, 1250, 1600, 2000])
    batch, other_batch = rng.sample([7, 12, 15, 24, 30, 48, 60], 2)
    district = rng.randint(rows // 9, rows // 6)
    right = rows - district + rng.randint(district // 12, district // 4)
    ratios = [
        round(rng.uniform(*span), digits)
        for span, digits in (
            ((0.003, 0.009), 4),
            ((0.01, 0.03), 4),
            ((0.05, 0.1), 3),
            ((1.2, 2.0), 2),
            ((2.5, 5.0), 2),
        )
    ]
    rng.shuffle(ratios)
    steep = rng.randint(100, 400) / 10
    # The border lies above or below the house, and p misses ½ by 0.05 to 0.2.
    z_house = rng.choice([-1, 1]) * rng.uniform(0.2, 0.85)
    slope = round(-steep * rng.uniform(0.97, 1.03), 2)
    return {
        "houses": _houses(rng),
        "labels": [1, 0, 0, 0],
        "w": [-rng.randint(2, 12) / 10, rng.randint(2, 12) / 10],
        "b": rng.choice([-0.5, -0.4, -0.3, -0.2, 0.2, 0.3, 0.4]),
        "eta": rng.choice([0.2, 0.4, 0.5, 0.8, 2.0]),
        "rows": rows,
        "batch": batch,
        "epochs": rng.choice([20, 30, 40, 50, 60]),
        "rate": rng.choice([0.1, 0.2, 0.3, 0.4, 0.6]),
        "other_batch": other_batch,
        "logits": [
            rng.randint(-50, -21) / 10,
            rng.randint(-20, -5) / 10,
            rng.randint(5, 20) / 10,
            rng.randint(21, 50) / 10,
        ],
        "border": [
            slope,
            steep,
            round(z_house - 0.4 * slope - 0.9 * steep, 2),
        ],
        "district": district,
        "accuracy": right / rows,
        "ratios": ratios,
        "sizes": rng.choice([[8, 32], [10, 40], [10, 50], [16, 64]]),
        "passes": rng.randint(4, 6),
        "seed": rng.randint(0, 99),
    }


def _houses(rng) -> list:
    """Draw one house in the district and three outside."""
    x = rng.randint(5, 35) / 100
    inside = [x, rng.randint(round(100 * x) + 55, 98) / 100]
    outside = [
        [rng.randint(20, 98) / 100, rng.randint(2, 60) / 100]
        for _ in range(3)
    ]
    return [inside, *outside]


UPDATE = """\
X, Y = np.array(houses), np.array(labels)
p = 1 / (1 + np.exp(-(X @ w{bias})))
w_new = np.array(w) {sign} eta * ((p - Y) @ X){over}
b_new = b {sign} eta * (p - Y).{mean}()
"""
LOSS = "def stable_loss(z, y):\n    return {}"
CLAIM = """\
apart, holds = [], []
for ratio in ratios:
    first, second = (final_losses([{rate}], size)[0] for size in sizes)
    apart.append({measure})
    if {choose}:
        holds.append(ratio)
"""


def update(
    bias=" + b", sign="-", over=" / len(X)", mean="mean"
) -> dict[str, str]:
    """Return the update with something changed."""
    return {
        "update": UPDATE.format(bias=bias, sign=sign, over=over, mean=mean)
    }


def claim(
    rate="ratio * size",
    measure="abs(first - second) / first",
    choose="apart[-1] < 0.02",
) -> dict[str, str]:
    """Return the test of the claim with something changed."""
    return {
        "claim": CLAIM.format(rate=rate, measure=measure, choose=choose)
    }


SUBMISSIONS = {
    # Right, in another way than ours.
    "the library's model": Submission(
        {
            "update": "model = LogisticRegression(2)\n"
            "parameters = [np.array([[*w, b]], float)]\n"
            "X, Y = np.array(houses), np.array(labels, float)\n"
            "p = model.probabilities(parameters, X)[0]\n"
            "SGD(eta).step(parameters, model.gradients(parameters, X, Y))\n"
            "w_new, b_new = parameters[0][0, :2], parameters[0][0, 2]",
            "stable": "def stable_loss(z, y):\n"
            "    return np.array([cross_entropy_from_logits(np.array([[a]]), np.array([c]))[0] "
            "for a, c in zip(z, y)])",
        }
    ),
    "in pure Python": Submission(
        {
            "update": "from math import exp\n\n"
            "p = [1 / (1 + exp(-w[0] * x - w[1] * y - b)) for x, y in houses]\n"
            "d = [a - c for a, c in zip(p, labels)]\n"
            "w_new = [w[k] - eta * sum(e * h[k] for e, h in zip(d, houses)) / len(d) for k in (0, 1)]\n"
            "b_new = b - eta * sum(d) / len(d)",
            "ratio": "updates = sum(1 for _ in range(epochs) for _ in range(0, rows, batch))\n"
            "same_rate = other_batch * (rate / batch)",
            "border": "w1, w2, b0 = border\nheight = 0.9 - (0.4 * w1 + 0.9 * w2 + b0) / w2\n"
            "steepness = 0.5 * (1 - 0.5) * w2\n"
            "missed = np.tanh((0.4 * w1 + 0.9 * w2 + b0) / 2) / 2",
            "rare": "always_no = (rows - district) / rows\n"
            "found = district - (1 - accuracy) * rows",
        }
    ),
    "softplus": Submission(
        {"stable": LOSS.format("np.logaddexp(0, (1 - 2 * y) * z)")}
    ),
    "ratio by ratio": Submission(claim()),
    # Mistakes.
    "missing minus": Submission(
        update(sign="+"),
        {"update-step": 0},
        {"update-step": ("mind the minus", "注意减号")},
    ),
    "a sum for the mean": Submission(
        update(over="", mean="sum"),
        {"update-step": 0},
        {"update-step": ("not a sum", "不是总和")},
    ),
    "the bias forgotten": Submission(
        update(bias=""),
        {"update-p": 0, "update-step": 0},
        {"update-p": ("bias is missing", "漏了偏置")},
    ),
    "the bias left alone": Submission(
        {
            "update": UPDATE.format(
                bias=" + b", sign="-", over=" / len(X)", mean="mean"
            )
            + "b_new = b"
        },
        {"update-step": 0},
        {"update-step": ("always 1", "恒为 1")},
    ),
    "the change alone": Submission(
        {
            "update": UPDATE.format(
                bias=" + b", sign="-", over=" / len(X)", mean="mean"
            )
            + "w_new = w_new - w"
        },
        {"update-step": 0},
        {"update-step": ("the change", "改变量")},
    ),
    "per epoch for per update": Submission(
        {"ratio": "updates = rows // batch * epochs\nsame_rate = rate"},
        {"ratio-updates": 0, "ratio-rate": 0},
        {
            "ratio-updates": ("rest of the houses", "剩下的房子"),
            "ratio-rate": ("another distance", "路程就不一样"),
        },
    ),
    "the ratio upside down": Submission(
        {
            "ratio": "updates = -(-rows // batch)\nsame_rate = rate * batch / other_batch"
        },
        {"ratio-updates": 0, "ratio-rate": 0},
        {
            "ratio-updates": ("same whole number", "次数都一样"),
            "ratio-rate": ("other way round", "反了"),
        },
    ),
    "through p": Submission(
        {
            "stable": "def stable_loss(z, y):\n    p = 1 / (1 + np.exp(-z))\n"
            "    return -y * np.log(p) - (1 - y) * np.log(1 - p)"
        },
        {"stable-large": 0},
        {"stable-large": ("p was rounded", "p 舍入了")},
    ),
    "cut off": Submission(
        {
            "stable": "def stable_loss(z, y):\n"
            "    p = np.clip(1 / (1 + np.exp(-np.clip(z, -700, 700))), 1e-15, 1 - 1e-15)\n"
            "    return -y * np.log(p) - (1 - y) * np.log(1 - p)"
        },
        {"stable-large": 0},
        {"stable-large": ("cut off", "截断")},
    ),
    "labels exchanged": Submission(
        {"stable": LOSS.format("np.logaddexp(0, (2 * y - 1) * z)")},
        {"stable-small": 0, "stable-large": 0},
        {"stable-small": ("exchanged", "弄反")},
    ),
    "the mean of the loss": Submission(
        {"stable": LOSS.format("np.logaddexp(0, (1 - 2 * y) * z).mean()")},
        {"stable-small": 0, "stable-large": 0},
        {"stable-small": ("taken later", "以后再取")},
    ),
    "the slope of z": Submission(
        {
            "border": "w1, w2, b0 = border\nheight = (0.4 * w1 + b0) / -w2\nsteepness = w2\n"
            "missed = (0.9 - height) * w2 / 4"
        },
        {"border-line": 0, "border-missed": 0},
        {
            "border-line": ("slope of z", "z 的坡度"),
            "border-missed": ("approximation", "近似值"),
        },
    ),
    "the border's sign": Submission(
        {
            "border": "w1, w2, b0 = border\nheight = (0.4 * w1 + b0) / w2\nsteepness = w2 / 4\n"
            "missed = 1 / (1 + np.exp(-(0.4 * w1 + 0.9 * w2 + b0))) - 0.5"
        },
        {"border-line": 0},
        {"border-line": ("Mind the signs", "注意正负号")},
    ),
    "the prediction itself": Submission(
        {
            "border": "w1, w2, b0 = border\nheight = -0.4 * w1 / w2\nsteepness = w2 / 4\n"
            "missed = 1 / (1 + np.exp(-(0.4 * w1 + 0.9 * w2 + b0)))"
        },
        {"border-line": 0, "border-missed": 0},
        {"border-line": ("bias is missing", "漏了偏置")},
    ),
    "all that is right": Submission(
        {
            "rare": "always_no = 1 - district / rows\nfound = accuracy * rows"
        },
        {"rare-found": 0},
        {"rare-found": ("judged rightly", "判断正确")},
    ),
    "a share of the district": Submission(
        {
            "rare": "always_no = 1 - district / rows\nfound = round(accuracy * district)"
        },
        {"rare-found": 0},
        {"rare-found": ("counts all houses", "算的是全部房子")},
    ),
    "the same rate for both": Submission(
        claim(rate="ratio"),
        {"claim-apart": 0, "claim-holds": 0},
        {"claim-apart": ("the same rate", "同一个学习率")},
    ),
    "over the larger batches": Submission(
        claim(measure="abs(first - second) / second"),
        {"claim-apart": 0},
        {"claim-apart": ("Divide by", "要除以")},
    ),
    "where it does not hold": Submission(
        claim(choose="apart[-1] >= 0.02"),
        {"claim-holds": 0},
        {"claim-holds": ("far apart", "相差很远")},
    ),
}
