"""What every supported database can store, and how much of it one append may bring."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ranvier.events.append import Append, AppendCondition
from ranvier.events.criterion import Criterion
from ranvier.events.errors import EventError, InvalidEvent, PayloadTooLarge, TooManyEvents
from ranvier.events.event import NewEvent
from ranvier.events.keyed_snapshot import KeyedSnapshot
from ranvier.events.snapshot import Snapshot
from ranvier.events.tag import Tag

TEXT_BYTES = 255
"""Identifiers, names, tag keys and tag values: index entries stay small in every dialect."""

NUMBER_LIMIT = 2**63
"""Numbers are stored as signed 64-bit integers."""

APPEND_ID_BYTES = 16
"""An append id is a UUID."""


@dataclass(frozen=True, slots=True)
class AppendLimits:
    """The bounds of one append: each protects the node's memory and its neighbours' time."""

    append_bytes: int = 16 * 1024 * 1024
    """Bytes of all events together: a few of the largest messages that the wire lets through."""
    events_per_append: int = 32_767
    """Events in one append: what Axon clients may send in one transaction."""
    tags_per_event: int = 64
    """Each tag is a row of an index."""
    criteria_per_condition: int = 1_000
    """Each criterion is a look at the database."""
    tags_per_criterion: int = 64
    """As many as an event may bear; more could not match."""
    names_per_criterion: int = 1_000
    """Far more kinds of events than one decision looks at."""


DEFAULT_LIMITS = AppendLimits()


def refuse_append(append: Append, limits: AppendLimits = DEFAULT_LIMITS) -> EventError | None:
    """Say why no database could be trusted with this append, or None if all can store it."""
    if len(append.append_id) != APPEND_ID_BYTES:
        return InvalidEvent("append id", f"must be {APPEND_ID_BYTES} bytes long")
    if len(append.events) > limits.events_per_append:
        return TooManyEvents(len(append.events), limits.events_per_append)
    size_bytes = 0
    for event in append.events:
        size_bytes += len(event.data)
        refusal = _refuse_event(event, limits)
        if refusal is not None:
            return refusal
    if size_bytes > limits.append_bytes:
        return PayloadTooLarge(size_bytes, limits.append_bytes)
    return None if append.condition is None else _refuse_condition(append.condition, limits)


def refuse_snapshot(snapshot: Snapshot, limits: AppendLimits = DEFAULT_LIMITS) -> EventError | None:
    """Say why no database could be trusted with this snapshot, or None if all can store it."""
    if len(snapshot.data) > limits.append_bytes:
        return PayloadTooLarge(len(snapshot.data), limits.append_bytes)
    return (
        refuse_text("aggregate identifier", snapshot.aggregate_id)
        or refuse_text("payload type", snapshot.name)
        or _refuse_number("sequence number", snapshot.sequence)
        or _refuse_number("timestamp", snapshot.time_ms)
    )


def refuse_keyed_snapshot(
    snapshot: KeyedSnapshot, limits: AppendLimits = DEFAULT_LIMITS
) -> EventError | None:
    """Say why no database could be trusted with this snapshot, or None if all can store it."""
    if len(snapshot.data) > limits.append_bytes:
        return PayloadTooLarge(len(snapshot.data), limits.append_bytes)
    return refuse_snapshot_key(snapshot.key) or _refuse_number("sequence", snapshot.sequence)


def refuse_snapshot_key(key: bytes) -> InvalidEvent | None:
    """Say why nothing can be kept under this key, or None if it can."""
    if not key:
        return InvalidEvent("snapshot key", "is empty: name what the snapshot is of")
    if len(key) > TEXT_BYTES:
        return InvalidEvent("snapshot key", f"has {len(key)} bytes, the limit is {TEXT_BYTES}")
    return None


def refuse_criteria(
    criteria: Sequence[Criterion], limits: AppendLimits = DEFAULT_LIMITS
) -> InvalidEvent | None:
    """Say why these criteria cannot be asked for, or None if they can."""
    if len(criteria) > limits.criteria_per_condition:
        return InvalidEvent(
            "list of criteria",
            f"has {len(criteria)} criteria, the limit is {limits.criteria_per_condition}",
        )
    refusal: InvalidEvent | None = None
    for criterion in criteria:
        refusal = refusal or _refuse_criterion(criterion, limits)
    return refusal


def refuse_text(field: str, text: str) -> InvalidEvent | None:
    """Say why this text cannot be an identifier or a name, or None if it can."""
    if text.isascii():
        size_bytes = len(text)
    else:
        try:
            size_bytes = len(text.encode())
        except UnicodeEncodeError:
            return InvalidEvent(field, "holds half of a surrogate pair, which is not text: mend it")
    if size_bytes > TEXT_BYTES:
        return InvalidEvent(field, f"is {size_bytes} bytes long, the limit is {TEXT_BYTES}")
    if "\0" in text:
        return InvalidEvent(field, "holds a NUL character: leave it out")
    return None


def _refuse_event(event: NewEvent, limits: AppendLimits) -> InvalidEvent | None:
    return (
        refuse_text("aggregate identifier", event.aggregate_id or "")
        or refuse_text("aggregate type", event.aggregate_type)
        or refuse_text("payload type", event.name)
        or _refuse_number("sequence number", event.sequence)
        or _refuse_number("timestamp", event.time_ms)
        or (refuse_tags(event.tags, limits.tags_per_event) if event.tags else None)
    )


def _refuse_number(field: str, number: int) -> InvalidEvent | None:
    if -NUMBER_LIMIT <= number < NUMBER_LIMIT:
        return None
    return InvalidEvent(field, "does not fit in 63 bits and a sign")


def refuse_tags(
    tags: Collection[Tag], limit: int = DEFAULT_LIMITS.tags_per_event
) -> InvalidEvent | None:
    """Say why an event cannot bear these tags, or None if it can."""
    if len(tags) > limit:
        return InvalidEvent("list of tags", f"has {len(tags)} tags, the limit is {limit}")
    for tag in tags:
        if len(tag.key) > TEXT_BYTES or len(tag.value) > TEXT_BYTES:
            return InvalidEvent("tag", f"has a key or value of more than {TEXT_BYTES} bytes")
    return None


def _refuse_condition(condition: AppendCondition, limits: AppendLimits) -> InvalidEvent | None:
    return _refuse_number("marker", condition.marker) or refuse_criteria(condition.criteria, limits)


def _refuse_criterion(criterion: Criterion, limits: AppendLimits) -> InvalidEvent | None:
    if len(criterion.names) > limits.names_per_criterion:
        return InvalidEvent(
            "criterion",
            f"has {len(criterion.names)} names, the limit is {limits.names_per_criterion}",
        )
    refusal = refuse_tags(criterion.tags, limits.tags_per_criterion)
    for name in criterion.names:
        refusal = refusal or refuse_text("payload type", name)
    return refusal
