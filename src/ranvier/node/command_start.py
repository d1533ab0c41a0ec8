"""`ranvier start`: a node in the foreground."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ranvier.config.errors import ConfigError
from ranvier.config.flags import StartArguments, flags_help, read_flags
from ranvier.config.load import LoadedSettings, load_settings
from ranvier.node.life import NodeLife
from ranvier.node.run import run_node


def main(arguments: Sequence[str]) -> int:
    """Start a node as flags, environment and files say; return its exit code."""
    return start(arguments)


def start(arguments: Sequence[str], supervisor_pipe: int | None = None) -> int:
    """Start a node that stops, too, once the other end of the pipe is closed.

    Returns where no node was run; a node that has run ends the process.
    """
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
    return end_process(run_node(NodeLife(loaded, lambda: load(flags)), supervisor_pipe))


def end_process(code: int) -> NoReturn:
    """End without taking Python's modules apart, which takes 0.2 to 0.5 s and does nothing more.

    The node has stopped by then: its threads are joined, its files and connections closed.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)


def load(flags: StartArguments) -> LoadedSettings:
    """Load the settings that a start with these flags has."""
    return load_settings(flags.values, os.environ, Path.cwd(), config_file=flags.config_file)
