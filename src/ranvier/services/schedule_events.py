"""Schedules events and publishes each exactly once when its time has come.

Publishing is an append that deletes the claimed row in its own transaction: whatever fails between
claim and answer, the event is either stored and gone from the schedule, or neither.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from ranvier.errors import RanvierError
from ranvier.events.append import Accepted, Append
from ranvier.events.claim import Claim
from ranvier.events.errors import ClaimLost, UnknownContext
from ranvier.events.event import NewEvent
from ranvier.events.limits import APPEND_ID_BYTES, NUMBER_LIMIT, refuse_append
from ranvier.events.scheduled_event import DueEvent, ScheduledEvent, refusal_of
from ranvier.services.errors import AppendOutcomeUnknown, NodeStopping
from ranvier.services.standing_trouble import StandingTrouble
from ranvier.storage.errors import StorageError
from ranvier.storage.scheduled_events import ScheduledCounts, ScheduledEvents

CLAIM_MS: Final = 60_000
"""A claim that nobody used or gave back is free again after so long."""

CLAIMS_AT_ONCE: Final = 256
"""Events of one round: they are published together and held in memory meanwhile."""

LOOK_SECONDS: Final = 1.0
"""Between two looks at the schedule when nothing is known to be due: the safety net."""

COUNT_PAUSE_MS: Final = 5_000
"""Between two counts of what waits, for the figures."""

ANY_APPEND_ID: Final = bytes(APPEND_ID_BYTES)

logger = logging.getLogger("ranvier.services")


class Publish(Protocol):
    """Stores an event and deletes the row that it was claimed by, both or neither."""

    async def publish(self, context: str, event: NewEvent, claim: Claim) -> Accepted:
        """Return where the event is, or raise why nothing was stored."""


@dataclass(frozen=True, slots=True)
class ScheduleSources:
    """What the schedule takes from outside: time, chance and the node's name."""

    owner: Callable[[], str]
    """Returns the id under which this node claims."""
    now_ms: Callable[[], int]
    new_token: Callable[[], str]
    """Gives a text that no scheduled event has had."""


class ScheduleEvents:
    """The schedule of one node: takes events, and publishes them when they are due."""

    def __init__(
        self,
        store: ScheduledEvents,
        appends: Publish,
        sources: ScheduleSources,
        wait_for: Callable[[Awaitable[object], float], Awaitable[object]] = asyncio.wait_for,
    ) -> None:
        self._store = store
        self._appends = appends
        self._sources = sources
        self._wait_for = wait_for
        self._changed = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._silent: dict[str, None] = {}
        """Owners whose claims are to be freed."""
        self._next_count_ms = 0
        self._counts: Mapping[str, ScheduledCounts] = {}
        self._published: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()

    async def start(self) -> None:
        """Free what an earlier run of this node had claimed, then publish for ever."""
        await self._store.release(self._sources.owner())
        self._running = asyncio.get_running_loop().create_task(self._publish_for_ever())

    async def stop(self) -> None:
        """Take nothing new and return when the round that runs has ended."""
        self._is_stopping = True
        self._changed.set()
        if self._running is not None:
            await asyncio.gather(self._running, return_exceptions=True)

    async def schedule(self, context: str, due_ms: int, event: NewEvent) -> str:
        """Keep an event until it is due, milliseconds since 1970; return its token.

        An event that no database could store is refused now, not when it is due.
        """
        scheduled = self._new_event(due_ms, event)
        await self._store.add(context, scheduled)
        self._changed.set()
        return scheduled.token

    async def reschedule(self, context: str, token: str, due_ms: int, event: NewEvent) -> str:
        """Put an event in the place of the one of this token; return the new one's token.

        Raises `NoSuchScheduledEvent` where that has been published or cancelled already, so that
        no client believes that it has called back what is out.
        """
        scheduled = self._new_event(due_ms, event)
        await self._store.replace(context, token, scheduled)
        self._changed.set()
        return scheduled.token

    async def cancel(self, context: str, token: str) -> None:
        """Take an event off the schedule; one that is not on it is no error."""
        self._refuse_when_stopping()
        await self._store.remove(context, token)

    def free_claims_of(self, owner: str) -> None:
        """Let what a silent node has claimed be claimed again; its fences are worth no more then.

        Should it publish nevertheless, it is the only one: a claim that is used up or claimed anew
        is refused.
        """
        self._silent[owner] = None
        self._changed.set()

    async def publish_due(self) -> int:
        """Publish what is due now, as much as one round takes; return how many were claimed."""
        now_ms = self._sources.now_ms()
        due = await self._store.claim_due(
            self._sources.owner(), now_ms, now_ms + CLAIM_MS, CLAIMS_AT_ONCE
        )
        # Handed in one after the other, so those of one aggregate keep their order.
        await asyncio.gather(*(self._publish(each) for each in due))
        return len(due)

    def waiting(self) -> Mapping[str, float]:
        """How many events of each context wait, as of the last look."""
        return {context: counts.waiting for context, counts in self._counts.items()}

    def parked(self) -> Mapping[str, float]:
        """How many events of each context were refused too often, as of the last look."""
        return {context: counts.parked for context, counts in self._counts.items()}

    def published(self) -> Mapping[str, float]:
        """How many events this node has published in each context."""
        return self._published

    def failed(self) -> Mapping[str, float]:
        """How often a publication was refused in each context."""
        return self._failed

    def _new_event(self, due_ms: int, event: NewEvent) -> ScheduledEvent:
        self._refuse_when_stopping()
        refusal = refuse_append(Append(ANY_APPEND_ID, (event,)))
        if refusal is not None:
            raise refusal
        due_ms = max(0, min(due_ms, NUMBER_LIMIT - 1))
        return ScheduledEvent(self._sources.new_token(), due_ms, event)

    def _refuse_when_stopping(self) -> None:
        if self._is_stopping:
            raise NodeStopping

    async def _publish_for_ever(self) -> None:
        trouble = StandingTrouble("the scheduled events could not be looked at")
        while not self._is_stopping:
            self._changed.clear()
            try:
                pause_seconds = await self._publish_round()
                trouble.end()
            except RanvierError as error:
                trouble.tell(error)
                pause_seconds = LOOK_SECONDS
            except Exception:
                logger.exception("a round of scheduled events failed")
                pause_seconds = LOOK_SECONDS
            if pause_seconds:
                await self._pause(pause_seconds)

    async def _publish_round(self) -> float:
        """Publish if something is due; return for how long nothing will be."""
        for owner in list(self._silent):
            await self._store.release(owner)
            del self._silent[owner]
        next_due_ms = await self._store.next_due_ms()
        if next_due_ms is not None and next_due_ms <= self._sources.now_ms():
            if await self.publish_due():
                return 0.0
            next_due_ms = None
        await self._count()
        if next_due_ms is None:
            return LOOK_SECONDS
        wait_ms = next_due_ms - self._sources.now_ms()
        return min(LOOK_SECONDS, max(wait_ms, 1) / 1_000)

    async def _count(self) -> None:
        """Count what waits, now and then: it means to walk over all that is scheduled."""
        now_ms = self._sources.now_ms()
        if now_ms >= self._next_count_ms:
            self._counts = await self._store.counts()
            self._next_count_ms = now_ms + COUNT_PAUSE_MS

    async def _pause(self, seconds: float) -> None:
        """Wait for so long, or until something was scheduled."""
        if self._is_stopping:
            return
        try:
            await self._wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return

    async def _publish(self, due: DueEvent) -> None:
        try:
            await self._appends.publish(due.context, due.scheduled.event, due.claim)
        except (ClaimLost, UnknownContext, NodeStopping, AppendOutcomeUnknown):
            # Cancelled meanwhile, or the end of the claim decides: the row says what happened.
            return
        except RanvierError as error:
            await self._take_back(due, error)
        else:
            self._published[due.context] += 1

    async def _take_back(self, due: DueEvent, error: RanvierError) -> None:
        """Put a refused event back, or park it."""
        self._failed[due.context] += 1
        refusal = refusal_of(
            due.attempts,
            f"[{error.code}] {error}",
            self._sources.now_ms(),
            is_passing=error.retry_may_help,
        )
        if refusal.retry_at_ms is None:
            logger.error(
                "The scheduled event %s of context %s is parked: %s",
                due.scheduled.token,
                due.context,
                refusal.error,
                extra={"action": "schedule.parked"},
            )
        try:
            await self._store.refused(due.claim, refusal)
        except StorageError as problem:
            logger.warning("a refused scheduled event waits for its claim's end: %s", problem)
