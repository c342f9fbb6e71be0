"""The learning-rate table with JAX: all rates at once (vmap), the whole training compiled."""

import jax
import jax.numpy as jnp
import numpy as np

from lrcourse.datasets import school_district
from lrcourse.experiments import EVALUATE_EVERY, TEXTBOOK_RATES

jax.config.update("jax_enable_x64", True)


def loss_function(parameters, x, y):
    """Return the cross-entropy from logits."""
    w, b = parameters
    z = x @ w + b
    return jnp.mean(jnp.maximum(z, 0) - y * z + jnp.log1p(jnp.exp(-jnp.abs(z))))


def evaluate(parameters, x, y):
    """Return loss and accuracy."""
    w, b = parameters
    return loss_function(parameters, x, y), jnp.mean((x @ w + b >= 0) == y)


def make(rates=TEXTBOOK_RATES, epochs=50, batch_size=10):
    """Return the training as a function without arguments, not compiled yet."""
    x, y, x_validation, y_validation = map(jnp.asarray, school_district())
    generator = np.random.default_rng(0)
    order = np.concatenate([generator.permutation(len(x)) for _ in range(epochs)])
    batches = jnp.asarray(order.reshape(-1, EVALUATE_EVERY, batch_size))

    def update(parameters, rows, rate):
        slopes = jax.grad(loss_function)(parameters, x[rows], y[rows])
        return jax.tree.map(lambda p, g: p - rate * g, parameters, slopes), None

    def until_checkpoint(parameters, batches, rate):
        parameters, _ = jax.lax.scan(lambda p, rows: update(p, rows, rate), parameters, batches)
        train = evaluate(parameters, x, y)
        return parameters, train + evaluate(parameters, x_validation, y_validation)

    def run(rate):
        start = (jnp.zeros(2), jnp.zeros(()))
        return jax.lax.scan(lambda p, b: until_checkpoint(p, b, rate), start, batches)[1]

    compiled = jax.jit(jax.vmap(run))
    return lambda: jax.block_until_ready(compiled(jnp.asarray(rates)))
