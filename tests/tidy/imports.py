"""Who may import whom: imports point inwards only."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tests.tidy.repository import File, Finding, functions_of, tree_of

PURE = ("events", "messages", "process", "cluster", "access")
LEAVES = ("config", "security", "observability")
INNER = (*PURE, "bpmn", "storage", "services", *LEAVES)

# For each package of ours, the others that it may import; `errors` is the module at the root.
ALLOWED: Mapping[str, frozenset[str]] = {
    package: frozenset(others)
    for package, others in {
        "ranvier": ("client",),  # for types; it is loaded when asked for
        "errors": (),
        "events": ("errors",),
        "messages": ("errors", "events"),
        "process": ("errors", "events", "messages"),
        "cluster": ("errors",),
        "access": ("errors",),
        "bpmn": ("errors", *PURE, *LEAVES),
        "storage": ("errors", *PURE, *LEAVES),
        "services": ("errors", *PURE, "bpmn", "storage", *LEAVES),
        "wire": ("proto",),
        "proto": (),
        "config": ("errors", "security"),
        "security": ("errors",),
        "observability": ("errors", "security"),
        "axon": ("errors", *INNER, "wire", "proto"),
        "mesh": ("errors", *INNER, "wire", "proto"),
        "web": ("errors", *INNER, "wire", "proto", "balancer"),
        "client": ("errors", "wire", "proto"),
        "balancer": ("errors",),
        # It reads another server by the public API, as any program would.
        "cli": ("errors", "balancer", "client", *LEAVES),
        "node": ("errors", *INNER, "axon", "mesh", "web", "wire", "balancer"),
    }.items()
}
# The console script is the outermost ring.
OUTERMOST = "__main__"
# The version stands at the root; these two ask for nothing of ours.
WITHOUT_ROOT = frozenset({*PURE, "wire"})
# Which database it is, only the composition root knows.
IMPLEMENTATIONS = ("ranvier.storage.sqlite", "ranvier.storage.postgres")

# What of the standard library the pure ring does without: it would reach the outside or the clock.
IMPURE_MODULES = frozenset(
    {
        "_thread", "asyncio", "concurrent", "ctypes", "fcntl", "fileinput", "ftplib", "getpass",
        "glob", "http", "imaplib", "io", "locale", "logging", "mmap", "multiprocessing", "os",
        "pathlib", "platform", "queue", "random", "sched", "secrets", "select", "selectors",
        "shelve", "shutil", "signal", "smtplib", "socket", "socketserver", "sqlite3", "ssl",
        "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid", "warnings",
    }
)  # fmt: skip
IMPURE_CALLS = frozenset({"open", "input", "print", "breakpoint"})
CLOCK_READINGS = frozenset({"now", "utcnow", "today"})


@dataclass(frozen=True, slots=True)
class Import:
    """One import of a module, in full, and where it stands."""

    file: File
    line: int
    target: str
    only_for_types: bool = False


def imports_of(file: File) -> list[Import]:
    """Return what a file imports, by full names: of `from a import b` the name `a.b`."""
    only_for_types = {
        id(node)
        for block in ast.walk(tree_of(file))
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    return [
        Import(file, node.lineno, target, id(node) in only_for_types)
        for node in ast.walk(tree_of(file))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for target in _targets(file, node)
    ]


def _targets(file: File, node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{_origin(file, node)}.{alias.name}" for alias in node.names]


def _origin(file: File, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    parts = file.module.split(".")
    climbed = parts[: len(parts) - node.level + file.is_package]
    return ".".join([*climbed, *([node.module] if node.module else [])])


def ring_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield imports that point outwards or sideways where the contract does not allow it."""
    for file in files:
        seen: set[tuple[int, str]] = set()
        for each in imports_of(file):
            fault = _ring_fault(file.module, each.target)
            if fault and (each.line, fault) not in seen:
                seen.add((each.line, fault))
                yield Finding(file.path, each.line, fault)


def _ring_fault(importer: str, target: str) -> str:
    if not _is_within(target, "ranvier"):
        return ""
    own, other = _package(importer), _package(target)
    if own in (other, OUTERMOST):
        return ""
    if own not in ALLOWED:
        return f"the package {own} has no place in the rings; give it one in the import contract"
    if other not in ALLOWED or other == "ranvier":
        return f"{own} may not import the root of ranvier" if own in WITHOUT_ROOT else ""
    if other not in ALLOWED[own]:
        return f"{own} may not import {other}"
    if own != "node" and any(_is_within(target, each) for each in IMPLEMENTATIONS):
        return f"{own} may not import a database's implementation; only node chooses one"
    return ""


def _package(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def _is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def purity_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield what in the pure ring reaches beyond it: I/O, clocks, chance, other people's code."""
    for file in files:
        if _package(file.module) in PURE:
            yield from _impure_imports(file)
            for node in ast.walk(tree_of(file)):
                fault = _impurity(node)
                if fault:
                    yield Finding(file.path, getattr(node, "lineno", 0), fault)


def _impure_imports(file: File) -> Iterator[Finding]:
    for each in imports_of(file):
        root = each.target.split(".")[0]
        if root in IMPURE_MODULES:
            yield Finding(file.path, each.line, f"the pure ring may not import {root}")
        elif root != "ranvier" and root not in sys.stdlib_module_names:
            yield Finding(file.path, each.line, f"{root} is not of the standard library")


def _impurity(node: ast.AST) -> str:
    match node:
        case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
            return "the pure ring does not wait"
        case ast.Call(func=ast.Name(id=name)) if name in IMPURE_CALLS:
            return f"the pure ring may not call {name}"
        case ast.Call(func=ast.Attribute(attr=name)) if name in CLOCK_READINGS:
            return f"the pure ring may not read the clock by {name}()"
        case _:
            return ""


def late_import_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield imports inside functions."""
    for file in files:
        late = {
            node.lineno
            for function in functions_of(tree_of(file))
            for node in ast.walk(function)
            if isinstance(node, (ast.Import, ast.ImportFrom))
        }
        for line in late:
            yield Finding(file.path, line, "an import inside a function; put it at the top")


def cycle_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield the imports that close a circle when the modules are loaded, each circle once."""
    modules = {file.module: file for file in files}
    edges = {name: _edges(file, modules) for name, file in modules.items()}
    for name in sorted(edges):
        for target, each in edges[name].items():
            way_back = _way(target, name, edges)
            if way_back and name == min(way_back):
                circle = " → ".join([name, *way_back])
                yield Finding(each.file.path, each.line, f"an import cycle: {circle}")


def _edges(file: File, modules: Mapping[str, File]) -> dict[str, Import]:
    """Return the modules that are loaded with a file's imports.

    With a module, the packages above it are loaded; those above the file itself are so already.
    """
    edges: dict[str, Import] = {}
    for each in imports_of(file):
        above = _with_packages_above(each.target)
        named = next((name for name in above if name in modules), "")
        if each.only_for_types or not named:
            continue
        edges.setdefault(named, each)
        for package in _with_packages_above(named):
            if package in modules and not _is_within(file.module, package):
                edges.setdefault(package, each)
    return edges


def _with_packages_above(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]


def _way(start: str, goal: str, edges: Mapping[str, Mapping[str, Import]]) -> list[str]:
    """Return the modules from `start` to `goal`, both with them; empty where there is no way."""
    before = {start: ""}
    waiting = [start]
    while waiting and goal not in before:
        current = waiting.pop(0)
        for following in edges[current]:
            if following not in before:
                before[following] = current
                waiting.append(following)
    way = [goal] if goal in before else []
    while way and before[way[-1]]:
        way.append(before[way[-1]])
    return way[::-1]
