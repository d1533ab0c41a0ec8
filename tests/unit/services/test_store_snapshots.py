"""Snapshots: never ahead of their aggregate, listed newest first."""

from __future__ import annotations

import pytest

from ranvier.events.errors import SnapshotAheadOfEvents
from ranvier.events.snapshot import Snapshot
from ranvier.services.errors import NodeStopping
from ranvier.services.store_snapshots import StoreSnapshots
from tests.support.memory_event_log import MemoryEventLog, MemorySnapshots
from tests.support.new_events import stream


async def storing(*sequences: int) -> StoreSnapshots:
    log = MemoryEventLog()
    log.store("default", *stream(10))
    service = StoreSnapshots(MemorySnapshots(log))
    for sequence in sequences:
        await service.put("default", snapshot(sequence))
    return service


def snapshot(sequence: int) -> Snapshot:
    return Snapshot("a", sequence, 0, str(sequence).encode())


async def listed(service: StoreSnapshots, *bounds: int) -> list[int]:
    return [one.sequence for one in await service.list("default", "a", *bounds)]


async def test_a_snapshot_ahead_of_its_aggregate_is_refused() -> None:
    service = await storing()
    with pytest.raises(SnapshotAheadOfEvents, match="sequence number: 9, snapshot sequence 10"):
        await service.put("default", snapshot(10))
    await service.put("default", snapshot(9))
    assert await listed(service) == [9]


async def test_snapshots_are_listed_newest_first_within_their_bounds() -> None:
    service = await storing(1, 5, 3, 7)
    assert await listed(service) == [7, 5, 3, 1]
    assert await listed(service, 2, 6) == [5, 3]
    assert await listed(service, 0, 9, 2) == [7, 5]


async def test_a_limit_of_zero_or_less_is_none_and_an_end_below_zero_finds_nothing() -> None:
    service = await storing(1, 2)
    assert await listed(service, 0, 9, 0) == [2, 1]
    assert await listed(service, -4, 9, -1) == [2, 1]
    assert await listed(service, 0, -1) == []


async def test_a_stopping_node_takes_no_snapshot() -> None:
    service = await storing(1)
    await service.start()
    await service.stop()
    with pytest.raises(NodeStopping):
        await service.put("default", snapshot(2))
    assert await listed(service) == [1]
