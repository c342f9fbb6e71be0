"""The command line: ``lrcourse`` with ``table``, ``schedule``, ``run`` or ``data``.

Each command imports what it needs itself, so that it starts fast and says what is missing.
"""

import argparse
import contextlib
import io
import logging
import os
import sys
import textwrap
from pkgutil import resolve_name

import lrcourse


def main(argv: list[str] | None = None) -> int:
    """Run the command line on `argv` and return its exit code.

    0 is success, 2 is a bad argument (one line on standard error says which),
    1 an output that could not be written or data that could not be had, 130 an
    interruption.
    """
    program = "lrcourse"
    try:
        _prepare_streams()
        arguments = _parser().parse_args(argv)
        program += f" {arguments.command}"
        _print(arguments.run(arguments))
    except SystemExit as stop:  # argparse exits by itself; a function returns
        return stop.code
    except (Exception, KeyboardInterrupt) as problem:
        code, text = _told(problem)
        if text:
            _say(f"{program}: {text}")
        return code
    return 0


_EXTRAS = {"matplotlib": "plots", "joblib": "data", "pooch": "data", "requests": "data"}


def _told(problem) -> tuple[int, str]:
    """Return the exit code and the words for what may go wrong, and raise what should not."""
    match problem:
        case KeyboardInterrupt():
            return 130, "interrupted"
        case MemoryError():
            return 1, "not enough memory: ask for less"
        case ImportError() if "pip install" in str(problem):
            return 1, str(problem)
        case ImportError():
            package = (problem.name or "lrcourse").partition(".")[0]
            wanted = f"lrcourse[{_EXTRAS[package]}]" if package in _EXTRAS else package
            return 1, f"{package} is missing or broken: pip install '{wanted}'"
        case BrokenPipeError():  # `| head` has read all it wanted
            return 1, ""
        case OSError() if problem.filename is not None:
            return 1, f"cannot use {str(problem.filename)[:99]}: {problem.strerror}"
        case RecursionError():
            return 2, "what was written is nested too deeply"
        case TypeError() | ValueError() | OverflowError() if not isinstance(problem, OSError):
            return 2, str(problem)
        case OSError() | RuntimeError():
            return 1, str(problem)
    raise problem


def _prepare_streams():
    """Let what a stream cannot encode be escaped, and what is said to a closed one go nowhere."""
    if sys.stderr is None:
        sys.stderr = io.StringIO()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):  # closed, or not a file
            stream.reconfigure(errors="backslashreplace")


def _print(text):
    try:
        with _writing("to standard output"):
            if sys.stdout is None:
                raise OSError("it is closed")
            print(text, flush=True)
    except (OSError, ValueError):
        _drop(sys.stdout)
        raise


def _say(text):
    """Say it on standard error in one line, whatever is in it."""
    escaped = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    try:
        print("".join(escaped)[:1000], file=sys.stderr, flush=True)
    except (OSError, ValueError):  # closed or full: there is nobody to tell
        _drop(sys.stderr)


def _drop(stream):
    """Let what is still buffered go nowhere, or Python would complain again at exit."""
    with contextlib.suppress(AttributeError, OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line and whose help is output as any other."""

    names = ""  # where what the help lists is to be found; it takes an import

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")

    def format_help(self):
        if self.names:
            self.description += f" NAME is one of {', '.join(resolve_name(self.names))}."
        return super().format_help()

    def _print_message(self, message, file=None):
        (_say if file is sys.stderr else _print)(message.rstrip("\n"))

    def _check_value(self, action, value):
        from lrcourse.notation import known

        try:
            if action.choices is not None:
                known("it", value, action.choices)
        except ValueError as problem:
            raise argparse.ArgumentError(action, str(problem)) from None


def _parser():
    parser = _Parser(prog="lrcourse", description="The learning rate, in NumPy.")
    parser.add_argument("--version", action="version", version=f"lrcourse {lrcourse.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(run, about, names="", **texts):
        added = commands.add_parser(run.__name__.strip("_"), help=about, **texts)
        added.set_defaults(run=run)
        added.names = names
        return added.add_argument

    option = command(
        _table,
        "the learning-rate table: one training for each rate, on the textbook's data",
        description="Train the textbook's classifier once for each learning rate.",
    )
    rates = "learning rates, separated by commas (default: the textbook's six)"
    option("--rates", type=_rates, default="0.01,0.1,0.5,1,10,50", metavar="RATE,…", help=rates)
    option("--epochs", type=_whole, default=50, help="default: %(default)s")
    option("--batch-size", type=_whole, default=10, help="default: %(default)s")
    of = "of the shuffle and the batches (default: %(default)s)"
    option("--seed", type=_whole, default=20, help=of)
    option("--format", choices=["text", "csv", "json"], default="text")
    option = command(
        _schedule,
        "the rates of a schedule, step by step, or a plot of them",
        "lrcourse.schedules:FACTORIES",
        usage="lrcourse schedule [-h] [--steps N] [--format text|csv] [--plot FILE] "
        "'NAME(value, …)' | NAME key=value …",
        description="Print or draw the rates of a schedule.",
        epilog="for example: lrcourse schedule 'warmup(cosine(0.1, 100), steps=5)'",
    )
    option("name", metavar="NAME")
    option("arguments", nargs="*", metavar="key=value")
    option("--steps", type=_whole, metavar="N", help="from step 0; default: to its end, if any")
    option("--format", choices=["text", "csv"], default="text")
    option("--plot", metavar="FILE", help="draw the rates instead, to a .png or .svg")
    option = command(
        _run,
        "an experiment of the course, run again and recorded",
        "lrcourse.experiments:EXPERIMENTS",
        description="Run an experiment, or go on with it.",
    )
    option("name", metavar="NAME")
    option("--size", choices=["quick", "full"], default="quick", help="default: %(default)s")
    option("--seeds", type=_whole, metavar="K", help="default: as recorded")
    option("--processes", type=_whole, metavar="N", help="default: one for each processor")
    where = "or a folder (default: NAME-SIZE.json in the current one)"
    option("--output", metavar="FILE", help=where)
    option = command(
        _data,
        "which data sets there are and where; data fetch downloads them",
        "lrcourse.datasets:CATALOGUE",
        usage="lrcourse data [-h] [fetch] [NAME …]",
        description="List the data sets, or fetch them first.",
    )
    option("names", nargs="*", metavar="NAME", help="default: all of them")
    return parser


def _rates(text):
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        problem = f"needs numbers separated by commas, got {text[:60]!r}"
        raise argparse.ArgumentTypeError(problem) from None


def _whole(text):
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"needs a whole number, got {text[:60]!r}") from None


def _table(arguments):
    from lrcourse.checks import positive_integer
    from lrcourse.experiments import learning_rate_table, school_district_runs

    epochs = positive_integer("epochs", arguments.epochs, 1_000_000)
    history = school_district_runs(
        arguments.rates, epochs=epochs, batch_size=arguments.batch_size, seed=arguments.seed,
        progress=True,
    )  # fmt: skip
    return _formatted(learning_rate_table(history), arguments.format)


def _schedule(arguments):
    import numpy as np

    from lrcourse import notation
    from lrcourse.checks import positive_integer
    from lrcourse.tables import Table

    schedule, steps = notation.schedule(arguments.name, arguments.arguments), arguments.steps
    if steps is None:
        if not schedule.total_steps:
            raise ValueError(f"--steps must say how many: {arguments.name[:60]} has no end")
        steps = schedule.total_steps + 1
    # A table is a list of Python's numbers, which a million rows do not strain.
    steps = np.arange(positive_integer("--steps", steps, 1_000_000))
    with np.errstate(all="ignore"):  # beyond all numbers a rate is 0
        rates = schedule(steps)
    if arguments.plot is not None:
        return _plotted(arguments.plot, schedule, steps, rates)
    table = Table(["step", "learning_rate"], list(enumerate(rates.tolist())))
    return _formatted(table, arguments.format)


def _formatted(table, form):
    return getattr(table, form)().rstrip("\n")


def _plotted(path, schedule, steps, rates):
    """Draw the rates in the course's style, and write the file at once or not at all."""
    from lrcourse.book.records import replaceable, replacing

    path = replaceable("--plot", path)
    if not path.name.lower().endswith((".png", ".svg")):
        raise ValueError(f"--plot must name a file that ends in .png or .svg, got {str(path)!r}")
    logging.getLogger("matplotlib").setLevel("ERROR")  # it tells of its caches
    from lrcourse import plots

    title, axes = textwrap.fill(repr(schedule), 60), {"xlabel": "step", "ylabel": "learning rate"}
    figure = plots.curves(steps, [rates], [""], title=title, **axes)
    with _writing(path), replacing(path) as unfinished, plots.style():
        figure.savefig(unfinished, format=path.suffix[1:].lower(), dpi=2 * plots.DOTS_PER_INCH)
    return f"{path}: {len(steps)} steps"


@contextlib.contextmanager
def _writing(what):
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as problem:
        reason = problem.strerror or problem
        raise OSError(f"cannot write {what}: {reason}; choose another place") from None


def _run(arguments):
    from lrcourse.experiments import EXPERIMENTS, run
    from lrcourse.notation import known

    experiment = EXPERIMENTS[known("NAME", arguments.name, EXPERIMENTS)]
    record, path = run(
        experiment, arguments.size, seeds=arguments.seeds, processes=arguments.processes,
        output=arguments.output, progress=True,
    )  # fmt: skip
    table = experiment.summary(record).text()
    return f"{table}\n\n{len(record.runs)} runs, {record.seconds:.0f} s: {path}"


def _data(arguments):
    from lrcourse.datasets import CATALOGUE
    from lrcourse.datasets.downloads import VARIABLE, cache_folder, local_folder
    from lrcourse.notation import known
    from lrcourse.tables import Table

    fetching = arguments.names[:1] == ["fetch"]
    entries = {
        known("NAME", name, CATALOGUE, {"fetch": "fetch"}): CATALOGUE[name]
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


if __name__ == "__main__":
    sys.exit(main())
