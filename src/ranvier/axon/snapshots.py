"""Snapshots of aggregates: stored, and listed newest first."""

from __future__ import annotations

from typing import Final

from ranvier.axon.messages import parsed
from ranvier.axon.request_context import context_of
from ranvier.events.snapshot import Snapshot
from ranvier.proto import event_pb2
from ranvier.services.store_snapshots import StoreSnapshots
from ranvier.wire.grpc.framing import frame_all
from ranvier.wire.grpc.server_call import ServerCall

CONFIRMED: Final = event_pb2.Confirmation(success=True).SerializeToString()

SNAPSHOT_FLAG: Final = event_pb2.Event(snapshot=True).SerializeToString()
"""Behind an event's bytes it marks the event as a snapshot: the last value of a field counts."""

WRITE_COUNT: Final = 16
"""Snapshots sent before the client's window is looked at; they are few and may be large."""


class Snapshots:
    """The snapshot calls of the event store."""

    def __init__(self, store_snapshots: StoreSnapshots) -> None:
        self._store_snapshots = store_snapshots

    async def append_snapshot(self, call: ServerCall, message: bytes) -> bytes:
        """Store a snapshot; refused when its aggregate has not reached its sequence number."""
        await self._store_snapshots.put(context_of(call), snapshot_from(message))
        return CONFIRMED

    async def list_aggregate_snapshots(self, call: ServerCall, message: bytes) -> None:
        """Send an aggregate's snapshots, newest first; `max_results` of 0 or less means all."""
        request = parsed(event_pb2.GetAggregateSnapshotsRequest, message)
        snapshots = await self._store_snapshots.list(
            context_of(call),
            request.aggregate_id,
            request.initial_sequence,
            request.max_sequence,
            request.max_results,
        )
        for start in range(0, len(snapshots), WRITE_COUNT):
            rows = [snapshot.data for snapshot in snapshots[start : start + WRITE_COUNT]]
            await call.write_framed(frame_all(rows))


def snapshot_from(message: bytes) -> Snapshot:
    """Return the snapshot that an Axon event is; it is marked as one when it is read."""
    event = parsed(event_pb2.Event, message)
    return Snapshot(
        event.aggregate_identifier,
        event.aggregate_sequence_number,
        event.timestamp,
        message if event.snapshot else message + SNAPSHOT_FLAG,
        event.payload.type,
    )
