"""AppendEvent: one call is one transaction, committed when the client half-closes."""

from __future__ import annotations

from typing import Final

from google.protobuf.message import DecodeError

from ranvier.axon.append_call import AppendCall
from ranvier.axon.errors import BrokenMessage
from ranvier.events.append import Accepted
from ranvier.events.event import NewEvent
from ranvier.proto import event_pb2

event_from_bytes = event_pb2.Event.FromString

CONFIRMED: Final = event_pb2.ConfirmationWithConsistencyMarker(success=True).SerializeToString()


class AppendEventCall(AppendCall):
    """Gathers classic events, each message one, kept as it came."""

    __slots__ = ()

    def gather(self, message: bytes) -> None:
        """Take one event."""
        event = new_event(message)
        self.reserve(len(message), 1)
        self._events.append(event)

    def confirmation(self, stored: Accepted) -> bytes:  # noqa: ARG002  # all answers are the same
        """Return the answer to an append that is stored."""
        return CONFIRMED


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
