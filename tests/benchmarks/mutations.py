"""Plant faults in the numerics, one at a time, and see which of them no test finds.

``make mutate`` does it for all three modules: some 700 faults, a quarter of an hour on two cores.
``python tests/benchmarks/mutations.py schedules`` does it for one. Each fault changes one
expression or statement: an operator, a number, a bound, a branch, what is returned, an error
that is not raised. What survives is printed, unless `mutations.txt` has it, with the reason
why no test can or should find it; a reason for what is found after all is an error.
"""

import ast
import importlib.machinery
import importlib.util
import multiprocessing
import os
import resource
import sys
from collections import Counter
from pathlib import Path

import hypothesis
import pytest

import lrcourse.plots  # noqa: F401  (what it needs is loaded once, before the processes fork)

ROOT = Path(__file__).resolve().parents[2]
REASONS = Path(__file__).with_suffix(".txt")
LIBRARY = "tests/library"
ARGUMENTS = [f"{LIBRARY}/test_refusals.py", f"{LIBRARY}/test_arguments.py"]
TESTS = {
    "comparison": ["lrcourse/comparison.py", f"{LIBRARY}/test_comparison.py", *ARGUMENTS],
    "optimizers": ["lrcourse/optimizers.py", f"{LIBRARY}/test_reference.py",
                   f"{LIBRARY}/test_optimizers.py", *ARGUMENTS],
    "schedules": ["lrcourse/schedules.py", f"{LIBRARY}/test_reference.py",
                  f"{LIBRARY}/test_schedules.py", *ARGUMENTS],
}  # fmt: skip

OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.MatMult: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
NAMES = {
    "minimum": "maximum", "maximum": "minimum", "min": "max", "max": "min", "any": "all",
    "positive": "not_negative", "not_negative": "positive", "fraction": "not_negative",
    "below_one": "fraction", "whole": "real", "positive_integer": "whole", "sqrt": "abs",
    "cos": "sin", "zeros_like": "ones_like", "abs": "float", "real": "number", "ravel": "copy",
}  # fmt: skip


def replacements(node):
    """Yield what may stand in the place of a node, each a fault."""
    match node:
        case ast.BinOp(op=op) if type(op) in OPERATORS:
            yield ast.BinOp(node.left, OPERATORS[type(op)](), node.right)
        case ast.BoolOp(op=op):
            yield ast.BoolOp(OPERATORS[type(op)](), node.values)
        case ast.Compare(ops=ops):
            for i, op in enumerate(ops):
                changed = [*ops[:i], OPERATORS[type(op)](), *ops[i + 1 :]]
                yield ast.Compare(node.left, changed, node.comparators)
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield ast.Constant(value + 1 if isinstance(value, int) else value * 2 or 1.0)
        case ast.Constant(value=str() as value):
            yield ast.Constant(f"{value}?")
        case ast.IfExp():
            yield from (node.body, node.orelse)
        case ast.If():
            yield ast.UnaryOp(ast.Not(), node.test)
        case ast.Name(id=name) if name in NAMES:
            yield ast.Name(NAMES[name])
        case ast.Attribute(attr=name) if name in NAMES:
            yield ast.Attribute(node.value, NAMES[name])
        case ast.Call(keywords=keywords):
            for each in keywords:
                if each.arg not in (None, "strict"):
                    yield ast.Call(node.func, node.args, [k for k in keywords if k is not each])
        case ast.Return(value=ast.expr()):
            yield ast.Return(None)
        case ast.AugAssign(op=op):
            yield ast.AugAssign(node.target, OPERATORS[type(op)](), node.value)
        case ast.Raise() | ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
            yield ast.Pass()


def parts(node):
    """Yield the nodes in which a fault can be planted, each with the function it is in."""
    for name, field in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in field if isinstance(field, list) else [field]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.JoinedStr):
                continue
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                continue  # a docstring
            if isinstance(child, ast.keyword) and child.arg == "strict":
                continue  # which only says that lengths are equal anyway
            yield child
            if not isinstance(child, ast.Raise):
                yield from parts(child)


def faults(source):
    """Yield each fault: in which function, what becomes of what, and the source with it."""
    tree, text = ast.parse(source), source.encode()
    lines, seen = source.splitlines(), Counter()
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for top in tree.body:
        where = getattr(top, "name", "")
        for part in parts(ast.Module([top])):
            for new in replacements(part):
                old = part.test if isinstance(part, ast.If) else part
                begin = starts[old.lineno - 1] + old.col_offset
                end = starts[old.end_lineno - 1] + old.end_col_offset
                written = ast.unparse(new)
                written = f"({written})" if isinstance(old, ast.expr) else written
                said = f"{where}: `{lines[old.lineno - 1].strip()}`: {ast.unparse(old)} → {written}"
                seen[said] += 1
                said += f" ({seen[said]})" if seen[said] > 1 else ""
                yield said, (text[:begin] + written.encode() + text[end:]).decode()


class Planted(importlib.machinery.SourceFileLoader):
    """Load a module from a changed source."""

    def get_code(self, fullname):
        return compile(self.source, self.path, "exec")


def found(module, source):
    """Run the tests with this source in the module's place; return whether one fails."""
    name, path = f"lrcourse.{module}", str(ROOT / "lrcourse" / f"{module}.py")
    loader = Planted(name, path)
    loader.source = source

    class Finder:
        def find_spec(self, fullname, *_):
            if fullname == name:
                return importlib.util.spec_from_file_location(name, path, loader=loader)
            return None

    sys.meta_path.insert(0, Finder())
    for each in [each for each in sys.modules if each.startswith("lrcourse")]:
        del sys.modules[each]
    try:
        importlib.import_module(name)  # before pytest does, with a loader of its own
    except Exception:
        return True
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))  # an endless list
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1), os.dup2(nowhere, 2)
    plugins = ["-p", "_hypothesis_pytestplugin", "-p", "pytest_timeout", "-p", "no:cacheprovider"]
    settings = ["-xq", "--timeout=30", "--hypothesis-profile=mutations", *plugins]
    for tests in TESTS[module]:  # one after the other: most faults are found by the first
        if code := pytest.main([*settings, tests]):
            assert code in (1, 2), f"pytest ended with {code}"  # 2: not even imported
            return True
    return False


def planted(job):
    module, said, source = job
    return f"{module}.{said}", found(module, source)


def main(modules):
    """Plant all faults of these modules; return the exit code."""
    os.chdir(ROOT)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    # A fault is found by the first example; the smallest one is of no interest.
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    budget = {"max_examples": 30, "deadline": None, "derandomize": True, "database": None}
    hypothesis.settings.register_profile("mutations", phases=phases, **budget)
    sources = {name: (ROOT / "lrcourse" / f"{name}.py").read_text("utf-8") for name in modules}
    jobs = [(name, *fault) for name, source in sources.items() for fault in faults(source)]
    lines = REASONS.read_text("utf-8").splitlines() if REASONS.exists() else []
    reasons = dict(line.split("  # ") for line in lines if line and not line.startswith("#"))
    survived = []
    # A process for each fault, so that none meets another's modules.
    with multiprocessing.get_context("fork").Pool(maxtasksperchild=1) as pool:
        for name, source in sources.items():
            assert not pool.apply(found, (name, source)), f"{name}: a test fails without a fault"
        for number, (said, seen) in enumerate(pool.imap(planted, jobs, chunksize=1), 1):
            print(f"\r{number}/{len(jobs)}", end="", file=sys.stderr, flush=True)
            if not seen:
                survived.append(said)
                if said not in reasons:
                    print(f"\rsurvives: {said}", flush=True)
    of_these = [said for said in reasons if said.partition(".")[0] in modules]
    unknown = [said for said in of_these if said not in survived]
    for said in unknown:
        print(f"is found or gone, and needs no reason: {said}")
    caught = len(jobs) - len(survived)
    print(f"\n{len(jobs)} faults, {caught} found: {100 * caught / len(jobs):.1f} %")
    return bool(unknown or set(survived) - set(reasons))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(TESTS)))
