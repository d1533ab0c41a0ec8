"""The port `KeyedSnapshots` on PostgreSQL."""

from __future__ import annotations

from ranvier.events.keyed_snapshot import KeyedSnapshot
from ranvier.events.limits import refuse_keyed_snapshot, refuse_snapshot_key
from ranvier.storage.keyed_snapshots import KeyedSnapshotPage
from ranvier.storage.postgres.bounded import bounded
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "keyed_snapshots")


class PostgresKeyedSnapshots:
    """Keeps snapshots by key."""

    def __init__(self, tools: DatabaseTools) -> None:
        self._tools = tools

    async def add(self, context: str, snapshot: KeyedSnapshot, *, prune: bool = False) -> None:
        """Keep a snapshot durably, in place of one of the same key and sequence."""
        context_id = await self._tools.known.id_of(context)
        refusal = refuse_keyed_snapshot(snapshot, self._tools.options.limits)
        if refusal is not None:
            raise refusal
        await self._tools.write(
            _SQL["put_and_prune" if prune else "put"],
            context_id,
            snapshot.key,
            snapshot.sequence,
            snapshot.data,
        )

    async def delete(self, context: str, key: bytes, *, before_sequence: int) -> None:
        """Drop the snapshots of a key below a sequence, durably."""
        context_id = await self._tools.known.id_of(context)
        refusal = refuse_snapshot_key(key)
        if refusal is not None:
            raise refusal
        await self._tools.write(_SQL["drop_lower"], context_id, key, bounded(before_sequence))

    async def page(
        self,
        context: str,
        key: bytes,
        *,
        from_sequence: int,
        before_sequence: int,
        page_bytes: int,
    ) -> KeyedSnapshotPage:
        """Read the snapshots of a range of sequences, newest first."""
        rows = await self._tools.readers.ask(
            _SQL["page"],
            await self._tools.known.id_of(context),
            key,
            bounded(from_sequence),
            bounded(before_sequence),
            page_bytes,
            self._tools.options.rows_per_page,
        )
        snapshots = [KeyedSnapshot(key, sequence, data) for sequence, data in rows]
        return KeyedSnapshotPage(snapshots, snapshots[-1].sequence if snapshots else None)

    async def newest(self, context: str, key: bytes) -> KeyedSnapshot | None:
        """The snapshot of a key with the highest sequence."""
        context_id = await self._tools.known.id_of(context)
        rows = await self._tools.readers.ask(_SQL["newest"], context_id, key)
        return KeyedSnapshot(key, *rows[0]) if rows else None
