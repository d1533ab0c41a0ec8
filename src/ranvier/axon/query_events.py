"""QueryEvents: an ad-hoc query over what is stored, and on request over what comes.

The answer is the columns, the rows (each takes a permit), and a mark that history is done. Rows of
events come newest first, as they are found; rows of groups and those that are sorted come when all
of history is known. A live query goes on until the client ends it: a row with the identity of an
earlier one replaces it, and takes it away where it has no values.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

from google.protobuf.unknown_fields import UnknownFieldSet

from ranvier.axon.errors import grpc_error
from ranvier.axon.messages import parsed
from ranvier.axon.query_row import row_response
from ranvier.axon.request_context import context_of
from ranvier.errors import RanvierError
from ranvier.events.query import Answer
from ranvier.proto import event_pb2
from ranvier.services.errors import QuerySearchTimedOut
from ranvier.services.run_queries import HistoryDone, Question, RunningQuery, RunQueries
from ranvier.wire.grpc.server_call import ServerCall

TIME_WINDOW_FIELD: Final = 100
"""Sent by clients that show a choice of time windows; it is no part of the published API."""

HISTORY_DONE: Final = event_pb2.QueryEventsResponse(
    files_completed=event_pb2.Confirmation(success=True)
).SerializeToString()


class QueryStreams:
    """Opens the queries of one node."""

    def __init__(self, queries: RunQueries) -> None:
        self.queries = queries
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
        self._permits = 0
        self._has_begun = False
        self._is_half_closed = False
        self._changed = asyncio.Event()
        self._query: RunningQuery | None = None
        self._is_history_done = False

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

    async def _answer(self, request: event_pb2.QueryEventsRequest) -> None:
        query = self._query = self._streams.queries.begin(question_of(self._call, request))
        columns = event_pb2.ColumnsResponse(column=query.columns)
        async with aclosing(query.parts()) as parts:
            # The first part is read before the columns are told: a refusal then comes alone.
            first = await anext(parts)
            await self._call.write(
                event_pb2.QueryEventsResponse(columns=columns).SerializeToString()
            )
            is_wanted = await self._send(first)
            while is_wanted and not self._is_given_up():
                part = await anext(parts, None)
                is_wanted = part is not None and await self._send(part)

    async def _send(self, part: list[Answer] | HistoryDone) -> bool:
        """Send a part; False when the client takes no more."""
        if not isinstance(part, HistoryDone):
            return await self._send_rows(part)
        self._is_history_done = True
        await self._call.write(HISTORY_DONE)
        if self._is_half_closed and self._query is not None:
            self._query.end()
        return True

    async def _send_rows(self, answers: Sequence[Answer]) -> bool:
        for answer in answers:
            if not await self._take_permit():
                return False
            await self._call.write(row_response(answer))
        return True

    def _is_given_up(self) -> bool:
        """Whether nothing that is still found could be sent."""
        has_no_more_permits = self._is_half_closed and self._permits == 0
        return self._call.is_done or (has_no_more_permits and not self._is_history_done)

    async def _take_permit(self) -> bool:
        """Wait for a permit; False when none will come."""
        while self._permits == 0 and not (self._is_half_closed or self._call.is_done):
            self._changed.clear()
            await self._until_changed()
        if self._permits == 0 or self._call.is_done:
            return False
        self._permits -= 1
        return True

    async def _until_changed(self) -> None:
        """Wait for the client; within history no longer than the whole of it may take."""
        if self._query is None or self._is_history_done:
            await self._changed.wait()
            return
        timeout_seconds = self._query.timeout_seconds
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._changed.wait()
        except TimeoutError:
            raise QuerySearchTimedOut(timeout_seconds) from None

    def _wake(self) -> None:
        self._changed.set()
        if self._query is not None and (self._is_half_closed or self._call.is_done):
            self._query.end()


def question_of(call: ServerCall, request: event_pb2.QueryEventsRequest) -> Question:
    """Return what a request asks, in the context that it or its call names."""
    return Question(
        context=request.context_name or context_of(call),
        text=request.query,
        time_window=time_window(request),
        snapshots=request.query_snapshots,
        live=request.live_events,
    )


def time_window(request: event_pb2.QueryEventsRequest) -> str:
    """Return the time window that some clients send beside the query; empty where none is."""
    fields = UnknownFieldSet(request)
    for field in [fields[at] for at in range(len(fields))]:
        if field.field_number == TIME_WINDOW_FIELD and isinstance(field.data, bytes):
            return field.data.decode("utf-8", "replace")
    return ""
