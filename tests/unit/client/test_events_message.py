"""Events keep what they are on their way to the wire and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ranvier.client import EventMessage, JsonCodec, Payload
from ranvier.client.events_message import (
    EARLIEST,
    LATEST,
    StoredEvent,
    milliseconds,
    time_of,
    wire_event,
)

CODEC = JsonCodec()
NINE = datetime(2026, 11, 21, 9, 30, 0, 250_000, tzinfo=UTC)


def test_a_time_without_zone_is_utc_and_others_are_converted() -> None:
    assert time_of(milliseconds(NINE)) == NINE
    assert milliseconds(NINE.replace(tzinfo=None)) == milliseconds(NINE)
    assert milliseconds(NINE.astimezone(timezone(timedelta(hours=2)))) == milliseconds(NINE)


@pytest.mark.parametrize(("time_ms", "time"), [(2**63 - 1, LATEST), (-(2**63), EARLIEST)])
def test_a_time_that_no_calendar_has_is_the_nearest(time_ms: int, time: datetime) -> None:
    assert time_of(time_ms) == time


def test_an_event_is_read_as_it_was_made() -> None:
    event = EventMessage({"amount": 3}, {"teller": "Ada"}, "Account", "a-1", 7, time=NINE)
    stored = StoredEvent(wire_event(event, CODEC), CODEC, 41)
    assert (stored.id, stored.time, stored.token) == (event.id, NINE, 41)
    assert (stored.aggregate_type, stored.aggregate_id, stored.sequence) == ("Account", "a-1", 7)
    assert stored.value() == {"amount": 3}
    assert stored.metadata == {"teller": "Ada"}
    assert repr(stored) == "<StoredEvent dict of Account/a-1@7 at 41>"
    assert wire_event(stored, CODEC) == stored.message


def test_equal_events_have_one_fingerprint_and_others_another() -> None:
    metadata = {f"key-{number}": number for number in range(20)}
    event = EventMessage(Payload("Opened", b"{}"), metadata, time=NINE, id="1")
    turned = EventMessage(
        Payload("Opened", b"{}"), dict(reversed(metadata.items())), time=NINE, id="1"
    )
    other = EventMessage(Payload("Opened", b"{ }"), metadata, time=NINE, id="1")
    first, second, third = (
        StoredEvent(wire_event(each, CODEC), CODEC).fingerprint() for each in (event, turned, other)
    )
    assert first == second
    assert first != third
