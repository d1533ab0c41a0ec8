"""A stored event as a persistent stream sees and sends it, of a classic or of a DCB context."""

from __future__ import annotations

from functools import cached_property

from ranvier.axon.query_row import CELLS, meta_value
from ranvier.events.query import Value
from ranvier.proto import common_pb2, dcb_pb2, event_pb2
from ranvier.services.context_kinds import ContextKinds
from ranvier.services.stream_consumer import StreamEvent


class ClassicEvent:
    """One event of a classic context; its message is read when somebody asks."""

    def __init__(self, token: int, message: bytes) -> None:
        self._token = token
        self._message = message

    @cached_property
    def event(self) -> event_pb2.Event:
        """The event."""
        return event_pb2.Event.FromString(self._message)

    @property
    def place(self) -> int:
        """The event's token."""
        return self._token

    @property
    def aggregate_id(self) -> str:
        """The aggregate that the event belongs to; empty where it has no aggregate type."""
        return self.event.aggregate_identifier if self.event.aggregate_type else ""

    @property
    def payload(self) -> bytes:
        """The event's payload."""
        return self.event.payload.data

    def meta_text(self, key: str) -> str | None:
        """Return the event's metadata under that key as text; None where there is none."""
        if key not in self.event.meta_data:
            return None
        return str(meta_value(self.event.meta_data[key]))

    def cell(self, column: str) -> Value:
        """Return the event's field of that name."""
        return self._token if column == "token" else CELLS[column](self.event)


class DcbEvent(ClassicEvent):
    """One event of a DCB context, in the words of classic ones."""

    @cached_property
    def event(self) -> event_pb2.Event:
        """The event."""
        return classic_event(dcb_pb2.Event.FromString(self._message))


def classic_event(event: dcb_pb2.Event) -> event_pb2.Event:
    """Return a DCB event as the API's persistent streams carry it: without an aggregate."""
    return event_pb2.Event(
        message_identifier=event.identifier,
        timestamp=event.timestamp,
        payload=common_pb2.SerializedObject(
            type=event.name, revision=event.version, data=event.payload
        ),
        meta_data={
            key: common_pb2.MetaDataValue(text_value=text) for key, text in event.metadata.items()
        },
    )


class StreamEvents:
    """Makes events of stored messages, by the kind of their context."""

    def __init__(self, kinds: ContextKinds) -> None:
        self._kinds = kinds

    def event_of(self, context: str, token: int, message: bytes) -> StreamEvent:
        """Return the event that a stored message is."""
        if self._kinds.is_dcb(context):
            return DcbEvent(token, message)
        return ClassicEvent(token, message)

    def sent(self, context: str, message: bytes) -> bytes:
        """Return a stored message as it is sent: classic ones as they came."""
        if self._kinds.is_dcb(context):
            return classic_event(dcb_pb2.Event.FromString(message)).SerializeToString()
        return message
