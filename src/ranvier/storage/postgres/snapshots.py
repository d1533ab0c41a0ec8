"""The port `SnapshotStore` on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ranvier.events.limits import refuse_snapshot
from ranvier.events.snapshot import Snapshot, refuse_snapshot_ahead
from ranvier.storage.postgres.bounded import bounded
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "snapshots")


class PostgresSnapshots:
    """Implements the port `SnapshotStore`."""

    def __init__(self, tools: DatabaseTools) -> None:
        self._tools = tools

    async def put(self, context: str, snapshot: Snapshot) -> None:
        """Store a snapshot durably, if its aggregate has reached that sequence."""
        refusal = refuse_snapshot(snapshot, self._tools.options.limits)
        if refusal is not None:
            raise refusal
        context_id = await self._tools.known.id_of(context)
        await self._put(context_id, snapshot)

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
        rows = await self._tools.readers.ask(
            _SQL["newest_first"],
            await self._tools.known.id_of(context),
            aggregate_id,
            bounded(from_sequence),
            bounded(to_sequence),
            None if limit < 0 else bounded(limit),
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
        context_id = await self._tools.known.id_of(context)
        if before is None:
            rows = await self._tools.readers.ask(_SQL["browse_all"], context_id, limit)
        else:
            key = (context_id, *before, limit)
            rows = await self._tools.readers.ask(_SQL["browse_before"], *key)
        return [Snapshot(*row) for row in rows]

    async def counts(self) -> Mapping[str, int]:
        """How many snapshots each context has; none is counted to tell it."""
        return {row[0]: row[1] for row in await self._tools.readers.ask(_SQL["counts"])}

    async def _put(self, context_id: int, snapshot: Snapshot) -> None:
        rows = await self._tools.write(
            _SQL["put"],
            context_id,
            snapshot.aggregate_id,
            snapshot.sequence,
            snapshot.time_ms,
            snapshot.name,
            snapshot.data,
        )
        refusal = refuse_snapshot_ahead(snapshot, rows[0]["sequence"])
        if refusal is not None:
            raise refusal
