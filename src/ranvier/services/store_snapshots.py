"""Stores and lists the snapshots of aggregates."""

from __future__ import annotations

from collections.abc import Sequence

from ranvier.events.snapshot import Snapshot
from ranvier.services.errors import NodeStopping
from ranvier.services.read_events import HIGHEST_SEQUENCE
from ranvier.storage.snapshot_store import SnapshotStore

LIST_LIMIT = 10_000
"""Snapshots in one list: a list that says "unlimited" still fits in memory."""


class StoreSnapshots:
    """The door for snapshots; one of the same aggregate and sequence number replaces the former."""

    def __init__(self, snapshot_store: SnapshotStore) -> None:
        self._snapshot_store = snapshot_store
        self._is_stopping = False

    async def start(self) -> None:
        """Nothing is to be prepared."""

    async def stop(self) -> None:
        """Refuse new snapshots."""
        self._is_stopping = True

    async def put(self, context: str, snapshot: Snapshot) -> None:
        """Store a snapshot; `SnapshotAheadOfEvents` if its aggregate has not come so far."""
        if self._is_stopping:
            raise NodeStopping
        await self._snapshot_store.put(context, snapshot)

    async def list(
        self,
        context: str,
        aggregate_id: str,
        from_sequence: int = 0,
        to_sequence: int = HIGHEST_SEQUENCE,
        limit: int = 0,
    ) -> Sequence[Snapshot]:
        """Return an aggregate's snapshots, newest first; a limit of 0 or less means all."""
        if to_sequence < 0:
            return []
        return await self._snapshot_store.list(
            context,
            aggregate_id,
            from_sequence=max(0, from_sequence),
            to_sequence=to_sequence,
            limit=min(limit, LIST_LIMIT) if limit > 0 else LIST_LIMIT,
        )
