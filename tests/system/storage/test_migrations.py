"""A migration is applied whole or not at all, and once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.sqlite import check, migrate
from ranvier.storage.sqlite.database import SqliteDatabase
from ranvier.storage.sqlite.migrate import Migration
from tests.support.appends import all_rows, event, store
from tests.support.databases import opened

KNOWN = migrate.known_migrations()
NEXT = KNOWN[-1].number + 1


def know(monkeypatch: pytest.MonkeyPatch, *more: Migration) -> None:
    for module in (migrate, check):
        monkeypatch.setattr(module, "known_migrations", lambda: [*KNOWN, *more])


async def test_a_later_program_adds_its_migrations_and_keeps_the_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await opened(SqliteDatabase, tmp_path)
    await store(database, event(0))
    await database.stop()
    know(monkeypatch, Migration(NEXT, "letters", "CREATE TABLE letter (text TEXT)"))
    for _ in range(2):
        database = await opened(SqliteDatabase, tmp_path)
        assert await all_rows(database) == [b"a/0"]
        report = await database.check()
        assert report.passed
        assert report.findings[1].detail == f"version {NEXT}, the newest"
        await database.stop()


async def test_a_migration_that_fails_half_way_leaves_the_version_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await opened(SqliteDatabase, tmp_path)
    await store(database, event(0))
    await database.stop()
    know(monkeypatch, Migration(NEXT, "broken", "CREATE TABLE letter (text); INSERT INTO nowhere"))
    with pytest.raises(StorageUnavailable):
        await SqliteDatabase(tmp_path).start()
    know(monkeypatch)
    database = await opened(SqliteDatabase, tmp_path)
    assert await all_rows(database) == [b"a/0"]
    assert (await database.check()).passed
    await database.stop()
    know(monkeypatch, Migration(NEXT, "letters", "CREATE TABLE letter (text TEXT)"))
    database = await opened(SqliteDatabase, tmp_path)
    await database.stop()
