"""The command line: ``python -m lrcourse table``."""

import argparse
import contextlib
import os
import sys

from lrcourse.checks import learning_rates, positive_integer
from lrcourse.datasets import LIKE_THE_TEXTBOOK
from lrcourse.experiments import TEXTBOOK_RATES, learning_rate_table, school_district_runs


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def main(argv: list[str] | None = None) -> int:
    """Run the command line on `argv` and return its exit code.

    0 is success, 2 is a bad argument (one line on standard error says which),
    1 an output that could not be written, 130 an interruption.
    """
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as stop:  # argparse exits by itself; a function returns
        return stop.code
    try:
        arguments.run(arguments)
        sys.stdout.flush()
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
