from __future__ import annotations

from dataclasses import replace

import pytest

from ranvier.events.append import Append, AppendCondition
from ranvier.events.criterion import Criterion
from ranvier.events.errors import InvalidEvent, PayloadTooLarge, TooManyEvents
from ranvier.events.event import NewEvent
from ranvier.events.limits import AppendLimits, refuse_append, refuse_snapshot, refuse_text
from ranvier.events.snapshot import Snapshot
from ranvier.events.tag import Tag

EVENT = NewEvent("Opened", b"data", 5, "order-1", "Order", 0, (Tag(b"key", b"value"),))
SNAPSHOT = Snapshot("order-1", 0, 5, b"data", "OrderState")
APPEND_ID = bytes(16)


def refused_field(*events: NewEvent, condition: AppendCondition | None = None) -> str | None:
    refusal = refuse_append(Append(APPEND_ID, events, condition))
    assert refusal is None or isinstance(refusal, InvalidEvent)
    return None if refusal is None else refusal.field


def test_an_ordinary_append_is_taken() -> None:
    criterion = Criterion((Tag(b"key", b"value"),), ("Opened",))
    append = Append(APPEND_ID, (EVENT, EVENT), AppendCondition(2**63 - 1, (criterion,)))
    assert refuse_append(append) is None
    assert refuse_append(Append(APPEND_ID, ())) is None


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (replace(EVENT, aggregate_id="a\0b"), "aggregate identifier"),
        (replace(EVENT, aggregate_type="\0"), "aggregate type"),
        (replace(EVENT, name="Open\0ed"), "payload type"),
        (replace(EVENT, aggregate_id="half \ud800"), "aggregate identifier"),
        (replace(EVENT, name="\udfff"), "payload type"),
        (replace(EVENT, aggregate_id="x" * 256), "aggregate identifier"),
        (replace(EVENT, aggregate_id="é" * 128), "aggregate identifier"),
        (replace(EVENT, sequence=2**63), "sequence number"),
        (replace(EVENT, sequence=-(2**63) - 1), "sequence number"),
        (replace(EVENT, time_ms=2**63), "timestamp"),
        (replace(EVENT, tags=(Tag(b"k" * 256, b""),)), "tag"),
        (replace(EVENT, tags=(Tag(b"", b"v" * 256),)), "tag"),
        (replace(EVENT, tags=tuple(Tag(b"%d" % n, b"") for n in range(65))), "list of tags"),
    ],
)
def test_what_some_database_cannot_store_is_refused_by_name(event: NewEvent, field: str) -> None:
    assert refused_field(EVENT, event) == field


@pytest.mark.parametrize(
    "event",
    [
        replace(EVENT, aggregate_id="x" * 255),
        replace(EVENT, aggregate_id="é" * 127),
        replace(EVENT, aggregate_id=None),
        replace(EVENT, name="", aggregate_type=""),
        replace(EVENT, sequence=2**63 - 1, time_ms=-(2**63)),
        replace(EVENT, tags=(Tag(b"\0" * 255, b"\xff" * 255),)),
    ],
)
def test_what_lies_just_within_the_limits_is_taken(event: NewEvent) -> None:
    assert refused_field(event) is None


def test_an_append_id_is_sixteen_bytes() -> None:
    refusal = refuse_append(Append(b"short", (EVENT,)))
    assert isinstance(refusal, InvalidEvent)
    assert refusal.field == "append id"


def test_an_append_has_a_limit_of_bytes_and_of_events() -> None:
    limits = AppendLimits(append_bytes=7, events_per_append=2)
    too_large = refuse_append(Append(APPEND_ID, (EVENT, EVENT)), limits)
    assert isinstance(too_large, PayloadTooLarge)
    assert (too_large.code, too_large.size_bytes, too_large.limit_bytes) == ("AXONIQ-2001", 8, 7)
    too_many = refuse_append(Append(APPEND_ID, (EVENT, EVENT, EVENT)), limits)
    assert isinstance(too_many, TooManyEvents)
    assert (too_many.code, too_many.count, too_many.limit) == ("AXONIQ-2002", 3, 2)


@pytest.mark.parametrize(
    ("condition", "field"),
    [
        (AppendCondition(2**63), "marker"),
        (AppendCondition(0, (Criterion(),) * 1_001), "list of criteria"),
        (AppendCondition(0, (Criterion(names=("a",) * 1_001),)), "criterion"),
        (AppendCondition(0, (Criterion(names=("a", "b\0")),)), "payload type"),
        (AppendCondition(0, (Criterion((Tag(b"k" * 256, b""),)),)), "tag"),
        (AppendCondition(0, (Criterion(), Criterion((Tag(b"k", b""),) * 65))), "list of tags"),
    ],
)
def test_a_condition_has_limits_too(condition: AppendCondition, field: str) -> None:
    assert refused_field(EVENT, condition=condition) == field


def test_a_snapshot_has_the_limits_of_an_event() -> None:
    assert refuse_snapshot(SNAPSHOT) is None
    too_large = refuse_snapshot(SNAPSHOT, AppendLimits(append_bytes=3))
    assert isinstance(too_large, PayloadTooLarge)
    for snapshot, field in (
        (replace(SNAPSHOT, aggregate_id="\0"), "aggregate identifier"),
        (replace(SNAPSHOT, name="\ud800"), "payload type"),
        (replace(SNAPSHOT, sequence=2**63), "sequence number"),
        (replace(SNAPSHOT, time_ms=2**63), "timestamp"),
    ):
        refusal = refuse_snapshot(snapshot)
        assert isinstance(refusal, InvalidEvent)
        assert refusal.field == field


def test_a_refusal_names_the_field_and_the_remedy() -> None:
    refusal = refuse_text("context name", "a\0")
    assert str(refusal) == "The context name holds a NUL character: leave it out."
