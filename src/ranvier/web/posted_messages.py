"""The JSON that `POST /v1/events` and `POST /v1/snapshots` take, and what is stored of it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal, TypeAlias, TypeVar

import msgspec
from google.protobuf.message import Message

from ranvier.events.event import NewEvent
from ranvier.events.snapshot import Snapshot
from ranvier.proto.common_pb2 import MetaDataValue, SerializedObject
from ranvier.proto.event_pb2 import Event
from ranvier.web.errors import WHOLE_BODY, InvalidBody, MessageTooLarge
from ranvier.web.event_json import EPOCH

NUMBER_END: Final = 2**63
"""Numbers are stored in 63 bits and a sign."""

TIMEOUT_MS_MAX: Final = 300_000
"""The longest that a request may wait for the answers of handlers."""

META_DATA_LIMIT: Final = 1_000
"""Entries in the metadata of one message: each costs some microseconds of everybody's time."""

VALUES_LIMIT: Final = 1_000_000
"""Values in one body: each costs memory that its few bytes do not tell of."""

T = TypeVar("T")


class PostedPayload(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A payload, or a typed value in metadata."""

    type: str | None = None
    revision: str | None = None
    data: str | None = None
    encoding: Literal["text", "base64"] | None = None


MetaDataEntry: TypeAlias = str | bool | int | float | PostedPayload

PostedMetaData: TypeAlias = Annotated[
    dict[str, MetaDataEntry], msgspec.Meta(max_length=META_DATA_LIMIT)
]
"""Metadata of one message, by key."""


class PostedMessage(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename="camel"):
    """One event or snapshot; a field that is null counts as not given."""

    message_id: str | None = None
    aggregate_id: str | None = None
    aggregate_sequence_number: Annotated[int, msgspec.Meta(ge=0, le=NUMBER_END - 1)] | None = None
    aggregate_type: str | None = None
    date_time: str | int | None = None
    meta_data: PostedMetaData | None = None
    payload: PostedPayload | None = None


MESSAGE_FIELDS: Final = PostedMessage.__struct_encode_fields__


class PostedList(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The messages of one transaction."""

    messages: list[PostedMessage]


@dataclass(frozen=True, slots=True)
class PostingRules:
    """Where the parts come from that a message need not bring, and how long it may be."""

    time_ms: Callable[[], int]
    new_message_id: Callable[[], str]
    message_bytes: int
    """Of the stored form: what a gRPC client could not be sent is not stored."""


def decode_messages(body: bytes) -> list[PostedMessage]:
    """Return the messages of a body: `{"messages": […]}`, a bare array, or one bare message."""
    refuse_too_many_values(body)
    if body.lstrip()[:1] == b"[":
        return decode(body, list[PostedMessage])
    if MESSAGES_KEY.match(body) or "messages" in decode(body, dict[str, msgspec.Raw]):
        return decode(body, PostedList).messages
    return [decode(body, PostedMessage)]


MESSAGES_KEY: Final = re.compile(rb'\s*\{\s*"messages"\s*:')
"""The usual beginning, which spares a look at the whole body."""


def decode_message(body: bytes) -> PostedMessage:
    """Return the one message of a body."""
    refuse_too_many_values(body)
    return decode(body, PostedMessage)


def decode(body: bytes, shape: type[T], fields: Sequence[str] = MESSAGE_FIELDS) -> T:
    """Return what a body says in the shape asked for; raise `InvalidBody` where it does not."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as problem:
        raise shape_refused(str(problem), fields) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InvalidBody(WHOLE_BODY, f"it is not JSON in UTF-8 ({problem})") from None


def shape_refused(problem: str, fields: Sequence[str]) -> InvalidBody:
    """Return the refusal for what the decoder says of a value: ``reason - at `$.path` ``."""
    reason, _, path = problem.partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    missing = MISSING_FIELD.match(reason)
    if missing is not None:
        return InvalidBody(".".join(filter(None, (path, missing[1]))), "it must be given")
    unknown = UNKNOWN_FIELD.match(reason)
    if unknown is not None:
        known = ", ".join(fields)
        return InvalidBody(
            ".".join(filter(None, (path, unknown[1]))),
            f"no such field is known; a message has {known}, a payload type, revision, data, "
            "encoding",
        )
    return InvalidBody(path or WHOLE_BODY, reason[:1].lower() + reason[1:])


MISSING_FIELD: Final = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
UNKNOWN_FIELD: Final = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)


def refuse_too_many_values(body: bytes) -> None:
    """Raise `InvalidBody` for a body of a great many tiny values, before any is made."""
    if body.count(b",") < VALUES_LIMIT:
        return
    # Commas count only outside of texts; a text ends at a quote that no backslash precedes.
    without_escapes = body.replace(rb"\\", b"").replace(rb"\"", b"")
    if TEXT.sub(b"", without_escapes).count(b",") >= VALUES_LIMIT:
        raise InvalidBody(WHOLE_BODY, f"it has more than {VALUES_LIMIT} values; send fewer at once")


TEXT: Final = re.compile(rb'"[^"]*"')


def new_event(message: PostedMessage, rules: PostingRules, path: str = "") -> NewEvent:
    """Return the event to append; without an aggregate type it belongs to no aggregate.

    Raises `InvalidBody` that names the wrong field, with `path` before it.
    """
    event = to_event(message, rules, path)
    if event.aggregate_type and not event.aggregate_identifier:
        raise InvalidBody(f"{path}aggregateId", "it must be given where aggregateType is")
    if message.payload is None:
        raise InvalidBody(f"{path}payload", "an event must have one, be it empty")
    return NewEvent(
        name=event.payload.type,
        data=message_bytes(event, rules),
        time_ms=event.timestamp,
        aggregate_id=event.aggregate_identifier if event.aggregate_type else None,
        aggregate_type=event.aggregate_type,
        sequence=event.aggregate_sequence_number,
    )


def new_snapshot(message: PostedMessage, rules: PostingRules) -> Snapshot:
    """Return the snapshot to store; it must say which aggregate, and after which event."""
    if not message.aggregate_id:
        raise InvalidBody("aggregateId", "a snapshot must say which aggregate it is of")
    if message.aggregate_sequence_number is None:
        raise InvalidBody("aggregateSequenceNumber", "a snapshot must say after which event it is")
    event = to_event(message, rules)
    event.snapshot = True
    return Snapshot(
        aggregate_id=event.aggregate_identifier,
        sequence=event.aggregate_sequence_number,
        time_ms=event.timestamp,
        data=message_bytes(event, rules),
        name=event.payload.type,
    )


def message_bytes(message: Message, rules: PostingRules) -> bytes:
    """Return a message as it travels; raise `MessageTooLarge` where that has too many bytes."""
    data = message.SerializeToString()
    if len(data) > rules.message_bytes:
        raise MessageTooLarge(len(data), rules.message_bytes)
    return data


def to_event(message: PostedMessage, rules: PostingRules, path: str = "") -> Event:
    """Return a message in the form in which it is stored."""
    payload = message.payload
    return Event(
        message_identifier=message.message_id or rules.new_message_id(),
        aggregate_identifier=message.aggregate_id,
        aggregate_sequence_number=message.aggregate_sequence_number,
        aggregate_type=message.aggregate_type,
        timestamp=time_in_ms(message.date_time, rules, f"{path}dateTime"),
        payload=to_payload(payload, f"{path}payload"),
        meta_data=to_meta_data(message.meta_data, path),
    )


def to_payload(payload: PostedPayload | None, path: str) -> SerializedObject | None:
    """Return a payload as it travels; None where there is none."""
    return None if payload is None else to_serialized(payload, path)


def to_serialized(payload: PostedPayload, path: str) -> SerializedObject:
    """Return a payload with its data as bytes."""
    text = payload.data or ""
    data = from_base64(text, f"{path}.data") if payload.encoding == "base64" else text.encode()
    return SerializedObject(type=payload.type, revision=payload.revision, data=data)


def from_base64(text: str, path: str) -> bytes:
    """Return the bytes that a base 64 text stands for."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidBody(path, "it is not base 64, as its encoding says") from None


def to_meta_data(entries: PostedMetaData | None, path: str) -> dict[str, MetaDataValue]:
    """Return metadata as it travels; `path` leads to the object that it stands in."""
    return {
        key: to_meta_data_value(value, f"{path}metaData.{key}")
        for key, value in (entries or {}).items()
    }


def to_meta_data_value(value: MetaDataEntry, path: str) -> MetaDataValue:
    """Return one value of the metadata, in the kind that it has in JSON."""
    match value:
        case bool():
            return MetaDataValue(boolean_value=value)
        case int():
            return MetaDataValue(number_value=stored_number(value, path))
        case float():
            return MetaDataValue(double_value=value)
        case str():
            return MetaDataValue(text_value=value)
        case PostedPayload():
            return MetaDataValue(bytes_value=to_serialized(value, path))


def metadata_texts(meta_data: PostedMetaData | None) -> Mapping[str, str]:
    """Return what tags of handlers are compared with: the text of all that has one, as by gRPC."""
    return {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in (meta_data or {}).items()
        if not isinstance(value, PostedPayload)
    }


def time_in_ms(value: str | int | None, rules: PostingRules, path: str) -> int:
    """Return a time in milliseconds since 1970: of a number as it is, of a text as ISO 8601."""
    if value is None:
        return rules.time_ms()
    if isinstance(value, int):
        return stored_number(value, path)
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise InvalidBody(path, "it is no time in ISO 8601, like 2026-11-21T09:30:00Z") from None
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    return (time - EPOCH) // timedelta(milliseconds=1)


def stored_number(number: int, path: str) -> int:
    """Return a number that can be stored; refuse any other."""
    if -NUMBER_END <= number < NUMBER_END:
        return number
    raise InvalidBody(path, "the number does not fit in 63 bits and a sign")
