"""The finder on real trainings: it suggests, refuses, and leaves everything as it was."""

import random

import keras
import numpy as np
import pytest
import torch

from lrcourse.frameworks import find, keras_training, to_keras, torch_training
from lrcourse.schedules import cosine


def data(seed=0, rows=256):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, 6))
    return x, (x @ draw.normal(size=6) > 0).astype(float)[:, None]


def torch_case(optimizer=torch.optim.SGD, seed=0, **settings):
    torch.manual_seed(seed)
    model = torch.nn.Sequential(
        torch.nn.Linear(6, 16), torch.nn.BatchNorm1d(16), torch.nn.ReLU(),
        torch.nn.Dropout(0.1), torch.nn.Linear(16, 1),
    )  # fmt: skip
    model.register_buffer("own", torch.ones(1), persistent=False)
    tensors = torch.utils.data.TensorDataset(*map(torch.tensor, data(seed)))
    loader = torch.utils.data.DataLoader(tensors, batch_size=32, shuffle=True)
    made = optimizer(model.parameters(), lr=0.01, **settings)
    return model, made, torch.nn.functional.binary_cross_entropy_with_logits, loader


def state(model, optimizer):
    """All that a training depends on, as bytes and numbers."""
    tensors = [*model.parameters(), *model.buffers()]
    memory = [v for each in optimizer.state.values() for v in each.values()]
    return repr((
        [t.detach().numpy().tobytes() for t in tensors],
        [None if w.grad is None else w.grad.numpy().tobytes() for w in model.parameters()],
        [m.numpy().tobytes() if isinstance(m, torch.Tensor) else m for m in memory],
        [{k: v for k, v in g.items() if k != "params"} for g in optimizer.param_groups],
        [module.training for module in model.modules()],
        torch.get_rng_state().numpy().tobytes(),
        np.random.get_state()[1].tobytes(),  # noqa: NPY002
        random.getstate(),
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (torch.optim.SGD, {"momentum": 0.9}),
        (torch.optim.AdamW, {"amsgrad": True}),
        (torch.optim.RMSprop, {}),
        (torch.optim.Adagrad, {}),
    ],
)
@pytest.mark.parametrize("trained", [0, 3])
def test_a_pytorch_training_is_afterwards_as_before_to_the_bit(kind, settings, trained):
    model, optimizer, loss, loader = torch_case(kind, **settings)
    for _, (x, y) in zip(range(trained), loader, strict=False):
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()
    if trained:
        model.eval()
    before = state(model, optimizer)
    found = find(torch_training(model, optimizer, loss, loader), 1e-4, 1e3, updates=60)
    assert state(model, optimizer) == before
    assert found.losses.shape == (3, 60)
    assert not np.array_equal(found.losses[0], found.losses[1])

    def broken(outputs, y):
        raise RuntimeError("the loss is broken")

    with pytest.raises(RuntimeError, match="the loss is broken"):
        find(torch_training(model, optimizer, broken, loader))
    assert state(model, optimizer) == before


def test_a_sweep_of_the_same_seed_is_the_same():
    training = torch_training(*torch_case())
    first, second = (find(training, 1e-3, 1e2, updates=30, seeds=2) for _ in range(2))
    assert np.array_equal(first.losses, second.losses, equal_nan=True)


@pytest.mark.parametrize("seed", range(5))
def test_the_suggestion_for_a_network_trains_it(seed):
    model, optimizer, loss, loader = torch_case(seed=seed)
    found = find(torch_training(model, optimizer, loss, loader), 1e-4, 1e4)
    rate = found.suggestion.rate
    assert found.suggestion.low <= rate <= found.suggestion.high
    optimizer.param_groups[0]["lr"] = rate
    x, y = map(torch.tensor, data(seed))
    before = loss(model(x), y).item()
    for _ in range(10):
        for batch, target in loader:
            optimizer.zero_grad()
            loss(model(batch), target).backward()
            optimizer.step()
    assert loss(model(x), y).item() < 0.7 * before


class TwoWeights(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.nn.ParameterList([torch.ones(()), torch.ones(())])

    def forward(self, x):
        return (self.w[0] ** 2 + self.w[1] ** 2) * x.sum()


def test_the_ratios_of_the_groups_stay():
    model, seen = TwoWeights(), []
    groups = [{"params": model.w[:1]}, {"params": model.w[1:], "lr": 0.001}]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    optimizer.register_step_pre_hook(
        lambda *_: seen.append([group["lr"] for group in optimizer.param_groups])
    )
    training = torch_training(
        model, optimizer, lambda out, y: out, [(torch.ones(1), torch.ones(1))]
    )
    found = find(training, 0.01, 0.1, updates=10, seeds=1)
    assert np.array(seen) == pytest.approx(found.learning_rates[:, None] * [1, 0.01])
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.001]


def test_a_keras_training_is_afterwards_as_before_to_the_bit():
    keras.utils.set_random_seed(0)
    x, y = data()
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((6,)), layers.Dense(16, "relu"), layers.BatchNormalization(),
        layers.Dropout(0.1), layers.Dense(1, "sigmoid"),
    ])  # fmt: skip
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    model.fit(x, y, verbose=0)

    def everything():
        variables = [*model.variables, *model.optimizer.variables]
        return [keras.ops.convert_to_numpy(each).tobytes() for each in variables]

    before = everything()
    found = find(keras_training(model, x, y), 1e-5, 10, updates=60)
    assert everything() == before
    assert not np.array_equal(found.losses[0], found.losses[1])
    assert found.suggestion.rate is not None, str(found.suggestion)


def test_what_cannot_be_searched_is_named():
    model, optimizer, loss, loader = torch_case()
    for arguments, message in (
        ((None, optimizer, loss, loader), "model must be a Module"),
        ((model, None, loss, loader), "optimizer must be an Optimizer"),
        ((model, optimizer, None, loader), "loss must be a function"),
        ((model, optimizer, loss, iter(loader)), "batches must be iterable more than once"),
        ((model, optimizer, loss, 3), "batches must be iterable more than once"),
    ):
        with pytest.raises(TypeError, match=message):
            torch_training(*arguments)
    with pytest.raises(ValueError, match="batches must be at least one, got none"):
        find(torch_training(model, optimizer, loss, []))
    x, y = data()
    with pytest.raises(TypeError, match="model must be a Model"):
        keras_training(model, x, y)
    network = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="model must be compiled"):
        keras_training(network, x, y)
    network.compile(keras.optimizers.SGD(to_keras(cosine(0.1, 5), 5)), "mse")
    with pytest.raises(ValueError, match="compiled with a number as its rate, got a schedule"):
        keras_training(network, x, y)
    network.compile("sgd", "mse")
    with pytest.raises(ValueError, match="batch_size must be between 1 and 256"):
        keras_training(network, x, y, 257)
