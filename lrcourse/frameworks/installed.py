"""A framework, or the error that says how to install it."""

import importlib

_INSTALL = {
    "torch": ("PyTorch", "pip install torch"),
    "keras": ("Keras 3", "pip install keras torch, with KERAS_BACKEND=torch"),
    "jax": ("JAX", "pip install optax"),
}


def framework(name: str):
    """Return a framework, imported now."""
    try:
        return importlib.import_module(name)
    except ImportError as problem:
        title, command = _INSTALL[name]
        raise ModuleNotFoundError(
            f"{title} is missing ({problem}); install it: {command}"
        ) from None
