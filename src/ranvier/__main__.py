"""The program `ranvier`: commands that need a node's own parts run here, all others talk REST."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Final

LOCAL: Final = {
    ("start",): "ranvier.node.command_start",
    ("balancer", "check"): "ranvier.node.command_balancer_check",
    ("config", "explain"): "ranvier.node.command_explain",
    ("database", "check"): "ranvier.node.command_check",
    ("database", "copy"): "ranvier.node.command_copy",
    ("database", "migrate"): "ranvier.node.command_migrate",
}
"""Loaded only when called: a node does not wait for the modules of the other commands."""

SEVERAL: Final = "ranvier.node.command_start_several"
"""What only starts nodes need not load what a node is made of."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line, without the program's name, and give its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["start"] and names_processes(words):
        return int(loaded(SEVERAL).main(words[1:]))
    for command, module in LOCAL.items():
        if tuple(words[: len(command)]) == command:
            return int(loaded(module).main(words[len(command) :]))
    return int(loaded("ranvier.cli.app").main(words))


def names_processes(words: Sequence[str]) -> bool:
    """Tell whether a command line says how many nodes there are to be."""
    return any(word.partition("=")[0] == "--processes" for word in words)


def loaded(module: str) -> ModuleType:
    """Import a module without the collector, which takes 40 ms of a start and finds nothing."""
    gc.disable()
    try:
        return importlib.import_module(module)
    finally:
        gc.enable()


if __name__ == "__main__":
    sys.exit(main())
