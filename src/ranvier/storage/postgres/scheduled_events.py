"""The port `ScheduledEvents` on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ranvier.events.claim import Claim
from ranvier.events.errors import NoSuchScheduledEvent
from ranvier.events.scheduled_event import DueEvent, Refusal, ScheduledEvent
from ranvier.storage.postgres.bounded import bounded
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.scheduled_event_row import due_event, row_of, scheduled_event
from ranvier.storage.scheduled_events import ParkedEvent, ScheduledCounts
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "scheduled")


class PostgresScheduledEvents:
    """Keeps events until they are due; the append that publishes one deletes its row."""

    def __init__(self, tools: DatabaseTools) -> None:
        self._tools = tools

    async def add(self, context: str, scheduled: ScheduledEvent) -> None:
        """Keep an event durably until it is due."""
        context_id = await self._tools.known.id_of(context)
        await self._tools.write(_SQL["add"], *row_of(context_id, scheduled))

    async def replace(self, context: str, token: str, scheduled: ScheduledEvent) -> None:
        """Take one event away and keep another, both or neither."""
        context_id = await self._tools.known.id_of(context)
        new_token, _, *others = row_of(context_id, scheduled)
        rows = await self._tools.write(_SQL["replace"], token, context_id, new_token, *others)
        if not rows[0][0]:
            raise NoSuchScheduledEvent(token)

    async def remove(self, context: str, token: str) -> bool:
        """Take an event away durably; False when there is none of that token."""
        context_id = await self._tools.known.id_of(context)
        return bool(await self._tools.write(_SQL["remove"], token, context_id))

    async def next_due_ms(self) -> int | None:
        """When the next event of any context may be claimed; None when none waits."""
        rows = await self._tools.readers.ask(_SQL["next_attempt"])
        found: int | None = rows[0][0]
        return found

    async def claim_due(
        self, owner: str, now_ms: int, until_ms: int, limit: int
    ) -> Sequence[DueEvent]:
        """Claim the events that are due first; nobody else claims them before `until_ms`."""
        rows = await self._tools.write(_SQL["claim"], owner, now_ms, until_ms, limit)
        return [due_event(*row) for row in rows]

    async def release(self, owner: str) -> None:
        """Let everything be claimed at once that an earlier run of this owner had claimed."""
        await self._tools.write(_SQL["release"], owner)

    async def refused(self, claim: Claim, refusal: Refusal) -> None:
        """Remember a refusal, unless the claim no longer holds."""
        await self._tools.write(
            _SQL["refused"],
            claim.token,
            claim.fence,
            refusal.error,
            refusal.attempts,
            refusal.retry_at_ms,
        )

    async def counts(self) -> Mapping[str, ScheduledCounts]:
        """How many wait and are parked in each context that has any."""
        rows = await self._tools.readers.ask(_SQL["counts"])
        return {name: ScheduledCounts(waiting, parked) for name, waiting, parked in rows}

    async def parked(self, context: str, limit: int) -> Sequence[ParkedEvent]:
        """The parked events of a context, the oldest first."""
        context_id = await self._tools.known.id_of(context)
        rows = await self._tools.readers.ask(_SQL["parked"], context_id, bounded(limit))
        return [
            ParkedEvent(scheduled_event(*columns), attempts, error)
            for attempts, error, *columns in rows
        ]
