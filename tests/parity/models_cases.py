"""The models' counterparts in PyTorch, and what these compute.

``python tests/parity/models_cases.py`` (with PyTorch installed) writes
``tests/library/reference_models.json``, which ``make test`` compares with.
"""

import json
import platform
from pathlib import Path

import numpy as np

from lrcourse import models

REFERENCE = Path(__file__).parents[1] / "library" / "reference_models.json"

# Our model, its arguments, and the shape of an example's input.
CASES = {
    "logistic": ("LogisticRegression", {"features": 3}, (3,)),
    "perceptron relu": ("MultilayerPerceptron", {"sizes": [4, 5, 3, 1]}, (4,)),
    "perceptron tanh softmax": (
        "MultilayerPerceptron",
        {"sizes": [4, 5, 3], "activation": "tanh", "loss": "softmax_cross_entropy"},
        (4,),
    ),
    "perceptron sigmoid squared": (
        "MultilayerPerceptron",
        {"sizes": [4, 5, 2], "activation": "sigmoid", "loss": "squared_error"},
        (4,),
    ),
    "autoencoder": ("MultilayerPerceptron", {"sizes": [6, 2, 6]}, (6,)),
    "cnn valid": (
        "ConvolutionalNetwork",
        {"image": (2, 8, 9), "filters": (2, 3), "hidden": 4},
        (2, 8, 9),
    ),
    "cnn same": (
        "ConvolutionalNetwork",
        {"image": (2, 6, 5), "filters": (2, 3), "hidden": 4, "padding": "same"},
        (2, 6, 5),
    ),
}


def example(name, seed=0, n=7, dtype=np.float64):
    """Return a model, parameters of two runs, inputs and targets."""
    kind, arguments, shape = CASES[name]
    model = getattr(models, kind)(**arguments)
    place = seed * 1_000_003

    def numbers(*shape):
        """A formula instead of a generator: the same numbers with every version of NumPy."""
        nonlocal place
        steps = place + np.arange(np.prod(shape, dtype=int))
        place += len(steps)
        return (steps * 0.6180339887498949 % 1 * 2 - 1).reshape(shape).astype(dtype)

    x = numbers(n, *shape)
    if name == "logistic":
        parameters = [np.hstack([numbers(2, *shape), numbers(2, 1)])]  # w and b
    else:
        parameters = [numbers(*parameter.shape) for parameter in model.initialize(2)]
    if name == "autoencoder":
        x = y = (x + 1) / 2
    elif "squared" in name:
        y = numbers(n, 2)
    else:
        y = np.arange(n) % (3 if "softmax" in name else 2)
    return model, parameters, x, y


def computed_by_torch(name, parameters, x, y):
    """Return PyTorch's loss and gradients for one run, given the run's parameters."""
    import torch
    from torch.nn import functional

    kind, arguments, _ = CASES[name]
    leaves = [torch.tensor(parameter, requires_grad=True) for parameter in parameters]
    a, y = torch.tensor(x), torch.tensor(y)
    if kind == "LogisticRegression":
        [weights] = leaves
        z = functional.linear(a, weights[None, :-1], weights[-1:])[:, 0]
        loss = functional.binary_cross_entropy_with_logits(z, y.to(z))
    elif kind == "MultilayerPerceptron":
        activation = getattr(torch, arguments.get("activation", "relu"))
        for i in range(0, len(leaves), 2):
            a = functional.linear(a, leaves[i].T, leaves[i + 1])
            a = activation(a) if i < len(leaves) - 2 else a
        if arguments.get("loss") == "softmax_cross_entropy":
            loss = functional.cross_entropy(a, y)
        elif arguments.get("loss") == "squared_error":
            loss = functional.mse_loss(a, y)
        else:
            loss = functional.binary_cross_entropy_with_logits(a, y.reshape(a.shape).to(a))
    else:
        padding = arguments.get("padding", "valid")
        for i in (0, 2):
            a = torch.relu(functional.conv2d(a, leaves[i], leaves[i + 1], padding=padding))
        a = functional.max_pool2d(a, 2).flatten(1)
        a = torch.relu(functional.linear(a, leaves[4].T, leaves[5]))
        loss = functional.cross_entropy(functional.linear(a, leaves[6].T, leaves[7]), y)
    loss.backward()
    return loss.item(), [leaf.grad.numpy() for leaf in leaves]


def main():
    """Write the reference values."""
    import torch

    lines = []
    for name in CASES:
        _, parameters, x, y = example(name)
        for run in (0, 1):
            loss, gradients = computed_by_torch(name, [p[run] for p in parameters], x, y)
            lines.append(json.dumps([name, run, loss, [g.ravel().tolist() for g in gradients]]))
    made = {
        "command": "python tests/parity/models_cases.py",
        "versions": {
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
    start = json.dumps(made).removesuffix("}")
    REFERENCE.write_text(f'{start},\n"values": [\n' + ",\n".join(lines) + "\n]}\n", "utf-8")


if __name__ == "__main__":
    main()
