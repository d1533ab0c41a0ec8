"""A stored Axon event as JSON: one object, as `/v1/events` and `/v1/snapshots` show it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import msgspec

from ranvier.proto.common_pb2 import MetaDataValue, SerializedObject
from ranvier.proto.event_pb2 import Event

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

JsonValue: TypeAlias = "str | int | float | bool | dict[str, JsonValue]"

encoder: Final = msgspec.json.Encoder()


def event_to_json(data: bytes, token: int | None = None) -> bytes:
    """Return the JSON of a serialised `Event`; `token` is left out where it is not known."""
    event = Event.FromString(data)
    shown: dict[str, JsonValue] = {} if token is None else {"token": token}
    shown |= {
        "messageId": event.message_identifier,
        "aggregateId": event.aggregate_identifier,
        "aggregateSequenceNumber": event.aggregate_sequence_number,
        "aggregateType": event.aggregate_type,
        "timestamp": iso_time(event.timestamp),
        "payloadType": event.payload.type,
        "payloadRevision": event.payload.revision,
        **bytes_as_text("payload", event.payload.data),
        "metaData": {key: meta_data_value(value) for key, value in event.meta_data.items()},
    }
    if event.snapshot:
        shown["snapshot"] = True
    return encoder.encode(shown)


def bytes_as_text(name: str, data: bytes) -> dict[str, JsonValue]:
    """Return bytes as text where they are UTF-8, else in base 64 and marked so."""
    try:
        return {name: data.decode()}
    except UnicodeDecodeError:
        return {name: base64.b64encode(data).decode(), f"{name}Encoding": "base64"}


def meta_data_value(value: MetaDataValue) -> JsonValue:
    """Return one value of the metadata; an empty one is an empty text."""
    match value.WhichOneof("data"):
        case "number_value":
            return value.number_value
        case "boolean_value":
            return value.boolean_value
        case "double_value":
            return value.double_value
        case "bytes_value":
            return serialized_object(value.bytes_value)
        case _:
            return value.text_value


def serialized_object(value: SerializedObject) -> dict[str, JsonValue]:
    """Return a typed value that stands in metadata, in the shape that is taken back."""
    shown = bytes_as_text("data", value.data)
    if "dataEncoding" in shown:
        shown["encoding"] = shown.pop("dataEncoding")
    return {"type": value.type, "revision": value.revision, **shown}


def iso_time(time_ms: int) -> JsonValue:
    """Return a time in ISO 8601, UTC; beyond the year 9999 as bare milliseconds."""
    try:
        time = EPOCH + timedelta(milliseconds=time_ms)
    except OverflowError:
        return time_ms
    return time.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
