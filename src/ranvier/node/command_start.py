"""`ranvier start`: a node in the foreground."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ranvier.config.errors import ConfigError
from ranvier.config.flags import StartArguments, flags_help, read_flags
from ranvier.config.load import LoadedSettings, load_settings
from ranvier.node.life import NodeLife
from ranvier.node.run import run_node


def main(arguments: Sequence[str]) -> int:
    """Start a node as flags, environment and files say; return its exit code."""
    return start(arguments)


def start(arguments: Sequence[str], supervisor_pipe: int | None = None) -> int:
    """Start a node that stops, too, once the other end of the pipe is closed."""
    try:
        flags = read_flags(arguments)
        if flags.wants_help:
            sys.stdout.write("".join(f"{line}\n" for line in flags_help()))
            return 0
        loaded = load(flags)
    except ConfigError as error:
        sys.stderr.write(f"ranvier: {error}\n")
        return error.exit_code
    for notice in loaded.notices:
        sys.stderr.write(f"ranvier: note: {notice.subject} {notice.sentence}\n")
    return run_node(NodeLife(loaded, lambda: load(flags)), supervisor_pipe)


def load(flags: StartArguments) -> LoadedSettings:
    """Load the settings that a start with these flags has."""
    return load_settings(flags.values, os.environ, Path.cwd(), config_file=flags.config_file)
