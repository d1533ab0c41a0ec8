"""Events as the figures want them: 256 bytes each, many aggregates of ten events."""

from __future__ import annotations

from collections.abc import Iterator

from ranvier.proto.event_pb2 import Event

EVENT_BYTES = 256
EVENTS_PER_AGGREGATE = 10
TIME_MS = 1_790_000_000_000


def event_bytes(number: int, *, events_per_aggregate: int = EVENTS_PER_AGGREGATE) -> bytes:
    """Return the serialised event `number`, of `EVENT_BYTES`; ten in a row share one aggregate."""
    aggregate, sequence = divmod(number, events_per_aggregate)
    event = Event(
        message_identifier=f"{number:032x}",
        aggregate_identifier=aggregate_id(aggregate),
        aggregate_sequence_number=sequence,
        aggregate_type="Order",
        timestamp=TIME_MS + number,
    )
    event.payload.type = "com.example.orders.OrderChanged"
    event.payload.revision = "1"
    missing = EVENT_BYTES - event.ByteSize() - 4
    event.payload.data = b"x" * max(missing, 1)
    return event.SerializeToString()


def aggregate_id(number: int) -> str:
    """Return the id of the aggregate `number`, as long as a UUID."""
    return f"order-{number:030d}"


def events(count: int, *, start: int = 0) -> Iterator[bytes]:
    """Yield serialised events in order."""
    for number in range(start, start + count):
        yield event_bytes(number)
