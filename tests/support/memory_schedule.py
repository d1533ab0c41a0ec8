"""Scheduled events in memory, and the appends that publish them, under a clock that a test sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ranvier.errors import RanvierError
from ranvier.events.append import Accepted
from ranvier.events.claim import Claim
from ranvier.events.errors import ClaimLost, NoSuchScheduledEvent
from ranvier.events.event import NewEvent
from ranvier.events.scheduled_event import DueEvent, Refusal, ScheduledEvent
from ranvier.storage.scheduled_events import ParkedEvent, ScheduledCounts


@dataclass
class Kept:
    """One row."""

    context: str
    scheduled: ScheduledEvent
    next_attempt_ms: int | None
    fence: int = 0
    attempts: int = 0
    error: str = ""
    owner: str = ""

    @property
    def claim(self) -> Claim:
        return Claim(self.scheduled.token, self.fence)


@dataclass
class MemorySchedule:
    """The port `ScheduledEvents`, and `publish` as an append service has it."""

    rows: dict[str, Kept] = field(default_factory=dict)
    published: list[NewEvent] = field(default_factory=list)
    refusals: list[RanvierError] = field(default_factory=list)
    failure: RanvierError | None = None
    released: list[str] = field(default_factory=list)

    async def add(self, context: str, scheduled: ScheduledEvent) -> None:
        self.rows[scheduled.token] = Kept(context, scheduled, scheduled.due_ms)

    async def replace(self, context: str, token: str, scheduled: ScheduledEvent) -> None:
        if not await self.remove(context, token):
            raise NoSuchScheduledEvent(token)
        await self.add(context, scheduled)

    async def remove(self, context: str, token: str) -> bool:
        return self.rows.pop(token, None) is not None

    async def next_due_ms(self) -> int | None:
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        times = [row.next_attempt_ms for row in self.rows.values()]
        return min((each for each in times if each is not None), default=None)

    async def claim_due(
        self, owner: str, now_ms: int, until_ms: int, limit: int
    ) -> Sequence[DueEvent]:
        due = [
            row
            for row in self.rows.values()
            if row.next_attempt_ms is not None and row.next_attempt_ms <= now_ms
        ]
        due = sorted(due, key=lambda row: row.scheduled.due_ms)[:limit]
        for row in due:
            row.fence += 1
            row.next_attempt_ms, row.owner = until_ms, owner
        return [DueEvent(row.context, row.scheduled, row.claim, row.attempts) for row in due]

    async def release(self, owner: str) -> None:
        self.released.append(owner)
        for row in self.rows.values():
            if row.owner == owner and row.next_attempt_ms is not None:
                row.next_attempt_ms, row.owner = row.scheduled.due_ms, ""

    async def refused(self, claim: Claim, refusal: Refusal) -> None:
        row = self.rows.get(claim.token)
        if row is not None and row.claim == claim:
            self.rows[claim.token] = replace(
                row,
                next_attempt_ms=refusal.retry_at_ms,
                attempts=refusal.attempts,
                error=refusal.error,
            )

    async def counts(self) -> Mapping[str, ScheduledCounts]:
        waiting = sum(row.next_attempt_ms is not None for row in self.rows.values())
        return {"default": ScheduledCounts(waiting, len(self.rows) - waiting)}

    async def parked(self, context: str, limit: int) -> Sequence[ParkedEvent]:
        return [
            ParkedEvent(row.scheduled, row.attempts, row.error)
            for row in self.rows.values()
            if row.next_attempt_ms is None
        ][:limit]

    async def publish(self, context: str, event: NewEvent, claim: Claim) -> Accepted:
        if self.refusals:
            raise self.refusals.pop(0)
        row = self.rows.get(claim.token)
        if row is None or row.claim != claim:
            raise ClaimLost(claim.token)
        del self.rows[claim.token]
        self.published.append(event)
        return Accepted(len(self.published) - 1, 1)
