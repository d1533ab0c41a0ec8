"""A reader's place in a context: pages of events as they come, a wait when there are none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ranvier.errors import RanvierError
from ranvier.events.criterion import Criterion
from ranvier.services.errors import TokenBeyondHead
from ranvier.services.event_feed import EventFeed
from ranvier.storage.event_log import EventLog, MatchPage, Page

LOOKS_BEYOND_HEAD = 5
"""Looks that a reader beyond the head is given. Clients that want only what there is hold their
stream open for a second or so before they half-close it, and some ask from 1 in an empty context;
a reader that stays longer would wait for events that it must not have."""


class EventFollower:
    """Reads one context in token order and never misses an event.

    It takes what is at hand from the feed's ring and the rest from the database, a page at a time;
    nothing is held open between two pages. It is for one reading task. Use it so:

        while True:
            follower.rest()
            if follower.has_more:
                page = await follower.read(page_bytes)
            else:
                await follower.wait()
    """

    def __init__(self, feed: EventFeed, event_log: EventLog, position: int) -> None:
        self.position = position
        self.feed = feed
        self._looks_beyond_head = 0
        self._event_log = event_log
        self._error: RanvierError | None = None
        self._woken = asyncio.Event()
        self._wants_events = True

    @property
    def has_more(self) -> bool:
        """Whether there is an event at the position; raise the error that ended the follower."""
        self.refuse_when_ended()
        return self.position < self.feed.deliverable

    def refuse_when_ended(self) -> None:
        """Raise the error that ended the follower, if one did."""
        if self._error is not None:
            raise self._error

    def rest(self) -> None:
        """Begin to listen: what changes from now on ends the next `wait`."""
        self._woken.clear()

    async def wait(self, *, for_events: bool = True) -> None:
        """Return when something has changed since `rest`; not for events that nobody wants now."""
        self._wants_events = for_events
        await self._woken.wait()
        self._wants_events = True

    def wake(self) -> None:
        """End a wait: something has changed for this reader."""
        self._woken.set()

    def events_came(self) -> None:
        """End a wait for events."""
        if self._wants_events:
            self._woken.set()

    def expect(self, head: int) -> None:
        """Tell the feed of a head that was read, so that it brings all events before it."""
        self.feed.reach(head)

    def looked(self, head: int) -> None:
        """Count the looks that found this reader beyond the head; after the last one it ends."""
        if self.position > head:
            self._looks_beyond_head += 1
            if self._looks_beyond_head >= LOOKS_BEYOND_HEAD:
                self.fail(TokenBeyondHead(self.feed.context, self.position, head))

    def fail(self, error: RanvierError) -> None:
        """End this follower; its reader meets the error at its next step."""
        self._error = error
        self.wake()

    async def read(
        self, page_bytes: int, before_token: int | None = None, *, with_names: bool = False
    ) -> Page:
        """Return the next events and move the position behind them; empty when there are none.

        A page holds at least one event and else at most `page_bytes`; it ends before
        `before_token`. `with_names` asks for the payload types too.
        """
        end = self.feed.deliverable
        if before_token is not None:
            end = min(end, before_token)
        if not self.has_more or self.position >= end:
            return Page(self.position, [], self.position, [])
        page = await self._page(end, page_bytes, with_names=with_names)
        self.position = page.next_token
        return page

    async def read_matching(self, criteria: Sequence[Criterion], page_bytes: int) -> MatchPage:
        """Return the next events that match, and move the position behind what was looked at.

        There may be none although the position moved. No criteria match all.
        """
        self.refuse_when_ended()
        page = await self._event_log.read_matching(
            self.feed.context,
            criteria,
            from_token=self.position,
            before_token=self.feed.deliverable,
            page_bytes=page_bytes,
        )
        self.position = max(self.position, page.next_token)
        return page

    async def _page(self, end: int, page_bytes: int, *, with_names: bool) -> Page:
        ring = self.feed.ring
        if self.position >= ring.first_token:
            page = ring.page(self.position, page_bytes)
            if page.next_token <= end:
                return page
            count = end - self.position
            return Page(self.position, page.rows[:count], end, page.names[:count])
        return await self._event_log.read(
            self.feed.context,
            from_token=self.position,
            before_token=end,
            page_bytes=page_bytes,
            with_names=with_names,
        )
