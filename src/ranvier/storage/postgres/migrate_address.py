"""Brings the tables of a PostgreSQL up to date without opening it as a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ranvier.storage.errors import OlderNodesRun
from ranvier.storage.postgres.connections import Connections, ConnectionSettings, Lent
from ranvier.storage.postgres.copy_target import refuse_half_copied
from ranvier.storage.postgres.migrate import migrate
from ranvier.storage.postgres.options import PostgresOptions
from ranvier.storage.postgres.primary import KnownPrimary
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "migrations")

SETTINGS: Final = ConnectionSettings(1, 0, {"application_name": "ranvier migration"})


async def migrate_address(
    dsn: str, options: PostgresOptions, older_than: str | None = None
) -> Sequence[str]:
    """Apply what is missing, and return its names.

    With a version it also takes away what only older nodes need; raises `OlderNodesRun` while a
    node of another version runs.
    """
    connections = Connections(dsn, options, KnownPrimary(), SETTINGS)
    connections.open()
    try:
        async with connections.lend() as lent:
            made = [*await migrate(lent.connection, "pre")]
            await refuse_half_copied(lent)
            if older_than is not None:
                await _refuse_older_nodes(lent, older_than)
                made += await migrate(lent.connection, "post")
    finally:
        await connections.close()
    return [f"{one.step} {one.number:04} {one.name}" for one in made]


async def _refuse_older_nodes(lent: Lent, version: str) -> None:
    rows = await lent.rows(_SQL["other_versions"], version)
    if rows:
        raise OlderNodesRun([f"{row['name']} ({row['version']})" for row in rows], version)
