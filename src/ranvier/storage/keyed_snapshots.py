"""The port of the snapshots that are kept by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ranvier.events.keyed_snapshot import KeyedSnapshot


@dataclass(frozen=True, slots=True)
class KeyedSnapshotPage:
    """Snapshots of one key, newest first.

    The next page ends before `next_before`; None when nothing is left.
    """

    snapshots: Sequence[KeyedSnapshot]
    next_before: int | None


class KeyedSnapshots(Protocol):
    """The snapshots of all contexts; an unknown context raises `UnknownContext`."""

    async def add(self, context: str, snapshot: KeyedSnapshot, *, prune: bool = False) -> None:
        """Keep a snapshot durably; one of the same key and sequence is replaced.

        `prune` drops those of the same key with lower sequences.
        """
        ...

    async def delete(self, context: str, key: bytes, *, before_sequence: int) -> None:
        """Drop the snapshots of a key below a sequence, durably."""
        ...

    async def page(
        self,
        context: str,
        key: bytes,
        *,
        from_sequence: int,
        before_sequence: int,
        page_bytes: int,
    ) -> KeyedSnapshotPage:
        """Read snapshots with `from_sequence` <= sequence < `before_sequence`, newest first.

        They have at most `page_bytes`; a larger one comes alone.
        """
        ...

    async def newest(self, context: str, key: bytes) -> KeyedSnapshot | None:
        """The snapshot of a key with the highest sequence."""
        ...
