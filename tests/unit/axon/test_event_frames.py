"""Frames made by hand are the bytes that protobuf would have made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.axon.event_frames import event_frames, varint
from ranvier.proto import event_pb2
from ranvier.wire.grpc.framing import frame_all
from tests.support.new_events import axon_event


def by_protobuf(first_token: int, rows: list[bytes]) -> bytes:
    return frame_all(
        event_pb2.EventWithToken(
            token=token, event=event_pb2.Event.FromString(row)
        ).SerializeToString()
        for token, row in enumerate(rows, first_token)
    )


@pytest.mark.parametrize("first_token", [1, 100, 127, 128, 255, 16_380, 2**32 - 3, 2**62 + 5])
def test_frames_across_every_size_of_token(first_token: int) -> None:
    rows = [
        axon_event(sequence=at, data=bytes(at * 37)).SerializeToString(deterministic=True)
        for at in range(300)
    ]
    assert event_frames(first_token, rows) == by_protobuf(first_token, rows)


def test_token_zero_is_written_out_and_reads_as_zero() -> None:
    row = axon_event().SerializeToString()
    block = event_frames(0, [row])
    message = event_pb2.EventWithToken.FromString(block[5:])
    assert message.token == 0
    assert message.event == axon_event()


def test_no_events_are_no_bytes() -> None:
    assert event_frames(5, []) == b""


@given(st.integers(0, 2**63 - 1))
def test_a_varint_reads_as_the_number_it_was(number: int) -> None:
    assert event_pb2.TrackingToken.FromString(b"\x08" + varint(number)).token == number
