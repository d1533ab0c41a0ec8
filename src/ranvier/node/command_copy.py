"""`ranvier database copy`: moves what a node has stored from its own files into PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Final

from ranvier.config.database_address import DATABASE, DatabaseAddress
from ranvier.config.errors import InvalidValue
from ranvier.config.flags import read_flags
from ranvier.node.command_start import load
from ranvier.node.copy_database import CopiedRows, copy_database
from ranvier.node.copy_progress import shown_progress
from ranvier.node.errors import DatabaseMissing
from ranvier.node.option_values import split_options
from ranvier.node.output_option import split_output
from ranvier.node.told_errors import told_errors
from ranvier.storage.postgres.copy_target import PostgresCopyTarget, copy_target
from ranvier.storage.postgres.options import PostgresOptions
from ranvier.storage.sqlite.connections import database_path
from ranvier.storage.sqlite.copy_source import copy_source

HELP: Final = """\
Usage: ranvier database copy --to ADDRESS [--from ADDRESS] [-o txt|json] [--data DIRECTORY]
                             [--config FILE]

Copies everything that a node has stored in its embedded database, which is only read and must not
be in use, into an empty PostgreSQL, and compares both row by row. Stopped or killed, the same
command goes on where it was. The addresses are those of the key `database`; without --from it is
the database that `ranvier start` would use here.
"""

FLAGS: Final = ("--from", "--to")

Connect = Callable[[], AbstractAsyncContextManager[PostgresCopyTarget]]


@told_errors
def main(arguments: Sequence[str]) -> int:
    """Copy, compare and print what was copied; return 0 when both are the same."""
    output, rest = split_output(arguments)
    given, rest = split_options(rest, FLAGS)
    flags = read_flags(rest)
    if flags.wants_help:
        sys.stdout.write(HELP)
        return 0
    settings = load(flags).settings
    source = address_of("--from", given["--from"]) if "--from" in given else settings.database
    target = address_of("--to", given.get("--to", ""))
    if source.dsn is not None or target.dsn is None:
        raise InvalidValue(
            "copied is from the embedded database into PostgreSQL: --from must be sqlite: and "
            "--to postgresql://…",
            wrong_usage=True,
        )
    directory = source.directory or settings.data
    if not database_path(directory).is_file():
        raise DatabaseMissing(database_path(directory))
    options = PostgresOptions(takes_unsafe=settings.unsafe_database)
    connect = partial(copy_target, target.dsn.reveal(), options)
    copied = asyncio.run(copy(directory, connect, is_silent=output == "json"))
    sys.stdout.write(as_json(copied) if output == "json" else as_text(copied, target))
    return 0


def address_of(flag: str, text: str) -> DatabaseAddress:
    """Read an address; it may hold a password and is never shown."""
    try:
        return DATABASE.read(text.strip())
    except ValueError:
        what = "unusable" if text else "missing"
        raise InvalidValue(
            f"{flag} is {what}; it must be {DATABASE.expected}.", wrong_usage=True
        ) from None


async def copy(directory: Path, connect: Connect, *, is_silent: bool) -> Sequence[CopiedRows]:
    """Copy the database of a directory."""
    with copy_source(directory) as source, shown_progress(is_silent=is_silent) as progress:
        async with connect() as target:
            return await copy_database(source, target, progress)


def as_text(copied: Sequence[CopiedRows], target: DatabaseAddress) -> str:
    """Return a line for each table that has rows, and what to do next."""
    lines = [f"{one.count:>12,} {one.table}  sha256 {one.digest}" for one in copied if one.count]
    verdict = f"Both sides are the same. Start the node with --database {target}"
    return "".join(f"{line}\n" for line in [*lines, f"{verdict} and its password."])


def as_json(copied: Sequence[CopiedRows]) -> str:
    """Return what was copied as one object."""
    tables = [{"table": one.table, "rows": one.count, "sha256": one.digest} for one in copied]
    return json.dumps({"same": True, "tables": tables}, indent=2) + "\n"
