"""Measure speeds side by side and write them to README.md: `make bench`.

What is compared is measured in turns, several times, and the fastest run of each
counts: other work on the machine can only make a program slower.
"""

import os
import platform
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

import numpy as np
import table_numpy

import steps
from lrcourse.datasets import Data, school_district
from lrcourse.experiments import TEXTBOOK_RATES, school_district_runs
from lrcourse.models import LogisticRegression, MultilayerPerceptron
from lrcourse.optimizers import SGD
from lrcourse.training import fit

HERE = Path(__file__).parent
THREADS = os.environ.get("OMP_NUM_THREADS")  # `make bench` sets it, for every library
FRAMEWORKS = ("torch", "scikit-learn", "keras", "jax")


def main():
    """Measure everything and write the page."""
    if not THREADS:
        sys.exit("benchmarks: run them by `make bench`, which gives every library one thread")
    if installed("torch"):
        import torch

        torch.set_num_threads(int(THREADS))
    parts = [table(), process(), larger_models(), rates(), data_and_width()]
    page = "\n".join(["# Speed, side by side", "", about(), "", *parts])
    (HERE / "README.md").write_text(page, "utf-8")
    print(page)


def measured(functions: dict, turns: int) -> dict:
    """Return, for each name, the seconds of its fastest run; turns last half a second."""
    seconds = dict.fromkeys(functions, float("inf"))
    for _ in range(turns):
        for name, function in functions.items():
            end = time.perf_counter() + 0.5
            while (start := time.perf_counter()) < end:
                function()
                seconds[name] = min(seconds[name], time.perf_counter() - start)
    return seconds


def markdown(title, text, columns, rows):
    """Return a section with a table."""
    lines = [f"## {title}", "", text, "", " | ".join(columns), " | ".join("---" for _ in columns)]
    return "\n".join(lines + [" | ".join(map(str, row)) for row in rows] + [""])


def about():
    """Return the machine, the versions and how it was measured."""
    cpu = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        names = [
            line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
        ]
        cpu = names[0].split(":")[1].strip() if names else cpu
    versions = [f"Python {platform.python_version()}", f"NumPy {np.__version__}"]
    versions += [f"{name} {installed(name) or 'not installed'}" for name in FRAMEWORKS]
    return (
        f"Written by `make bench`, on {cpu}, {os.cpu_count()} cores, "
        f"{THREADS} thread for every library. {', '.join(versions)}. "
        "Programs are run in turns and the fastest run of each counts; look at the ratios, "
        "the seconds depend on the machine and on what else it does."
    )


def installed(name):
    """Return the version of a package, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def table():
    """The learning-rate table against everything else."""
    missing = []
    six = len(TEXTBOOK_RATES)
    functions = {"ours": school_district_runs, "plain NumPy loop": table_numpy.train}
    scale = {}
    compiling = ""
    if installed("torch"):
        import table_pytorch

        functions["plain PyTorch loop"] = lambda: table_pytorch.train(rates=(1.0,))
        functions["PyTorch with DataLoader"] = lambda: table_pytorch.train((1.0,), 5, loader=True)
        scale |= {"plain PyTorch loop": six, "PyTorch with DataLoader": 10 * six}
    else:
        missing += ["plain PyTorch loop", "PyTorch with DataLoader"]
    batch, half = "scikit-learn, partial_fit of 10 rows", "scikit-learn, partial_fit of 800 rows"
    if installed("scikit-learn"):
        import table_sklearn

        functions[batch] = lambda: table_sklearn.train((1.0,), 5)
        functions[half] = lambda: table_sklearn.train((1.0,), rows_per_call=800)
        scale |= {batch: 10 * six, half: six}
    else:
        missing += [batch, half]
    if installed("keras") and installed("jax"):
        import table_keras

        functions["Keras on JAX, checkpoints once an epoch"] = lambda: table_keras.train((1.0,), 5)
        scale["Keras on JAX, checkpoints once an epoch"] = 10 * six
    else:
        missing.append("Keras on JAX, checkpoints once an epoch")
    if installed("jax"):
        import table_jax

        functions["JAX, jit + vmap + scan"] = run = table_jax.make()
        start = time.perf_counter()
        run()
        compiling = time.perf_counter() - start
    else:
        missing.append("JAX, jit + vmap + scan")
    seconds = measured(functions, 5)
    seconds = {name: value * scale.get(name, 1) for name, value in seconds.items()}
    ours = seconds["ours"]
    rows = [[name, f"{s:.3f}", f"{s / ours:.1f}"] for name, s in seconds.items()]
    if compiling:
        compiling -= seconds["JAX, jit + vmap + scan"]
        rows.append(["… its compilation, once", f"{compiling:.3f}", f"{compiling / ours:.1f}"])
    rows += [[name, "not installed", ""] for name in missing]
    return markdown(
        "The learning-rate table",
        "Six rates, 50 epochs in batches of 10, losses and accuracies every 80 updates. Loops that "
        "train one rate after another were timed on one rate, the slowest of them on 5 epochs, and "
        "the time multiplied.",
        ["program", "seconds", "times ours"],
        rows,
    )


def process():
    """Whole processes, and what importing costs."""
    python = sys.executable
    commands = {
        "import numpy": [python, "-c", "import numpy"],
        "import lrcourse": [python, "-c", "import numpy, lrcourse"],
        "python -m lrcourse table": [python, "-m", "lrcourse", "table"],
    }
    if installed("torch"):
        commands["the PyTorch script"] = [python, str(HERE / "table_pytorch.py")]

    def run(command):
        return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    quick = {name: run(command) for name, command in list(commands.items())[:3]}
    seconds = measured(quick, 5)
    if installed("torch"):
        seconds |= measured({"the PyTorch script": run(commands["the PyTorch script"])}, 2)
    ours = seconds["python -m lrcourse table"]
    rows = [[name, f"{s:.3f}", f"{s / ours:.2f}"] for name, s in seconds.items()]
    if not installed("torch"):
        rows.append(["the PyTorch script", "not installed", ""])
    added = seconds["import lrcourse"] - seconds["import numpy"]
    return markdown(
        "Whole processes",
        f"`import lrcourse` adds {added:.3f} s to `import numpy`.",
        ["process", "seconds", "times `lrcourse table`"],
        rows,
    )


def larger_models():
    """The autoencoder and the CNN against PyTorch."""
    cases = {
        "autoencoder 784–16–784, batch 256, Adam": (steps.autoencoder, steps.torch_autoencoder, 8),
        "small CNN on 32×32, batch 64, SGD": (steps.small_cnn, steps.torch_small_cnn, 4),
    }
    rows = []
    for name, (ours, theirs, updates) in cases.items():
        functions = {"one": ours(1), "four": ours(4)}
        if installed("torch"):
            functions["torch"] = theirs()
        turns = [measured(functions, 1) for _ in range(5)]
        seconds = {key: median(turn[key] for turn in turns) / updates for key in functions}
        torch = seconds.get("torch")
        for runs, key in ((1, "one"), (4, "four")):
            ratio = f"{runs * torch / seconds[key]:.2f}" if torch else "PyTorch not installed"
            rows.append([name, runs, f"{1000 * seconds[key] / runs:.2f}", ratio])
        if torch:
            rows.append([f"{name}, PyTorch", 1, f"{1000 * torch:.2f}", "1"])
    return markdown(
        "Larger models",
        "One update in float32 at equal threads, the median of five turns. "
        "PyTorch's throughput is 1.",
        ["model", "runs", "milliseconds per update and run", "throughput"],
        rows,
    )


def rates():
    """How cost grows with the number of rates."""
    counts = (1, 6, 100, 1000)

    def run(count):
        return lambda: school_district_runs(np.geomspace(0.01, 10, count))

    seconds = measured({count: run(count) for count in counts[:3]}, 5) | measured(
        {1000: run(1000)}, 2
    )
    rows = [
        [count, f"{s:.3f}", f"{s / seconds[6]:.2f}", f"{1000 * s / count:.1f}"]
        for count, s in seconds.items()
    ]
    return markdown(
        "Growth with the number of rates",
        f"The table experiment. A hundred rates cost {seconds[100] / seconds[6]:.1f} times six, "
        f"a thousand {seconds[1000] / seconds[100]:.1f} times a hundred.",
        ["rates", "seconds", "times six", "milliseconds per rate"],
        rows,
    )


def data_and_width():
    """How cost grows with the data and with the width of a network."""
    data = school_district()
    rows = []
    for times in (1, 4, 16):
        more = Data(*(np.repeat(part, times, axis=0) for part in data))
        seconds = measured(
            {"": lambda more=more: fit(
                LogisticRegression(2), SGD(TEXTBOOK_RATES), more, epochs=5, batch_size=10
            )}, 3,
        )  # fmt: skip
        rows.append([f"{1600 * times} rows, logistic regression", f"{seconds['']:.3f}"])
    for width in (4, 16, 64, 256):
        model = MultilayerPerceptron([2, width, 1])
        seconds = measured(
            {"": lambda model=model: fit(
                model, SGD(TEXTBOOK_RATES), data, epochs=5, batch_size=100
            )}, 3,
        )  # fmt: skip
        rows.append([f"1600 rows, one hidden layer of {width}", f"{seconds['']:.3f}"])
    return markdown(
        "Growth with data and width",
        "Six rates, 5 epochs; logistic regression in batches of 10, the networks of 100.",
        ["training", "seconds"],
        rows,
    )


if __name__ == "__main__":
    main()
