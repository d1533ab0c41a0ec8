"""`ranvier config explain`: every setting as a start here would have it, and where it came from."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ranvier.config.errors import ConfigError
from ranvier.config.explain import explain_as_json, explain_as_table
from ranvier.config.flags import read_flags
from ranvier.node.command_start import load
from ranvier.node.output_option import split_output

HELP = """Usage: ranvier config explain [-o txt|json] [--KEY VALUE ...] [--config FILE]

Prints each setting that `ranvier start` with the same flags would have, and where it came from.
"""


def main(arguments: Sequence[str]) -> int:
    """Print the settings; return 0, or how a start would refuse them."""
    try:
        output, rest = split_output(arguments)
        flags = read_flags(rest)
        if flags.wants_help:
            sys.stdout.write(HELP)
            return 0
        loaded = load(flags)
    except ConfigError as error:
        sys.stderr.write(f"ranvier: {error}\n")
        return error.exit_code
    if output == "json":
        sys.stdout.write(f"{explain_as_json(loaded)}\n")
    else:
        explain_as_table(loaded, sys.stdout)
    return 0
