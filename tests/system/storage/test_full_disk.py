"""A disk that runs full: appends are refused whole, reads go on, and room makes all good again."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ranvier.events.append import Accepted
from ranvier.events.snapshot import Snapshot
from ranvier.storage.errors import StorageFull
from ranvier.storage.sqlite.database import SqliteDatabase
from ranvier.storage.sqlite.options import SqliteOptions
from tests.support.appends import all_rows, append, event, store
from tests.support.databases import CONTEXT, opened
from tests.support.faulty_disk import FaultyDisk


async def test_wherever_in_a_batch_the_disk_is_full_nothing_of_it_is_stored(
    disk: FaultyDisk, tmp_path: Path
) -> None:
    database = await opened(SqliteDatabase, tmp_path)
    stored = 0
    for writes_let_through in range(200):
        batch = [
            append(event(stored), event(stored + 1)),
            append(event(stored + 9)),
            append(event(stored + 2, data=bytes(20_000))),
        ]
        disk.fill_after(writes_let_through)
        try:
            outcomes = await database.events.append(CONTEXT, batch)
        except StorageFull:
            disk.recover()
            assert len(await all_rows(database)) == stored
            for one in batch:
                assert await database.events.find_append(CONTEXT, one.append_id) is None
            assert await store(database, event(stored)) == Accepted(stored, 1)
            stored += 1
        else:
            assert [type(outcome).__name__ for outcome in outcomes] == [
                "Accepted",
                "Refused",
                "Accepted",
            ]
            break
    else:
        pytest.fail("the batch was never stored")
    assert writes_let_through > 5
    disk.recover()
    assert (await database.check()).passed
    await database.stop()


async def test_a_full_disk_refuses_appends_and_goes_on_reading(
    disk: FaultyDisk, tmp_path: Path
) -> None:
    database = await opened(SqliteDatabase, tmp_path)
    await store(database, event(0), event(1))
    disk.be_full()
    for _ in range(3):
        with pytest.raises(StorageFull, match="free some room"):
            await database.events.append(CONTEXT, [append(event(2))])
        with pytest.raises(StorageFull):
            await database.snapshots.put(CONTEXT, Snapshot("a", 0, 0, b"state"))
        with pytest.raises(StorageFull):
            await database.contexts.create("another")
        assert await all_rows(database) == [b"a/0", b"a/1"]
    assert database.ready
    assert StorageFull.retry_may_help
    disk.recover()
    assert await store(database, event(2)) == Accepted(2, 1)
    assert await database.contexts.names() == [CONTEXT]
    await database.stop()


async def test_a_node_starts_and_reads_on_a_disk_that_is_full(
    disk: FaultyDisk, tmp_path: Path
) -> None:
    database = await opened(SqliteDatabase, tmp_path)
    await store(database, event(0))
    await database.stop()
    disk.be_full()
    database = await opened(SqliteDatabase, tmp_path)
    assert await all_rows(database) == [b"a/0"]
    with pytest.raises(StorageFull):
        await database.events.append(CONTEXT, [append(event(1))])
    await database.stop()


async def test_a_full_disk_under_a_checkpoint_loses_nothing(
    disk: FaultyDisk, tmp_path: Path
) -> None:
    database = SqliteDatabase(tmp_path, SqliteOptions(checkpoint_pages=8))
    await opened(lambda _: database, tmp_path)
    for sequence in range(50):
        await store(database, event(sequence, data=bytes(5_000)))

    def database_file_is_full(name: str) -> None:
        if not name.endswith("-wal"):
            disk.be_full()
            disk.on_write(name)

    disk.on_write = database_file_is_full
    stored = 50
    for sequence in range(50, 100):
        try:
            await store(database, event(sequence, data=bytes(5_000)))
        except StorageFull:
            break
        stored += 1
    assert len(await all_rows(database)) == stored
    disk.recover()
    await store(database, event(stored))
    assert (await database.check()).passed
    await database.stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 2 MiB, where mounting one is allowed."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting a small file system is not allowed here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


async def test_a_real_file_system_runs_full_and_gets_room_again(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(600_000))
    database = await opened(SqliteDatabase, small_disk)
    stored = 0
    with contextlib.suppress(StorageFull):
        while stored < 10_000:
            await store(database, *(event(stored + n, data=bytes(1_000)) for n in range(10)))
            stored += 10
    assert 100 < stored < 10_000
    assert len(await all_rows(database)) == stored
    with pytest.raises(StorageFull):
        await database.events.append(
            CONTEXT, [append(event(stored, data=bytes(100_000))), append(event(0, "b"))]
        )
    ballast.unlink()
    await store(database, *(event(stored + n, data=bytes(1_000)) for n in range(10)))
    assert len(await all_rows(database)) == stored + 10
    assert (await database.check()).passed
    await database.stop()
