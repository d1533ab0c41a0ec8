"""Answers ad-hoc queries from what is stored, newest first."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from ranvier.events.query import QueryPlan, Row
from ranvier.services.errors import SnapshotsNeedAggregate
from ranvier.services.read_backwards import Piece, read_backwards
from ranvier.services.read_events import HIGHEST_SEQUENCE
from ranvier.services.store_snapshots import LIST_LIMIT
from ranvier.storage.event_log import EventLog
from ranvier.storage.snapshot_store import SnapshotStore

PAGE_BYTES = 64 * 1024
"""Of one read: its rows are compared in one go, while nobody else is served for milliseconds."""

RowOf = Callable[[int, bytes], Row]
"""Makes a row of a place (token, or sequence number in an aggregate) and a message."""


class SearchEvents:
    """Runs query plans over the events or the snapshots of a context."""

    def __init__(self, event_log: EventLog, snapshot_store: SnapshotStore) -> None:
        self._event_log = event_log
        self._snapshot_store = snapshot_store

    async def head(self, context: str) -> int:
        """Return the token before which history lies."""
        return await self._event_log.head(context)

    async def events(
        self, context: str, plan: QueryPlan, before_token: int, row_of: RowOf
    ) -> AsyncGenerator[list[Row], None]:
        """Yield the rows before a token that the plan asks for, newest first, up to its limit.

        There is one list for each piece of history, an empty one where nothing matched: between
        any two the reader may stop the search.
        """
        if plan.aggregate_id is None:
            pieces = await self._by_token(context, plan, before_token)
        else:
            pieces = await self._by_aggregate(context, plan.aggregate_id)
        left = plan.limit
        async with aclosing(pieces):
            async for piece in pieces:
                found = newest_matches(plan, piece, row_of, left)
                left -= len(found)
                yield found
                if left == 0:
                    return

    async def snapshots(
        self, context: str, plan: QueryPlan, row_of: RowOf
    ) -> AsyncGenerator[list[Row], None]:
        """Yield the snapshots of the plan's aggregate that it asks for, newest first."""
        if plan.aggregate_id is None:
            raise SnapshotsNeedAggregate
        snapshots = await self._snapshot_store.list(
            context,
            plan.aggregate_id,
            from_sequence=0,
            to_sequence=HIGHEST_SEQUENCE,
            limit=LIST_LIMIT,
        )
        piece = [(snapshot.sequence, snapshot.data) for snapshot in reversed(snapshots)]
        yield newest_matches(plan, piece, row_of, plan.limit)

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


def newest_matches(plan: QueryPlan, piece: Piece, row_of: RowOf, limit: int) -> list[Row]:
    """Return the rows of a piece that match, newest first, at most so many."""
    found: list[Row] = []
    for place, message in reversed(piece):
        row = row_of(place, message)
        if len(found) < limit and plan.matches(row):
            found.append(row)
    return found
