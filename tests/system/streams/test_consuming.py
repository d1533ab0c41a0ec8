"""Persistent streams on a whole node: shared, moved, reset and split while they are consumed."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from ranvier.events.streams.sequencing import hash_of, segment_of
from ranvier.proto import common_pb2, dcb_pb2, event_pb2
from ranvier.proto import persistent_streams_pb2 as streams_pb2
from tests.support.axon_stubs import ServiceStub, event_store_stub, persistent_stream_stub
from tests.support.live_call import LiveCall
from tests.support.new_events import axon_event
from tests.support.node_database import node_process
from tests.support.node_program import running_node
from tests.support.scale import scaled
from tests.support.stream_calls import (
    AGGREGATES,
    LIST,
    append,
    check_order,
    finish,
    opening,
    status,
)
from tests.support.stream_consumer import Journal, StreamConsumer, properties

Call = LiveCall[streams_pb2.StreamRequest, streams_pb2.StreamSignal]


def test_segments_are_shared_and_moved_and_no_event_is_lost(
    channel: grpc.Channel, start: Callable[..., StreamConsumer]
) -> None:
    journal = Journal()
    append(channel, range(10))
    first = start("one", journal, properties(4))
    first.wait_for_segments(4)
    second = start("two", journal)
    first.wait_for_segments(2)
    second.wait_for_segments(2)
    append(channel, range(10, 30))
    journal.wait_for_tokens(30 * AGGREGATES)
    second.leave()
    first.wait_for_segments(4)
    append(channel, range(30, 40))
    journal.wait_for_tokens(40 * AGGREGATES)
    check_order(journal, 40)
    assert len(journal.events) == 40 * AGGREGATES, "nobody was lost, so nothing came twice"
    assert {each.client for each in journal.events} == {"one", "two"}
    assert not any(each.replay for each in journal.events)


def test_the_status_shows_positions_clients_and_errors(
    channel: grpc.Channel, streams: ServiceStub, start: Callable[..., StreamConsumer]
) -> None:
    journal = Journal()
    consumer = start(
        "one", journal, properties(2, "SequentialPolicy", query='aggregateType = "Account"')
    )
    consumer.wait_for_segments(2)
    append(channel, range(1))
    journal.wait_for_tokens(AGGREGATES)
    consumer.send(error=streams_pb2.SegmentError(segment=0, error="cannot handle this"))
    consumer.wait_for_segments(1)
    # After each failure the segment rests for longer; a busy machine may sleep through the first.
    while (shown := status(streams)).segments[0].client_id:
        consumer.wait_for_segments(2)
        consumer.send(error=streams_pb2.SegmentError(segment=0, error="cannot handle this"))
        consumer.wait_for_segments(1)
    assert shown.stream_name == "s"
    assert shown.sequencing_policy.policy_name == "SequentialPolicy"
    assert shown.filter == 'aggregateType = "Account"'
    failed, other = shown.segments
    assert (failed.segment, failed.position) == (0, AGGREGATES - 1)
    assert (failed.client_id, failed.error) == ("", "cannot handle this")
    assert (other.segment, other.client_id, other.error) == (1, "one", "")
    consumer.wait_for_segments(2)
    append(channel, range(1, 2))
    journal.wait_for_tokens(2 * AGGREGATES)
    assert status(streams).segments[0].client_id == "one"


def test_a_lost_consumer_leaves_what_it_did_not_acknowledge_to_the_others(
    channel: grpc.Channel, streams: ServiceStub, start: Callable[..., StreamConsumer]
) -> None:
    lost, journal = Journal(), Journal()
    append(channel, range(10))
    silent = start("silent", lost, properties(4), acknowledges=False)
    lost.wait_for_tokens(10 * AGGREGATES)
    assert [each.position for each in status(streams).segments] == [-1] * 4
    silent.break_off()
    start("other", journal)
    journal.wait_for_tokens(10 * AGGREGATES)
    check_order(journal, 10)


def test_consumers_come_and_go_under_load(
    channel: grpc.Channel, start: Callable[..., StreamConsumer]
) -> None:
    seed = random.randrange(1 << 32)
    print(f"SEED={seed}")
    choose = random.Random(seed)
    journal = Journal()
    present = [start("first", journal, properties(8))]
    rounds = scaled(400, suite=25)
    for number in range(rounds):
        append(channel, range(number * 2, number * 2 + 2))
        if len(present) < 4 and choose.random() < 0.5:
            present.append(start(f"c{number}", journal))
        elif len(present) > 1 and choose.random() < 0.5:
            gone = present.pop(choose.randrange(len(present)))
            choose.choice((gone.leave, gone.break_off))()
    journal.wait_for_tokens(rounds * 2 * AGGREGATES)
    check_order(journal, rounds * 2)
    first_handling: dict[int, str] = {}
    for each in journal.events:
        first_handling.setdefault(each.token, each.client)
    assert len(set(first_handling.values())) > 1, "the others had their share"


def test_a_reset_sends_everything_again_as_replay(
    channel: grpc.Channel, streams: ServiceStub, start: Callable[..., StreamConsumer]
) -> None:
    journal = Journal()
    start("one", journal, properties(3)).wait_for_segments(3)
    start("two", journal)
    append(channel, range(5))
    journal.wait_for_tokens(5 * AGGREGATES)
    tail = streams_pb2.ResetStreamConfiguration(tail={})
    finish(streams.ResetStream(streams_pb2.ResetStreamRequest(stream_id="s", options=tail)))
    append(channel, range(5, 7))
    journal.wait_until(lambda events: len(events) == 12 * AGGREGATES)
    again = journal.events[5 * AGGREGATES :]
    assert {each.token for each in again if each.replay} == set(range(5 * AGGREGATES))
    assert {each.token for each in again if not each.replay} == set(
        range(5 * AGGREGATES, 7 * AGGREGATES)
    )
    for aggregate in range(AGGREGATES):
        mine = [each.sequence for each in again if each.aggregate == f"a{aggregate}"]
        assert mine == list(range(7))


PLACES: list[tuple[dict[str, Any], int]] = [
    ({"head": {}}, 3 * AGGREGATES),
    ({"tail": {}}, 0),
    ({"position": 10}, 10),
    ({"datetime": 2}, 2 * AGGREGATES),
    ({"datetime": 10**15}, 3 * AGGREGATES),
]


def test_a_stream_can_be_reset_to_any_place(
    channel: grpc.Channel, streams: ServiceStub, start: Callable[..., StreamConsumer]
) -> None:
    append(channel, range(3))
    for number, (options, first) in enumerate(PLACES):
        stream_id = f"s{number}"
        create = streams_pb2.CreateStreamRequest(
            stream_id=stream_id, initialization_properties=properties(2, position=5)
        )
        assert streams.CreateStream(create).result == streams_pb2.created
        assert streams.CreateStream(create).result == streams_pb2.already_exists
        assert [each.position for each in status(streams, stream_id).segments] == [4, 4]
        configuration = streams_pb2.ResetStreamConfiguration(**options)
        request = streams_pb2.ResetStreamRequest(stream_id=stream_id, options=configuration)
        finish(streams.ResetStream(request))
        positions = [each.position for each in status(streams, stream_id).segments]
        assert positions == [first - 1] * 2
    append(channel, range(3, 4))
    for number, (_, first) in enumerate(PLACES):
        journal, expected = Journal(), set(range(first, 4 * AGGREGATES))
        start("one", journal, stream_id=f"s{number}")
        journal.wait_for_tokens(len(expected))
        assert {each.token for each in journal.events} == expected


def test_segments_are_split_and_merged_while_they_are_consumed(
    channel: grpc.Channel, streams: ServiceStub, start: Callable[..., StreamConsumer]
) -> None:
    journal = Journal()
    append(channel, range(5))
    start("one", journal, properties(1)).wait_for_segments(1)
    start("two", journal)
    done = 5
    for segments in (4, 2, 7, 1, 3):
        change = streams_pb2.UpdateStreamRequest(stream_id="s", segments=segments)
        finish(streams.UpdateStream(change))
        append(channel, range(done, done + 4))
        done += 4
    journal.wait_for_tokens(done * AGGREGATES)
    check_order(journal, done)
    tokens = [each.token for each in journal.events]
    repeats = len(tokens) - len(set(tokens))
    assert repeats == 0, "what was handled before a split does not come again"
    rename = streams_pb2.UpdateStreamRequest(stream_id="s", stream_name="Orders")
    finish(streams.UpdateStream(rename))
    assert status(streams).stream_name == "Orders"
    assert len(status(streams).segments) == 3


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_nothing_is_lost_when_the_node_is_killed_while_many_consume(tmp_path: Path) -> None:
    data, journal, done = tmp_path / "data", Journal(), 0
    for number in range(scaled(60, suite=3)):
        node = node_process(data)
        with grpc.insecure_channel(node.grpc_address) as channel:
            consumers = [
                StreamConsumer(node.grpc_address, f"c{each}", journal, properties(4))
                for each in range(3)
            ]
            append(channel, range(done, done + 20))
            done += 20
            journal.wait_for_tokens((done - 10) * AGGREGATES)
        if number % 2:
            assert node.stop() == 0
        else:
            node.kill()
        for consumer in consumers:
            assert consumer.wait_for_end().code() is grpc.StatusCode.UNAVAILABLE
            consumer.break_off()
    before = len(journal.events)
    with running_node(data) as node:
        consumer = StreamConsumer(node.grpc_address, "last", journal)
        with grpc.insecure_channel(node.grpc_address) as channel:
            append(channel, range(done, done + 1))
        journal.wait_for_tokens((done + 1) * AGGREGATES)
        consumer.leave()
    check_order(journal, done + 1)
    assert min(each.token for each in journal.events[before:]) > 0, "not all over again"


def test_a_consumer_that_never_reads_stops_its_own_segments_only(
    channel: grpc.Channel, streams: ServiceStub, start: Callable[..., StreamConsumer]
) -> None:
    """It asks for everything and takes nothing; the other one gets its half, and then all."""
    journal, rounds = Journal(), 30
    reader = start("reader", journal, properties(2))
    reader.wait_for_segments(2)
    deaf: Call = LiveCall(streams.OpenStream, opening("deaf"))
    with deaf:
        given = deaf.next().segment
        demand = streams_pb2.Requests(segment=given, requests=10**9)
        deaf.send(streams_pb2.StreamRequest(requests=demand))
        stub = event_store_stub(channel)
        for number in range(rounds):
            stub.AppendEvent(
                iter([axon_event(f"a{each}", number, data=b"x" * 20_000) for each in range(8)])
            )
        theirs = {f"a{each}" for each in range(8) if segment_of(hash_of(f"a{each}"), 2) != given}
        journal.wait_for_tokens(rounds * len(theirs))
        assert {each.aggregate for each in journal.events} == theirs
    reader.wait_for_segments(2)
    journal.wait_for_tokens(rounds * AGGREGATES)
    check_order(journal, rounds)


def test_a_deleted_stream_ends_its_consumers_and_can_be_made_anew(
    channel: grpc.Channel, streams: ServiceStub, start: Callable[..., StreamConsumer]
) -> None:
    journal = Journal()
    append(channel, range(1))
    consumer = start("one", journal, properties(2))
    journal.wait_for_tokens(AGGREGATES)
    finish(streams.DeleteStream(streams_pb2.DeleteStreamRequest(stream_id="s")))
    error = consumer.wait_for_end()
    assert error.code() is grpc.StatusCode.NOT_FOUND
    assert "RANVIER-NO-SUCH-STREAM" in str(error.details())
    assert list(streams.ListStreams(LIST)) == []
    start("two", journal, properties(1))
    journal.wait_until(lambda events: len(events) == 2 * AGGREGATES)


def test_a_stream_holds_what_its_policy_and_filter_say(
    channel: grpc.Channel, start: Callable[..., StreamConsumer]
) -> None:
    event_store_stub(channel).AppendEvent(
        iter(
            axon_event("", number, "", f"T{number % 2}", b'{"order": {"id": %d}}' % (number % 5))
            for number in range(100)
        )
    )
    journal = Journal()
    initial = properties(
        8, "PropertySequencingPolicy", "json", "$.order.id", query='payloadType = "T0"'
    )
    start("one", journal, initial)
    journal.wait_for_tokens(50)
    assert {each.token for each in journal.events} == set(range(0, 100, 2))
    assert {each.segment for each in journal.events} == {
        segment_of(hash_of(str(number)), 8) for number in range(5)
    }


def test_streams_of_dcb_contexts_carry_their_events(tmp_path: Path) -> None:
    event = dcb_pb2.Event(
        identifier="d-1", timestamp=5, name="SeatTaken", version="2", payload=b"{}",
        metadata={"tenant": "x"},
    )  # fmt: skip
    with (
        running_node(tmp_path / "data", "--default-context-dcb") as node,
        grpc.insecure_channel(node.grpc_address) as channel,
    ):
        store = ServiceStub(channel, dcb_pb2.DESCRIPTOR, "DcbEventStore")
        store.Append(iter([dcb_pb2.AppendEventsRequest(event=[dcb_pb2.TaggedEvent(event=event)])]))
        initial = properties(
            1, "MetaDataSequencingPolicy", "tenant", query='payloadType = "SeatTaken"'
        )
        stub = persistent_stream_stub(channel)
        request = opening("one", initialization_properties=initial)
        call: Call = LiveCall(stub.OpenStream, request)
        with call:
            assert call.next().WhichOneof("type") == "open"
            demand = streams_pb2.Requests(segment=0, requests=5)
            call.send(streams_pb2.StreamRequest(requests=demand))
            got = call.next().event.event
        assert got.token == 0
        assert got.event == event_pb2.Event(
            message_identifier="d-1",
            timestamp=5,
            payload={"type": "SeatTaken", "revision": "2", "data": b"{}"},
            meta_data={"tenant": common_pb2.MetaDataValue(text_value="x")},
        )
