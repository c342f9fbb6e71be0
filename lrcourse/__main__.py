"""The command line: ``python -m lrcourse`` with ``table``, ``schedule``, ``run`` or ``data``."""

import argparse
import ast
import contextlib
import inspect
import os
import sys

import numpy as np

from lrcourse.checks import one_of, positive_integer
from lrcourse.datasets import CATALOGUE, LIKE_THE_TEXTBOOK
from lrcourse.datasets.downloads import VARIABLE, DataUnavailable, cache_folder, local_folder
from lrcourse.experiments import (
    EXPERIMENTS,
    TEXTBOOK_RATES,
    learning_rate_table,
    run,
    school_district_runs,
)
from lrcourse.schedules import FACTORIES, Schedule
from lrcourse.tables import Table


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def main(argv: list[str] | None = None) -> int:
    """Run the command line on `argv` and return its exit code.

    0 is success, 2 is a bad argument (one line on standard error says which),
    1 an output that could not be written or data that could not be had, 130 an
    interruption.
    """
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as stop:  # argparse exits by itself; a function returns
        return stop.code
    try:
        print(arguments.run(arguments))
        sys.stdout.flush()
    except DataUnavailable as problem:
        print(f"lrcourse {arguments.command}: {problem}", file=sys.stderr)
        return 1
    except (TypeError, ValueError) as problem:
        print(f"lrcourse {arguments.command}: {problem}", file=sys.stderr)
        return 2
    except OSError as problem:
        _drop_output()
        if not isinstance(problem, BrokenPipeError):  # `| head` has read all it wanted
            reason = problem.strerror
            print(f"lrcourse {arguments.command}: cannot write: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"lrcourse {arguments.command}: interrupted", file=sys.stderr)
        return 130
    return 0


def _drop_output():
    """Let what is still buffered go nowhere, or Python would complain again at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser():
    parser = _Parser(prog="lrcourse", description="The learning rate, in NumPy.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(run, about, **texts):
        added = commands.add_parser(run.__name__.strip("_"), help=about, **texts)
        added.set_defaults(run=run)
        return added.add_argument

    option = command(
        _table,
        "the learning-rate table: one training for each rate, on the textbook's data",
        description="Train the textbook's classifier once for each learning rate.",
    )
    rates = "learning rates, separated by commas (default: the textbook's six)"
    option("--rates", type=_rates, default=TEXTBOOK_RATES, metavar="RATE,…", help=rates)
    option("--epochs", type=_whole, default=50, help="default: 50")
    option("--batch-size", type=_whole, default=10, help="default: 10")
    seed = f"of the shuffle and the batches (default: {LIKE_THE_TEXTBOOK})"
    option("--seed", type=_whole, default=LIKE_THE_TEXTBOOK, help=seed)
    option("--format", choices=["text", "csv", "json"], default="text")
    option = command(
        _schedule,
        "the rates of a schedule, step by step",
        description=f"Print the rates of a schedule: {', '.join(FACTORIES)}.",
        epilog="for example: schedule warmup schedule='cosine(0.1, 100)' steps=5 --steps 105",
    )
    option("name", metavar="NAME")
    option("arguments", nargs="*", metavar="key=value")
    option("--steps", type=_whole, required=True, help="how many, from step 0")
    option("--format", choices=["text", "csv"], default="text")
    option = command(
        _run,
        "an experiment of the course, run again and recorded",
        description=f"Run an experiment, or go on with it: {', '.join(EXPERIMENTS)}.",
    )
    option("name", metavar="NAME")
    option("--size", choices=["quick", "full"], default="quick", help="default: quick")
    option("--seeds", type=_whole, metavar="K", help="default: as recorded")
    option("--processes", type=_whole, metavar="N", help="default: one for each processor")
    option("--output", metavar="FILE", help="default: the course's own record")
    option = command(
        _data,
        "which data sets there are and where; data fetch downloads them",
        usage="lrcourse data [-h] [fetch] [NAME …]",
        description=f"List the data sets, or fetch them first: {', '.join(CATALOGUE)}.",
    )
    option("names", nargs="*", metavar="NAME", help="default: all of them")
    return parser


def _rates(text):
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        problem = f"needs numbers separated by commas, got {text!r}"
        raise argparse.ArgumentTypeError(problem) from None


def _whole(text):
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"needs a whole number, got {text!r}") from None


def _table(arguments):
    history = school_district_runs(
        arguments.rates,
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        seed=arguments.seed,
        progress=True,
    )
    return _formatted(learning_rate_table(history), arguments.format)


def _schedule(arguments):
    schedule = _made(arguments.name, arguments.arguments)
    # A table is a list of Python's numbers, which a million rows do not strain.
    rates = schedule(np.arange(positive_integer("steps", arguments.steps, 1_000_000)))
    table = Table(["step", "learning_rate"], list(enumerate(rates.tolist())))
    return _formatted(table, arguments.format)


def _formatted(table, form):
    return getattr(table, form)().rstrip("\n")


def _run(arguments):
    experiment = EXPERIMENTS[one_of("NAME", arguments.name, EXPERIMENTS)]
    record, path = run(
        experiment,
        arguments.size,
        seeds=arguments.seeds,
        processes=arguments.processes,
        output=arguments.output,
        progress=True,
    )
    table = experiment.summary(record).text()
    return f"{table}\n\n{len(record.runs)} runs, {record.seconds:.0f} s: {path}"


def _data(arguments):
    fetching = arguments.names[:1] == ["fetch"]
    entries = {
        one_of("NAME", name, CATALOGUE): CATALOGUE[name]
        for name in arguments.names[fetching:] or CATALOGUE
    }
    for entry in entries.values() if fetching else ():
        entry.fetch()
    rows = [
        [name, f"{entry.size / 1e6:.1f} MB" if entry.files else "", entry.licence, entry.place]
        for name, entry in entries.items()
    ]
    table = Table(["name", "download", "licence", "where"], rows).text()
    places = f"local folder ({VARIABLE}): {local_folder() or 'none'}\ncache: {cache_folder()}"
    return f"{table}\n\n{places}"


def _made(name: str, pairs: list[str]) -> Schedule:
    parameters = inspect.signature(FACTORIES[one_of("NAME", name, FACTORIES)]).parameters
    needed = {key for key, each in parameters.items() if each.default is each.empty}
    texts = {key: text for key, _, text in (pair.partition("=") for pair in pairs)}
    if len(texts) < len(pairs) or not needed <= texts.keys() <= parameters.keys():
        keys = [f"{key}=…" if key in needed else f"[{key}=…]" for key in parameters]
        raise ValueError(f"{name} takes {' '.join(keys)}, each once, got {' '.join(pairs)[:60]!r}")
    annotations = {key: str(parameters[key].annotation) for key in texts}
    return FACTORIES[name](**{key: _value(key, texts[key], annotations[key]) for key in texts})


_VALUE = "a number, numbers separated by commas, a word or a schedule"


def _value(key, text, annotation):
    """Read a number, numbers separated by commas, a word, or a schedule written as a call."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"{key} must be {_VALUE}, got {text[:60]!r}") from None
    value = _evaluated(tree)
    alone = "Sequence" in annotation and not isinstance(value, list)
    return [value] if alone else value


def _evaluated(node):
    match node:
        case ast.Constant(value=bool() | int() | float() | str()):
            return node.value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            return -node.operand.value
        case ast.Tuple() | ast.List():
            return [_evaluated(element) for element in node.elts]
        case ast.Name():
            return {"true": True, "false": False}.get(node.id, node.id)
        case ast.Call(func=ast.Name(id=name)) if name in FACTORIES:
            keywords = {each.arg: _evaluated(each.value) for each in node.keywords}
            return FACTORIES[name](*map(_evaluated, node.args), **keywords)
    raise ValueError(f"a value must be {_VALUE}, got {ast.unparse(node)!r}")


if __name__ == "__main__":
    sys.exit(main())
