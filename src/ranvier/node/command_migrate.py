"""`ranvier database migrate`: brings the tables of a database up to date, without a node."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ranvier import __version__
from ranvier.config.flags import read_flags
from ranvier.config.settings import Settings
from ranvier.node.command_start import load
from ranvier.node.errors import DatabaseMissing
from ranvier.node.output_option import split_output
from ranvier.node.told_errors import told_errors
from ranvier.storage.postgres.migrate_address import migrate_address
from ranvier.storage.postgres.options import PostgresOptions
from ranvier.storage.sqlite.connections import database_path
from ranvier.storage.sqlite.migrate_directory import migrate_directory

HELP: Final = """\
Usage: ranvier database migrate [--post] [-o txt|json] [--database ADDRESS] [--data DIRECTORY]
                                [--config FILE]

Brings the tables up to date, as a node does when it starts; what is up to date is only read. On
PostgreSQL that leaves nodes of the version before working. With --post it also takes away what only
they need: do it when no node of an older version runs; it is refused while one does.
"""

POST: Final = "--post"


@told_errors
def main(arguments: Sequence[str]) -> int:
    """Migrate, and print what was done."""
    output, rest = split_output(arguments)
    flags = read_flags([word for word in rest if word != POST])
    if flags.wants_help:
        sys.stdout.write(HELP)
        return 0
    made = migrate(load(flags).settings, with_post=POST in rest)
    sys.stdout.write(as_json(made) if output == "json" else as_text(made))
    return 0


def migrate(settings: Settings, *, with_post: bool) -> Sequence[str]:
    """Apply what is missing, and return its names."""
    dsn = settings.database.dsn
    if dsn is not None:
        options = PostgresOptions(takes_unsafe=settings.unsafe_database)
        older_than = __version__ if with_post else None
        return asyncio.run(migrate_address(dsn.reveal(), options, older_than))
    return migrate_existing(settings.database_directory)


def migrate_existing(directory: Path) -> Sequence[str]:
    """Migrate the embedded database; raise `DatabaseMissing` where there is none."""
    path = database_path(directory)
    if not path.is_file():
        raise DatabaseMissing(path)
    return migrate_directory(directory)


def as_text(made: Sequence[str]) -> str:
    """Return a line for each step that was applied."""
    return "".join(f"applied {name}\n" for name in made) or "The tables are up to date.\n"


def as_json(made: Sequence[str]) -> str:
    """Return the names of the steps that were applied."""
    return json.dumps({"applied": list(made)}) + "\n"
