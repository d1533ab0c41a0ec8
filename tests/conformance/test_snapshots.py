from __future__ import annotations

import asyncio

import pytest

from ranvier.events.errors import InvalidEvent, SnapshotAheadOfEvents, UnknownContext
from ranvier.events.snapshot import Snapshot
from ranvier.storage.database import Database
from tests.support.appends import event, store
from tests.support.databases import CONTEXT

ENDLESS = 2**63 - 1


def snapshot(sequence: int, aggregate_id: str = "a", data: bytes = b"state") -> Snapshot:
    return Snapshot(aggregate_id, sequence, 7, data, "OrderState")


async def listed(
    database: Database, first: int = 0, last: int = ENDLESS, limit: int = 100
) -> list[int]:
    found = await database.snapshots.list(
        CONTEXT, "a", from_sequence=first, to_sequence=last, limit=limit
    )
    return [one.sequence for one in found]


async def test_snapshots_come_back_newest_first(database: Database) -> None:
    await store(database, *(event(n) for n in range(10)))
    for sequence in (3, 9, 0, 5):
        await database.snapshots.put(CONTEXT, snapshot(sequence))
    assert await listed(database) == [9, 5, 3, 0]
    assert await listed(database, 1, 5) == [5, 3]
    assert await listed(database, limit=2) == [9, 5]
    assert await listed(database, last=-1) == []
    newest = await database.snapshots.newest(CONTEXT, "a", from_sequence=0, to_sequence=8)
    assert newest == snapshot(5)
    assert await database.snapshots.newest(CONTEXT, "b", from_sequence=0, to_sequence=8) is None


async def test_a_snapshot_ahead_of_its_events_is_refused(database: Database) -> None:
    await store(database, event(0))
    with pytest.raises(SnapshotAheadOfEvents, match="sequence number: 0, snapshot sequence 1"):
        await database.snapshots.put(CONTEXT, snapshot(1))
    with pytest.raises(SnapshotAheadOfEvents, match="sequence number: -1, snapshot sequence 0"):
        await database.snapshots.put(CONTEXT, snapshot(0, "unheard of"))
    assert await listed(database) == []


async def test_a_snapshot_of_the_same_sequence_replaces(database: Database) -> None:
    await store(database, event(0))
    await database.snapshots.put(CONTEXT, snapshot(0, data=b"old"))
    await database.snapshots.put(CONTEXT, snapshot(0, data=b"new"))
    newest = await database.snapshots.newest(CONTEXT, "a", from_sequence=0, to_sequence=0)
    assert newest == snapshot(0, data=b"new")
    assert await database.snapshot_counts() == {CONTEXT: 1}


async def test_snapshots_that_arrive_together_are_judged_one_by_one(database: Database) -> None:
    await store(database, *(event(n) for n in range(50)))
    results = await asyncio.gather(
        *(database.snapshots.put(CONTEXT, snapshot(n)) for n in range(0, 100, 2)),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None)] * 25 + [SnapshotAheadOfEvents] * 25
    assert await listed(database) == list(range(48, -1, -2))
    assert await database.snapshot_counts() == {CONTEXT: 25}


async def test_snapshots_of_all_aggregates_are_browsed_from_the_last(database: Database) -> None:
    for aggregate_id in ("a", "B", "é", "ab"):
        await store(database, *(event(n, aggregate_id) for n in range(3)))
        for sequence in (0, 2):
            await database.snapshots.put(CONTEXT, snapshot(sequence, aggregate_id))
    expected = [(one, at) for one in ("é", "ab", "a", "B") for at in (2, 0)]
    seen: list[tuple[str, int]] = []
    while True:
        page = await database.snapshots.browse(CONTEXT, before=seen[-1] if seen else None, limit=3)
        if not page:
            break
        assert len(page) <= 3
        seen += [(one.aggregate_id, one.sequence) for one in page]
    assert seen == expected
    with pytest.raises(UnknownContext):
        await database.snapshots.browse("nowhere", before=None, limit=1)


async def test_what_no_database_stores_is_refused(database: Database) -> None:
    await store(database, event(0))
    with pytest.raises(InvalidEvent):
        await database.snapshots.put(CONTEXT, snapshot(0, "a\0"))
    with pytest.raises(UnknownContext):
        await database.snapshots.put("nowhere", snapshot(0))
    with pytest.raises(UnknownContext):
        await database.snapshots.newest("nowhere", "a", from_sequence=0, to_sequence=1)
