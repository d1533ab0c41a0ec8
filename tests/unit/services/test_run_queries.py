"""Ad-hoc queries as they run: parts of bounded size, live ones, their time, and their end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from ranvier.axon.query_row import EventRow
from ranvier.events.query import Answer
from ranvier.services.errors import NodeStopping, QuerySearchTimedOut, TooManySearches
from ranvier.services.follow_events import FollowEvents
from ranvier.services.run_queries import (
    ROWS_AT_ONCE,
    ROWS_BETWEEN_LOOKS,
    HistoryDone,
    Part,
    QueryLimits,
    Question,
    RunningQuery,
    RunQueries,
)
from ranvier.services.search_events import SearchEvents
from tests.support.memory_event_log import MemoryEventLog, MemorySnapshots
from tests.support.new_events import stream


class Asking:
    def __init__(self, limits: QueryLimits | None = None) -> None:
        self.log = MemoryEventLog()
        self.follow = FollowEvents(self.log)
        search = SearchEvents(self.log, MemorySnapshots(self.log))
        self.queries = RunQueries(search, self.follow, EventRow, lambda: 0, limits)

    def begin(self, text: str, *, live: bool = False) -> RunningQuery:
        return self.queries.begin(Question("default", text, live=live))

    def store(self, first: int, count: int, aggregate_id: str = "a") -> None:
        events = stream(count, aggregate_id, first)
        head = len(self.log.contexts["default"].events)
        self.log.store("default", *events)
        self.follow.announce("default", head, events)


async def test_a_large_table_comes_in_parts() -> None:
    asking = Asking()
    asking.store(0, 250)
    query = asking.begin("groupby(aggregateSequenceNumber, count()) | limit 1000")
    sizes = [len(part) async for part in query.parts() if not isinstance(part, HistoryDone)]
    assert max(sizes) == ROWS_AT_ONCE
    assert sum(sizes) == 250


async def test_a_live_query_goes_on_until_it_is_ended() -> None:
    asking = Asking()
    asking.store(0, 2)
    query = asking.begin("limit 1 | select(token)", live=True)
    found: list[Answer] = []
    async for part in query.parts():
        if isinstance(part, HistoryDone):
            asking.store(2, 3)
            continue
        found += part
        if len(found) == 4:
            query.end()
    assert [answer.identity for answer in found] == [(1,), (2,), (3,), (4,)]
    assert asking.follow.follower_count == 0


async def test_silence_is_told_of_by_an_empty_part() -> None:
    asking = Asking()
    query = asking.begin("", live=True)
    done = False
    async for part in query.parts(silence_seconds=0.001):
        if done:
            assert part == []
            query.end()
        done = done or isinstance(part, HistoryDone)


async def test_a_stopping_node_ends_a_live_query() -> None:
    asking = Asking()

    async def stop_after_history() -> None:
        async for part in asking.begin("", live=True).parts():
            if isinstance(part, HistoryDone):
                await asking.follow.stop()

    with pytest.raises(NodeStopping):
        await stop_after_history()
    assert asking.follow.follower_count == 0


async def test_history_has_its_time() -> None:
    asking = Asking(QueryLimits(timeout_seconds=0.0))
    asking.store(0, 10)
    parts = asking.begin("count()").parts()
    with pytest.raises(QuerySearchTimedOut, match="not done with history after 0 seconds"):
        await collected(parts)


async def collected(parts: AsyncIterator[Part]) -> list[Part]:
    return [part async for part in parts]


async def test_only_so_many_queries_run_at_one_time() -> None:
    asking = Asking(QueryLimits(running=1))
    first = asking.begin("", live=True).parts()
    await anext(first)
    with pytest.raises(TooManySearches, match="1 searches run already"):
        await collected(asking.begin("").parts())
    await first.aclose()
    assert await collected(asking.begin("").parts()) != []
    assert asking.queries.running_count == 0


async def test_others_have_their_turn_while_rows_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ranvier.services.run_queries.TURN_SECONDS", 0.0)
    asking = Asking()
    asking.store(0, 640)
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count_turns())
    async for _ in asking.begin('payloadData match ".*nothing"').parts():
        pass
    counting.cancel()
    assert turns > 640 // ROWS_BETWEEN_LOOKS // 2
