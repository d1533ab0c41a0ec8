"""How a local command ends that could not do its work: a sentence and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import wraps

from ranvier.config.errors import ConfigError
from ranvier.errors import RanvierError
from ranvier.node.system_refusal import system_refusal

Command = Callable[[Sequence[str]], int]


def told_errors(command: Command) -> Command:
    """Let a command's errors be one line on standard error; 2 where its own line is wrong."""

    @wraps(command)
    def told(arguments: Sequence[str]) -> int:
        try:
            return command(arguments)
        except RanvierError as error:
            sys.stderr.write(f"ranvier: {error}\n")
            return error.exit_code if isinstance(error, ConfigError) else 1
        except OSError as error:
            sys.stderr.write(f"ranvier: {system_refusal(error)}\n")
            return 1

    return told
