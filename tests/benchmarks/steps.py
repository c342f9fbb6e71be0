"""One update of the larger models, here and in PyTorch, on the same rows."""

import numpy as np

from lrcourse.models import ConvolutionalNetwork, MultilayerPerceptron
from lrcourse.optimizers import SGD, Adam

SIZES, BATCH = [784, 16, 784], 256


def numbers(*shape):
    """Return random float32 numbers between 0 and 1."""
    return np.random.default_rng(0).random(shape, np.float32)


def our_updates(model, optimizer, x, y, batch, runs):
    """Return a function that makes one epoch of updates, as `lrcourse.fit` does."""
    generator = np.random.default_rng(0)
    parameters = model.initialize(runs, 0, np.float32)
    out = [np.empty_like(parameter) for parameter in parameters]

    def epoch():
        order = generator.permutation(len(x))
        for start in range(0, len(x), batch):
            rows = order[start : start + batch]
            x_batch = x[rows]
            y_batch = x_batch if y is x else y[rows]
            gradients = model.gradients(parameters, x_batch, y_batch, out, generator)
            optimizer.step(parameters, gradients)

    return epoch


def torch_updates(model, optimizer, loss_function, x, y, batch):
    """Return a function that makes one epoch of updates, as a tutorial writes it."""
    import torch

    targets = torch.from_numpy(y)
    inputs = torch.from_numpy(x)

    def epoch():
        order = torch.randperm(len(x))
        for start in range(0, len(x), batch):
            rows = order[start : start + batch]
            optimizer.zero_grad()
            loss_function(model(inputs[rows]), targets[rows]).backward()
            optimizer.step()

    return epoch


def autoencoder(runs=1):
    """784–16–784, batch 256, Adam."""
    x = numbers(8 * BATCH, SIZES[0])
    optimizer = Adam(np.full(runs, 0.001))
    return our_updates(MultilayerPerceptron(SIZES), optimizer, x, x, BATCH, runs)


def torch_autoencoder():
    """The same in PyTorch."""
    import torch
    from torch import nn

    x = numbers(8 * BATCH, SIZES[0])
    model = nn.Sequential(nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 784))
    optimizer = torch.optim.Adam(model.parameters())
    return torch_updates(model, optimizer, nn.BCEWithLogitsLoss(), x, x, BATCH)


def small_cnn(runs=1):
    """The CNN of Lau's notebook on 32×32 images, batch 64, SGD."""
    x, y = numbers(256, 3, 32, 32), np.arange(256) % 2
    optimizer = SGD(np.full(runs, 0.1))
    return our_updates(ConvolutionalNetwork((3, 32, 32)), optimizer, x, y, 64, runs)


def torch_small_cnn():
    """The same in PyTorch."""
    import torch
    from torch import nn

    x, y = numbers(256, 3, 32, 32), np.arange(256) % 2
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 8, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout(0.25), nn.Flatten(), nn.Linear(8 * 14 * 14, 16), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(16, 2),
    )  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    return torch_updates(model, optimizer, nn.CrossEntropyLoss(), x, y, 64)
