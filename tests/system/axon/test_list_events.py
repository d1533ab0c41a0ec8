"""ListEvents: permits, half-close, block lists, waiting at the head, slow readers."""

from __future__ import annotations

import asyncio
import threading

import grpc
import pytest

from ranvier.axon.event_store import EVENT_STORE
from ranvier.axon.list_events import EventStreams
from ranvier.events.append import Append
from ranvier.proto import event_pb2
from ranvier.wire.grpc.methods import streaming
from tests.support.axon_node import AxonNode, NodeSettings
from tests.support.axon_stubs import ServiceStub, event_store_stub
from tests.support.live_call import LiveCall
from tests.support.new_events import stream
from tests.system.axon.conftest import StartNode
from tests.system.axon.test_event_store_calls import event

Reader = LiveCall[event_pb2.GetEventsRequest, event_pb2.EventWithToken]

PLENTY = 2**63 - 1


def reading(stub: ServiceStub, from_token: int = 0, permits: int = PLENTY) -> Reader:
    return LiveCall(stub.ListEvents, asking(from_token, permits))


def asking(from_token: int = 0, permits: int = PLENTY, *blocked: str) -> event_pb2.GetEventsRequest:
    return event_pb2.GetEventsRequest(
        tracking_token=from_token,
        number_of_permits=permits,
        blacklist=[event_pb2.PayloadDescription(type=name) for name in blocked],
    )


def append(stub: ServiceStub, count: int, aggregate_id: str = "a", first: int = 0) -> None:
    events = [event(aggregate_id, sequence) for sequence in range(first, first + count)]
    assert stub.AppendEvent(iter(events)).success


def tokens(answers: list[event_pb2.EventWithToken]) -> list[int]:
    return [answer.token for answer in answers]


def test_a_stream_goes_on_with_what_is_appended_later(stub: ServiceStub) -> None:
    append(stub, 3)
    with reading(stub, 1) as reader:
        assert tokens(reader.take(2)) == [1, 2]
        append(stub, 2, "b")
        answers = reader.take(2)
        assert tokens(answers) == [3, 4]
        assert [answer.event for answer in answers] == [event("b", 0), event("b", 1)]


def test_no_more_is_sent_than_permits_allow(stub: ServiceStub) -> None:
    append(stub, 10)
    with reading(stub, permits=3) as reader:
        assert tokens(reader.take(3)) == [0, 1, 2]
        reader.send(asking(permits=2))
        assert tokens(reader.take(2)) == [3, 4]
        assert tokens(reader.rest()) == []


def test_permits_may_come_in_any_number(stub: ServiceStub) -> None:
    append(stub, 5)
    with reading(stub) as reader:
        for _ in range(3):
            reader.send(asking(permits=PLENTY))
        reader.send(asking(permits=-5), asking(permits=0))
        assert tokens(reader.rest()) == [0, 1, 2, 3, 4]


def test_half_close_ends_the_stream_after_all_that_is_stored(stub: ServiceStub) -> None:
    append(stub, 500)
    with reading(stub) as reader:
        assert tokens(reader.rest()) == list(range(500))
    with reading(stub, 500) as reader:
        assert reader.rest() == []


def test_half_close_brings_what_this_node_was_not_told_of(start_node: StartNode) -> None:
    node = start_node(NodeSettings(next_look=for_ever))
    with grpc.insecure_channel(node.address) as channel, reading(event_store_stub(channel)) as one:
        node.until(lambda: bool(node.follow_events.follower_count))
        unannounced = [Append(bytes(16), tuple(stream(3)))]
        node.do(node.database.events.append("default", unannounced))
        assert tokens(one.rest()) == [0, 1, 2]


def test_half_close_ends_the_stream_where_the_permits_end(stub: ServiceStub) -> None:
    append(stub, 500)
    with reading(stub, permits=123) as reader:
        assert tokens(reader.rest()) == list(range(123))


def test_a_stream_that_is_half_closed_at_once_is_over(stub: ServiceStub) -> None:
    append(stub, 1)
    with LiveCall[event_pb2.GetEventsRequest, event_pb2.EventWithToken](stub.ListEvents) as reader:
        assert reader.rest() == []


def test_types_can_be_left_out_from_the_start_and_later(stub: ServiceStub) -> None:
    names = ["Even", "Odd", "Even", "Odd", "Even", "Other"]
    stub.AppendEvent(iter([typed(at, name) for at, name in enumerate(names)]))
    with LiveCall[event_pb2.GetEventsRequest, event_pb2.EventWithToken](
        stub.ListEvents, asking(0, 2, "Odd")
    ) as reader:
        assert tokens(reader.take(2)) == [0, 2]
        reader.send(asking(0, PLENTY, "Even"))
        assert tokens(reader.rest()) == [5]


def test_after_a_thousand_left_out_one_event_moves_the_reader_on(stub: ServiceStub) -> None:
    stub.AppendEvent(iter([typed(at, "Odd") for at in range(2_500)]))
    with LiveCall[event_pb2.GetEventsRequest, event_pb2.EventWithToken](
        stub.ListEvents, asking(0, 10, "Odd")
    ) as reader:
        assert tokens(reader.rest()) == [1000, 2001]


def test_a_wish_to_read_from_the_leader_changes_nothing(stub: ServiceStub) -> None:
    append(stub, 2)
    request = asking()
    request.force_read_from_leader = True
    with LiveCall[event_pb2.GetEventsRequest, event_pb2.EventWithToken](
        stub.ListEvents, request
    ) as reader:
        assert tokens(reader.rest()) == [0, 1]


def test_a_reader_at_the_head_waits_and_one_that_stays_beyond_it_is_refused(
    start_node: StartNode,
) -> None:
    node = start_node(NodeSettings(next_look=for_ever))
    with grpc.insecure_channel(node.address) as channel:
        stub = event_store_stub(channel)
        append(stub, 2)
        with reading(stub, 2) as waiting, reading(stub, 5) as beyond:
            node.until(lambda: node.follow_events.follower_count >= 2)
            for _ in range(5):
                node.do(node.follow_events.look())
            refusal = beyond.refusal()
            assert refusal.status is grpc.StatusCode.OUT_OF_RANGE
            assert "Token 5 is beyond the head of context 'default'" in refusal.text
            append(stub, 1, "b")
            assert tokens(waiting.take(1)) == [2]


def test_a_stream_without_permits_is_ended_after_a_while(start_node: StartNode) -> None:
    node = start_node()
    streams = EventStreams(
        node.follow_events, node.event_services.read_events, permits_timeout_seconds=0.05
    )
    node.server.add(f"/{EVENT_STORE}/ListEvents", streaming(streams.open))
    with grpc.insecure_channel(node.address) as channel:
        stub = event_store_stub(channel)
        append(stub, 3)
        with reading(stub, permits=2) as reader:
            refusal = reader.refusal()
            assert refusal.axon_code == "RANVIER-NO-PERMITS"
            assert refusal.status is grpc.StatusCode.ABORTED


def test_streams_leave_nothing_behind(stub: ServiceStub, node: AxonNode) -> None:
    append(stub, 3)
    for _ in range(20):
        with reading(stub) as reader:
            reader.take(1)
    with reading(stub) as reader:
        assert tokens(reader.rest()) == [0, 1, 2]
    node.until(lambda: not node.follow_events.follower_count)


def test_a_slow_reader_holds_nobody_up_and_gets_everything(
    stub: ServiceStub, node: AxonNode
) -> None:
    large = "x" * 2_000
    for start in range(0, 4_000, 500):
        events = [event("a", at, message_identifier=large) for at in range(start, start + 500)]
        stub.AppendEvent(iter(events))
    options = [("grpc.http2.lookahead_bytes", 65_536), ("grpc.http2.bdp_probe", 0)]
    with (
        grpc.insecure_channel(node.address, options=options) as slow_channel,
        reading(event_store_stub(slow_channel)) as slow,
        reading(stub) as quick,
    ):
        assert tokens(slow.take(1)) == [0]
        assert tokens(quick.rest()) == list(range(4_000))
        assert stub.AppendEvent(iter([event("b", 0)])).success
        assert tokens(slow.rest()) == list(range(1, 4_001))


@pytest.mark.parametrize("readers", [1, 4])
def test_followers_tail_every_event_while_four_writers_append(
    stub: ServiceStub, node: AxonNode, readers: int
) -> None:
    per_writer = 100

    def write(name: str) -> None:
        with grpc.insecure_channel(node.address) as channel:
            for sequence in range(per_writer):
                event_store_stub(channel).AppendEvent(iter([event(name, sequence)]))

    writers = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    tails = [reading(stub) for _ in range(readers)]
    for writer in writers:
        writer.start()
    seen = [tail.take(4 * per_writer) for tail in tails]
    for writer in writers:
        writer.join()
    for tail in tails:
        tail.cancel()
    for answers in seen:
        assert tokens(answers) == list(range(4 * per_writer))
        assert answers == seen[0]
        for name in "abcd":
            mine = [one.event for one in answers if one.event.aggregate_identifier == name]
            assert [one.aggregate_sequence_number for one in mine] == list(range(per_writer))


def typed(sequence: int, name: str) -> event_pb2.Event:
    made = event("a", sequence)
    made.payload.type = name
    return made


async def for_ever() -> None:
    await asyncio.Event().wait()
