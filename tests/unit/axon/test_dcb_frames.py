"""Frames written by hand are what protobuf would have written."""

from __future__ import annotations

import pytest
from google.protobuf.message import Message

from ranvier.axon.dcb_frames import (
    EVENT_FIRST,
    EVENT_SECOND,
    MARKER_SECOND,
    MARKER_THIRD,
    SNAPSHOT_FIRST,
    field_frame,
    listed_snapshot,
    marker_frame,
    sequenced_frames,
)
from ranvier.events.keyed_snapshot import KeyedSnapshot
from ranvier.proto import dcb_pb2
from ranvier.wire.grpc.framing import Deframer

SEQUENCES = [0, 1, 127, 128, 129, 16_383, 16_384, 2**40, 2**63 - 1]


def event(size: int) -> dcb_pb2.Event:
    return dcb_pb2.Event(identifier="i", timestamp=-1, name="n", payload=b"x" * size)


def read(block: bytes, kind: type[Message]) -> list[Message]:
    deframer = Deframer(1 << 30)
    return [kind.FromString(each) for each in deframer.feed(block, 0, len(block))]


@pytest.mark.parametrize("size", [0, 1, 100, 127, 128, 20_000])
def test_events_stand_in_the_field_that_the_answer_has_for_them(size: int) -> None:
    data = event(size).SerializeToString()
    rows = [(sequence, data) for sequence in SEQUENCES]
    for kind, field in (
        (dcb_pb2.SourceEventsResponse, EVENT_FIRST),
        (dcb_pb2.StreamEventsResponse, EVENT_FIRST),
        (dcb_pb2.SnapshottedSourceEventsResponse, EVENT_SECOND),
    ):
        sequenced = [
            dcb_pb2.SequencedEvent(sequence=sequence, event=event(size)) for sequence in SEQUENCES
        ]
        assert read(sequenced_frames(rows, field), kind) == [kind(event=one) for one in sequenced]


@pytest.mark.parametrize("marker", SEQUENCES)
def test_the_marker_is_there_even_when_it_is_zero(marker: int) -> None:
    for kind, field in (
        (dcb_pb2.SourceEventsResponse, MARKER_SECOND),
        (dcb_pb2.SnapshottedSourceEventsResponse, MARKER_THIRD),
    ):
        (answer,) = read(marker_frame(marker, field), kind)
        assert answer == kind(consistency_marker=marker)
        assert answer.WhichOneof("result") == "consistency_marker"


@pytest.mark.parametrize("sequence", [*SEQUENCES, -1, -(2**63)])
def test_snapshots_are_listed_with_key_and_sequence(sequence: int) -> None:
    snapshot = dcb_pb2.Snapshot(name="State", payload=b"p" * 300)
    kept = KeyedSnapshot(b"\x00k", sequence, snapshot.SerializeToString())
    listed = dcb_pb2.ListSnapshotsResponse.FromString(listed_snapshot(kept))
    assert listed == dcb_pb2.ListSnapshotsResponse(
        key=b"\x00k", sequence=sequence, snapshot=snapshot
    )
    (first,) = read(field_frame(SNAPSHOT_FIRST, kept.data), dcb_pb2.SnapshottedSourceEventsResponse)
    assert first == dcb_pb2.SnapshottedSourceEventsResponse(snapshot=snapshot)
