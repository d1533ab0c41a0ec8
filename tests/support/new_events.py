"""Events for tests, made in one line."""

from __future__ import annotations

from ranvier.events.event import NewEvent
from ranvier.proto import event_pb2


def axon_event(
    aggregate_id: str = "a",
    sequence: int = 0,
    aggregate_type: str = "Account",
    payload_type: str = "Opened",
    data: bytes = b"payload",
) -> event_pb2.Event:
    """Return an Axon event with a time that is its sequence number."""
    return event_pb2.Event(
        message_identifier=f"{aggregate_id}-{sequence}",
        aggregate_identifier=aggregate_id,
        aggregate_sequence_number=sequence,
        aggregate_type=aggregate_type,
        timestamp=sequence,
        payload={"type": payload_type, "data": data},
    )


def new_event(aggregate_id: str = "a", sequence: int = 0, name: str = "Opened") -> NewEvent:
    """Return an event of an aggregate, ready to be appended."""
    message = axon_event(aggregate_id, sequence, payload_type=name)
    return NewEvent(name, message.SerializeToString(), sequence, aggregate_id, "Account", sequence)


def stream(count: int, aggregate_id: str = "a", first: int = 0) -> list[NewEvent]:
    """Return consecutive events of one aggregate."""
    return [new_event(aggregate_id, sequence) for sequence in range(first, first + count)]
