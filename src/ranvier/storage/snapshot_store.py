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

    async def counts(self) -> Mapping[str, int]:
        """How many snapshots each context holds, by its name."""
        ...
