"""Events as streams see them: classic ones as they are, DCB ones in classic words."""

from __future__ import annotations

import pytest

from ranvier.axon.stream_event import ClassicEvent, DcbEvent, StreamEvents
from ranvier.proto import common_pb2, dcb_pb2, event_pb2
from ranvier.services.context_kinds import ContextKinds
from tests.support.memory_event_log import MemoryDatabase
from tests.support.new_events import axon_event

DCB = dcb_pb2.Event(
    identifier="d-1",
    timestamp=5,
    name="SeatTaken",
    version="2",
    payload=b"{}",
    metadata={"tenant": "x"},
)


@pytest.fixture
def kinds() -> ContextKinds:
    kinds = ContextKinds(MemoryDatabase().contexts)
    kinds.learn("classic", dcb=False)
    kinds.learn("dcb", dcb=True)
    return kinds


def test_a_classic_event() -> None:
    message = axon_event("a", 3)
    message.meta_data["n"].number_value = 7
    event = ClassicEvent(9, message.SerializeToString())
    assert (event.place, event.aggregate_id, event.payload) == (9, "a", b"payload")
    assert (event.meta_text("n"), event.meta_text("m")) == ("7", None)
    assert (event.cell("token"), event.cell("payloadType")) == (9, "Opened")


def test_an_event_without_aggregate_type_belongs_to_none() -> None:
    message = axon_event("a", 3, aggregate_type="")
    assert ClassicEvent(9, message.SerializeToString()).aggregate_id == ""


def test_a_dcb_event_in_classic_words() -> None:
    event = DcbEvent(9, DCB.SerializeToString())
    assert (event.place, event.aggregate_id, event.payload) == (9, "", b"{}")
    assert event.meta_text("tenant") == "x"
    assert (event.cell("payloadType"), event.cell("payloadRevision")) == ("SeatTaken", "2")


def test_the_kind_of_the_context_decides(kinds: ContextKinds) -> None:
    events = StreamEvents(kinds)
    classic, dcb = axon_event().SerializeToString(), DCB.SerializeToString()
    assert isinstance(events.event_of("dcb", 0, dcb), DcbEvent)
    assert not isinstance(events.event_of("classic", 0, classic), DcbEvent)
    assert events.sent("classic", classic) is classic
    assert event_pb2.Event.FromString(events.sent("dcb", dcb)) == event_pb2.Event(
        message_identifier="d-1",
        timestamp=5,
        payload=common_pb2.SerializedObject(type="SeatTaken", revision="2", data=b"{}"),
        meta_data={"tenant": common_pb2.MetaDataValue(text_value="x")},
    )
