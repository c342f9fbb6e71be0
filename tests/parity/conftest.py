"""The real frameworks in 64 bits, Keras on PyTorch."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import keras
import torch

jax.config.update("jax_enable_x64", True)
keras.config.set_floatx("float64")
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def pytest_configure(config):
    # Keras's own: its tensors are asked by NumPy 2 in a way that they do not know.
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning:keras")
    # Rates are compared beyond the ends of their schedules, too.
    config.addinivalue_line("filterwarnings", "ignore:.* is 0 at:UserWarning")
    config.addinivalue_line("filterwarnings", "ignore:the warmup takes:UserWarning")
