"""What is wrong about persistent streams gets its code, and harms no stream."""

from __future__ import annotations

from collections.abc import Callable

import grpc
import pytest

from ranvier.proto import persistent_streams_pb2 as streams_pb2
from tests.support.axon_stubs import ServiceStub
from tests.support.stream_calls import (
    AGGREGATES,
    LIST,
    append,
    check_order,
    opening,
    refusal,
    status,
)
from tests.support.stream_consumer import Journal, StreamConsumer, properties

BAD_STREAMS = {
    "no id": (("", properties()), "INVALID_ARGUMENT", "RANVIER-INVALID-STREAM"),
    "NUL in the id": (("a\0b", properties()), "INVALID_ARGUMENT", "RANVIER-INVALID-STREAM"),
    "long id": (("a" * 256, properties()), "INVALID_ARGUMENT", "RANVIER-INVALID-STREAM"),
    "negative segments": (("bad", properties(-1)), "INVALID_ARGUMENT", "RANVIER-INVALID-STREAM"),
    "many segments": (("bad", properties(1_025)), "INVALID_ARGUMENT", "RANVIER-INVALID-STREAM"),
    "policy": (("bad", properties(1, "Best")), "INVALID_ARGUMENT", "RANVIER-SEQUENCING-POLICY"),
    "no parameter": (
        ("bad", properties(1, "MetaDataSequencingPolicy")),
        "INVALID_ARGUMENT",
        "RANVIER-SEQUENCING-POLICY",
    ),
    "filter AXONIQ-2511": (("bad", properties(query="a = ")), "INVALID_ARGUMENT", "AXONIQ-2511"),
    "filter with a limit AXONIQ-2511": (
        ("bad", properties(query="limit 5")),
        "INVALID_ARGUMENT",
        "AXONIQ-2511",
    ),
    "negative position": (
        ("bad", properties(position=-7)),
        "INVALID_ARGUMENT",
        "RANVIER-INVALID-STREAM",
    ),
    "beyond the head": (("bad", properties(position=10**6)), "OUT_OF_RANGE", "RANVIER-BEYOND-HEAD"),
}


@pytest.mark.parametrize(("wanted", "status_name", "code"), BAD_STREAMS.values(), ids=BAD_STREAMS)
def test_bad_definitions_get_their_code(
    streams: ServiceStub,
    wanted: tuple[str, streams_pb2.InitializationProperties],
    status_name: str,
    code: str,
) -> None:
    stream_id, initial = wanted
    create = streams_pb2.CreateStreamRequest(stream_id=stream_id, initialization_properties=initial)
    expected = (grpc.StatusCode[status_name], code)
    assert refusal(lambda: streams.CreateStream(create)) == expected
    open_it = opening("one", stream_id, initialization_properties=initial)
    assert refusal(lambda: list(streams.OpenStream(iter([open_it])))) == expected
    assert stream_id not in {each.stream_id for each in streams.ListStreams(LIST)}


def test_what_does_not_exist_is_not_found(streams: ServiceStub) -> None:
    missing = (grpc.StatusCode.NOT_FOUND, "RANVIER-NO-SUCH-STREAM")
    tail = streams_pb2.ResetStreamConfiguration(tail={})
    for call in (
        lambda: list(streams.OpenStream(iter([opening("one", "missing")]))),
        lambda: list(streams.DeleteStream(streams_pb2.DeleteStreamRequest(stream_id="missing"))),
        lambda: list(
            streams.UpdateStream(streams_pb2.UpdateStreamRequest(stream_id="missing", segments=2))
        ),
        lambda: list(
            streams.ResetStream(streams_pb2.ResetStreamRequest(stream_id="missing", options=tail))
        ),
    ):
        assert refusal(call) == missing
    nowhere = (("axoniq-context", "nowhere"),)
    assert refusal(lambda: list(streams.ListStreams(LIST, metadata=nowhere))) == (
        grpc.StatusCode.NOT_FOUND,
        "AXONIQ-1302",
    )


def test_changes_that_cannot_be_are_refused_and_change_nothing(streams: ServiceStub) -> None:
    create = streams_pb2.CreateStreamRequest(
        stream_id="changed", initialization_properties=properties(2)
    )
    streams.CreateStream(create)
    before = status(streams, "changed")
    invalid = (grpc.StatusCode.INVALID_ARGUMENT, "RANVIER-INVALID-STREAM")
    for change in ({"segments": -1}, {"segments": 2_000}, {"stream_name": "a\0"}):
        update = streams_pb2.UpdateStreamRequest(stream_id="changed", **change)
        assert refusal(lambda update=update: list(streams.UpdateStream(update))) == invalid  # type: ignore[misc]  # bound at once
    reset = streams_pb2.ResetStreamRequest(stream_id="changed")
    assert refusal(lambda: list(streams.ResetStream(reset))) == invalid
    reset.options.position = -3
    assert refusal(lambda: list(streams.ResetStream(reset))) == invalid
    reset.options.position = 10**6
    assert refusal(lambda: list(streams.ResetStream(reset))) == (
        grpc.StatusCode.OUT_OF_RANGE,
        "RANVIER-BEYOND-HEAD",
    )
    assert status(streams, "changed") == before


def test_a_call_must_open_its_stream_once(streams: ServiceStub) -> None:
    not_opened = (grpc.StatusCode.INVALID_ARGUMENT, "RANVIER-STREAM-NOT-OPENED")
    demand = streams_pb2.StreamRequest(requests=streams_pb2.Requests(requests=1))
    assert refusal(lambda: list(streams.OpenStream(iter([demand])))) == not_opened
    twice = [opening("one", "twice", initialization_properties=properties(1))] * 2
    assert refusal(lambda: list(streams.OpenStream(iter(twice)))) == not_opened
    assert list(streams.OpenStream(iter([]))) == []


def test_nonsense_about_segments_ends_no_stream(
    channel: grpc.Channel, start: Callable[..., StreamConsumer]
) -> None:
    journal = Journal()
    consumer = start("one", journal, properties(2))
    consumer.wait_for_segments(2)
    for segment in (-1, 2, 10**6):
        consumer.send(requests=streams_pb2.Requests(segment=segment, requests=5))
        consumer.send(error=streams_pb2.SegmentError(segment=segment, error="whose?"))
        consumer.acknowledge(segment, 5)
    for position in (-(2**63), -45, -1, 2**63 - 1):
        consumer.acknowledge(0, position)
    consumer.send(requests=streams_pb2.Requests(segment=0, requests=-100))
    consumer.send()
    append(channel, range(2))
    journal.wait_for_tokens(2 * AGGREGATES)
    check_order(journal, 2)
