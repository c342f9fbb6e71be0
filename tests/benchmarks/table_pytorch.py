"""The learning-rate table as a PyTorch tutorial would write it: one model for each rate."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lrcourse.datasets import school_district
from lrcourse.experiments import EVALUATE_EVERY, TEXTBOOK_RATES


def evaluate(model, loss_function, x, y):
    """Return loss and accuracy."""
    with torch.no_grad():
        z = model(x)
        return loss_function(z, y).item(), ((z >= 0) == y).float().mean().item()


def train(rates=TEXTBOOK_RATES, epochs=50, batch_size=10, dtype=torch.float64, loader=False):
    """Return, for each rate, the losses and accuracies of every checkpoint."""
    data = school_district()
    x, x_validation = (torch.tensor(part, dtype=dtype) for part in (data[0], data[2]))
    y, y_validation = (torch.tensor(part, dtype=dtype)[:, None] for part in (data[1], data[3]))
    loss_function = nn.BCEWithLogitsLoss()
    curves = []
    for rate in rates:
        torch.manual_seed(0)
        model = nn.Linear(2, 1, dtype=dtype)
        nn.init.zeros_(model.weight)
        nn.init.zeros_(model.bias)
        optimizer = torch.optim.SGD(model.parameters(), lr=rate)
        curve, update = [], 0
        for _ in range(epochs):
            for x_batch, y_batch in _batches(x, y, batch_size, loader):
                optimizer.zero_grad()
                loss = loss_function(model(x_batch), y_batch)
                loss.backward()
                optimizer.step()
                update += 1
                if update % EVALUATE_EVERY == 0:
                    curve.append(
                        evaluate(model, loss_function, x, y)
                        + evaluate(model, loss_function, x_validation, y_validation)
                    )
        curves.append(curve)
    return curves


def _batches(x, y, batch_size, loader):
    if loader:
        return DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=True)
    order = torch.randperm(len(x))
    x, y = x[order], y[order]
    return (
        (x[start : start + batch_size], y[start : start + batch_size])
        for start in range(0, len(x), batch_size)
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(*(curve[-1] for curve in train()), sep="\n")
