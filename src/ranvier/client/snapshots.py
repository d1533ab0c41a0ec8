"""The snapshot store of a DCB context: states by key and position."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from ranvier.client.codec import Codec
from ranvier.client.dcb_values import NO_TEXTS, wire_text
from ranvier.client.errors import NotFound
from ranvier.client.events_message import milliseconds, now, time_of
from ranvier.client.payload import Payload
from ranvier.client.typed_calls import Connection, TypedCalls
from ranvier.proto import dcb_pb2

SERVICE: Final = "io.axoniq.axonserver.grpc.event.dcb.DcbSnapshotStore"
HIGHEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class NewSnapshot:
    """A state to keep: a value for the codec, or a Payload as it is to be stored."""

    payload: object
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_TEXTS)
    time: datetime = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class KeyedSnapshot:
    """A state that was kept; `position` is what it covers, None where the server does not say."""

    key: bytes
    position: int | None
    payload: Payload
    metadata: Mapping[str, str]
    time: datetime
    codec: Codec = field(repr=False, compare=False)

    def value(self, wanted: Any = Any) -> Any:
        """Return the payload as a value of this type, by the codec; PayloadUnreadable."""
        return self.codec.decode(self.payload, wanted)


class Snapshots:
    """The snapshots of the hub's context; keys are bytes, or text that is sent as UTF-8."""

    def __init__(self, connection: Connection, codec: Codec) -> None:
        self._calls = TypedCalls(connection, SERVICE)
        self._codec = codec

    async def add(
        self, key: str | bytes, position: int, snapshot: NewSnapshot, *, prune: bool = False
    ) -> None:
        """Keep a state; one of this key and position is replaced, `prune` drops the older ones."""
        payload = self._codec.encode(snapshot.payload)
        request = dcb_pb2.AddSnapshotRequest(
            key=wire_text(key),
            sequence=position,
            prune=prune,
            snapshot=dcb_pb2.Snapshot(
                name=payload.type,
                version=payload.revision,
                payload=payload.data,
                timestamp=milliseconds(snapshot.time),
                metadata=dict(snapshot.metadata),
            ),
        )
        await self._calls.ask("Add", request, dcb_pb2.AddSnapshotResponse, has_effect=True)

    async def delete(self, key: str | bytes, *, before: int = HIGHEST) -> None:
        """Delete the snapshots of a key that cover less than this position."""
        request = dcb_pb2.DeleteSnapshotsRequest(key=wire_text(key), to_sequence=before)
        await self._calls.ask("Delete", request, dcb_pb2.DeleteSnapshotsResponse, has_effect=True)

    async def list(
        self, key: str | bytes, *, start: int = 0, before: int = HIGHEST
    ) -> AsyncGenerator[KeyedSnapshot, None]:
        """Yield the snapshots of a key, newest first: from `start` on, below `before`."""
        request = dcb_pb2.ListSnapshotsRequest(
            key=wire_text(key), from_sequence=start, to_sequence=before
        )
        async for answer in self._calls.read("List", request, dcb_pb2.ListSnapshotsResponse):
            yield snapshot_from(answer.key, answer.sequence, answer.snapshot, self._codec)

    async def last(self, key: str | bytes) -> KeyedSnapshot | None:
        """Return the newest snapshot of a key, None where there is none."""
        request = dcb_pb2.GetLastSnapshotRequest(key=wire_text(key))
        try:
            answer = await self._calls.ask("GetLast", request, dcb_pb2.GetLastSnapshotResponse)
        except NotFound:
            return None
        return snapshot_from(answer.key, answer.sequence, answer.snapshot, self._codec)


def snapshot_from(
    key: bytes, position: int | None, snapshot: dcb_pb2.Snapshot, codec: Codec
) -> KeyedSnapshot:
    """Return a snapshot as the wire has it."""
    payload = Payload(snapshot.name, snapshot.payload, snapshot.version)
    metadata = dict(snapshot.metadata)
    return KeyedSnapshot(key, position, payload, metadata, time_of(snapshot.timestamp), codec)
