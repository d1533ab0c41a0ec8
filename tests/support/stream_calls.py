"""Calls about persistent streams, in one line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest

from ranvier.proto import persistent_streams_pb2 as streams_pb2
from tests.support.axon_stubs import ServiceStub, event_store_stub
from tests.support.new_events import axon_event
from tests.support.stream_consumer import Journal

AGGREGATES = 8
LIST = streams_pb2.ListStreamsRequest()


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


def opening(client: str, stream_id: str = "s", **more: Any) -> streams_pb2.StreamRequest:
    return streams_pb2.StreamRequest(
        open=streams_pb2.Open(stream_id=stream_id, client_id=client, **more)
    )


def refusal(call: Callable[[], object]) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as refused:
        call()
    trailers = dict(refused.value.trailing_metadata() or ())
    return refused.value.code(), str(trailers.get("axoniq-errorcode", ""))
