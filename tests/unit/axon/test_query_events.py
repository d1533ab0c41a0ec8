"""QueryEvents in memory: a query that nobody waits for any more reads no further."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from ranvier.axon.query_events import QueryStreams
from ranvier.axon.query_row import EventRow
from ranvier.proto import event_pb2
from ranvier.services.follow_events import FollowEvents
from ranvier.services.run_queries import RunQueries
from ranvier.services.search_events import SearchEvents
from ranvier.storage.event_log import Page
from ranvier.wire.grpc.server_call import ServerCall
from tests.support.memory_event_log import MemoryEventLog, MemorySnapshots
from tests.support.new_events import stream

EVENTS = 20_000


class WatchedLog(MemoryEventLog):
    """Tells of each read before it is answered."""

    def __init__(self) -> None:
        super().__init__()
        self.on_read: Callable[[], None] = lambda: None

    async def read(
        self,
        context: str,
        *,
        from_token: int,
        before_token: int,
        page_bytes: int,
        with_names: bool = False,
    ) -> Page:
        page = await super().read(
            context,
            from_token=from_token,
            before_token=before_token,
            page_bytes=page_bytes,
            with_names=with_names,
        )
        self.on_read()
        return page


class Call:
    """As much of a `ServerCall` as a query needs."""

    def __init__(self) -> None:
        self.is_done = False
        self.ended = asyncio.Event()

    async def write(self, message: bytes) -> None:
        pass

    def finish(self, error: Exception | None = None) -> None:
        self.is_done = True
        self.ended.set()

    fail = finish


async def reads_of(text: str, *, cancelled_at_read: int) -> int:
    """Return how often the log was read for a query that is cancelled during one read."""
    log = WatchedLog()
    log.store("default", *stream(EVENTS))
    search = SearchEvents(log, MemorySnapshots(log))
    call = Call()
    streams = QueryStreams(RunQueries(search, FollowEvents(log), EventRow, lambda: EVENTS))
    query = streams.open(cast("ServerCall", call))

    def cancel() -> None:
        if log.reads == cancelled_at_read:
            call.is_done = True
            query.cancelled()

    log.on_read = cancel
    request = event_pb2.QueryEventsRequest(
        query=text, context_name="default", number_of_permits=1_000
    )
    query.message_received(request.SerializeToString())
    async with asyncio.timeout(60):
        await call.ended.wait()
    return log.reads


async def test_a_half_closed_query_without_permits_reads_no_further() -> None:
    log = WatchedLog()
    log.store("default", *stream(EVENTS))
    search = SearchEvents(log, MemorySnapshots(log))
    call = Call()
    streams = QueryStreams(RunQueries(search, FollowEvents(log), EventRow, lambda: EVENTS))
    query = streams.open(cast("ServerCall", call))
    nothing = event_pb2.QueryEventsRequest(query='payloadType = "x"', context_name="default")
    query.message_received(nothing.SerializeToString())
    query.half_closed()
    async with asyncio.timeout(60):
        await call.ended.wait()
    assert log.reads == 1


async def test_a_cancelled_query_without_matches_reads_no_further() -> None:
    nothing = 'payloadType = "nothing"'
    assert await reads_of(nothing, cancelled_at_read=0) > 10
    assert await reads_of(nothing, cancelled_at_read=2) == 2
