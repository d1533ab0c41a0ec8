"""The event store's calls beyond what `axonclient` uses, called by grpcio."""

from __future__ import annotations

import queue

import grpc

from ranvier.proto import event_pb2
from tests.support.axon_node import AxonNode, NodeSettings
from tests.support.axon_stubs import ServiceStub, event_store_stub
from tests.system.axon.conftest import StartNode, on_every_database

pytestmark = on_every_database


def event(aggregate_id: str, sequence: int, **changes: object) -> event_pb2.Event:
    made = event_pb2.Event(
        message_identifier=f"{aggregate_id}-{sequence}",
        aggregate_identifier=aggregate_id,
        aggregate_sequence_number=sequence,
        aggregate_type="Account",
        timestamp=1_000 + sequence,
        payload={"type": "Opened", "data": b"payload"},
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def test_all_events_of_one_call_get_consecutive_tokens(stub: ServiceStub) -> None:
    assert stub.AppendEvent(iter([event("a", 0), event("b", 0)])).success
    assert stub.AppendEvent(iter([event("a", 1)])).success
    assert stub.GetLastToken(event_pb2.GetLastTokenRequest()).token == 2


def test_the_highest_sequence_number_or_minus_one(stub: ServiceStub) -> None:
    def highest(aggregate_id: str) -> int:
        request = event_pb2.ReadHighestSequenceNrRequest(aggregate_id=aggregate_id)
        return int(stub.ReadHighestSequenceNr(request).to_sequence_nr)

    stub.AppendEvent(iter([event("a", 0), event("a", 1)]))
    assert (highest("a"), highest("nobody")) == (1, -1)


def test_the_token_at_a_time(stub: ServiceStub) -> None:
    def token_at(instant: int) -> int:
        return int(stub.GetTokenAt(event_pb2.GetTokenAtRequest(instant=instant)).token)

    assert token_at(5) == 0
    stub.AppendEvent(iter([event("a", sequence) for sequence in range(3)]))
    assert [token_at(instant) for instant in (0, 1_000, 1_001, 1_002, 1_003)] == [0, 0, 1, 2, 3]


def test_an_aggregate_is_read_up_to_a_sequence_where_zero_means_all(stub: ServiceStub) -> None:
    stub.AppendEvent(iter([event("a", sequence) for sequence in range(5)]))

    def sequences(first: int, last: int) -> list[int]:
        request = event_pb2.GetAggregateEventsRequest(
            aggregate_id="a", initial_sequence=first, max_sequence=last
        )
        return [one.aggregate_sequence_number for one in stub.ListAggregateEvents(request)]

    assert sequences(1, 3) == [1, 2, 3]
    assert sequences(2, 0) == [2, 3, 4]
    assert sequences(-1, 1) == [0, 1]


def test_a_snapshot_ahead_of_the_wanted_range_is_not_used(stub: ServiceStub) -> None:
    stub.AppendEvent(iter([event("a", sequence) for sequence in range(5)]))
    stub.AppendSnapshot(event("a", 3, snapshot=True))
    request = event_pb2.GetAggregateEventsRequest(
        aggregate_id="a", allow_snapshots=True, max_sequence=2
    )
    read = list(stub.ListAggregateEvents(request))
    assert [one.aggregate_sequence_number for one in read] == [0, 1, 2]


def test_a_snapshot_is_marked_as_one_also_when_its_sender_forgot(stub: ServiceStub) -> None:
    stub.AppendEvent(iter([event("a", 0)]))
    stub.AppendSnapshot(event("a", 0))
    request = event_pb2.GetAggregateEventsRequest(aggregate_id="a", allow_snapshots=True)
    assert [one.snapshot for one in stub.ListAggregateEvents(request)] == [True]


def test_events_without_a_type_are_in_the_log_and_in_no_aggregate(stub: ServiceStub) -> None:
    loose = [event("a", 7, aggregate_type=""), event("", 0, aggregate_type="")]
    stub.AppendEvent(iter(loose))
    stub.AppendEvent(iter(loose))
    assert stub.GetLastToken(event_pb2.GetLastTokenRequest()).token == 3
    request = event_pb2.GetAggregateEventsRequest(aggregate_id="a")
    assert list(stub.ListAggregateEvents(request)) == []


def test_message_identifiers_need_not_be_unique(stub: ServiceStub) -> None:
    stub.AppendEvent(iter([event("a", 0, message_identifier="same")]))
    assert stub.AppendEvent(iter([event("b", 0, message_identifier="same")])).success


def test_fields_that_the_node_does_not_know_are_kept(channel: grpc.Channel) -> None:
    append = channel.stream_unary("/io.axoniq.axonserver.grpc.event.EventStore/AppendEvent")
    read = channel.unary_stream("/io.axoniq.axonserver.grpc.event.EventStore/ListAggregateEvents")
    message = event("a", 0).SerializeToString() + b"\x9a\x06\x03new"
    append(iter([message]))
    request = event_pb2.GetAggregateEventsRequest(aggregate_id="a")
    assert list(read(request.SerializeToString())) == [message]


def test_a_cancelled_append_leaves_nothing_behind(stub: ServiceStub, node: AxonNode) -> None:
    sent = queue.SimpleQueue[event_pb2.Event]()
    sent.put(event("a", 0))
    call = stub.AppendEvent.future(iter(sent.get, None))
    node.until(lambda: bool(node.append_events.budget.taken_bytes))
    call.cancel()
    node.until(lambda: not node.append_events.budget.taken_bytes)
    assert stub.AppendEvent(iter([event("a", 0)])).success
    assert stub.GetLastToken(event_pb2.GetLastTokenRequest()).token == 0
    sent.put(event("a", 1))  # lets grpcio's sending thread end


def test_contexts_are_apart_and_named_by_either_header(start_node: StartNode) -> None:
    node = start_node(NodeSettings(contexts=("default", "other")))
    with grpc.insecure_channel(node.address) as channel:
        stub = event_store_stub(channel)
        for name in ("axoniq-context", "context"):
            stub.AppendEvent(iter([event(name, 0)]), metadata=[(name, "other")])
        stub.AppendEvent(iter([event("a", 0)]), metadata=[("axoniq-context", "default")])

        def last_token(*metadata: tuple[str, str]) -> int:
            return int(stub.GetLastToken(event_pb2.GetLastTokenRequest(), metadata=metadata).token)

        assert last_token(("axoniq-context", "other")) == 1
        assert last_token() == 0


def test_a_long_aggregate_reaches_a_reader_whole(stub: ServiceStub) -> None:
    for start in range(0, 3_000, 500):
        events = [event("a", at, message_identifier="x" * 900) for at in range(start, start + 500)]
        stub.AppendEvent(iter(events))
    request = event_pb2.GetAggregateEventsRequest(aggregate_id="a")
    read = [one.aggregate_sequence_number for one in stub.ListAggregateEvents(request)]
    assert read == list(range(3_000))
