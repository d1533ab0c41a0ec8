"""The classic event store of a context: append, read, ask for tokens, follow."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from ranvier.client.codec import Codec
from ranvier.client.events_message import EventMessage, StoredEvent, milliseconds, wire_event
from ranvier.client.events_process import ProcessOptions, process_events
from ranvier.client.events_query import QueryOptions, QueryRow, query_rows
from ranvier.client.events_tail import EventTail, TailOptions
from ranvier.client.persistent_streams import PersistentStreams, ServerPosition
from ranvier.client.token_store import TokenStore
from ranvier.client.typed_calls import Connection, TypedCalls
from ranvier.proto import event_pb2

EVENT_STORE: Final = "io.axoniq.axonserver.grpc.event.EventStore"
HIGHEST_SEQUENCE: Final = 2**63 - 1


class Events:
    """The events of the hub's context."""

    def __init__(self, connection: Connection, codec: Codec, streams: PersistentStreams) -> None:
        self._calls = TypedCalls(connection, EVENT_STORE)
        self._codec = codec
        self._streams = streams

    async def append(
        self, *events: EventMessage | StoredEvent | Iterable[EventMessage | StoredEvent]
    ) -> None:
        """Append events as one transaction: all of them with consecutive tokens, or none.

        Events of an aggregate must go on from its last sequence number: ConsistencyConflict where
        somebody was faster. OutcomeUnknown where the answer was lost: look before you repeat.
        """
        await self._calls.send_all(
            "AppendEvent",
            [wire_event(event, self._codec) for event in flattened(events)],
            event_pb2.ConfirmationWithConsistencyMarker,
        )

    async def aggregate(
        self, aggregate_id: str, *, start: int = 0, snapshots: bool = True
    ) -> AsyncGenerator[StoredEvent, None]:
        """Yield the events of an aggregate from a sequence number on; none of an unknown one.

        With `snapshots`, its newest snapshot comes first, and then only what was appended after it.
        """
        request = event_pb2.GetAggregateEventsRequest(
            aggregate_id=aggregate_id, initial_sequence=start, allow_snapshots=snapshots
        )
        async for event in self._calls.read("ListAggregateEvents", request, event_pb2.Event):
            yield StoredEvent(event, self._codec)

    async def append_snapshot(self, snapshot: EventMessage | StoredEvent) -> None:
        """Store the state of an aggregate after the event that bears the snapshot's sequence."""
        message = event_pb2.Event()
        message.CopyFrom(wire_event(snapshot, self._codec))
        message.snapshot = True
        await self._calls.ask("AppendSnapshot", message, event_pb2.Confirmation, has_effect=True)

    async def snapshots(
        self,
        aggregate_id: str,
        *,
        start: int = 0,
        end: int = HIGHEST_SEQUENCE,
        limit: int = 0,
    ) -> AsyncGenerator[StoredEvent, None]:
        """Yield the snapshots of an aggregate, newest first, at most `limit` if that is not 0."""
        request = event_pb2.GetAggregateSnapshotsRequest(
            aggregate_id=aggregate_id, initial_sequence=start, max_sequence=end, max_results=limit
        )
        async for event in self._calls.read("ListAggregateSnapshots", request, event_pb2.Event):
            yield StoredEvent(event, self._codec)

    async def highest_sequence(self, aggregate_id: str) -> int:
        """Return the last sequence number of an aggregate, -1 of an unknown one."""
        request = event_pb2.ReadHighestSequenceNrRequest(aggregate_id=aggregate_id)
        answer = await self._calls.ask(
            "ReadHighestSequenceNr", request, event_pb2.ReadHighestSequenceNrResponse
        )
        return answer.to_sequence_nr

    async def first_token(self) -> int:
        """Return the token of the oldest event, 0 where there is none."""
        request = event_pb2.GetFirstTokenRequest()
        return (await self._calls.ask("GetFirstToken", request, event_pb2.TrackingToken)).token

    async def last_token(self) -> int:
        """Return the token of the newest event, -1 where there is none."""
        request = event_pb2.GetLastTokenRequest()
        return (await self._calls.ask("GetLastToken", request, event_pb2.TrackingToken)).token

    async def token_at(self, time: datetime) -> int:
        """Return the token of the first event at or after a time; behind the last if all are."""
        request = event_pb2.GetTokenAtRequest(instant=milliseconds(time))
        return (await self._calls.ask("GetTokenAt", request, event_pb2.TrackingToken)).token

    def query(
        self, text: str, options: QueryOptions | None = None
    ) -> AsyncGenerator[QueryRow, None]:
        """Yield the rows that a query in the server's language finds, as it finds them.

        A row with the identity of an earlier one replaces it.
        """
        return query_rows(self._calls, text, options or QueryOptions())

    def stream(self, start: int = 0, options: TailOptions | None = None) -> EventTail:
        """Follow all events from this token on; see `EventTail`."""
        return EventTail(self._calls, self._codec, start, options)

    async def stream_from(
        self,
        token_store: TokenStore,
        name: str,
        *,
        start: int = 0,
        options: TailOptions | None = None,
    ) -> AsyncGenerator[StoredEvent, None]:
        """Follow the events behind those that were handled before under this name.

        An event counts as handled, and its position is stored, when the next one is asked for:
        after a crash the last one may come again. `start` is where a new name begins.
        """
        key = self._key(name)
        stored = await token_store.load(key)
        tail = self.stream(start if stored is None else stored, options)
        try:
            async for event in tail:
                yield event
                await token_store.store(key, (event.token or 0) + 1)
        finally:
            await tail.aclose()

    async def process(
        self,
        handler: Callable[[StoredEvent], Awaitable[object]],
        token_store: TokenStore | ServerPosition,
        options: ProcessOptions | None = None,
    ) -> None:
        """Give every event to a handler, in order, until stopped; see `ProcessOptions`.

        The position is stored behind what was handled, so that after a crash, or where the handler
        raises, the events since then come again: every event at least once. What the handler
        raises ends the loop. With a `ServerPosition` the server keeps the position, and shares
        the work among all processes that use the same; only `stop` of the options counts then.
        """
        options = options or ProcessOptions()
        if isinstance(token_store, ServerPosition):
            await self._streams.consume(token_store, handler, stop=options.stop)
        else:
            key = self._key(options.name)
            await process_events(self.stream, handler, (token_store, key), options)

    def _key(self, name: str) -> str:
        return f"{self._calls.connection.context}/{name}"


def flattened(
    events: Sequence[EventMessage | StoredEvent | Iterable[EventMessage | StoredEvent]],
) -> Iterable[EventMessage | StoredEvent]:
    """Yield events that were given one by one or as collections."""
    for each in events:
        if isinstance(each, (EventMessage, StoredEvent)):
            yield each
        else:
            yield from each
