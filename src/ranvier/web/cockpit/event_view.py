"""A stored event, of either kind of context, as pages show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ranvier.events.tag import Tag
from ranvier.proto import dcb_pb2, event_pb2
from ranvier.proto.common_pb2 import MetaDataValue
from ranvier.web.cockpit.payload import PayloadView, payload_view
from ranvier.web.event_json import iso_time


@dataclass(frozen=True, slots=True)
class MetaDataView:
    """One entry of the metadata."""

    key: str
    kind: str
    """Of the value, in a word."""
    value: str


@dataclass(frozen=True, slots=True)
class TagView:
    """One tag, as text; bytes that are none are shown as such."""

    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One event; `token` is None where it is not known, of a snapshot."""

    token: int | None
    message_id: str
    name: str
    revision: str
    time: str
    payload: PayloadView
    aggregate_id: str = ""
    aggregate_type: str = ""
    sequence: int | None = None
    meta_data: Sequence[MetaDataView] = ()
    is_snapshot: bool = False


def event_view(data: bytes, token: int | None, *, dcb: bool) -> EventView:
    """Return the view of a stored message."""
    return dcb_event_view(data, token) if dcb else classic_event_view(data, token)


def classic_event_view(data: bytes, token: int | None) -> EventView:
    """Return the view of an event that may belong to an aggregate, or of a snapshot."""
    event = event_pb2.Event.FromString(data)
    has_aggregate = bool(event.aggregate_identifier)
    return EventView(
        token=token,
        message_id=event.message_identifier,
        name=event.payload.type,
        revision=event.payload.revision,
        time=str(iso_time(event.timestamp)),
        payload=payload_view(event.payload.data),
        aggregate_id=event.aggregate_identifier,
        aggregate_type=event.aggregate_type,
        sequence=event.aggregate_sequence_number if has_aggregate else None,
        meta_data=[
            MetaDataView(key, *shown_value(value)) for key, value in sorted(event.meta_data.items())
        ],
        is_snapshot=event.snapshot,
    )


def dcb_event_view(data: bytes, token: int | None) -> EventView:
    """Return the view of an event of a DCB context."""
    event = dcb_pb2.Event.FromString(data)
    return EventView(
        token=token,
        message_id=event.identifier,
        name=event.name,
        revision=event.version,
        time=str(iso_time(event.timestamp)),
        payload=payload_view(event.payload),
        meta_data=[
            MetaDataView(key, "text", value) for key, value in sorted(event.metadata.items())
        ],
    )


def shown_value(value: MetaDataValue) -> tuple[str, str]:
    """Return kind and text of a value in the metadata."""
    match value.WhichOneof("data"):
        case "number_value":
            return "number", str(value.number_value)
        case "boolean_value":
            return "truth", "true" if value.boolean_value else "false"
        case "double_value":
            return "number", repr(value.double_value)
        case "bytes_value":
            return value.bytes_value.type or "bytes", payload_view(value.bytes_value.data).text
        case _:
            return "text", value.text_value


def tag_view(tag: Tag) -> TagView:
    """Return a tag as text."""
    return TagView(text_or_bytes(tag.key), text_or_bytes(tag.value))


def text_or_bytes(data: bytes) -> str:
    """Return bytes as text, or as `0x…` where they are none."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return f"0x{data.hex()}"
