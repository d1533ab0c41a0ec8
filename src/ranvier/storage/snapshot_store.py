"""The port of the snapshots of aggregates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ranvier.events.snapshot import Snapshot


class SnapshotStore(Protocol):
    """The snapshots of all contexts; an unknown context raises `UnknownContext`."""

    async def put(self, context: str, snapshot: Snapshot) -> None:
        """Store a snapshot durably; one of the same aggregate and sequence is replaced.

        Raises `SnapshotAheadOfEvents` when its aggregate has not reached that sequence, judged in
        the same transaction.
        """
        ...

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
        ...

    async def newest(
        self, context: str, aggregate_id: str, *, from_sequence: int, to_sequence: int
    ) -> Snapshot | None:
        """The snapshot with the highest sequence in that range, both ends included."""
        ...

    async def browse(
        self, context: str, *, before: tuple[str, int] | None, limit: int
    ) -> Sequence[Snapshot]:
        """Snapshots of all aggregates, by aggregate and sequence from the last to the first.

        `before` is aggregate and sequence of the last one seen; None begins at the end.
        """
        ...

    async def counts(self) -> Mapping[str, int]:
        """How many snapshots each context holds, by its name."""
        ...
