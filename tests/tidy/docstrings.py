"""What a public name promises: each module, class, function and method says it in a sentence."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from tests.tidy.repository import File, Finding, tree_of

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

# What only says that something else already has a docstring.
_NEEDS_NONE = ("overload", "override")


def docstring_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield public things that promise nothing, or not in a sentence."""
    for file in files:
        for name, node in _public(file.module, tree_of(file)):
            fault = _fault(ast.get_docstring(node))
            if fault:
                yield Finding(file.path, getattr(node, "lineno", 1), f"{name} {fault}")


def _fault(docstring: str | None) -> str:
    if not docstring:
        return "has no docstring"
    summary = docstring.split("\n\n")[0].rstrip()
    return "" if summary.endswith((".", ":", "?", "!")) else "begins with no whole sentence"


def _public(name: str, node: Documented) -> Iterator[tuple[str, Documented]]:
    yield name, node
    if isinstance(node, (ast.Module, ast.ClassDef)):
        for child in node.body:
            if isinstance(child, Documented) and not _is_private(child):
                yield from _public(child.name, child)


def _is_private(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    decorators = [ast.unparse(each) for each in node.decorator_list]
    return node.name.startswith("_") or any(
        each.rpartition(".")[2] in _NEEDS_NONE or each.endswith(".setter") for each in decorators
    )
