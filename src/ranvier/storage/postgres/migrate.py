"""Migrations: numbered, forward only, in two steps, each one transaction and remembered.

*Pre* makes room for this program and leaves the one before it working; *post* takes away what only
that one needs. Nodes of both versions run side by side between the two: a node that starts makes
the first step, and the second is made by hand once no older node is left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final, Literal

import asyncpg
from asyncpg import Connection

from ranvier.storage.errors import DatabaseTooNew, ForeignDatabase, MigrationChanged
from ranvier.storage.postgres.connections import SCHEMA
from ranvier.storage.statements import load_statements

Step = Literal["pre", "post"]

STEPS: Final[tuple[Step, ...]] = ("pre", "post")

LOCK: Final = 0x52414E56
"""The advisory lock ("RANV") under which one node at a time migrates."""

_SQL = load_statements(__package__ or "", "migrations")

_HISTORY_COLUMNS: Final = 4
"""Columns of the table of migrations by which it is known as ours."""

_HISTORY: Final = """
CREATE TABLE migration (
    step text NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (step, number)
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema, as it stands in its file."""

    step: Step
    number: int
    name: str
    script: str

    @property
    def checksum(self) -> str:
        """The digest by which a later program knows that it has the same step."""
        return hashlib.sha256(self.script.encode()).hexdigest()


def known_migrations(step: Step) -> list[Migration]:
    """All migrations of a step that this program has, in order."""
    folder = resources.files(__package__) / "migrations" / step
    found: list[Migration] = []
    for file in folder.iterdir():
        number, _, rest = file.name.partition("_")
        if rest.endswith(".sql"):
            script = file.read_text("utf-8")
            found.append(Migration(step, int(number), rest[: -len(".sql")], script))
    return sorted(found, key=lambda migration: migration.number)


async def migrate(connection: Connection, *steps: Step) -> Sequence[Migration]:
    """Apply these steps, and return those that were not applied yet.

    Without any named, *pre*, and in a new database *post* as well: nothing older uses that one.
    What is up to date is only read. Raises `ForeignDatabase`, `DatabaseTooNew` and
    `MigrationChanged`, and has then changed nothing.
    """
    await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
    try:
        is_new = await _is_new(connection)
        await _refuse_newer(connection)
        made: list[Migration] = []
        for step in steps or (("pre", "post") if is_new else ("pre",)):
            applied = await applied_migrations(connection, step)
            made += [
                migration
                for migration in known_migrations(step)
                if await _apply(connection, migration, applied.get(migration.number))
            ]
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)
    return made


async def applied_migrations(connection: Connection, step: Step) -> dict[int, str]:
    """The checksums of the migrations that made this database, by number."""
    rows = await connection.fetch(_SQL["applied"], step)
    return {row["number"]: row["checksum"] for row in rows}


async def missing_migrations(connection: Connection) -> Sequence[Migration]:
    """Return what has not been applied yet; nothing is changed. Raises as `migrate` does."""
    inventory = await _inventory(connection)
    if not inventory["has_history"]:
        return [*known_migrations("pre"), *known_migrations("post")]
    await _refuse_newer(connection)
    missing: list[Migration] = []
    for step in STEPS:
        applied = await applied_migrations(connection, step)
        missing += [
            migration
            for migration in known_migrations(step)
            if _is_missing(migration, applied.get(migration.number))
        ]
    return missing


async def _inventory(connection: Connection) -> asyncpg.Record:
    """Return what stands in our schema; raises `ForeignDatabase` if it is somebody else's."""
    inventory = await connection.fetchrow(_SQL["inventory"], SCHEMA, _HISTORY_COLUMNS)
    if inventory["relations"] and not inventory["has_history"]:
        what = f"in use by another program, whose tables stand in the schema {SCHEMA}"
        raise ForeignDatabase(str(inventory["name"]), what)
    return inventory


async def _is_new(connection: Connection) -> bool:
    """Make room for the history of migrations; tell whether nothing has been made here yet."""
    inventory = await _inventory(connection)
    # Even where they exist already, PostgreSQL asks whoever creates them for the right to do so.
    if not inventory["has_schema"]:
        await connection.execute(f"CREATE SCHEMA {SCHEMA}")
    if not inventory["has_history"]:
        await connection.execute(_HISTORY)
    return not await applied_migrations(connection, "pre")


async def _refuse_newer(connection: Connection) -> None:
    """Refuse a database from which a newer program has taken away what this one needs.

    What a newer one has only added, in a *pre* step, leaves this one working.
    """
    known = known_migrations("post")[-1].number
    found = max(await applied_migrations(connection, "post"), default=0)
    if found > known:
        raise DatabaseTooNew(await connection.fetchval("SELECT current_database()"), found, known)


def _is_missing(migration: Migration, applied: str | None) -> bool:
    if applied not in (None, migration.checksum):
        raise MigrationChanged(migration.number, migration.name)
    return applied is None


async def _apply(connection: Connection, migration: Migration, applied: str | None) -> bool:
    if not _is_missing(migration, applied):
        return False
    async with connection.transaction():
        await connection.execute(migration.script)
        await connection.execute(
            _SQL["remember"],
            migration.step,
            migration.number,
            migration.name,
            migration.checksum,
        )
    return True
