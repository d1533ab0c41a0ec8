"""How large a module, a function and a list of parameters may be."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from statistics import median

from tests.tidy.repository import File, Finding, functions_of, tree_of

Function = ast.FunctionDef | ast.AsyncFunctionDef

# Past these, nobody reads a module or a function in one go.
MAXIMUM_MODULE_LINES = 400
MAXIMUM_FUNCTION_LINES = 70
# More parameters than these hide a value that wants a name.
MAXIMUM_PARAMETERS = 5
# Where most of the best-kept code of this kind lies.
MAXIMUM_MEDIAN_MODULE_LINES = 120
MAXIMUM_MEDIAN_FUNCTION_LINES = 8


def module_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield modules that are too long."""
    for file in files:
        lines = line_count(file)
        if lines > MAXIMUM_MODULE_LINES:
            fault = f"{lines} lines; a module is one idea in at most {MAXIMUM_MODULE_LINES}"
            yield Finding(file.path, lines, fault)


def function_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield functions that are too long."""
    for file in files:
        for function in functions_of(tree_of(file)):
            lines = function_line_count(function)
            if lines > MAXIMUM_FUNCTION_LINES:
                fault = f"{function.name} has {lines} lines; at most {MAXIMUM_FUNCTION_LINES}"
                yield Finding(file.path, function.lineno, fault)


def parameter_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield functions that ask for too much."""
    for file in files:
        for function, is_method in functions_with_kind(tree_of(file)):
            count = len(parameters_of(function)) - is_method
            if count > MAXIMUM_PARAMETERS:
                fault = f"{function.name} has {count} parameters; at most {MAXIMUM_PARAMETERS}"
                yield Finding(file.path, function.lineno, fault)


def boolean_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield public functions to which a truth value may be given without its name."""
    for file in files:
        for function, _ in functions_with_kind(tree_of(file)):
            if function.name.startswith("_") or _sets_a_property(function):
                continue
            for parameter in positional_booleans(function):
                if not _is_excused(file, parameter):
                    fault = f"{function.name} takes {parameter.arg} by place; make it keyword-only"
                    yield Finding(file.path, function.lineno, fault)


def median_module_lines(files: Iterable[File]) -> float:
    """Return the number of lines that half of the modules do not exceed."""
    return median(line_count(file) for file in files)


def median_function_lines(files: Iterable[File]) -> float:
    """Return the number of lines that half of the functions do not exceed."""
    return median(
        function_line_count(function) for file in files for function in functions_of(tree_of(file))
    )


def line_count(file: File) -> int:
    """Return how many lines a file has."""
    return len(file.text.splitlines())


def function_line_count(function: Function) -> int:
    """Return the lines from `def` to the last one."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def functions_with_kind(tree: ast.AST) -> Iterator[tuple[Function, bool]]:
    """Yield every function, and whether its first parameter is its object or class."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node, isinstance(tree, ast.ClassDef) and not _is_static(node)
        yield from functions_with_kind(node)


def parameters_of(function: Function) -> list[ast.arg]:
    """Return all parameters, `*these` and `**those` as one each."""
    spec = function.args
    starred = [each for each in (spec.vararg, spec.kwarg) if each]
    return [*spec.posonlyargs, *spec.args, *starred, *spec.kwonlyargs]


def positional_booleans(function: Function) -> list[ast.arg]:
    """Return the parameters that are truth values and need not be named in a call."""
    placed = [*function.args.posonlyargs, *function.args.args]
    defaults = [None] * (len(placed) - len(function.args.defaults)) + [*function.args.defaults]
    return [
        parameter
        for parameter, default in zip(placed, defaults, strict=True)
        if _is_boolean(parameter.annotation)
        or (isinstance(default, ast.Constant) and isinstance(default.value, bool))
    ]


def _is_excused(file: File, parameter: ast.arg) -> bool:
    """Whether the line says why: the same words that silence the linter about it."""
    return "noqa: FBT" in file.text.splitlines()[parameter.lineno - 1]


def _is_boolean(annotation: ast.expr | None) -> bool:
    return annotation is not None and ast.unparse(annotation).strip("'\"") in (
        "bool",
        "bool | None",
    )


def _is_static(function: Function) -> bool:
    return any(ast.unparse(each) == "staticmethod" for each in function.decorator_list)


def _sets_a_property(function: Function) -> bool:
    return any(ast.unparse(each).endswith(".setter") for each in function.decorator_list)
