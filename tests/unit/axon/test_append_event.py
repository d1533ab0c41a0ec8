"""What the store must know of an event, read from its bytes."""

from __future__ import annotations

import pytest

from ranvier.axon.append_event import new_event
from ranvier.axon.errors import BrokenMessage
from tests.support.new_events import axon_event


def test_an_event_of_an_aggregate_keeps_its_bytes_as_they_came() -> None:
    message = (
        axon_event("account-1", 4, payload_type="Opened").SerializeToString() + b"\x98\x06\x01"
    )
    event = new_event(message)
    assert event.data is message
    assert (event.aggregate_id, event.aggregate_type, event.sequence) == ("account-1", "Account", 4)
    assert (event.name, event.time_ms, event.tags) == ("Opened", 4, ())


def test_an_event_without_an_aggregate_type_has_no_aggregate() -> None:
    event = new_event(axon_event("named-all-the-same", aggregate_type="").SerializeToString())
    assert event.aggregate_id is None


@pytest.mark.parametrize(
    "message",
    [
        b"\xff",
        b"\x0a\x05abc",
        b"\x12\x03\xed\xa0\x80",  # half of a surrogate pair as aggregate identifier
        b"\x12\x02\xc0\x80",  # an overlong NUL
    ],
)
def test_what_is_no_event_is_refused(message: bytes) -> None:
    with pytest.raises(BrokenMessage, match="no Event"):
        new_event(message)
