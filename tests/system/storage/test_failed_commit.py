"""A commit whose end is not seen: unknown at first, then one truth that stays."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ranvier.events.append import Accepted, Append, Unknown
from ranvier.events.snapshot import Snapshot
from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.sqlite.database import SqliteDatabase
from ranvier.storage.sqlite.options import SqliteOptions
from tests.support.appends import all_rows, append, event, refusals, store
from tests.support.databases import CONTEXT, opened
from tests.support.faulty_disk import FaultyDisk

AT_ONCE = SqliteOptions(reopen_seconds=0)


async def opened_with(options: SqliteOptions, directory: Path) -> SqliteDatabase:
    database = SqliteDatabase(directory, options)
    await opened(lambda _: database, directory)
    return database


async def answer(database: SqliteDatabase, one: Append) -> Accepted | None:
    """Look an append up as a service does: as often as it takes."""
    while True:
        try:
            return await database.events.find_append(CONTEXT, one.append_id)
        except StorageUnavailable:
            continue


def is_ready(database: SqliteDatabase) -> bool:
    return database.ready


async def test_a_commit_that_fails_to_sync_is_unknown_and_the_database_not_ready(
    disk: FaultyDisk, tmp_path: Path
) -> None:
    database = await opened_with(SqliteOptions(reopen_seconds=60), tmp_path)
    await store(database, event(0))
    disk.fail_to_sync()
    batch = [append(event(1)), append(event(7)), append(event(2))]
    assert refusals(await database.events.append(CONTEXT, batch)) == [Unknown] * 3
    assert not database.ready
    with pytest.raises(StorageUnavailable):
        await database.events.find_append(CONTEXT, batch[0].append_id)
    with pytest.raises(StorageUnavailable, match="about to be opened anew"):
        await database.events.append(CONTEXT, [append(event(1))])
    assert (await all_rows(database))[0] == b"a/0"
    await database.stop()


async def test_once_looked_up_the_answer_stays_true_even_after_a_crash(
    disk: FaultyDisk, tmp_path: Path
) -> None:
    database = await opened_with(AT_ONCE, tmp_path / "data")
    await store(database, event(0))
    disk.fail_to_sync()
    lost = append(event(1), event(2))
    assert refusals(await database.events.append(CONTEXT, [lost])) == [Unknown]
    disk.recover()
    found = await answer(database, lost)
    assert database.ready
    rows = await all_rows(database)
    assert len(rows) == (3 if found else 1)
    # What a crash at this moment would leave is opened elsewhere: it must say the same.
    shutil.copytree(tmp_path / "data", tmp_path / "crashed")
    crashed = await opened_with(AT_ONCE, tmp_path / "crashed")
    assert await crashed.events.find_append(CONTEXT, lost.append_id) == found
    assert await all_rows(crashed) == rows
    await crashed.stop()
    await store(database, event(len(rows)))
    assert (await database.check()).passed
    await database.stop()


async def test_a_disk_that_still_fails_is_not_taken_for_a_good_one(
    disk: FaultyDisk, tmp_path: Path
) -> None:
    database = await opened_with(AT_ONCE, tmp_path)
    await database.stop()
    # The log is empty now: bringing it home would succeed without asking the disk for anything.
    database = await opened_with(AT_ONCE, tmp_path)
    disk.fail_to_sync()
    lost = append(event(0))
    assert refusals(await database.events.append(CONTEXT, [lost])) == [Unknown]
    for _ in range(3):
        with pytest.raises(StorageUnavailable, match="opening it anew failed"):
            await database.events.find_append(CONTEXT, lost.append_id)
        assert not is_ready(database)
    await database.stop()


async def test_what_a_killed_process_left_in_the_log_is_synced_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await opened_with(AT_ONCE, tmp_path / "data")
    await store(database, event(0))
    shutil.copytree(tmp_path / "data", tmp_path / "killed")
    await database.stop()
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    log = os.stat(tmp_path / "killed" / "ranvier.db-wal").st_ino
    killed = await opened_with(AT_ONCE, tmp_path / "killed")
    assert log in synced
    assert await all_rows(killed) == [b"a/0"]
    await killed.stop()


async def test_the_database_opens_itself_anew(disk: FaultyDisk, tmp_path: Path) -> None:
    database = await opened_with(SqliteOptions(reopen_seconds=0.005), tmp_path)
    disk.fail_to_sync()
    await database.events.append(CONTEXT, [append(event(0))])
    assert not is_ready(database)
    disk.recover()
    while not is_ready(database):
        await database.events.heads()
    assert len(await all_rows(database)) in (0, 1)
    await database.stop()


async def test_a_snapshot_whose_commit_fails_is_to_be_sent_again(
    disk: FaultyDisk, tmp_path: Path
) -> None:
    database = await opened_with(AT_ONCE, tmp_path)
    await store(database, event(0))
    disk.fail_to_sync()
    with pytest.raises(StorageUnavailable, match="send it again"):
        await database.snapshots.put(CONTEXT, Snapshot("a", 0, 0, b"state"))
    disk.recover()
    await database.snapshots.put(CONTEXT, Snapshot("a", 0, 0, b"state"))
    assert await database.snapshot_counts() == {CONTEXT: 1}
    await database.stop()


async def test_a_context_whose_creation_is_unknown_shows_what_became_of_it(
    disk: FaultyDisk, tmp_path: Path
) -> None:
    database = await opened_with(AT_ONCE, tmp_path)
    disk.fail_to_sync()
    with pytest.raises(StorageUnavailable, match="look whether it was stored"):
        await database.contexts.create("another")
    disk.recover()
    await answer(database, append())
    heads = await database.events.heads()
    assert await database.contexts.names() == sorted(heads)
    await database.stop()
