"""A cell's code as Python sees it."""

import ast

from IPython.core.inputtransformer2 import TransformerManager


def python(source: str) -> str:
    """Return a cell's code with magics such as ``%run`` turned into Python."""
    return TransformerManager().transform_cell(source)


def tree(source: str) -> ast.Module:
    """Return the syntax tree of a cell's code; an empty one if it is not Python."""
    try:
        return ast.parse(python(source))
    except SyntaxError:  # executing the notebook reports it
        return ast.Module([], [])


def language_calls(module: ast.Module) -> list[ast.Call]:
    """Return the calls of ``use_language`` in a syntax tree."""
    return [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("use_language")
    ]
