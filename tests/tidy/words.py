"""Words that may not stand in the repository, and the reasons that must."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Final

from tests.tidy.repository import File, Finding, tree_of

# Names of what has no idea of its own.
EMPTY_NAMES: Final = frozenset(
    {"util", "utils", "helper", "helpers", "common", "base", "misc", "manager", "managers"}
)

FORBIDDEN_CALLS: Final = frozenset({"eval", "exec", "compile", "__import__"})
FORBIDDEN_MODULES: Final = frozenset({"pickle", "cPickle", "marshal", "shelve", "dill"})

# What the text of any file may not say, and why.
FORBIDDEN_TEXTS: Final = {
    re.compile(r"\b(TODO|FIXME|XXX)\b"): "do it now or open an issue",
    re.compile(
        r"\b(pypi\.org|pythonhosted\.org|npmjs\.(org|com)|yarnpkg\.com|crates\.io|rubygems\.org"
        r"|proxy\.golang\.org|repo1?\.maven\.(apache\.)?org|conda\.anaconda\.org)\b"
    ): "the host of a package registry is the installer's to choose",
    re.compile(r"(?<![\w.~-])/(work|root|home)/"): "a path of one machine",
    re.compile(r"\bissues? #?\d"): "numbers of issues mean nothing to a reader",
}

_REASON: Final = r"\s+#\s*\S.{2,}"
# A comment that silences a tool, and the same with what it silences and the reason.
SILENCERS: Final = {
    re.compile(comment): re.compile(comment + silenced + _REASON)
    for comment, silenced in (
        (r"#\s*type:\s*ignore", r"\[[\w, -]+\]"),
        (r"#\s*(ruff:\s*)?noqa", r":\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*"),
        (r"#\s*pragma:\s*no", r" (cover|branch)"),
        (r"#\s*mypy:", r"\s*[\w-]+(=\S+)?"),
    )
}


def name_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield modules and packages whose name says nothing."""
    for file in files:
        for part in file.path.removesuffix(".py").split("/"):
            if EMPTY_NAMES & set(part.split("_")):
                yield Finding(file.path, 1, f"'{part}' names no idea; name the module for its own")


def text_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield lines that say what no file may say."""
    for file in files:
        for number, line in enumerate(file.text.splitlines(), start=1):
            for forbidden, reason in FORBIDDEN_TEXTS.items():
                found = forbidden.search(line)
                if found:
                    yield Finding(file.path, number, f"'{found.group()}': {reason}")


def silencer_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield comments that silence a tool without a reason on the line."""
    for file in files:
        for number, line in enumerate(file.text.splitlines(), start=1):
            for silencer, reasoned in SILENCERS.items():
                if silencer.search(line) and not reasoned.search(line):
                    fault = "silences a tool; say what and, behind another #, why"
                    yield Finding(file.path, number, fault)


def execution_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield what would run text or bytes as a program."""
    for file in files:
        for node in ast.walk(tree_of(file)):
            for name in _executed(node):
                yield Finding(
                    file.path, getattr(node, "lineno", 0), f"{name} runs what it is given"
                )


def _executed(node: ast.AST) -> list[str]:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return [name] if name in FORBIDDEN_CALLS else []
        case ast.Import(names=names):
            roots = [alias.name.split(".")[0] for alias in names]
            return [root for root in roots if root in FORBIDDEN_MODULES]
        case ast.ImportFrom(module=str(module)):
            return [module] if module.split(".")[0] in FORBIDDEN_MODULES else []
        case _:
            return []


def print_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield calls of `print`."""
    for file in files:
        for node in ast.walk(tree_of(file)):
            match node:
                case ast.Call(func=ast.Name(id="print")):
                    yield Finding(file.path, node.lineno, "only the command line prints; log it")


def sleep_findings(files: Iterable[File]) -> Iterator[Finding]:
    """Yield waits for time to pass; giving way with `sleep(0)` is none."""
    for file in files:
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Call) and _called(node) == "sleep" and not _is_zero(node.args):
                yield Finding(file.path, node.lineno, "sleeps to wait; wait for a signal")


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _is_zero(arguments: list[ast.expr]) -> bool:
    match arguments:
        case [ast.Constant(value=0)]:
            return True
        case _:
            return False
