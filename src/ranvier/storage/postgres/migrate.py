"""Migrations: numbered, forward only, in two steps, each one transaction and remembered.

*Pre* makes room for this program and leaves an older one working; *post* takes away what only an
older one needs. Nodes of both versions run side by side between the two.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import Final, Literal

import asyncpg
from asyncpg import Connection

from ranvier.storage.errors import MigrationChanged
from ranvier.storage.postgres.connections import SCHEMA

Step = Literal["pre", "post"]

LOCK: Final = 0x52414E56
"""The advisory lock ("RANV") under which one node at a time migrates."""

_HISTORY = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE IF NOT EXISTS migration (
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


async def migrate(connection: Connection, *steps: Step) -> None:
    """Bring the schema up to date with these steps; what is up to date already is only read."""
    await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
    try:
        await connection.execute(_HISTORY)
        for step in steps:
            applied = await applied_migrations(connection, step)
            for migration in known_migrations(step):
                await _apply(connection, migration, applied.get(migration.number))
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)


async def applied_migrations(connection: Connection, step: Step) -> dict[int, str]:
    """The checksums of the migrations that made this database, by number."""
    rows = await connection.fetch("SELECT number, checksum FROM migration WHERE step = $1", step)
    return {row["number"]: row["checksum"] for row in rows}


async def _apply(connection: Connection, migration: Migration, applied: str | None) -> None:
    if applied == migration.checksum:
        return
    if applied is not None:
        raise MigrationChanged(migration.number, migration.name)
    async with connection.transaction():
        await connection.execute(migration.script)
        await connection.execute(
            "INSERT INTO migration (step, number, name, checksum) VALUES ($1, $2, $3, $4)",
            migration.step,
            migration.number,
            migration.name,
            migration.checksum,
        )


async def is_up_to_date(connection: Connection) -> bool:
    """Tell whether every migration of this program has been applied."""
    try:
        applied = {step: await applied_migrations(connection, step) for step in ("pre", "post")}
    except asyncpg.UndefinedTableError:
        return False
    return all(
        applied[step].get(migration.number) == migration.checksum
        for step in ("pre", "post")
        for migration in known_migrations(step)
    )
