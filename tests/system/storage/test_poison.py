"""What only the database refuses, one row of a batch, must not harm the rows around it."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from ranvier.events.append import Accepted, Refused
from ranvier.events.errors import InvalidEvent, InvalidSequence
from ranvier.events.snapshot import Snapshot
from ranvier.storage.errors import StorageError, StorageFull
from ranvier.storage.sqlite.connections import database_path
from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.appends import all_rows, append, event, refusals, store
from tests.support.databases import CONTEXT, opened
from tests.support.faulty_disk import FaultyDisk


async def poisoned(directory: Path, how: str) -> SqliteDatabase:
    """A database that refuses rows named "poison" in a way that no check of ours foresees."""
    database = await opened(SqliteDatabase, directory)
    await database.stop()
    connection = apsw.Connection(str(database_path(directory)))
    for table in ("event", "snapshot"):
        connection.execute(
            f"CREATE TRIGGER poison_{table} BEFORE INSERT ON {table} WHEN NEW.name = 'poison' "
            f"BEGIN SELECT RAISE({how}, 'not this one'); END"
        )
    connection.close()
    reopened = SqliteDatabase(directory)
    await reopened.start()
    return reopened


# ROLLBACK ends the whole transaction from within a statement, as SQLite itself does in need.
@pytest.mark.parametrize("how", ["ABORT", "FAIL", "ROLLBACK"])
async def test_the_neighbours_of_a_poisonous_append_are_stored(tmp_path: Path, how: str) -> None:
    database = await poisoned(tmp_path, how)
    poison = event(0, None, name="poison")
    batch = [
        append(poison)
        if n in (3, 4, 11)
        else append(event(n, f"order-{n % 2}" if n > 50 else None))
        for n in range(16)
    ]
    batch[7] = append(event(0, "b"), poison)
    batch[8] = append(event(1, "b"))
    outcomes = await database.events.append(CONTEXT, batch)
    kinds = refusals(outcomes)
    assert [n for n, kind in enumerate(kinds) if kind is InvalidEvent] == [3, 4, 7, 11]
    assert kinds[8] is InvalidSequence
    tokens = [one.first_token for one in outcomes if isinstance(one, Accepted)]
    assert tokens == list(range(11))
    assert len(await all_rows(database)) == 11
    guilty = outcomes[3]
    assert isinstance(guilty, Refused)
    assert "not this one" in str(guilty.error)
    assert (await database.check()).passed
    await database.stop()


async def test_a_disk_that_fills_between_the_halves_of_a_batch_is_told_to_the_later_ones(
    disk: FaultyDisk, tmp_path: Path
) -> None:
    database = await poisoned(tmp_path, "ABORT")
    stored = 0
    seen: set[tuple[type, ...]] = set()
    for writes_let_through in range(100):
        names = ("Opened", "Opened", "Opened", "poison")
        batch = [append(event(0, None, name=name)) for name in names]
        disk.fill_after(writes_let_through)
        try:
            kinds = tuple(refusals(await database.events.append(CONTEXT, batch)))
        except StorageFull:
            kinds = (StorageFull,)
        disk.recover()
        seen.add(kinds)
        stored += kinds.count(Accepted)
        assert len(await all_rows(database)) == stored
    assert seen == {
        (StorageFull,),
        (Accepted, Accepted, StorageFull, StorageFull),
        (Accepted, Accepted, Accepted, InvalidEvent),
    }
    await database.stop()


async def test_a_poisonous_append_alone_is_refused(tmp_path: Path) -> None:
    database = await poisoned(tmp_path, "ABORT")
    outcomes = await database.events.append(CONTEXT, [append(event(0, name="poison"))])
    assert refusals(outcomes) == [InvalidEvent]
    assert await store(database, event(0)) == Accepted(0, 1)
    await database.stop()


async def test_the_neighbours_of_a_poisonous_snapshot_are_stored(tmp_path: Path) -> None:
    database = await poisoned(tmp_path, "ABORT")
    await store(database, *(event(n) for n in range(10)))
    wanted = [Snapshot("a", n, 0, b"", "poison" if n in (2, 7) else "State") for n in range(10)]
    failed = []
    for snapshot in wanted:
        try:
            await database.snapshots.put(CONTEXT, snapshot)
        except StorageError:
            failed.append(snapshot.sequence)
    assert failed == [2, 7]
    assert await database.snapshot_counts() == {CONTEXT: 8}
    await database.stop()
