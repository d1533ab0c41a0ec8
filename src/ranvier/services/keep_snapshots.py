"""Keeps snapshots by key, and starts a source of events at the newest one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from ranvier.events.criterion import Criterion
from ranvier.events.errors import NoSuchSnapshot
from ranvier.events.keyed_snapshot import KeyedSnapshot
from ranvier.events.limits import refuse_snapshot_key
from ranvier.services.errors import NodeStopping
from ranvier.services.source_events import PAGE_BYTES, SourcedPage, SourceEvents
from ranvier.storage.keyed_snapshots import KeyedSnapshots


class KeepSnapshots:
    """The door for snapshots by key; a change is durable when its call returns."""

    def __init__(self, snapshots: KeyedSnapshots, source_events: SourceEvents) -> None:
        self._snapshots = snapshots
        self._source_events = source_events
        self._is_stopping = False

    async def start(self) -> None:
        """Nothing is to be prepared."""

    async def stop(self) -> None:
        """Refuse new changes."""
        self._is_stopping = True

    async def add(self, context: str, snapshot: KeyedSnapshot, *, prune: bool = False) -> None:
        """Keep a snapshot; `prune` drops those of its key with lower sequences."""
        self._refuse_when_stopping()
        await self._snapshots.add(context, snapshot, prune=prune)

    async def delete(self, context: str, key: bytes, before_sequence: int) -> None:
        """Drop the snapshots of a key below a sequence; none is no error."""
        self._refuse_when_stopping()
        await self._snapshots.delete(context, key, before_sequence=before_sequence)

    async def pages(
        self, context: str, key: bytes, from_sequence: int, before_sequence: int
    ) -> AsyncIterator[Sequence[KeyedSnapshot]]:
        """Yield the snapshots of a range of sequences, newest first, a page at a time."""
        _refuse_key(key)
        before: int | None = before_sequence
        while before is not None:
            page = await self._snapshots.page(
                context,
                key,
                from_sequence=from_sequence,
                before_sequence=before,
                page_bytes=PAGE_BYTES,
            )
            if page.snapshots:
                yield page.snapshots
            before = page.next_before

    async def last(self, context: str, key: bytes) -> KeyedSnapshot:
        """Return the newest snapshot of a key; `NoSuchSnapshot` when there is none."""
        _refuse_key(key)
        found = await self._snapshots.newest(context, key)
        if found is None:
            raise NoSuchSnapshot(context)
        return found

    async def source(
        self, context: str, key: bytes, criteria: Sequence[Criterion]
    ) -> tuple[KeyedSnapshot | None, AsyncIterator[SourcedPage]]:
        """Return the newest snapshot of a key, if any, and the matching events after it."""
        _refuse_key(key)
        found = await self._snapshots.newest(context, key)
        first = 0 if found is None else found.sequence + 1
        return found, self._source_events.source(context, criteria, first)

    def _refuse_when_stopping(self) -> None:
        if self._is_stopping:
            raise NodeStopping


def _refuse_key(key: bytes) -> None:
    refusal = refuse_snapshot_key(key)
    if refusal is not None:
        raise refusal
