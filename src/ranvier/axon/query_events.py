"""QueryEvents: an ad-hoc query over what is stored, and on request over what comes.

The answer is the columns, the rows (newest first, each takes a permit), and a mark that history is
done. A live query goes on with each new event that matches, until the client ends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from google.protobuf.unknown_fields import UnknownFieldSet

from ranvier.axon.errors import grpc_error
from ranvier.axon.messages import parsed
from ranvier.axon.query_row import EventRow, row_response
from ranvier.axon.request_context import context_of
from ranvier.errors import RanvierError
from ranvier.events.query import QueryPlan, Row, parse
from ranvier.proto import event_pb2
from ranvier.services.event_follower import EventFollower
from ranvier.services.follow_events import FollowEvents
from ranvier.services.search_events import SearchEvents
from ranvier.wire.grpc.server_call import ServerCall

TIME_WINDOW_FIELD: Final = 100
"""Sent by clients that show a choice of time windows; it is no part of the published API."""

LIVE_PAGE_BYTES: Final = 64 * 1024
"""Of one look at new events: they are compared in one go."""

HISTORY_DONE: Final = event_pb2.QueryEventsResponse(
    files_completed=event_pb2.Confirmation(success=True)
).SerializeToString()


@dataclass(frozen=True, slots=True)
class QueryServices:
    """What answers queries; `now_ms` tells Unix milliseconds."""

    search_events: SearchEvents
    follow_events: FollowEvents
    now_ms: Callable[[], int]


class QueryStreams:
    """Opens the queries of one node."""

    def __init__(self, services: QueryServices) -> None:
        self.services = services
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, call: ServerCall) -> QueryStream:
        """Return the listener of a new QueryEvents call."""
        return QueryStream(call, self)

    def run(self, stream: QueryStream, request: event_pb2.QueryEventsRequest) -> None:
        """Let a stream answer this request."""
        task = asyncio.get_running_loop().create_task(stream.run(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class QueryStream:
    """One query: its permits, and whether its client still listens."""

    def __init__(self, call: ServerCall, streams: QueryStreams) -> None:
        self._call = call
        self._streams = streams
        self._services = streams.services
        self._permits = 0
        self._has_begun = False
        self._is_half_closed = False
        self._changed = asyncio.Event()
        self._follower: EventFollower | None = None

    def message_received(self, message: bytes) -> None:
        """Take the query from the first message and permits from all."""
        try:
            request = parsed(event_pb2.QueryEventsRequest, message)
        except RanvierError as error:
            self._call.finish(grpc_error(error))
            self._wake()
            return
        self._permits += max(0, request.number_of_permits)
        if not self._has_begun:
            self._has_begun = True
            self._streams.run(self, request)
        self._wake()

    def half_closed(self) -> None:
        """End the query when history is answered as far as the permits reach."""
        self._is_half_closed = True
        if self._has_begun:
            self._wake()
        else:
            self._call.finish()

    def writable(self) -> None:
        """Do nothing: `write` waits by itself."""

    def cancelled(self) -> None:
        """Stop: nobody listens any more."""
        self._wake()

    async def run(self, request: event_pb2.QueryEventsRequest) -> None:
        """Answer until history, or the client, ends the query."""
        try:
            await self._answer(request)
            self._call.finish()
        except RanvierError as error:
            self._call.finish(grpc_error(error))
        except Exception as problem:  # ends this call alone; the wire logs it
            self._call.fail(problem)
        finally:
            if self._follower is not None:
                self._services.follow_events.leave(self._follower)

    async def _answer(self, request: event_pb2.QueryEventsRequest) -> None:
        plan = parse(request.query, time_window(request)).plan(self._services.now_ms())
        context = request.context_name or context_of(self._call)
        head = await self._services.search_events.head(context)
        if request.live_events and not request.query_snapshots:
            self._follower = await self._services.follow_events.follow(context, head)
        columns = event_pb2.ColumnsResponse(column=plan.columns)
        await self._call.write(event_pb2.QueryEventsResponse(columns=columns).SerializeToString())
        search = self._services.search_events
        history = (
            search.snapshots(context, plan, EventRow)
            if request.query_snapshots
            else search.events(context, plan, head, EventRow)
        )
        async with aclosing(history):
            async for rows in history:
                if self._call.is_done or not await self._send_rows(plan, rows):
                    return
        await self._call.write(HISTORY_DONE)
        if self._follower is not None:
            await self._send_live(plan, self._follower)

    async def _send_rows(self, plan: QueryPlan, rows: list[Row]) -> bool:
        """Send rows as permits come; False when the client takes no more."""
        for row in rows:
            if not await self._take_permit():
                return False
            await self._call.write(row_response(row, plan.columns, plan.identity_column))
        return True

    async def _send_live(self, plan: QueryPlan, follower: EventFollower) -> None:
        while not (self._is_half_closed or self._call.is_done):
            follower.rest()
            if not follower.has_more:
                await follower.wait()
                continue
            page = await follower.read(LIVE_PAGE_BYTES)
            rows: list[Row] = [
                EventRow(token, row) for token, row in enumerate(page.rows, page.first_token)
            ]
            if not await self._send_rows(plan, [row for row in rows if plan.matches(row)]):
                return

    async def _take_permit(self) -> bool:
        """Wait for a permit; False when none will come."""
        while self._permits == 0 and not (self._is_half_closed or self._call.is_done):
            self._changed.clear()
            await self._changed.wait()
        if self._permits == 0 or self._call.is_done:
            return False
        self._permits -= 1
        return True

    def _wake(self) -> None:
        self._changed.set()
        if self._follower is not None:
            self._follower.wake()


def time_window(request: event_pb2.QueryEventsRequest) -> str:
    """Return the time window that some clients send beside the query; empty where none is."""
    fields = UnknownFieldSet(request)
    for field in [fields[at] for at in range(len(fields))]:
        if field.field_number == TIME_WINDOW_FIELD and isinstance(field.data, bytes):
            return field.data.decode("utf-8", "replace")
    return ""
