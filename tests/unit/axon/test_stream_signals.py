"""Signals wrapped by hand read as what protobuf would have written."""

from __future__ import annotations

import pytest

from ranvier.axon.stream_signals import closed, delivered, opened
from ranvier.proto import event_pb2
from ranvier.proto import persistent_streams_pb2 as streams_pb2
from tests.support.new_events import axon_event


@pytest.mark.parametrize("is_replay", [True, False])
@pytest.mark.parametrize("segment", [0, 1, 127, 1_023])
@pytest.mark.parametrize("token", [0, 127, 128, 2**40])
@pytest.mark.parametrize("size", [0, 100, 20_000])
def test_an_event(segment: int, token: int, size: int, *, is_replay: bool) -> None:
    event = axon_event(data=b"x" * size)
    signal = streams_pb2.StreamSignal.FromString(
        delivered(segment, token, event.SerializeToString(), is_replay=is_replay)
    )
    assert signal == streams_pb2.StreamSignal(
        segment=segment,
        event=streams_pb2.PersistentStreamEvent(
            event=event_pb2.EventWithToken(token=token, event=event), replay=is_replay
        ),
    )


def test_open_and_closed() -> None:
    assert streams_pb2.StreamSignal.FromString(opened(3)).WhichOneof("type") == "open"
    signal = streams_pb2.StreamSignal.FromString(closed(3))
    assert (signal.segment, signal.closed) == (3, True)
