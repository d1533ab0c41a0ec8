"""A PostgreSQL as the target of a copy: page by page, each a transaction of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from ranvier.storage.copied_tables import TABLES, CopiedTable, Row, selection
from ranvier.storage.errors import CopyTargetTaken, StorageUnavailable
from ranvier.storage.postgres.connections import (
    SCHEMA,
    Connections,
    ConnectionSettings,
    Lent,
    refuse_unconfirmed,
)
from ranvier.storage.postgres.migrate import migrate
from ranvier.storage.postgres.options import PostgresOptions
from ranvier.storage.postgres.primary import KnownPrimary
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "copy")

LOCK: Final = 0x52414E57
"""The advisory lock under which one program at a time copies into a database."""

MAY_BE_THERE: Final = frozenset(
    {"context", "context_property", "cluster_identity", "set_up_secret"}
)
"""What a node that was started and never used leaves behind."""

SWITCHES: Final = frozenset({"dcb", "is_used", "one"})
"""Columns that the embedded database spells 0 and 1."""

SETTINGS: Final = ConnectionSettings(
    1, 0, {"application_name": "ranvier copy", "statement_timeout": "0"}
)


class PostgresCopyTarget:
    """Takes the rows of each table in the order of their keys, so that a copy can go on."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def prepare(self, fingerprint: str) -> bool:
        """Make the tables and be ready; tell whether a copy of the same source goes on.

        One of another source, or of the same before a node used it again, begins anew. Raises
        `CopyTargetTaken` for a database that anything else has been stored in, or that is in use.
        """
        async with self._connections.lend() as lent:
            await self._take(lent)
            await migrate(lent.connection)
            begun = await lent.rows(_SQL["begun"])
            if begun and await lent.connection.fetchval(_SQL["source"]) == fingerprint:
                return True
            if not begun:
                await self._refuse_used(lent)
            async with lent.connection.transaction():
                await lent.connection.execute(_SQL["begin"])
                await lent.connection.execute(f"TRUNCATE {', '.join(one.name for one in TABLES)}")
                await lent.connection.execute(_SQL["note_source"], fingerprint)
        return False

    async def last_key(self, table: CopiedTable) -> Row | None:
        """Return the key of the last row that is there already."""
        columns, order = ", ".join(table.key), ", ".join(f"{name} DESC" for name in table.key)
        rows = await self._connections.ask(
            selection(columns, "FROM", table.name, "ORDER BY", order, "LIMIT 1")
        )
        return as_stored(rows[0]) if rows else None

    async def insert(self, table: CopiedTable, rows: Sequence[Row]) -> None:
        """Store a page, wholly or not at all; it comes after all that is there."""
        switches = [name in SWITCHES for name in table.columns]
        records = [tuple(map(as_column, row, switches)) for row in rows]
        async with self._connections.lend() as lent:
            await lent.connection.copy_records_to_table(
                table.name, records=records, columns=table.columns, schema_name=SCHEMA
            )
            refuse_unconfirmed(lent)

    async def count(self, table: CopiedTable) -> int:
        """How many rows a table has."""
        rows = await self._connections.ask(selection("count(*) FROM", table.name))
        return int(rows[0][0])

    async def rows(self, table: CopiedTable, after: Row | None, last: Row) -> list[Row]:
        """Return the rows whose keys come after one, if there is one, up to and with another."""
        key, width = ", ".join(table.key), len(table.key)
        places = [f"${number}" for number in range(1, 2 * width + 1)]
        condition = f"({key}) <= ({', '.join(places[:width])})"
        if after is not None:
            condition += f" AND ({key}) > ({', '.join(places[width:])})"
        columns = ", ".join(table.columns)
        clauses = (columns, "FROM", table.name, "WHERE", condition, "ORDER BY", key)
        switches = [name in SWITCHES for name in table.key]
        found = await self._connections.ask(
            selection(*clauses),
            *map(as_column, last, switches),
            *map(as_column, after or (), switches),
        )
        return [as_stored(row) for row in found]

    async def finish(self) -> None:
        """Let nodes use it: the copy is complete."""
        async with self._connections.lend() as lent:
            await lent.connection.execute(_SQL["finish"])
            refuse_unconfirmed(lent)
            await lent.connection.execute("ANALYZE")

    async def _take(self, lent: Lent) -> None:
        (row,) = await lent.rows(_SQL["take"], LOCK)
        if not row["is_taken"]:
            raise CopyTargetTaken("another copy into it is under way: wait for its end")
        if row["users"]:
            raise CopyTargetTaken(f"{row['users']} connections of nodes use it: stop them first")

    async def _refuse_used(self, lent: Lent) -> None:
        for table in TABLES:
            if table.name not in MAY_BE_THERE and await self._is_used(lent, table.name):
                raise CopyTargetTaken("it holds other data: give an empty one")
        if await lent.connection.fetchval(_SQL["has_contexts"]):
            raise CopyTargetTaken("it holds other contexts: give an empty one")

    async def _is_used(self, lent: Lent, table: str) -> bool:
        return bool(await lent.connection.fetchval(selection("EXISTS (TABLE", table, ")")))


def as_column(value: Any, is_switch: bool) -> Any:  # noqa: FBT001  # mapped over a row
    """Return a value of the embedded database as the column here takes it."""
    return bool(value) if is_switch else value


def as_stored(row: Sequence[Any]) -> Row:
    """Return a row as the embedded database gives it."""
    return tuple(int(value) if isinstance(value, bool) else value for value in row)


@asynccontextmanager
async def copy_target(dsn: str, options: PostgresOptions) -> AsyncIterator[PostgresCopyTarget]:
    """Connect for the length of a block; raises `StorageUnavailable`."""
    connections = Connections(dsn, options, KnownPrimary(), SETTINGS)
    connections.open()
    try:
        yield PostgresCopyTarget(connections)
    finally:
        await connections.close()


async def refuse_half_copied(lent: Lent) -> None:
    """Raise `StorageUnavailable` where a copy was begun and has not come to its end."""
    if await lent.rows(_SQL["begun"]):
        raise StorageUnavailable(
            "a copy into it has not come to its end; run the same `ranvier database copy` again"
        )
