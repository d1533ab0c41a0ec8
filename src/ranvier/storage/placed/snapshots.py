"""The port `SnapshotStore` over several databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ranvier.events.snapshot import Snapshot
from ranvier.storage.placed.merged import Merged
from ranvier.storage.placed.routing import Routing


class PlacedSnapshots:
    """The snapshots of each context, in its database."""

    def __init__(self, routing: Routing) -> None:
        self._routing = routing
        self._home = routing.home.snapshots
        self._counts: Merged[Mapping[str, int]] = Merged(
            routing, lambda database: database.snapshots.counts(), {}
        )

    async def put(self, context: str, snapshot: Snapshot) -> None:
        """Store a snapshot durably; one of the same aggregate and sequence is replaced."""
        await self._routing.ask(
            context, lambda database, name: database.snapshots.put(name, snapshot)
        )

    async def list(
        self,
        context: str,
        aggregate_id: str,
        *,
        from_sequence: int,
        to_sequence: int,
        limit: int,
    ) -> Sequence[Snapshot]:
        """The newest snapshots with `from_sequence` <= sequence <= `to_sequence`, newest first."""
        return await self._routing.ask(
            context,
            lambda database, name: database.snapshots.list(
                name,
                aggregate_id,
                from_sequence=from_sequence,
                to_sequence=to_sequence,
                limit=limit,
            ),
        )

    async def newest(
        self, context: str, aggregate_id: str, *, from_sequence: int, to_sequence: int
    ) -> Snapshot | None:
        """The snapshot with the highest sequence in that range, both ends included."""
        return await self._routing.ask(
            context,
            lambda database, name: database.snapshots.newest(
                name, aggregate_id, from_sequence=from_sequence, to_sequence=to_sequence
            ),
        )

    async def browse(
        self, context: str, *, before: tuple[str, int] | None, limit: int
    ) -> Sequence[Snapshot]:
        """Snapshots of all aggregates, by aggregate and sequence from the last to the first."""
        return await self._routing.ask(
            context,
            lambda database, name: database.snapshots.browse(name, before=before, limit=limit),
        )

    async def counts(self) -> Mapping[str, int]:
        """How many snapshots each context holds, by its name; where nobody answers, the last."""
        counts = dict(await self._home.counts())
        names = self._routing.outer_names()
        for found in await self._counts.get():
            counts |= {names[name]: count for name, count in found.items() if name in names}
        return counts
