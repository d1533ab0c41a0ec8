"""Events as a program makes them and as it finds them."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ranvier.client.codec import Codec
from ranvier.client.errors import InvalidRequest
from ranvier.client.payload import (
    NO_METADATA,
    MetadataMapping,
    Payload,
    metadata_from,
    payload_from,
    serialized,
    wire_metadata,
)
from ranvier.proto import event_pb2

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)
EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
LATEST: Final = datetime.max.replace(tzinfo=UTC)


def new_id() -> str:
    """Return an identifier that no other message has."""
    return str(uuid.uuid4())


def now() -> datetime:
    """Return the time, with its zone."""
    return datetime.now(UTC)


def milliseconds(time: datetime) -> int:
    """Return a time as the wire has it; one without a zone counts as UTC.

    Raises InvalidRequest for what is no time.
    """
    if not isinstance(time, datetime):
        raise InvalidRequest(f"time is {time!r}; it must be a datetime")
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - EPOCH) // MILLISECOND


def time_of(time_ms: int) -> datetime:
    """Return a time of the wire; one that no calendar has is the nearest that it has."""
    try:
        return EPOCH + time_ms * MILLISECOND
    except OverflowError:
        return EARLIEST if time_ms < 0 else LATEST


@dataclass(frozen=True, slots=True)
class EventMessage:
    """An event to append. `payload` is a value for the codec, or a Payload as it is to be stored.

    An event of an aggregate bears its type, id and sequence number, counted from 0; one without
    a type belongs to no aggregate.
    """

    payload: object
    metadata: MetadataMapping = field(default_factory=lambda: NO_METADATA)
    aggregate_type: str = ""
    aggregate_id: str = ""
    sequence: int = 0
    id: str = field(default_factory=new_id)
    time: datetime = field(default_factory=now)


class StoredEvent:
    """An event or snapshot as it is stored; `token` is its place in the context, where known."""

    __slots__ = ("_codec", "message", "token")

    def __init__(self, message: event_pb2.Event, codec: Codec, token: int | None = None) -> None:
        self.message = message
        """The event as the wire has it."""
        self.token = token
        self._codec = codec

    def __repr__(self) -> str:
        of = f" of {self.aggregate_type}/{self.aggregate_id}@{self.sequence}"
        place = f" at {self.token}" if self.token is not None else ""
        return f"<StoredEvent {self.type}{of if self.aggregate_type else ''}{place}>"

    @property
    def id(self) -> str:
        """The identifier that its maker gave it."""
        return self.message.message_identifier

    @property
    def type(self) -> str:
        """The type of its payload."""
        return self.message.payload.type

    @property
    def payload(self) -> Payload:
        """The bytes, with the name and revision of their type."""
        return payload_from(self.message.payload)

    @property
    def metadata(self) -> MetadataMapping:
        """What its maker put beside the payload."""
        return metadata_from(self.message.meta_data)

    @property
    def aggregate_type(self) -> str:
        """The type of its aggregate; empty for an event of none."""
        return self.message.aggregate_type

    @property
    def aggregate_id(self) -> str:
        """Which aggregate it belongs to."""
        return self.message.aggregate_identifier

    @property
    def sequence(self) -> int:
        """Its number in the aggregate, from 0."""
        return self.message.aggregate_sequence_number

    @property
    def time(self) -> datetime:
        """When it was made, as its maker's clock had it."""
        return time_of(self.message.timestamp)

    @property
    def is_snapshot(self) -> bool:
        """True for the state of an aggregate after the event of this sequence number."""
        return self.message.snapshot

    def value(self, wanted: Any = Any) -> Any:
        """Return the payload as a value of this type, by the codec; PayloadUnreadable."""
        return self._codec.decode(self.payload, wanted)

    def fingerprint(self) -> bytes:
        """Return 32 bytes that are equal for equal events, whatever order their bytes came in."""
        return hashlib.sha256(self.message.SerializeToString(deterministic=True)).digest()


def wire_event(event: EventMessage | StoredEvent, codec: Codec) -> event_pb2.Event:
    """Return an event as the wire has it; a stored one keeps all that it is."""
    if isinstance(event, StoredEvent):
        return event.message
    return event_pb2.Event(
        message_identifier=event.id,
        aggregate_identifier=event.aggregate_id,
        aggregate_sequence_number=event.sequence,
        aggregate_type=event.aggregate_type,
        timestamp=milliseconds(event.time),
        payload=serialized(codec.encode(event.payload)),
        meta_data=wire_metadata(event.metadata),
    )
