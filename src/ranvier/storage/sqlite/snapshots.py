"""Snapshots of aggregates; those that arrive together share one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import apsw

from ranvier.events.limits import refuse_snapshot
from ranvier.events.snapshot import Snapshot, refuse_snapshot_ahead
from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.sqlite.contexts import ContextTools
from ranvier.storage.sqlite.errors import CommitUnknown, Poisoned
from ranvier.storage.sqlite.gathering import Gathering
from ranvier.storage.sqlite.statements import fetch_all, load_statements
from ranvier.storage.sqlite.writer import Writer

_SQL = load_statements("snapshots")
_LAST_SEQUENCE = load_statements("read")["last_sequence"]

MOST_IN_ONE_COMMIT = 64
"""Snapshots are large; more of them would hold up the appends behind them."""

_Put: TypeAlias = tuple[int, Snapshot]


class SqliteSnapshots:
    """Implements the port `SnapshotStore`."""

    def __init__(self, tools: ContextTools) -> None:
        self._readers = tools.readers
        self._known = tools.known
        self._limits = tools.options.limits
        self._puts: Gathering[Writer, _Put, None] = Gathering(
            tools.writers, _put_all, most_at_once=MOST_IN_ONE_COMMIT
        )

    async def put(self, context: str, snapshot: Snapshot) -> None:
        """Store a snapshot durably, if its aggregate has reached that sequence."""
        refusal = refuse_snapshot(snapshot, self._limits)
        if refusal is not None:
            raise refusal
        await self._puts.ask((self._known.id_of(context), snapshot))

    async def list(
        self,
        context: str,
        aggregate_id: str,
        *,
        from_sequence: int,
        to_sequence: int,
        limit: int,
    ) -> Sequence[Snapshot]:
        """The newest snapshots in that range, newest first."""
        key = (self._known.id_of(context), aggregate_id, from_sequence, to_sequence, limit)
        rows: list[Any] = await self._readers.run(
            lambda connection: fetch_all(connection, _SQL["newest_first"], key)
        )
        return [Snapshot(*row) for row in rows]

    async def newest(
        self, context: str, aggregate_id: str, *, from_sequence: int, to_sequence: int
    ) -> Snapshot | None:
        """The snapshot with the highest sequence in that range."""
        found = await self.list(
            context, aggregate_id, from_sequence=from_sequence, to_sequence=to_sequence, limit=1
        )
        return found[0] if found else None

    async def browse(
        self, context: str, *, before: tuple[str, int] | None, limit: int
    ) -> Sequence[Snapshot]:
        """Snapshots of all aggregates, by aggregate and sequence from the last to the first."""
        context_id = self._known.id_of(context)
        name, key = (
            ("browse_all", (context_id, limit))
            if before is None
            else ("browse_before", (context_id, *before, limit))
        )
        rows: list[Any] = await self._readers.run(
            lambda connection: fetch_all(connection, _SQL[name], key)
        )
        return [Snapshot(*row) for row in rows]

    async def counts(self) -> Mapping[str, int]:
        """How many snapshots each context has; none is counted to tell it."""
        return dict(
            await self._readers.run(lambda connection: fetch_all(connection, _SQL["counts"]))
        )


def _put_all(writer: Writer, puts: Sequence[_Put]) -> Sequence[Exception | None]:
    """Store all that may be stored in one transaction; one answer for each."""
    try:
        return writer.transact(lambda cursor: [_put(cursor, *put) for put in puts])
    except CommitUnknown:
        # A snapshot may be put again without harm, so its sender is asked to.
        failure = StorageUnavailable("the commit of this snapshot failed, send it again")
        return [failure] * len(puts)
    except Poisoned as refusal:
        if len(puts) == 1:
            return [refusal]
        middle = len(puts) // 2
        return [*_put_all(writer, puts[:middle]), *_put_all(writer, puts[middle:])]


def _put(cursor: apsw.Cursor, context_id: int, snapshot: Snapshot) -> Exception | None:
    key = (context_id, snapshot.aggregate_id)
    ((last,),) = fetch_all(cursor, _LAST_SEQUENCE, key)
    refusal = refuse_snapshot_ahead(snapshot, -1 if last is None else last)
    if refusal is None:
        if not fetch_all(cursor, _SQL["is_stored"], (*key, snapshot.sequence)):
            cursor.execute(_SQL["count_one_more"], (context_id,))
        row = (*key, snapshot.sequence, snapshot.time_ms, snapshot.name, snapshot.data)
        cursor.execute(_SQL["put"], row)
    return refusal
