"""Persistent streams on a whole node: shared, moved, reset and split while they are consumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from examples.node_process import NodeProcess
from ranvier.proto import persistent_streams_pb2 as streams_pb2
from tests.support.axon_stubs import ServiceStub, event_store_stub, persistent_stream_stub
from tests.support.new_events import axon_event
from tests.support.node_program import running_node
from tests.support.stream_consumer import Journal, StreamConsumer, properties

AGGREGATES = 8
LIST = streams_pb2.ListStreamsRequest()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[NodeProcess]:
    with running_node(tmp_path / "data") as node:
        yield node


@pytest.fixture
def channel(node: NodeProcess) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(node.grpc_address) as channel:
        yield channel


@pytest.fixture
def streams(channel: grpc.Channel) -> ServiceStub:
    return persistent_stream_stub(channel)


@pytest.fixture
def start(node: NodeProcess) -> Iterator[Callable[..., StreamConsumer]]:
    """Start consumers that are gone when the test is over."""
    started: list[StreamConsumer] = []

    def start(*arguments: Any, **named: Any) -> StreamConsumer:
        started.append(StreamConsumer(node.grpc_address, *arguments, **named))
        return started[-1]

    yield start
    for consumer in started:
        consumer.break_off()


def append(channel: grpc.Channel, rounds: range) -> None:
    """Append one event to each aggregate for each round."""
    stub = event_store_stub(channel)
    for number in rounds:
        events = [axon_event(f"a{aggregate}", number) for aggregate in range(AGGREGATES)]
        stub.AppendEvent(iter(events))


def status(streams: ServiceStub, stream_id: str = "s") -> streams_pb2.StreamStatus:
    listed = {each.stream_id: each for each in streams.ListStreams(LIST)}
    found: streams_pb2.StreamStatus = listed[stream_id]
    return found


def finish(call: Any) -> None:
    assert list(call) == []


def check_order(journal: Journal, rounds: int) -> None:
    """Every aggregate's events came in order, none is missing."""
    expected = {f"a{number}": list(range(rounds)) for number in range(AGGREGATES)}
    assert journal.new_to_each_aggregate() == expected


def test_segments_are_shared_and_moved_and_no_event_is_lost(
    node: NodeProcess, channel: grpc.Channel, start: Callable[..., StreamConsumer]
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
    shown = status(streams)
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
