"""A snapshot: an aggregate's state at one of its sequence numbers."""

from __future__ import annotations

from dataclasses import dataclass

from ranvier.events.errors import SnapshotAheadOfEvents


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of an aggregate after the event with that sequence number.

    `data` is the serialised Axon message exactly as it came.
    """

    aggregate_id: str
    sequence: int
    time_ms: int
    data: bytes
    name: str = ""


def refuse_snapshot_ahead(snapshot: Snapshot, last_sequence: int) -> SnapshotAheadOfEvents | None:
    """Say why a snapshot may not be stored, given its aggregate's last sequence (-1: no events)."""
    if snapshot.sequence <= last_sequence:
        return None
    return SnapshotAheadOfEvents(snapshot.aggregate_id, last_sequence, snapshot.sequence)
