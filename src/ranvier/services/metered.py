"""The services whose work is counted: the same doors, with a clock beside them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence

from ranvier.errors import RanvierError
from ranvier.events.snapshot import Snapshot
from ranvier.observability.operation import ContextCounts, Operation
from ranvier.services.append_sequencer import counted_context
from ranvier.services.connected_client import ClientIdentity, ClientLink
from ranvier.services.keep_clients import ConnectedClient, HeartbeatSettings, KeepClients
from ranvier.services.read_events import HIGHEST_SEQUENCE, ReadEvents
from ranvier.services.store_snapshots import StoreSnapshots
from ranvier.storage.event_log import EventLog
from ranvier.storage.snapshot_store import SnapshotStore


class MeteredReads(ReadEvents):
    """Reads events and counts the aggregates that were read to their end."""

    def __init__(
        self, event_log: EventLog, snapshot_store: SnapshotStore, operation: Operation
    ) -> None:
        super().__init__(event_log, snapshot_store)
        self._operation = operation

    async def aggregate(
        self,
        context: str,
        aggregate_id: str,
        from_sequence: int = 0,
        to_sequence: int = HIGHEST_SEQUENCE,
        *,
        allow_snapshot: bool = False,
    ) -> AsyncIterator[Sequence[bytes]]:
        """Do as `ReadEvents.aggregate`."""
        started = time.perf_counter()
        pages = super().aggregate(
            context, aggregate_id, from_sequence, to_sequence, allow_snapshot=allow_snapshot
        )
        try:
            async for page in pages:
                yield page
        except RanvierError as error:
            self._operation.failed(counted_context(context, error))
            raise
        self._operation.done(context, 1, time.perf_counter() - started)


class MeteredSnapshots(StoreSnapshots):
    """Stores and lists snapshots and counts both."""

    def __init__(self, snapshot_store: SnapshotStore, puts: Operation, lists: Operation) -> None:
        super().__init__(snapshot_store)
        self._puts = puts
        self._lists = lists

    async def put(self, context: str, snapshot: Snapshot) -> None:
        """Do as `StoreSnapshots.put`."""
        started = time.perf_counter()
        try:
            await super().put(context, snapshot)
        except RanvierError as error:
            self._puts.failed(counted_context(context, error))
            raise
        self._puts.done(context, 1, time.perf_counter() - started)

    async def list(
        self,
        context: str,
        aggregate_id: str,
        from_sequence: int = 0,
        to_sequence: int = HIGHEST_SEQUENCE,
        limit: int = 0,
    ) -> Sequence[Snapshot]:
        """Do as `StoreSnapshots.list`."""
        started = time.perf_counter()
        found = await super().list(context, aggregate_id, from_sequence, to_sequence, limit)
        self._lists.done(context, 1, time.perf_counter() - started)
        return found


class MeteredClients(KeepClients):
    """Keeps connected clients and counts their coming and going."""

    def __init__(
        self,
        clock: Callable[[], float],
        settings: HeartbeatSettings,
        connects: ContextCounts,
        disconnects: ContextCounts,
    ) -> None:
        super().__init__(clock, settings)
        self._connects = connects
        self._disconnects = disconnects

    def connect(self, identity: ClientIdentity, context: str, link: ClientLink) -> ConnectedClient:
        """Do as `KeepClients.connect`."""
        client = super().connect(identity, context, link)
        self._connects.add(context)
        return client

    def disconnect(self, client: ConnectedClient) -> bool:
        """Do as `KeepClients.disconnect`; only the first time counts."""
        was_known = super().disconnect(client)
        if was_known:
            self._disconnects.add(client.context)
        return was_known
