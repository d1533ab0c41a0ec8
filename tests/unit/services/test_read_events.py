"""Finite reads: tokens, aggregates with and without snapshots, pages of the log."""

from __future__ import annotations

import pytest

from ranvier.events.errors import UnknownContext
from ranvier.events.snapshot import Snapshot
from ranvier.services.read_events import ReadEvents
from tests.support.memory_event_log import MemoryEventLog, MemorySnapshots
from tests.support.new_events import new_event, stream


def reading(log: MemoryEventLog) -> ReadEvents:
    return ReadEvents(log, MemorySnapshots(log))


async def aggregate(
    read: ReadEvents,
    aggregate_id: str,
    first: int = 0,
    last: int = 1000,
    *,
    allow_snapshot: bool = False,
) -> list[bytes]:
    pages = read.aggregate("default", aggregate_id, first, last, allow_snapshot=allow_snapshot)
    return [row async for page in pages for row in page]


async def test_tokens_of_an_empty_context() -> None:
    read = reading(MemoryEventLog())
    assert await read.first_token("default") == 0
    assert await read.last_token("default") == -1
    assert await read.head("default") == 0
    assert await read.token_at("default", 99) == 0


async def test_tokens_of_a_context_with_events() -> None:
    log = MemoryEventLog()
    log.store("default", *stream(4))
    read = reading(log)
    assert await read.last_token("default") == 3
    assert await read.token_at("default", 2) == 2
    assert await read.token_at("default", 99) == 4


async def test_an_aggregate_is_read_in_order_within_its_bounds() -> None:
    log = MemoryEventLog()
    events = stream(5)
    log.store("default", events[0], new_event("b"), *events[1:])
    rows = [event.data for event in events]
    assert await aggregate(reading(log), "a") == rows
    assert await aggregate(reading(log), "a", 1, 3) == rows[1:4]
    assert await aggregate(reading(log), "a", -3) == rows
    assert await reading(log).highest_sequence("default", "a") == 4


async def test_an_unknown_aggregate_is_empty_and_an_unknown_context_is_not() -> None:
    read = reading(MemoryEventLog())
    assert await aggregate(read, "nobody") == []
    assert await read.highest_sequence("default", "nobody") == -1
    with pytest.raises(UnknownContext):
        await read.highest_sequence("nowhere", "a")


async def test_a_long_aggregate_comes_in_pages() -> None:
    log = MemoryEventLog()
    events = stream(9000)
    log.store("default", *events)
    read = reading(log)
    pages = [list(page) async for page in read.aggregate("default", "a")]
    assert len(pages) > 1
    assert [row for page in pages for row in page] == [event.data for event in events]


async def test_the_newest_snapshot_comes_first_and_the_events_after_it_follow() -> None:
    log = MemoryEventLog()
    events = stream(6)
    log.store("default", *events)
    for sequence in (1, 3):
        snapshot = Snapshot("a", sequence, 0, f"snapshot {sequence}".encode())
        await MemorySnapshots(log).put("default", snapshot)
    read = reading(log)
    after_three = [event.data for event in events[4:]]
    assert await aggregate(read, "a", allow_snapshot=True) == [b"snapshot 3", *after_three]
    assert await aggregate(read, "a", 0, 2, allow_snapshot=True) == [b"snapshot 1", events[2].data]
    assert await aggregate(read, "a", 4, allow_snapshot=True) == after_three


async def test_a_page_of_the_log_says_where_the_next_one_starts() -> None:
    log = MemoryEventLog()
    events = stream(5)
    log.store("default", *events)
    page = await reading(log).page("default", -1, 3)
    assert list(page.rows) == [event.data for event in events[:3]]
    assert page.next_token == 3
