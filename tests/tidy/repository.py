"""The files that the rules look at, and what a rule says of them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Where our own files lie; everything else in the folder was made by a tool or by running Ranvier.
FOLDERS = ("src", "tests", "bench", "examples", "docs", "pages", "proto", "deploy", ".ci")
GENERATED = "src/ranvier/proto/"
BUNDLED = "src/ranvier/web/static/bundle/"
# These rules speak of what they forbid.
RULES = "tests/tidy/"


@dataclass(frozen=True, slots=True)
class File:
    """A text file by its path from the root, with `/` between names."""

    path: str
    text: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def module(self) -> str:
        """The dotted name by which Python imports a file below `src`; for a package its own."""
        dotted = self.path.removeprefix("src/").removesuffix(".py").replace("/", ".")
        return dotted.removesuffix(".__init__")

    @property
    def is_package(self) -> bool:
        """Whether the file stands for the package in whose folder it lies."""
        return self.name == "__init__.py"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What is wrong, and where."""

    path: str
    line: int
    fault: str

    def __str__(self) -> str:
        """Return the finding in the form in which editors jump to it."""
        return f"{self.path}:{self.line}: {self.fault}"


@cache
def own_files() -> tuple[File, ...]:
    """Return every text file that somebody wrote."""
    paths = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        paths.extend(path for path in (ROOT / folder).rglob("*") if path.is_file())
    named = ((path.relative_to(ROOT).as_posix(), path) for path in paths)
    read = (_read(name, path) for name, path in named if _is_ours(name))
    return tuple(sorted((file for file in read if file), key=lambda file: file.path))


def _is_ours(name: str) -> bool:
    made = (
        "__pycache__/",
        ".egg-info/",
        "node_modules/",
        GENERATED,
        BUNDLED,
        "src/ranvier/.proto-",
    )
    return not any(part in name for part in made) and name not in (".coverage", ".git")


def _read(name: str, path: Path) -> File | None:
    try:
        return File(name, path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, FileNotFoundError):
        return None


def python_files(*folders: str) -> list[File]:
    """Return the Python files below these folders, or all."""
    return [
        file
        for file in own_files()
        if file.path.endswith(".py") and file.path.startswith(folders or ("",))
    ]


def source_files() -> list[File]:
    """Return the modules of the package."""
    return python_files("src/ranvier/")


@cache
def tree_of(file: File) -> ast.Module:
    """Return a Python file as Python reads it."""
    return ast.parse(file.text, file.path)


def report(findings: Iterable[Finding]) -> None:
    """Fail with one line for each finding."""
    lines = [str(finding) for finding in sorted(findings)]
    assert not lines, "\n" + "\n".join(lines)


def functions_of(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method, those within others too."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node
