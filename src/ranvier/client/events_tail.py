"""Follows the events of a context: permits, blocked types, and going on after a lost connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ranvier.client.codec import Codec
from ranvier.client.error_mapping import error_from_grpc
from ranvier.client.errors import ConnectionLost, HubError
from ranvier.client.events_message import StoredEvent
from ranvier.client.resuming import Resuming
from ranvier.client.typed_calls import READ_MANY, TypedCalls
from ranvier.proto import event_pb2
from ranvier.wire.grpc.client_call import ClientCall
from ranvier.wire.grpc.status import GrpcError

PERMITS: Final = 1_024
"""Events that a server may send ahead; refilled by quarters."""


@dataclass(frozen=True, slots=True)
class BlockedType:
    """A payload type that a reader does not want; without a revision: every revision of it."""

    type: str
    revision: str = ""


@dataclass(frozen=True, slots=True)
class TailOptions:
    """How events are followed."""

    permits: int = PERMITS
    """Events that the server may send ahead; refilled by quarters."""
    blocked_types: Sequence[BlockedType] = ()
    """Left out; at the server where it can, else here."""
    processor: str = ""
    """Name under which the server's monitoring shows the reader."""


class EventTail:
    """The events from a token on, each once and in order, without end; for one reader.

    A lost connection is found again by itself, and the stream goes on behind the last event that
    was delivered. `position` is the token of the event that comes next.
    """

    def __init__(
        self, calls: TypedCalls, codec: Codec, position: int, options: TailOptions | None = None
    ) -> None:
        self.position = position
        self._calls = calls
        self._codec = codec
        self._options = options or TailOptions()
        self._blocked = {(each.type, each.revision) for each in self._options.blocked_types}
        self._resuming = Resuming()
        self._call: ClientCall | None = None
        self._waiting: list[StoredEvent] = []
        self._taken = 0

    def __aiter__(self) -> EventTail:
        return self

    async def __anext__(self) -> StoredEvent:
        if not self._waiting:
            self._waiting = (await self._next_batch(READ_MANY))[::-1]
        return self._waiting.pop()

    async def batch(self, limit: int) -> list[StoredEvent]:
        """Return the events that are there, at most so many; wait while there is none."""
        if self._waiting:
            events = self._waiting[: -limit - 1 : -1]
            del self._waiting[-limit:]
            return events
        return await self._next_batch(limit)

    async def aclose(self) -> None:
        """Leave the stream."""
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    async def _next_batch(self, limit: int) -> list[StoredEvent]:
        while True:
            try:
                call = self._call or await self._open()
                await self._refill(call)
                events = await self._read(call, limit)
            except HubError as error:
                await self.aclose()
                await self._resuming.wait_after(error)
            else:
                if events:
                    return events

    async def _open(self) -> ClientCall:
        call = await self._calls.open("ListEvents")
        self._call = call
        self._taken = 0
        await self._write(
            call,
            event_pb2.GetEventsRequest(
                tracking_token=self.position,
                number_of_permits=self._options.permits,
                client_id=self._calls.connection.client_id,
                component_name=self._calls.connection.component_name,
                processor=self._options.processor,
                blacklist=[
                    event_pb2.PayloadDescription(type=each.type, revision=each.revision)
                    for each in self._options.blocked_types
                ],
            ),
        )
        return call

    async def _read(self, call: ClientCall, limit: int) -> list[StoredEvent]:
        try:
            messages = await call.read_many(limit)
        except GrpcError as error:
            raise error_from_grpc(error) from error
        if not messages:
            raise ConnectionLost("the server has ended a stream of events that has no end")
        self._resuming.progressed()
        events = [
            StoredEvent(each.event, self._codec, each.token)
            for each in map(event_pb2.EventWithToken.FromString, messages)
        ]
        # What is read is delivered: a stream that is opened anew begins behind it.
        # No await from here on: whoever gives up waiting has lost nothing.
        self.position = (events[-1].token or 0) + 1
        self._taken += len(events)
        return [each for each in events if not self._is_blocked(each)] if self._blocked else events

    async def _refill(self, call: ClientCall) -> None:
        if self._taken >= max(1, self._options.permits // 4):
            await self._write(call, event_pb2.GetEventsRequest(number_of_permits=self._taken))
            self._taken = 0

    async def _write(self, call: ClientCall, request: event_pb2.GetEventsRequest) -> None:
        try:
            await call.write(request.SerializeToString())
        except GrpcError as error:
            raise error_from_grpc(error) from error

    def _is_blocked(self, event: StoredEvent) -> bool:
        payload = event.message.payload
        return (payload.type, payload.revision) in self._blocked or (
            payload.type,
            "",
        ) in self._blocked
