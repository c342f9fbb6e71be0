"""A cell's code as Python sees it."""

import ast
import io
import re
import tokenize
from functools import cache

MAGIC = re.compile(r"(?m)^\s*[%!?]|[?]\s*$")


@cache
def python(source: str) -> str:
    """Return a cell's code with magics such as ``%run`` turned into Python."""
    if not MAGIC.search(source):
        return source
    from IPython.core.inputtransformer2 import TransformerManager  # takes half a second

    return TransformerManager().transform_cell(source)


def tree(source: str) -> ast.Module:
    """Return the syntax tree of a cell's code; an empty one if it is not Python."""
    try:
        return ast.parse(python(source))
    except SyntaxError:  # executing the notebook reports it
        return ast.Module([], [])


def sentences(source: str) -> list[str]:
    """Return what a cell's code says to people: comments, docstrings, messages.

    A string is a sentence if it has a space or anything beyond ASCII in it.
    """
    module = tree(source)
    strings = [
        (node.lineno, "".join(part.value for part in parts))
        for node in ast.walk(module)
        for parts in [_literals(node)]
        if any(" " in part.value or not part.value.isascii() for part in parts)
    ]
    return [text for _, text in sorted(strings + _comments(source))]


def comments(source: str) -> str:
    """Return a cell's comments and docstrings, a line each."""
    module = tree(source)
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
    texts = [text for _, text in _comments(source)]
    return "\n".join(texts + [text for node in functions if (text := ast.get_docstring(node))])


def _comments(source: str) -> list[tuple[int, str]]:
    """Return the comments in a cell's code, each with its line."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(python(source)).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    return [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]


def _literals(node: ast.AST) -> list[ast.Constant]:
    """Return the text of a string, with or without fields."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return [p for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)]


def language_calls(module: ast.Module) -> list[ast.Call]:
    """Return the calls of ``use_language`` in a syntax tree."""
    return [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("use_language")
    ]
