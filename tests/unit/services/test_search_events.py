"""Searching: newest first, up to the limit, and no further back than the query asks."""

from __future__ import annotations

from ranvier.axon.query_row import EventRow
from ranvier.events.query import Answer
from ranvier.events.snapshot import Snapshot
from ranvier.services.follow_events import FollowEvents
from ranvier.services.run_queries import HistoryDone, Question, RunQueries
from ranvier.services.search_events import SearchEvents
from tests.support.memory_event_log import MemoryEventLog, MemorySnapshots
from tests.support.new_events import axon_event, stream

EVENTS = 20_000
"""Their times are their sequence numbers, in milliseconds."""


class Searching:
    def __init__(self) -> None:
        self.log = MemoryEventLog()
        self.log.store("default", *stream(EVENTS))
        self.search = SearchEvents(self.log, MemorySnapshots(self.log))

    def queries(self, now_ms: int = EVENTS) -> RunQueries:
        return RunQueries(self.search, FollowEvents(self.log), EventRow, lambda: now_ms)

    async def rows(self, question: Question) -> list[Answer]:
        found: list[Answer] = []
        async for part in self.queries().begin(question).parts():
            if not isinstance(part, HistoryDone):
                found += part
        return found

    async def tokens(self, text: str) -> list[object]:
        rows = await self.rows(Question("default", text))
        return [row.cells["token"] for row in rows if row.cells is not None]


async def test_the_newest_come_first_and_few_are_read_for_them() -> None:
    searching = Searching()
    assert await searching.tokens("limit 3") == [EVENTS - 1, EVENTS - 2, EVENTS - 3]
    assert searching.log.reads == 1


async def test_a_time_window_ends_the_reading_where_it_begins() -> None:
    searching = Searching()
    found = await searching.tokens('payloadType = "nothing" | last 0.1 seconds')
    assert found == []
    assert searching.log.reads <= 2


async def test_a_bound_on_the_token_ends_the_reading_too() -> None:
    searching = Searching()
    assert await searching.tokens("token < 3") == [2, 1, 0]
    assert await searching.tokens("token >= 19998") == [19_999, 19_998]
    assert searching.log.reads <= 4


async def test_snapshots_are_searched_by_aggregate() -> None:
    searching = Searching()
    store = MemorySnapshots(searching.log)
    for sequence in (2, 5):
        data = axon_event("a", sequence).SerializeToString()
        await store.put("default", Snapshot("a", sequence, sequence, data))
    asked = 'aggregateIdentifier = "a" and aggregateSequenceNumber > 3'
    rows = await searching.rows(Question("default", asked, snapshots=True))
    assert [row.identity for row in rows] == [(5,)]
    everything = await searching.rows(Question("default", "", snapshots=True))
    assert [row.identity for row in everything] == [("a", 5), ("a", 2)]
