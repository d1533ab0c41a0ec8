"""The port `ScheduledEvents` on SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import apsw

from ranvier.events.claim import Claim
from ranvier.events.errors import NoSuchScheduledEvent
from ranvier.events.scheduled_event import DueEvent, Refusal, ScheduledEvent
from ranvier.storage.scheduled_event_row import due_event, row_of, scheduled_event
from ranvier.storage.scheduled_events import ParkedEvent, ScheduledCounts
from ranvier.storage.sqlite.contexts import ContextTools
from ranvier.storage.sqlite.row_changes import RowChanges
from ranvier.storage.sqlite.statements import fetch_all, load_statements

_SQL = load_statements("scheduled")


class SqliteScheduledEvents:
    """Keeps events until they are due; the append that publishes one deletes its row."""

    def __init__(self, tools: ContextTools) -> None:
        self._readers = tools.readers
        self._known = tools.known
        self._changes = RowChanges(tools.writers)

    async def add(self, context: str, scheduled: ScheduledEvent) -> None:
        """Keep an event durably until it is due."""
        row = row_of(self._known.id_of(context), scheduled)
        await self._changes.make(lambda cursor: _run(cursor, "add", row))

    async def replace(self, context: str, token: str, scheduled: ScheduledEvent) -> None:
        """Take one event away and keep another, both or neither."""
        context_id = self._known.id_of(context)
        row = row_of(context_id, scheduled)

        def change(cursor: apsw.Cursor) -> bool:
            if not _run(cursor, "remove", (token, context_id)):
                return False
            return bool(_run(cursor, "add", row))

        if not await self._changes.make(change):
            raise NoSuchScheduledEvent(token)

    async def remove(self, context: str, token: str) -> bool:
        """Take an event away durably; False when there is none of that token."""
        key = (token, self._known.id_of(context))
        return await self._changes.make(lambda cursor: _run(cursor, "remove", key)) > 0

    async def next_due_ms(self) -> int | None:
        """When the next event of any context may be claimed; None when none waits."""
        rows: list[tuple[int]] = await self._read("next_attempt")
        return rows[0][0] if rows else None

    async def claim_due(
        self, owner: str, now_ms: int, until_ms: int, limit: int
    ) -> Sequence[DueEvent]:
        """Claim the events that are due first; nobody else claims them before `until_ms`."""
        bindings = (owner, now_ms, until_ms, limit)
        rows: list[Any] = await self._changes.make(
            lambda cursor: fetch_all(cursor, _SQL["claim"], bindings)
        )
        return [due_event(*row[1:]) for row in sorted(rows, key=lambda row: (row[5], row[0]))]

    async def release(self, owner: str) -> None:
        """Let everything be claimed at once that an earlier run of this owner had claimed."""
        await self._changes.make(lambda cursor: _run(cursor, "release", (owner,)))

    async def refused(self, claim: Claim, refusal: Refusal) -> None:
        """Remember a refusal, unless the claim no longer holds."""
        row = (claim.token, claim.fence, refusal.error, refusal.attempts, refusal.retry_at_ms)
        await self._changes.make(lambda cursor: _run(cursor, "refused", row))

    async def counts(self) -> Mapping[str, ScheduledCounts]:
        """How many wait and are parked in each context that has any."""
        return {
            name: ScheduledCounts(waiting, parked)
            for name, waiting, parked in await self._read("counts")
        }

    async def parked(self, context: str, limit: int) -> Sequence[ParkedEvent]:
        """The parked events of a context, the oldest first."""
        rows = await self._read("parked", (self._known.id_of(context), limit))
        return [
            ParkedEvent(scheduled_event(*columns), attempts, error)
            for attempts, error, *columns in rows
        ]

    async def _read(self, statement: str, bindings: tuple[Any, ...] = ()) -> list[Any]:
        return await self._readers.run(
            lambda connection: fetch_all(connection, _SQL[statement], bindings)
        )


def is_held(cursor: apsw.Cursor, context_id: int, claim: Claim) -> bool:
    """Tell, in the transaction of an append, whether the claim that it names still holds."""
    return bool(fetch_all(cursor, _SQL["is_held"], (claim.token, claim.fence, context_id)))


def use_up(cursor: apsw.Cursor, claim: Claim) -> None:
    """Delete the claimed row, in the transaction of the append that publishes it."""
    cursor.execute(_SQL["use_up"], (claim.token, claim.fence))


def _run(cursor: apsw.Cursor, statement: str, bindings: tuple[Any, ...]) -> int:
    """Run a statement and return how many rows it changed."""
    cursor.execute(_SQL[statement], bindings)
    return cursor.connection.changes()
