"""A deleted context is cleared page by page, between the work of the others."""

from __future__ import annotations

from pathlib import Path

import apsw

from ranvier.events.snapshot import Snapshot
from ranvier.events.tag import Tag
from ranvier.storage.sqlite.connections import database_path
from ranvier.storage.sqlite.database import SqliteDatabase
from ranvier.storage.sqlite.options import SqliteOptions
from ranvier.storage.sqlite.statements import fetch_all
from tests.support.appends import event, store
from tests.support.databases import CONTEXT, opened

SMALL_PAGES = SqliteOptions(clearing_rows=2)
TABLES = ("event", "event_tag", "append_key", "snapshot", "context")


def rows_of(directory: Path) -> dict[str, int]:
    connection = apsw.Connection(str(database_path(directory)), flags=apsw.SQLITE_OPEN_READONLY)
    counts = {
        table: fetch_all(connection, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES
    }
    connection.close()
    return counts


async def filled(directory: Path) -> SqliteDatabase:
    database = SqliteDatabase(directory, SMALL_PAGES)
    await opened(lambda _: database, directory)
    await database.contexts.create("doomed")
    tags = (Tag(b"k", b"v"),)
    await store(database, *(event(n, tags=tags) for n in range(500)), context="doomed")
    for sequence in range(25):
        await database.snapshots.put("doomed", Snapshot("a", sequence, 0, b""))
    return database


async def clear_to_the_end(database: SqliteDatabase, directory: Path, stored: int) -> int:
    """Append until the clearing, which takes its turn after each append, has come to its end."""
    while rows_of(directory)["context"] > 1:
        await store(database, event(stored))
        stored += 1
    return stored


async def test_appends_take_their_turns_with_the_clearing(tmp_path: Path) -> None:
    database = await filled(tmp_path)
    await database.contexts.delete("doomed")
    assert await database.contexts.names() == [CONTEXT]
    await store(database, event(0))
    left = rows_of(tmp_path)["event"]
    assert left > 0, "the first append waited for the clearing to end"
    stored = await clear_to_the_end(database, tmp_path, 1)
    assert rows_of(tmp_path) == {
        "event": stored,
        "event_tag": 0,
        "append_key": stored,
        "snapshot": 0,
        "context": 1,
    }
    await database.stop()


async def test_clearing_goes_on_after_a_restart(tmp_path: Path) -> None:
    database = await filled(tmp_path)
    await database.contexts.delete("doomed")
    await database.stop()
    assert rows_of(tmp_path)["context"] == 2
    database = SqliteDatabase(tmp_path, SMALL_PAGES)
    await database.start()
    stored = await clear_to_the_end(database, tmp_path, 0)
    assert rows_of(tmp_path)["event"] == stored
    await database.stop()
