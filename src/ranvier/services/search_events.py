"""Reads what ad-hoc queries ask about, newest first."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from ranvier.events.query import QueryPlan
from ranvier.services.read_backwards import Piece, read_backwards
from ranvier.services.read_events import HIGHEST_SEQUENCE
from ranvier.storage.event_log import EventLog
from ranvier.storage.snapshot_store import SnapshotStore

PAGE_BYTES = 64 * 1024
"""Of one read: its rows are compared in one go, while nobody else is served for milliseconds."""

SNAPSHOTS_AT_ONCE = 16
"""Each may be as large as a message may be."""


class SearchEvents:
    """Reads what a query plan asks for of the events or the snapshots of a context."""

    def __init__(self, event_log: EventLog, snapshot_store: SnapshotStore) -> None:
        self._event_log = event_log
        self._snapshot_store = snapshot_store

    async def head(self, context: str) -> int:
        """Return the token before which history lies."""
        return await self._event_log.head(context)

    async def events(
        self, context: str, plan: QueryPlan, before_token: int
    ) -> AsyncGenerator[Piece, None]:
        """Return the pieces of history in which the plan's rows lie, the last piece first.

        Between any two the reader may stop the search.
        """
        if plan.aggregate_id is None:
            return await self._by_token(context, plan, before_token)
        return await self._by_aggregate(context, plan.aggregate_id)

    async def snapshots(self, context: str, plan: QueryPlan) -> AsyncGenerator[Piece, None]:
        """Return the snapshots of the plan's aggregate, or of all, the last piece first.

        The place of a snapshot is the sequence number of the event after which it was made.
        """
        if plan.aggregate_id is None:
            return self._all_snapshots(context)
        return self._snapshots_of(context, plan.aggregate_id)

    async def _all_snapshots(self, context: str) -> AsyncGenerator[Piece, None]:
        before: tuple[str, int] | None = None
        while snapshots := await self._snapshot_store.browse(
            context, before=before, limit=SNAPSHOTS_AT_ONCE
        ):
            yield [(snapshot.sequence, snapshot.data) for snapshot in reversed(snapshots)]
            before = (snapshots[-1].aggregate_id, snapshots[-1].sequence)

    async def _snapshots_of(self, context: str, aggregate_id: str) -> AsyncGenerator[Piece, None]:
        sequence = HIGHEST_SEQUENCE
        while sequence >= 0:
            snapshots = await self._snapshot_store.list(
                context,
                aggregate_id,
                from_sequence=0,
                to_sequence=sequence,
                limit=SNAPSHOTS_AT_ONCE,
            )
            if not snapshots:
                return
            yield [(snapshot.sequence, snapshot.data) for snapshot in reversed(snapshots)]
            sequence = snapshots[-1].sequence - 1

    async def _by_token(
        self, context: str, plan: QueryPlan, before_token: int
    ) -> AsyncGenerator[Piece, None]:
        first_token = plan.first_token
        if plan.earliest_time_ms > 0:
            since = await self._event_log.first_token_at(context, plan.earliest_time_ms)
            first_token = max(first_token, since)
        if plan.before_token is not None:
            before_token = min(before_token, plan.before_token)

        async def read(first: int, before: int) -> tuple[Piece, bool]:
            page = await self._event_log.read(
                context, from_token=first, before_token=before, page_bytes=PAGE_BYTES
            )
            return list(enumerate(page.rows, page.first_token)), page.next_token >= before

        return read_backwards(read, first_token, before_token)

    async def _by_aggregate(self, context: str, aggregate_id: str) -> AsyncGenerator[Piece, None]:
        last_sequence = await self._event_log.last_sequence(context, aggregate_id)

        async def read(first: int, before: int) -> tuple[Piece, bool]:
            page = await self._event_log.read_aggregate(
                context,
                aggregate_id,
                from_sequence=first,
                to_sequence=before - 1,
                page_bytes=PAGE_BYTES,
            )
            return page.rows, page.next_sequence is None

        return read_backwards(read, 0, last_sequence + 1)
