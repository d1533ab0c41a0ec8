"""Snapshots as they come in and as they are read again."""

from __future__ import annotations

from ranvier.axon.snapshots import snapshot_from
from ranvier.proto import event_pb2
from tests.support.new_events import axon_event


def test_a_snapshot_is_marked_as_one_when_its_sender_forgot() -> None:
    event = axon_event("a", 3)
    snapshot = snapshot_from(event.SerializeToString())
    stored = event_pb2.Event.FromString(snapshot.data)
    assert stored.snapshot
    stored.ClearField("snapshot")
    assert stored == event
    assert (snapshot.aggregate_id, snapshot.sequence, snapshot.name) == ("a", 3, "Opened")


def test_a_marked_snapshot_keeps_its_bytes() -> None:
    event = axon_event("a", 3)
    event.snapshot = True
    assert snapshot_from(event.SerializeToString()).data == event.SerializeToString()
