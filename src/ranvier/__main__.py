"""The program `ranvier`: commands that need a node's own parts run here, all others talk REST."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Final

LOCAL: Final = {
    ("start",): "ranvier.node.command_start",
    ("config", "explain"): "ranvier.node.command_explain",
    ("database", "check"): "ranvier.node.command_check",
}
"""Loaded only when called: a node does not wait for the modules of the other commands."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line, without the program's name, and give its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for command, module in LOCAL.items():
        if tuple(words[: len(command)]) == command:
            return int(importlib.import_module(module).main(words[len(command) :]))
    return int(importlib.import_module("ranvier.cli.app").main(words))


if __name__ == "__main__":
    sys.exit(main())
