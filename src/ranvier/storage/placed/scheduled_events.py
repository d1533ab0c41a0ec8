"""The port `ScheduledEvents` over several databases."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from ranvier.events.claim import Claim
from ranvier.events.scheduled_event import DueEvent, Refusal, ScheduledEvent
from ranvier.storage.errors import StorageError
from ranvier.storage.placed.merged import Merged
from ranvier.storage.placed.opened_database import PATIENCE_SECONDS
from ranvier.storage.placed.routing import Routing
from ranvier.storage.scheduled_events import ParkedEvent, ScheduledCounts, ScheduledEvents


class PlacedScheduledEvents:
    """The schedule of each context lies with its events, so that one commit publishes."""

    def __init__(self, routing: Routing) -> None:
        self._routing = routing
        self._home = routing.home.scheduled_events
        self._next_due: Merged[int | None] = Merged(
            routing, lambda database: database.scheduled_events.next_due_ms(), None
        )
        self._counts: Merged[Mapping[str, ScheduledCounts]] = Merged(
            routing, lambda database: database.scheduled_events.counts(), {}
        )
        self._rounds = 0
        self._claiming: dict[ScheduledEvents, asyncio.Task[Sequence[DueEvent]]] = {}
        """Claims that are being made elsewhere, or are made and not yet told of."""

    async def add(self, context: str, scheduled: ScheduledEvent) -> None:
        """Keep an event durably until it is due."""
        await self._routing.ask(
            context, lambda database, name: database.scheduled_events.add(name, scheduled)
        )

    async def replace(self, context: str, token: str, scheduled: ScheduledEvent) -> None:
        """Take one event away and keep another, both or neither."""
        await self._routing.ask(
            context,
            lambda database, name: database.scheduled_events.replace(name, token, scheduled),
        )

    async def remove(self, context: str, token: str) -> bool:
        """Take an event away durably; False when there is none of that token."""
        return await self._routing.ask(
            context, lambda database, name: database.scheduled_events.remove(name, token)
        )

    async def next_due_ms(self) -> int | None:
        """When the next event of any context may be claimed; None when none waits."""
        if any(claiming.done() for claiming in self._claiming.values()):
            return 0
        found = [await self._home.next_due_ms(), *await self._next_due.get()]
        return min((each for each in found if each is not None), default=None)

    async def claim_due(
        self, owner: str, now_ms: int, until_ms: int, limit: int
    ) -> Sequence[DueEvent]:
        """Claim the events that are due first; nobody else claims them before `until_ms`."""
        others = await self._reachable()
        stores = [self._home, *others]
        # Each is the first in its turn, so that a full one does not starve the others.
        self._rounds += 1
        first = self._rounds % len(stores)
        claimed = [each for store in [*self._claiming] for each in self._claimed(store)]
        for store in stores[first:] + stores[:first]:
            if len(claimed) < limit:
                claimed += await self._claim(store, owner, (now_ms, until_ms), limit - len(claimed))
        return claimed

    async def release(self, owner: str) -> None:
        """Let everything be claimed at once that an earlier run of this owner had claimed."""
        await self._home.release(owner)
        for store in await self._reachable():
            # Where it fails, the claims end by themselves.
            with suppress(StorageError, TimeoutError):
                await asyncio.wait_for(store.release(owner), PATIENCE_SECONDS)

    async def refused(self, claim: Claim, refusal: Refusal) -> None:
        """Remember a refusal, unless the claim no longer holds."""
        await self._home.refused(claim, refusal)
        for store in await self._reachable():
            # Where it is late, the end of the claim decides.
            with suppress(TimeoutError):
                await asyncio.wait_for(store.refused(claim, refusal), PATIENCE_SECONDS)

    async def counts(self) -> Mapping[str, ScheduledCounts]:
        """How many wait and are parked in each context that has any."""
        counts = dict(await self._home.counts())
        names = self._routing.outer_names()
        for found in await self._counts.get():
            counts |= {names[name]: each for name, each in found.items() if name in names}
        return counts

    async def parked(self, context: str, limit: int) -> Sequence[ParkedEvent]:
        """The parked events of a context, the oldest first."""
        return await self._routing.ask(
            context, lambda database, name: database.scheduled_events.parked(name, limit)
        )

    async def _reachable(self) -> list[ScheduledEvents]:
        found = await asyncio.gather(*(each.opened_soon() for each in self._routing.databases()))
        return [each.scheduled_events for each in found if each is not None]

    async def _claim(
        self, store: ScheduledEvents, owner: str, times_ms: tuple[int, int], limit: int
    ) -> Sequence[DueEvent]:
        if store is self._home:
            return await store.claim_due(owner, *times_ms, limit)
        if store not in self._claiming:
            claiming = asyncio.ensure_future(store.claim_due(owner, *times_ms, limit))
            self._claiming[store] = claiming
            await asyncio.wait({claiming}, timeout=PATIENCE_SECONDS)
        return self._claimed(store)

    def _claimed(self, store: ScheduledEvents) -> Sequence[DueEvent]:
        """Return what was claimed in a database; nothing yet from one that is slow."""
        if not self._claiming[store].done():
            return ()
        claiming, names = self._claiming.pop(store), self._routing.outer_names()
        try:
            claimed = claiming.result()
        except StorageError:
            return ()  # of this database; the others have theirs
        return [
            replace(each, context=names[each.context]) for each in claimed if each.context in names
        ]
