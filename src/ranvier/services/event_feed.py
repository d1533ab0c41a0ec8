"""What a node knows of the head of one context, for those who read there.

The feed takes events only in dense order. What it was told of but did not get is read from the
database first, once for all who listen.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from ranvier.errors import RanvierError
from ranvier.events.event import NewEvent
from ranvier.services.event_ring import EventRing, RingLimits
from ranvier.storage.event_log import EventLog

FILL_PAGE_BYTES = 256 * 1024
"""Of one read that fills a gap: a short transaction, a fraction of the ring."""

logger = logging.getLogger("ranvier.services")


class FeedListener(Protocol):
    """Who is told what happens to a feed."""

    def events_came(self) -> None:
        """There are new events."""

    def looked(self, head: int) -> None:
        """The database was asked, and said that this is the head."""

    def fail(self, error: RanvierError) -> None:
        """The feed has ended; no position in it can be trusted."""


class EventFeed:
    """The ring of one context, the listeners it wakes, and the highest head it was told of."""

    def __init__(self, context: str, event_log: EventLog, limits: RingLimits) -> None:
        self.context = context
        self.head = 0
        self.listeners: set[FeedListener] = set()
        self._event_log = event_log
        self._limits = limits
        self._ring: EventRing | None = None
        self._filling: asyncio.Task[None] | None = None

    @property
    def ring(self) -> EventRing:
        """The events at hand; empty, at the head, until the first ones come."""
        if self._ring is None:
            self._ring = EventRing(self.head, self._limits)
        return self._ring

    @property
    def deliverable(self) -> int:
        """The first token that nobody can have yet."""
        return self.ring.next_token

    def take(self, first_token: int, events: Sequence[NewEvent]) -> None:
        """Take events that were just stored, if they are the next ones; else fill the gap first."""
        if self._ring is None:
            self._ring = EventRing(first_token, self._limits)
        ring = self._ring
        if first_token == ring.next_token and self._filling is None:
            ring.extend([event.data for event in events], [event.name for event in events])
            self.head = max(self.head, ring.next_token)
            self._wake_listeners()
        else:
            self.reach(first_token + len(events))

    def reach(self, head: int) -> None:
        """Learn that the context has reached this head, without the events themselves."""
        self.head = max(self.head, head)
        if self.ring.next_token < self.head and self._filling is None:
            self._filling = asyncio.get_running_loop().create_task(self._fill())

    def looked(self) -> None:
        """Tell every listener that the head is as the database says."""
        for listener in list(self.listeners):
            listener.looked(self.head)

    def end(self, error: RanvierError) -> None:
        """End every listener with this error."""
        for listener in list(self.listeners):
            listener.fail(error)

    async def _fill(self) -> None:
        """Read what is missing; a failure leaves the gap to the next look at the heads."""
        try:
            while self.listeners and self.ring.next_token < self.head:
                page = await self._event_log.read(
                    self.context,
                    from_token=self.ring.next_token,
                    before_token=self.head,
                    page_bytes=FILL_PAGE_BYTES,
                    with_names=True,
                )
                if not page.rows:
                    break
                self.ring.extend(page.rows, page.names)
                self._wake_listeners()
        except RanvierError as error:
            logger.warning("the newest events of context %s wait: %s", self.context, error)
        finally:
            self._filling = None

    def _wake_listeners(self) -> None:
        for listener in self.listeners:
            listener.events_came()
