"""The steps that are compared, for ours without any framework."""

import numpy as np

STEPS = 120
UPDATES = 200
START = (1.0, -0.5, 0.25, 2.0)

# What is recorded of them.
SEEN_STEPS = (0, 1, 2, 6, 7, 8, 10, 20, 33, 34, 60, 89, 90, 97, 119)
SEEN_UPDATES = (0, 1, 9, 199)


def gradients(seed: int = 0) -> np.ndarray:
    """Gradients (UPDATES, weights) of very different sizes; the third is often 0."""
    generator = np.random.default_rng(seed)
    drawn = generator.normal(size=(UPDATES, 4)) * [1, 1e-3, 1, 30] + [0.1, 0, 0, 1]
    drawn[:, 2] *= generator.random(UPDATES) < 0.2
    drawn[0, 2] = 1.0  # with no ε that counts, 0/0 would come first
    return drawn


def our_weights(optimizer, steps: np.ndarray) -> np.ndarray:
    """The same from one of ours."""
    w, seen = np.array(START), []
    for gradient in steps:
        optimizer.step([w], [gradient])
        seen.append(w.copy())
    return np.array(seen)
