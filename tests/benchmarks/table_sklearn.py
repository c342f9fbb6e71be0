"""The learning-rate table with scikit-learn, which updates after every row: batches of one."""

import numpy as np
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss

from lrcourse.datasets import school_district
from lrcourse.experiments import EVALUATE_EVERY, TEXTBOOK_RATES


def evaluate(model, x, y):
    """Return loss and accuracy."""
    p = model.predict_proba(x)[:, 1]
    return log_loss(y, p), np.mean((p >= 0.5) == y)


def train(rates=TEXTBOOK_RATES, epochs=50, batch_size=10, rows_per_call=10):
    """Return, for each rate, the losses and accuracies of every checkpoint."""
    x, y, x_validation, y_validation = school_district()
    curves = []
    np.seterr(all="ignore")
    for rate in rates:
        generator = np.random.default_rng(0)
        model = SGDClassifier(
            loss="log_loss", penalty=None, learning_rate="constant", eta0=rate, shuffle=False
        )
        curve, seen = [], 0
        for _ in range(epochs):
            order = generator.permutation(len(x))
            for start in range(0, len(x), rows_per_call):
                rows = order[start : start + rows_per_call]
                model.partial_fit(x[rows], y[rows], classes=[0, 1])
                seen += len(rows)
                if seen % (EVALUATE_EVERY * batch_size) == 0:
                    curve.append(
                        evaluate(model, x, y) + evaluate(model, x_validation, y_validation)
                    )
        curves.append(curve)
    return curves
