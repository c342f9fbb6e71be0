"""The learning-rate table as a plain NumPy program: one rate after another."""

import numpy as np

from lrcourse.datasets import school_district
from lrcourse.experiments import EVALUATE_EVERY, TEXTBOOK_RATES


def predict(w, b, x):
    """Return the probabilities."""
    return 1 / (1 + np.exp(-(x @ w + b)))


def evaluate(w, b, x, y):
    """Return loss and accuracy."""
    p = predict(w, b, x)
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return loss, np.mean((p >= 0.5) == y)


def train(rates=TEXTBOOK_RATES, epochs=50, batch_size=10):
    """Return, for each rate, the losses and accuracies of every checkpoint."""
    x, y, x_validation, y_validation = school_district()
    curves = []
    np.seterr(all="ignore")
    for rate in rates:
        generator = np.random.default_rng(0)
        w, b = np.zeros(2), 0.0
        curve, update = [], 0
        for _ in range(epochs):
            order = generator.permutation(len(x))
            for start in range(0, len(x), batch_size):
                rows = order[start : start + batch_size]
                x_batch, y_batch = x[rows], y[rows]
                error = (predict(w, b, x_batch) - y_batch) / len(y_batch)
                w = w - rate * (x_batch.T @ error)
                b = b - rate * np.sum(error)
                update += 1
                if update % EVALUATE_EVERY == 0:
                    curve.append(evaluate(w, b, x, y) + evaluate(w, b, x_validation, y_validation))
        curves.append(curve)
    return curves


if __name__ == "__main__":
    print(*(curve[-1] for curve in train()), sep="\n")
