"""`ranvier start --processes N`: several nodes on one host, and this process to look after them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from ranvier.config.errors import ConfigError
from ranvier.config.flags import PROCESSES_FLAG, read_flags
from ranvier.config.load import load_settings
from ranvier.node.host_plan import host_plan
from ranvier.node.supervisor import supervise


def main(arguments: Sequence[str]) -> int:
    """Start the nodes as flags, environment and files say; return when all have ended."""
    try:
        flags = read_flags(arguments)
        if flags.wants_help or flags.processes == 1:
            return int(import_module("ranvier.node.command_start").main(arguments))
        loaded = load_settings(flags.values, os.environ, Path.cwd(), config_file=flags.config_file)
        plan = host_plan(loaded, flags.processes)
    except ConfigError as error:
        sys.stderr.write(f"ranvier: {error}\n")
        return error.exit_code
    shared = without_processes(arguments)
    nodes = [(*shared, *own) for own in plan]
    return asyncio.run(supervise(nodes, loaded.settings.shutdown_grace_seconds))


def without_processes(arguments: Sequence[str]) -> list[str]:
    """Return a command line without the number of nodes."""
    kept: list[str] = []
    is_number = False
    for word in arguments:
        if is_number:
            is_number = False
        elif word == PROCESSES_FLAG:
            is_number = True
        elif not word.startswith(f"{PROCESSES_FLAG}="):
            kept.append(word)
    return kept
