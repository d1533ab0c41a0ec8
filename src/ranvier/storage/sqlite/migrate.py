"""Migrations: numbered, forward only, each one transaction, each remembered with its checksum."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import apsw

from ranvier.storage.errors import DatabaseTooNew, ForeignDatabase, MigrationChanged
from ranvier.storage.sqlite.statements import fetch_all

APPLICATION_ID = 0x52414E56
"""Stands in the file's header ("RANV"): a database of somebody else is not touched."""

_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_VERSION_AT = 60
_APPLICATION_AT = 68

_HISTORY_TABLE = """
CREATE TABLE IF NOT EXISTS migration (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at INTEGER NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema, as it stands in its file."""

    number: int
    name: str
    script: str

    @property
    def checksum(self) -> str:
        """The digest by which a later program knows that it has the same step."""
        return hashlib.sha256(self.script.encode()).hexdigest()


def known_migrations() -> list[Migration]:
    """All migrations that this program has, in order."""
    folder = resources.files(__package__) / "migrations"
    found: list[Migration] = []
    for file in folder.iterdir():
        number, _, rest = file.name.partition("_")
        if rest.endswith(".sql"):
            found.append(Migration(int(number), rest[: -len(".sql")], file.read_text("utf-8")))
    return sorted(found, key=lambda migration: migration.number)


def refuse_unsuitable_file(path: Path) -> None:
    """Raise if the file was written by a newer version or is no database of ours.

    Only the header is read: nothing is opened, locked, recovered or written.
    """
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if not header.startswith(_MAGIC) or len(header) < _HEADER_BYTES:
        raise ForeignDatabase(path, "not an SQLite database")
    application = int.from_bytes(header[_APPLICATION_AT : _APPLICATION_AT + 4], "big")
    version = int.from_bytes(header[_VERSION_AT : _VERSION_AT + 4], "big")
    if application not in (0, APPLICATION_ID) or (application == 0 and version != 0):
        raise ForeignDatabase(path, "an SQLite database of another program")
    newest = known_migrations()[-1].number
    if application == APPLICATION_ID and version > newest:
        raise DatabaseTooNew(path, version, newest)


def migrate(connection: apsw.Connection, path: Path) -> None:
    """Bring the schema up to date; what is up to date already is only read."""
    migrations = known_migrations()
    version: int = fetch_all(connection, "PRAGMA user_version")[0][0]
    if version > migrations[-1].number:
        raise DatabaseTooNew(path, version, migrations[-1].number)
    if not version and fetch_all(connection, "SELECT 1 FROM sqlite_schema LIMIT 1"):
        raise ForeignDatabase(path, "an SQLite database of another program")
    if version:
        _compare_with_history(connection, migrations)
    missing = [migration for migration in migrations if migration.number > version]
    for migration in missing:
        _apply(connection, migration)
    if missing:
        # The version must stand in the file itself: an older program looks for it there.
        fetch_all(connection, "PRAGMA wal_checkpoint(TRUNCATE)")


def applied_migrations(connection: apsw.Connection) -> list[tuple[int, str, str]]:
    """The number, name and checksum of every migration that made this database."""
    return fetch_all(connection, "SELECT number, name, checksum FROM migration ORDER BY number")


def _compare_with_history(connection: apsw.Connection, migrations: list[Migration]) -> None:
    known = {migration.number: migration for migration in migrations}
    for number, name, checksum in applied_migrations(connection):
        if number not in known or known[number].checksum != checksum:
            raise MigrationChanged(number, name)


def _apply(connection: apsw.Connection, migration: Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_HISTORY_TABLE)
        fetch_all(connection, migration.script)
        connection.execute(
            "INSERT INTO migration (number, name, checksum, applied_at) VALUES (?, ?, ?, ?)",
            (migration.number, migration.name, migration.checksum, int(time.time() * 1000)),
        )
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {migration.number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
