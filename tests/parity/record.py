"""Record what the frameworks compute, for tests without them: `make record`."""

import json
import platform
from importlib.metadata import version
from pathlib import Path

import conftest  # noqa: F401  (sets the frameworks to 64 bits)
from cases import EXAMPLES, OPTIMIZERS, SCHEDULES, framework_rates, framework_weights
from steps import SEEN_STEPS, SEEN_UPDATES, gradients

REFERENCE = Path(__file__).parents[1] / "library" / "reference.json"


def entries(pairs, compute):
    """One line for each pair and example: ours, the framework, its call, its numbers."""
    for framework, ours, theirs in pairs:
        for drawn in EXAMPLES:
            call = theirs.format(**drawn, w="[w]")
            yield [ours.format(**drawn), framework, call, compute(framework, call).tolist()]


def main():
    """Write the file."""
    packages = ("torch", "keras", "optax", "jax", "scikit-learn", "numpy")
    parts = {
        "command": "make record",
        "versions": {name: version(name) for name in packages}
        | {"python": platform.python_version()},
        "schedules": list(entries(SCHEDULES, lambda *call: framework_rates(*call)[[*SEEN_STEPS]])),
        "optimizers": list(
            entries(
                OPTIMIZERS,
                lambda *call: framework_weights(*call, gradients())[[*SEEN_UPDATES]],
            )
        ),
    }
    lines = [f"{json.dumps(name)}: {_value(value)}" for name, value in parts.items()]
    REFERENCE.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    print(f"{REFERENCE}: {REFERENCE.stat().st_size // 1024} KiB")


def _value(value):
    if not isinstance(value, list):
        return json.dumps(value)
    return "[\n" + ",\n".join(json.dumps(each, ensure_ascii=False) for each in value) + "\n]"


if __name__ == "__main__":
    main()
