"""Reads what is stored: tokens, single aggregates, pages of the log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from ranvier.storage.event_log import EventLog, Page
from ranvier.storage.snapshot_store import SnapshotStore

HIGHEST_SEQUENCE = 2**63 - 1
"""The upper end of a read that wants all there is."""

PAGE_BYTES = 256 * 1024
"""Of one read: what a slow client may keep in memory, and a transaction of a millisecond or so."""


class ReadEvents:
    """Finite reads of one context; `UnknownContext` where there is none of that name.

    Rows are the messages exactly as they came. No read holds the database open between two pages.
    """

    def __init__(self, event_log: EventLog, snapshot_store: SnapshotStore) -> None:
        self._event_log = event_log
        self._snapshot_store = snapshot_store

    async def head(self, context: str) -> int:
        """Return the token that the next event will get."""
        return await self._event_log.head(context)

    async def first_token(self, context: str) -> int:
        """Return the token of the oldest event; 0 when there is none."""
        return await self._event_log.first_token(context)

    async def last_token(self, context: str) -> int:
        """Return the token of the newest event; -1 when there is none."""
        return await self._event_log.head(context) - 1

    async def token_at(self, context: str, time_ms: int) -> int:
        """Return the token of the first event at or after a time; the head if all are earlier."""
        return await self._event_log.first_token_at(context, time_ms)

    async def highest_sequence(self, context: str, aggregate_id: str) -> int:
        """Return the sequence number of an aggregate's last event; -1 when it has none."""
        return await self._event_log.last_sequence(context, aggregate_id)

    async def page(
        self, context: str, from_token: int, before_token: int, page_bytes: int = PAGE_BYTES
    ) -> Page:
        """Return events in token order from `from_token` on, those before `before_token`."""
        return await self._event_log.read(
            context,
            from_token=max(0, from_token),
            before_token=before_token,
            page_bytes=page_bytes,
        )

    async def aggregate(
        self,
        context: str,
        aggregate_id: str,
        from_sequence: int = 0,
        to_sequence: int = HIGHEST_SEQUENCE,
        *,
        allow_snapshot: bool = False,
    ) -> AsyncIterator[Sequence[bytes]]:
        """Yield an aggregate's events in sequence order, a page at a time; none if it has none.

        With `allow_snapshot`, the newest snapshot in the range comes first, and then only the
        events after it.
        """
        next_sequence: int | None = max(0, from_sequence)
        if allow_snapshot:
            snapshot = await self._snapshot_store.newest(
                context, aggregate_id, from_sequence=max(0, from_sequence), to_sequence=to_sequence
            )
            if snapshot is not None:
                yield [snapshot.data]
                next_sequence = snapshot.sequence + 1
        while next_sequence is not None:
            page = await self._event_log.read_aggregate(
                context,
                aggregate_id,
                from_sequence=next_sequence,
                to_sequence=to_sequence,
                page_bytes=PAGE_BYTES,
            )
            if page.rows:
                yield [data for _, data in page.rows]
            next_sequence = page.next_sequence
