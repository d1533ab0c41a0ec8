"""A stored DCB event as JSON: one object, as `/v2/dcbEvents/source` shows it."""

from __future__ import annotations

from ranvier.proto.dcb_pb2 import Event
from ranvier.web.event_json import JsonValue, bytes_as_text, encoder, iso_time


def dcb_event_to_json(sequence: int, data: bytes) -> bytes:
    """Return the JSON of a serialised `Event` that stands at this sequence."""
    event = Event.FromString(data)
    shown: dict[str, JsonValue] = {
        "sequence": sequence,
        "messageId": event.identifier,
        "timestamp": iso_time(event.timestamp),
        "payloadType": event.name,
        "payloadRevision": event.version,
        **bytes_as_text("payload", event.payload),
        "metaData": dict(event.metadata),
    }
    return encoder.encode(shown)
