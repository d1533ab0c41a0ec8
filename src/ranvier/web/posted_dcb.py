"""The JSON that `/v2/dcbEvents` and `/v2/dcbEvents/source` take, and what is made of it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from ranvier.events.append import AppendCondition
from ranvier.events.criterion import Criterion
from ranvier.events.event import NewEvent
from ranvier.events.tag import Tag
from ranvier.proto.dcb_pb2 import Event
from ranvier.web.posted_messages import (
    META_DATA_LIMIT,
    NUMBER_END,
    PostedPayload,
    PostingRules,
    decode,
    from_base64,
    message_bytes,
    refuse_too_many_values,
    time_in_ms,
    to_serialized,
)

Number = Annotated[int, msgspec.Meta(ge=-NUMBER_END, le=NUMBER_END - 1)]


class PostedTag(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A tag; its encoding counts for both of its parts."""

    key: str
    value: str = ""
    encoding: Literal["text", "base64"] | None = None


class PostedCriterion(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """All of the tags and one of the names; an empty list asks for nothing."""

    tags: list[PostedTag] = []
    names: list[str] = []


class PostedCondition(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename="camel"):
    """No event from the marker on may match any of the criteria."""

    consistency_marker: Number
    criteria: list[PostedCriterion] = []


class PostedDcbEvent(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename="camel"):
    """One event; the type of its payload is its name, the revision its version."""

    payload: PostedPayload
    message_id: str | None = None
    date_time: str | int | None = None
    meta_data: Annotated[dict[str, str], msgspec.Meta(max_length=META_DATA_LIMIT)] | None = None
    tags: list[PostedTag] = []


class PostedDcbAppend(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The events of one transaction, and what it depends on."""

    events: list[PostedDcbEvent]
    condition: PostedCondition | None = None


class PostedSource(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename="camel"):
    """Which events are wanted; without criteria, all."""

    from_sequence: Number = 0
    criteria: list[PostedCriterion] = []


APPEND_FIELDS: Final = (
    *("events", "condition", "consistencyMarker", "criteria", "names", "tags", "key", "value"),
    *("messageId", "dateTime", "metaData", "payload"),
)
SOURCE_FIELDS: Final = ("fromSequence", "criteria", "names", "tags", "key", "value", "encoding")


def decode_append(body: bytes) -> PostedDcbAppend:
    """Return the append that a body asks for."""
    refuse_too_many_values(body)
    return decode(body, PostedDcbAppend, APPEND_FIELDS)


def decode_source(body: bytes) -> PostedSource:
    """Return the source that a body asks for."""
    refuse_too_many_values(body)
    return decode(body, PostedSource, SOURCE_FIELDS)


def new_dcb_event(posted: PostedDcbEvent, rules: PostingRules, path: str) -> NewEvent:
    """Return the event to append; raise `InvalidBody` that names the wrong field after `path`."""
    payload = to_serialized(posted.payload, f"{path}payload")
    event = Event(
        identifier=posted.message_id or rules.new_message_id(),
        timestamp=time_in_ms(posted.date_time, rules, f"{path}dateTime"),
        name=payload.type,
        version=payload.revision,
        payload=payload.data,
        metadata=posted.meta_data or {},
    )
    data = message_bytes(event, rules)
    tags = tags_of(posted.tags, f"{path}tags")
    return NewEvent(event.name, data, event.timestamp, None, "", 0, tags)


def condition_of(posted: PostedCondition | None) -> AppendCondition | None:
    """Return the condition as the store judges it."""
    if posted is None:
        return None
    criteria = criteria_of(posted.criteria, "condition.criteria")
    return AppendCondition(posted.consistency_marker, criteria)


def criteria_of(posted: list[PostedCriterion], path: str) -> tuple[Criterion, ...]:
    """Return the criteria; `path` says where they stand."""
    return tuple(
        Criterion(tags_of(one.tags, f"{path}[{index}].tags"), tuple(one.names))
        for index, one in enumerate(posted)
    )


def tags_of(posted: list[PostedTag], path: str) -> tuple[Tag, ...]:
    """Return the tags; `path` says where they stand."""
    return tuple(tag_of(one, f"{path}[{index}]") for index, one in enumerate(posted))


def tag_of(posted: PostedTag, path: str) -> Tag:
    """Return a tag as bytes."""
    if posted.encoding == "base64":
        key = from_base64(posted.key, f"{path}.key")
        return Tag(key, from_base64(posted.value, f"{path}.value"))
    return Tag(posted.key.encode(), posted.value.encode())
