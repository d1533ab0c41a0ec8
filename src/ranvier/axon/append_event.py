"""AppendEvent: one call is one transaction, committed when the client half-closes."""

from __future__ import annotations

from typing import Final

from google.protobuf.message import DecodeError

from ranvier.axon.errors import BrokenMessage, grpc_error
from ranvier.axon.request_context import context_of
from ranvier.errors import RanvierError
from ranvier.events.append import Accepted
from ranvier.events.errors import PayloadTooLarge, TooManyEvents
from ranvier.events.event import NewEvent
from ranvier.events.limits import DEFAULT_LIMITS
from ranvier.proto import event_pb2
from ranvier.services.append_events import AppendEvents
from ranvier.wire.grpc.server_call import ServerCall

event_from_bytes = event_pb2.Event.FromString

CONFIRMED: Final = event_pb2.ConfirmationWithConsistencyMarker(success=True).SerializeToString()


class AppendEventCall:
    """Gathers the events of one call; a call that is cancelled leaves nothing behind.

    A hot path: callbacks only, and the messages are kept as they came.
    """

    __slots__ = ("_append_events", "_byte_count", "_call", "_events")

    def __init__(self, call: ServerCall, append_events: AppendEvents) -> None:
        self._call = call
        self._append_events = append_events
        self._events: list[NewEvent] = []
        self._byte_count = 0

    def message_received(self, message: bytes) -> None:
        """Take one event; a broken one, or one too many, ends the call."""
        try:
            self._events.append(new_event(message))
            self._reserve(len(message))
        except RanvierError as error:
            self._release()
            self._call.finish(grpc_error(error))

    def half_closed(self) -> None:
        """Hand the events over as one append and answer when it is decided."""
        context = context_of(self._call)
        events, byte_count = self._events, self._byte_count
        self._events, self._byte_count = [], 0
        self._append_events.append_counted(context, events, byte_count, self._answer)

    def writable(self) -> None:
        """Do nothing: the answer is one short message."""

    def cancelled(self) -> None:
        """Forget what was gathered."""
        self._release()

    def _answer(self, result: Accepted | RanvierError) -> None:
        if isinstance(result, RanvierError):
            self._call.finish(grpc_error(result))
        else:
            self._call.reply(CONFIRMED)

    def _reserve(self, byte_count: int) -> None:
        """Count a message against this call's bounds and the node's memory."""
        total = self._byte_count + byte_count
        if total > DEFAULT_LIMITS.append_bytes:
            raise PayloadTooLarge(total, DEFAULT_LIMITS.append_bytes)
        if len(self._events) > DEFAULT_LIMITS.events_per_append:
            raise TooManyEvents(len(self._events), DEFAULT_LIMITS.events_per_append)
        self._append_events.budget.take(byte_count)
        self._byte_count = total

    def _release(self) -> None:
        self._append_events.budget.give_back(self._byte_count)
        self._byte_count = 0
        self._events = []


def new_event(message: bytes) -> NewEvent:
    """Return what the store must know of an Axon event; without a type it has no aggregate."""
    try:
        event = event_from_bytes(message)
    except DecodeError:
        raise BrokenMessage("Event") from None
    aggregate_type = event.aggregate_type
    return NewEvent(
        event.payload.type,
        message,
        event.timestamp,
        event.aggregate_identifier if aggregate_type else None,
        aggregate_type,
        event.aggregate_sequence_number,
    )
