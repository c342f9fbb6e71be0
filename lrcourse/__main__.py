"""The command line: ``python -m lrcourse`` with ``table``, ``schedule``, ``run`` or ``data``."""

import argparse
import ast
import contextlib
import inspect
import os
import sys

import numpy as np

from lrcourse.checks import learning_rates, one_of, positive_integer
from lrcourse.datasets import CATALOGUE, LIKE_THE_TEXTBOOK
from lrcourse.downloads import VARIABLE, DataUnavailable, cache_folder, local_folder
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
        arguments.run(arguments)
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
    table = commands.add_parser(
        "table",
        help="the learning-rate table: one training for each rate, on the textbook's data",
        description="Train the textbook's classifier once for each learning rate.",
    )
    table.set_defaults(run=_table)
    table.add_argument(
        "--rates",
        type=_rates,
        default=list(TEXTBOOK_RATES),
        metavar="RATE,…",
        help="learning rates, separated by commas (default: the textbook's six)",
    )
    table.add_argument("--epochs", type=_count, default=50, help="default: 50")
    table.add_argument("--batch-size", type=_count, default=10, help="default: 10")
    table.add_argument(
        "--seed",
        type=_seed,
        default=LIKE_THE_TEXTBOOK,
        help=f"of the shuffle and the batches (default: {LIKE_THE_TEXTBOOK})",
    )
    table.add_argument("--format", choices=["text", "csv", "json"], default="text")
    schedule = commands.add_parser(
        "schedule",
        help="the rates of a schedule, step by step",
        description=f"Print the rates of a schedule: {', '.join(FACTORIES)}.",
        epilog="for example: schedule warmup schedule='cosine(0.1, 100)' steps=5 --steps 105",
    )
    schedule.set_defaults(run=_schedule)
    schedule.add_argument("name", metavar="NAME")
    schedule.add_argument("arguments", nargs="*", metavar="key=value")
    schedule.add_argument("--steps", type=_steps, required=True, help="how many, from step 0")
    schedule.add_argument("--format", choices=["text", "csv"], default="text")
    running = commands.add_parser(
        "run",
        help="an experiment of the course, run again and recorded",
        description=f"Run an experiment, or go on with it: {', '.join(EXPERIMENTS)}.",
    )
    running.set_defaults(run=_run)
    running.add_argument("name", metavar="NAME")
    running.add_argument(
        "--size", choices=["quick", "full"], default="quick", help="default: quick"
    )
    running.add_argument("--seeds", type=_count, metavar="K", help="default: as recorded")
    running.add_argument(
        "--processes", type=_count, metavar="N", help="default: one for each processor"
    )
    running.add_argument("--output", metavar="FILE", help="default: the course's own record")
    data = commands.add_parser(
        "data",
        help="which data sets there are and where; data fetch downloads them",
        usage="lrcourse data [-h] [fetch] [NAME …]",
        description=f"List the data sets, or fetch them first: {', '.join(CATALOGUE)}.",
    )
    data.set_defaults(run=_data)
    data.add_argument("names", nargs="*", metavar="NAME", help="default: all of them")
    return parser


def _table(arguments):
    history = school_district_runs(
        arguments.rates,
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        seed=arguments.seed,
        progress=True,
    )
    table = learning_rate_table(history)
    print(getattr(table, arguments.format)().rstrip("\n"))


def _schedule(arguments):
    rates = _made(arguments.name, arguments.arguments)(np.arange(arguments.steps))
    table = Table(["step", "learning_rate"], list(enumerate(rates.tolist())))
    print(getattr(table, arguments.format)().rstrip("\n"))


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
    print(experiment.summary(record).text())
    print(f"\n{len(record.runs)} runs, {record.seconds:.0f} s: {path}")


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
    print(Table(["name", "download", "licence", "where"], rows).text())
    print(f"\nlocal folder ({VARIABLE}): {local_folder() or 'none'}\ncache: {cache_folder()}")


def _made(name: str, pairs: list[str]) -> Schedule:
    if name not in FACTORIES:
        raise ValueError(f"NAME must be one of {', '.join(FACTORIES)}, got {name!r}")
    parameters = inspect.signature(FACTORIES[name]).parameters
    values = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise ValueError(f"arguments must be key=value, got {pair!r}")
        if key not in parameters or key in values:
            problem = "once" if key in values else "of " + ", ".join(parameters)
            raise ValueError(f"{name} takes each key {problem}, got {key!r}")
        values[key] = _value(key, text, str(parameters[key].annotation))
    missing = [key for key, each in parameters.items() if each.default is each.empty]
    missing = [key for key in missing if key not in values]
    if missing:
        raise ValueError(f"{name} needs {', '.join(f'{key}=…' for key in missing)}")
    return FACTORIES[name](**values)


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


def _rates(text):
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"needs numbers separated by commas, got {text!r}"
        ) from None
    return _said(learning_rates, "each rate", values)


def _count(text):
    return _said(positive_integer, "the value", _whole(text))


def _steps(text):
    # A table is a list of Python's numbers, which a million rows do not strain.
    return _said(lambda *said: positive_integer(*said, 1_000_000), "the value", _whole(text))


def _seed(text):
    seed = _whole(text)
    if seed < 0:
        raise argparse.ArgumentTypeError(f"needs a whole number of at least 0, got {text!r}")
    return seed


def _whole(text):
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"needs a whole number, got {text!r}") from None


def _said(check, name, value):
    try:
        return check(name, value)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None


if __name__ == "__main__":
    sys.exit(main())
