"""The port `KeyedSnapshots` on SQLite; what arrives together shares one commit."""

from __future__ import annotations

from typing import Any

import apsw

from ranvier.events.keyed_snapshot import KeyedSnapshot
from ranvier.events.limits import refuse_keyed_snapshot, refuse_snapshot_key
from ranvier.storage.keyed_snapshots import KeyedSnapshotPage
from ranvier.storage.sqlite.contexts import ContextTools
from ranvier.storage.sqlite.row_changes import RowChanges
from ranvier.storage.sqlite.rows import fitting_count
from ranvier.storage.sqlite.statements import fetch_all, load_statements

_SQL = load_statements("keyed_snapshots")

MOST_IN_ONE_COMMIT = 64
"""Snapshots are large; more of them would hold up the appends behind them."""

DROPPED_AT_ONCE = 1_000
"""Rows that one change drops: some milliseconds; the rest go with the next changes."""

LISTED_AT_ONCE = 1_000
"""Snapshots of one page, however small they are."""


class SqliteKeyedSnapshots:
    """Keeps snapshots by key."""

    def __init__(self, tools: ContextTools) -> None:
        self._readers = tools.readers
        self._known = tools.known
        self._limits = tools.options.limits
        self._changes = RowChanges(tools.writers, most_in_one_commit=MOST_IN_ONE_COMMIT)

    async def add(self, context: str, snapshot: KeyedSnapshot, *, prune: bool = False) -> None:
        """Keep a snapshot durably, in place of one of the same key and sequence."""
        context_id = self._known.id_of(context)
        refusal = refuse_keyed_snapshot(snapshot, self._limits)
        if refusal is not None:
            raise refusal
        key, sequence = snapshot.key, snapshot.sequence

        def change(cursor: apsw.Cursor) -> int:
            cursor.execute(_SQL["put"], (context_id, key, sequence, snapshot.data))
            return _drop_lower(cursor, context_id, key, sequence) if prune else 0

        if await self._changes.make(change) == DROPPED_AT_ONCE:
            await self._drop_all_lower(context_id, key, sequence)

    async def delete(self, context: str, key: bytes, *, before_sequence: int) -> None:
        """Drop the snapshots of a key below a sequence, durably."""
        context_id = self._known.id_of(context)
        refusal = refuse_snapshot_key(key)
        if refusal is not None:
            raise refusal
        await self._drop_all_lower(context_id, key, before_sequence)

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
        span = (self._known.id_of(context), key, from_sequence, before_sequence)

        def read(connection: apsw.Connection) -> list[Any]:
            # Their lengths first: how many of them fit is not known, and one may be very large.
            lengths = fetch_all(connection, _SQL["lengths"], (*span, LISTED_AT_ONCE))
            if not lengths:
                return []
            count = fitting_count([length for _, length in lengths], page_bytes)
            return fetch_all(connection, _SQL["between"], (*span, count))

        rows = await self._readers.run(read)
        snapshots = [KeyedSnapshot(key, sequence, data) for sequence, data in rows]
        return KeyedSnapshotPage(snapshots, snapshots[-1].sequence if snapshots else None)

    async def newest(self, context: str, key: bytes) -> KeyedSnapshot | None:
        """The snapshot of a key with the highest sequence."""
        wanted = (self._known.id_of(context), key)
        rows: list[Any] = await self._readers.run(
            lambda connection: fetch_all(connection, _SQL["newest"], wanted)
        )
        return KeyedSnapshot(key, *rows[0]) if rows else None

    async def _drop_all_lower(self, context_id: int, key: bytes, sequence: int) -> None:
        dropped = DROPPED_AT_ONCE
        while dropped == DROPPED_AT_ONCE:
            dropped = await self._changes.make(
                lambda cursor: _drop_lower(cursor, context_id, key, sequence)
            )


def _drop_lower(cursor: apsw.Cursor, context_id: int, key: bytes, sequence: int) -> int:
    cursor.execute(_SQL["drop_lower"], (context_id, key, sequence, DROPPED_AT_ONCE))
    return cursor.connection.changes()
