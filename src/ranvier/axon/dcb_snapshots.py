"""Snapshots by key, and the source of events that starts at the newest one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ranvier.axon.answering import answering_many, answering_one
from ranvier.axon.dcb_append import criteria_of
from ranvier.axon.dcb_frames import (
    EVENT_SECOND,
    MARKER_THIRD,
    SNAPSHOT_FIRST,
    field_frame,
    listed_snapshot,
    marker_frame,
    sequenced_frames,
)
from ranvier.axon.errors import refuse_large_message
from ranvier.axon.messages import parsed
from ranvier.axon.request_context import context_of
from ranvier.events.errors import InvalidEvent
from ranvier.events.keyed_snapshot import KeyedSnapshot
from ranvier.proto import dcb_pb2
from ranvier.services.keep_snapshots import KeepSnapshots
from ranvier.wire.grpc.framing import frame_all
from ranvier.wire.grpc.methods import Method
from ranvier.wire.grpc.server_call import ServerCall

DCB_SNAPSHOT_STORE: Final = "io.axoniq.axonserver.grpc.event.dcb.DcbSnapshotStore"
SNAPSHOTTED_EVENT_STORE: Final = "io.axoniq.axonserver.grpc.event.dcb.SnapshottedDcbEventStore"

SNAPSHOT_ADDED: Final = dcb_pb2.AddSnapshotResponse().SerializeToString()
SNAPSHOTS_DELETED: Final = dcb_pb2.DeleteSnapshotsResponse().SerializeToString()


class DcbSnapshots:
    """The calls of `DcbSnapshotStore`."""

    def __init__(self, keep_snapshots: KeepSnapshots) -> None:
        self._keep_snapshots = keep_snapshots

    def methods(self) -> Mapping[str, Method]:
        """Return the methods by name."""
        return {
            "Add": answering_one(self.add, oversized=refuse_large_message),
            "Delete": answering_one(self.delete),
            "List": answering_many(self.list),
            "GetLast": answering_one(self.get_last),
        }

    async def add(self, call: ServerCall, message: bytes) -> bytes:
        """Keep a snapshot, in place of one of the same key and sequence."""
        request = parsed(dcb_pb2.AddSnapshotRequest, message)
        if not request.HasField("snapshot"):
            raise InvalidEvent("snapshot", "is missing: send what is to be kept")
        snapshot = KeyedSnapshot(
            request.key, request.sequence, request.snapshot.SerializeToString()
        )
        await self._keep_snapshots.add(context_of(call), snapshot, prune=request.prune)
        return SNAPSHOT_ADDED

    async def delete(self, call: ServerCall, message: bytes) -> bytes:
        """Drop the snapshots of a key below a sequence; none is no error."""
        request = parsed(dcb_pb2.DeleteSnapshotsRequest, message)
        await self._keep_snapshots.delete(context_of(call), request.key, request.to_sequence)
        return SNAPSHOTS_DELETED

    async def list(self, call: ServerCall, message: bytes) -> None:
        """Send the snapshots of a key, newest first; the end of the range is not in it."""
        request = parsed(dcb_pb2.ListSnapshotsRequest, message)
        pages = self._keep_snapshots.pages(
            context_of(call), request.key, request.from_sequence, request.to_sequence
        )
        async for snapshots in pages:
            await call.write_framed(frame_all(map(listed_snapshot, snapshots)))

    async def get_last(self, call: ServerCall, message: bytes) -> bytes:
        """Answer the newest snapshot of a key; RANVIER-NO-SUCH-SNAPSHOT when there is none."""
        request = parsed(dcb_pb2.GetLastSnapshotRequest, message)
        return listed_snapshot(await self._keep_snapshots.last(context_of(call), request.key))


class SnapshottedEvents:
    """The call of `SnapshottedDcbEventStore`; `count_sent` is told of the events sent."""

    def __init__(
        self, keep_snapshots: KeepSnapshots, count_sent: Callable[[str, int], None]
    ) -> None:
        self._keep_snapshots = keep_snapshots
        self._count_sent = count_sent

    def methods(self) -> Mapping[str, Method]:
        """Return the methods by name."""
        return {"Source": answering_many(self.source)}

    async def source(self, call: ServerCall, message: bytes) -> None:
        """Send the newest snapshot of a key, the matching events after it, then the marker."""
        request = parsed(dcb_pb2.SnapshottedSourceRequest, message)
        context = context_of(call)
        snapshot, pages = await self._keep_snapshots.source(
            context, request.snapshot_key, criteria_of(request.criterion)
        )
        if snapshot is not None:
            await call.write_framed(field_frame(SNAPSHOT_FIRST, snapshot.data))
        async for page in pages:
            block = sequenced_frames(page.rows, EVENT_SECOND)
            if page.is_last:
                block += marker_frame(page.marker, MARKER_THIRD)
            if block:
                self._count_sent(context, len(page.rows))
                await call.write_framed(block)
