"""What must not be stored is refused with Axon's code and a sentence; the connection lives on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from ranvier.proto import event_pb2
from tests.support.axon_node import AxonNode
from tests.support.axon_stubs import ServiceStub
from tests.support.live_call import LiveCall, Refusal, refused
from tests.system.axon.test_event_store_calls import event

EVENT_STORE = "/io.axoniq.axonserver.grpc.event.EventStore"
NOWHERE = [("axoniq-context", "nowhere")]


def assert_plain(refusal: Refusal) -> None:
    assert "Traceback" not in refusal.text
    assert 'File "' not in refusal.text
    assert refusal.text.startswith(f"[{refusal.axon_code}] ")


def append(stub: ServiceStub, *events: event_pb2.Event) -> Refusal:
    refusal = refused(lambda: stub.AppendEvent(iter(events)))
    assert_plain(refusal)
    return refusal


def count(stub: ServiceStub) -> int:
    return int(stub.GetLastToken(event_pb2.GetLastTokenRequest()).token) + 1


@pytest.mark.parametrize(
    ("method", "request_message"),
    [
        ("AppendSnapshot", event("a", 0)),
        ("ListAggregateEvents", event_pb2.GetAggregateEventsRequest(aggregate_id="a")),
        ("ListAggregateSnapshots", event_pb2.GetAggregateSnapshotsRequest(aggregate_id="a")),
        ("ReadHighestSequenceNr", event_pb2.ReadHighestSequenceNrRequest(aggregate_id="a")),
        ("GetFirstToken", event_pb2.GetFirstTokenRequest()),
        ("GetLastToken", event_pb2.GetLastTokenRequest()),
        ("GetTokenAt", event_pb2.GetTokenAtRequest()),
    ],
)
def test_an_unknown_context_is_1302(
    stub: ServiceStub, method: str, request_message: object
) -> None:
    refusal = refused(lambda: getattr(stub, method)(request_message, metadata=NOWHERE))
    assert (refusal.status, refusal.axon_code) == (grpc.StatusCode.NOT_FOUND, "AXONIQ-1302")
    assert_plain(refusal)


@pytest.mark.parametrize(
    ("method", "request_message"),
    [
        ("AppendEvent", event("a", 0)),
        ("ListEvents", event_pb2.GetEventsRequest(number_of_permits=1)),
        ("QueryEvents", event_pb2.QueryEventsRequest(number_of_permits=1)),
    ],
)
def test_an_unknown_context_is_1302_in_streams_too(
    stub: ServiceStub, method: str, request_message: object
) -> None:
    call = getattr(stub, method)
    refusal = refused(lambda: call(iter([request_message]), metadata=NOWHERE))
    assert (refusal.status, refusal.axon_code) == (grpc.StatusCode.NOT_FOUND, "AXONIQ-1302")


def test_an_empty_append_to_an_unknown_context_is_1302(stub: ServiceStub) -> None:
    refusal = refused(lambda: stub.AppendEvent(iter([]), metadata=NOWHERE))
    assert refusal.axon_code == "AXONIQ-1302"


def test_a_wrong_sequence_is_2000_with_the_expected_number(stub: ServiceStub) -> None:
    stub.AppendEvent(iter([event("a", 0)]))
    refusal = append(stub, event("a", 5))
    assert (refusal.status, refusal.axon_code) == (grpc.StatusCode.OUT_OF_RANGE, "AXONIQ-2000")
    assert refusal.text == "[AXONIQ-2000] Invalid sequence number 5 for aggregate a, expected 1"
    assert count(stub) == 1


def test_a_payload_over_the_limit_is_2001_and_the_connection_stays_usable(
    stub: ServiceStub,
) -> None:
    large = event("a", 0)
    large.payload.data = bytes(5 * 1024 * 1024)
    for call in (lambda: stub.AppendEvent(iter([large])), lambda: stub.AppendSnapshot(large)):
        refusal = refused(call)
        assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT
        assert refusal.axon_code == "AXONIQ-2001"
        assert_plain(refusal)
    assert stub.AppendEvent(iter([event("a", 0)])).success
    assert count(stub) == 1


def test_a_large_payload_behind_others_leaves_nothing_of_its_call_behind(
    stub: ServiceStub, node: AxonNode
) -> None:
    large = event("a", 1)
    large.payload.data = bytes(5 * 1024 * 1024)
    assert append(stub, event("a", 0), large).axon_code == "AXONIQ-2001"
    assert count(stub) == 0
    assert node.append_events.budget.taken_bytes == 0


def test_a_transaction_over_the_limit_is_2001(stub: ServiceStub, node: AxonNode) -> None:
    large = [event("a", sequence) for sequence in range(6)]
    for one in large:
        one.payload.data = bytes(3 * 1024 * 1024)
    assert append(stub, *large).axon_code == "AXONIQ-2001"
    assert count(stub) == 0
    assert node.append_events.budget.taken_bytes == 0


def test_too_many_events_in_one_transaction_are_2002(stub: ServiceStub, node: AxonNode) -> None:
    refusal = append(stub, *(event("a", sequence) for sequence in range(32_768)))
    assert (refusal.status, refusal.axon_code) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "AXONIQ-2002",
    )
    assert count(stub) == 0
    assert node.append_events.budget.taken_bytes == 0


@pytest.mark.parametrize(
    "method",
    [
        "AppendSnapshot",
        "ListAggregateEvents",
        "ListAggregateSnapshots",
        "ReadHighestSequenceNr",
        "GetTokenAt",
    ],
)
def test_a_broken_message_is_an_invalid_argument(channel: grpc.Channel, method: str) -> None:
    refusal = refused(lambda: channel.unary_unary(f"{EVENT_STORE}/{method}")(b"\xff\xff"))
    assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT
    assert_plain(refusal)


@pytest.mark.parametrize("method", ["AppendEvent", "ListEvents", "QueryEvents"])
def test_a_broken_message_in_a_stream_is_an_invalid_argument(
    channel: grpc.Channel, stub: ServiceStub, method: str
) -> None:
    call = channel.stream_stream(f"{EVENT_STORE}/{method}")
    refusal = refused(lambda: call(iter([event("a", 0).SerializeToString(), b"\x0a\x05abc"])))
    assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT
    assert_plain(refusal)
    assert count(stub) == 0


BROKEN_IDENTIFIERS = {
    "NUL": event("nul\0nul", 0).SerializeToString(),
    "half a surrogate pair": event("", 0).SerializeToString() + b"\x12\x03\xed\xa0\x80",
    "too long": event("x" * 256, 0).SerializeToString(),
    "NUL in the type": event("t", 0, aggregate_type="A\0").SerializeToString(),
}


@pytest.mark.parametrize("message", BROKEN_IDENTIFIERS.values(), ids=BROKEN_IDENTIFIERS.keys())
def test_identifiers_that_no_database_holds_are_refused_and_neighbours_unharmed(
    channel: grpc.Channel, stub: ServiceStub, message: bytes
) -> None:
    append_bytes = channel.stream_unary(f"{EVENT_STORE}/AppendEvent")

    def neighbour(number: int) -> bool:
        return bool(stub.AppendEvent(iter([event(f"good-{number}", 0)])).success)

    def guilty(_number: int) -> Refusal:
        return refused(lambda: append_bytes(iter([message])))

    with ThreadPoolExecutor(16) as pool:
        good = [pool.submit(neighbour, number) for number in range(32)]
        bad = [pool.submit(guilty, number) for number in range(32)]
        assert all(one.result() for one in good)
        for one in bad:
            assert one.result().status is grpc.StatusCode.INVALID_ARGUMENT
            assert_plain(one.result())
    assert count(stub) == 32


def test_a_payload_type_with_a_nul_is_refused_and_one_in_the_payload_is_not(
    stub: ServiceStub,
) -> None:
    bad = event("a", 0)
    bad.payload.type = "Op\0ened"
    assert append(stub, bad).status is grpc.StatusCode.INVALID_ARGUMENT
    good = event("a", 0)
    good.payload.data = b"\0\xff"
    assert stub.AppendEvent(iter([good])).success


def test_more_permits_than_fit_in_64_bits_are_taken(stub: ServiceStub) -> None:
    stub.AppendEvent(iter([event("a", 0)]))
    request = event_pb2.GetEventsRequest(number_of_permits=2**63 - 1)
    with LiveCall[event_pb2.GetEventsRequest, event_pb2.EventWithToken](
        stub.ListEvents, request, request, request
    ) as call:
        assert len(call.rest()) == 1


def test_more_bytes_than_the_node_holds_are_3000_until_there_is_room(
    node: AxonNode, stub: ServiceStub
) -> None:
    budget = node.append_events.budget
    room = node.append_events.limits.waiting_bytes

    async def take() -> None:
        budget.take(room)

    async def give_back() -> None:
        budget.give_back(room)

    node.do(take())
    refusal = append(stub, event("a", 0))
    assert refusal.status is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert refusal.axon_code == "AXONIQ-3000"
    node.do(give_back())
    assert stub.AppendEvent(iter([event("a", 0)])).success
