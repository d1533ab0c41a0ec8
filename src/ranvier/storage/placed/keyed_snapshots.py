"""The port `KeyedSnapshots` over several databases."""

from __future__ import annotations

from ranvier.events.keyed_snapshot import KeyedSnapshot
from ranvier.storage.keyed_snapshots import KeyedSnapshotPage
from ranvier.storage.placed.routing import Routing


class PlacedKeyedSnapshots:
    """The snapshots by key of each context, in its database."""

    def __init__(self, routing: Routing) -> None:
        self._routing = routing

    async def add(self, context: str, snapshot: KeyedSnapshot, *, prune: bool = False) -> None:
        """Keep a snapshot durably; one of the same key and sequence is replaced."""
        await self._routing.ask(
            context,
            lambda database, name: database.keyed_snapshots.add(name, snapshot, prune=prune),
        )

    async def delete(self, context: str, key: bytes, *, before_sequence: int) -> None:
        """Drop the snapshots of a key below a sequence, durably."""
        await self._routing.ask(
            context,
            lambda database, name: database.keyed_snapshots.delete(
                name, key, before_sequence=before_sequence
            ),
        )

    async def page(
        self,
        context: str,
        key: bytes,
        *,
        from_sequence: int,
        before_sequence: int,
        page_bytes: int,
    ) -> KeyedSnapshotPage:
        """Read snapshots with `from_sequence` <= sequence < `before_sequence`, newest first."""
        return await self._routing.ask(
            context,
            lambda database, name: database.keyed_snapshots.page(
                name,
                key,
                from_sequence=from_sequence,
                before_sequence=before_sequence,
                page_bytes=page_bytes,
            ),
        )

    async def newest(self, context: str, key: bytes) -> KeyedSnapshot | None:
        """The snapshot of a key with the highest sequence."""
        return await self._routing.ask(
            context, lambda database, name: database.keyed_snapshots.newest(name, key)
        )
