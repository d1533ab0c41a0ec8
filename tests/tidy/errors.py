"""The one tree of errors: where its classes stand and what each of them carries."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.tidy.repository import File, Finding, tree_of

ROOT_ERROR = "RanvierError"


@dataclass(frozen=True, slots=True)
class ErrorClass:
    """A class of the tree, as written."""

    file: File
    node: ast.ClassDef

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.node.name

    @property
    def parents(self) -> list[str]:
        """The names of the classes that it refines."""
        return [ast.unparse(base).rpartition(".")[2] for base in self.node.bases]

    @property
    def has_code(self) -> bool:
        """Whether the class itself says its code."""
        targets = [
            each.target if isinstance(each, ast.AnnAssign) else each.targets[0]
            for each in self.node.body
            if isinstance(each, (ast.AnnAssign, ast.Assign))
        ]
        return any(isinstance(each, ast.Name) and each.id == "code" for each in targets)


def error_classes(files: Iterable[File]) -> dict[str, ErrorClass]:
    """Return the classes below the root, by name."""
    classes = {
        node.name: ErrorClass(file, node)
        for file in files
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.ClassDef)
    }
    found: dict[str, ErrorClass] = {}
    known = {ROOT_ERROR}
    while True:
        more = {
            name: each
            for name, each in classes.items()
            if name not in known and known.intersection(each.parents)
        }
        if not more:
            return found
        found |= more
        known |= more.keys()


def error_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield errors outside of the modules named `errors`, and errors without a code."""
    errors = error_classes(files)
    refined = {parent for each in errors.values() for parent in each.parents}
    for name, each in errors.items():
        if each.file.name != "errors.py":
            fault = f"{name} belongs into the module errors of its package"
            yield Finding(each.file.path, each.node.lineno, fault)
        if name not in refined and not _inherits_code(each, errors):
            fault = f"{name} has no code of its own; clients tell errors apart by it"
            yield Finding(each.file.path, each.node.lineno, fault)


def _inherits_code(error: ErrorClass, errors: dict[str, ErrorClass]) -> bool:
    above = [errors[parent] for parent in error.parents if parent in errors]
    return error.has_code or any(_inherits_code(each, errors) for each in above)
