"""Lets readers follow contexts: woken by what was stored, safe when a wake-up is lost.

Wake-ups may be lost, events may not: once a second, and at once when a link or connection was lost
or made, one statement reads all heads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

from ranvier.errors import RanvierError
from ranvier.events.errors import UnknownContext
from ranvier.events.event import NewEvent
from ranvier.services.errors import NodeStopping, TokenBeyondHead
from ranvier.services.event_feed import EventFeed
from ranvier.services.event_follower import EventFollower
from ranvier.services.event_ring import RingLimits
from ranvier.services.standing_trouble import StandingTrouble
from ranvier.storage.errors import HeadWentBack
from ranvier.storage.event_log import EventLog

LOOK_PAUSE_SECONDS = 1.0
"""Between two looks at the heads: how late a reader is at most when its wake-up was lost."""

logger = logging.getLogger("ranvier.services")


async def until_next_look() -> None:
    """Wait for the time of one pause between looks."""
    await asyncio.sleep(LOOK_PAUSE_SECONDS)


class FollowEvents:
    """The feeds of all contexts that somebody reads."""

    def __init__(
        self,
        event_log: EventLog,
        limits: RingLimits | None = None,
        next_look: Callable[[], Awaitable[None]] = until_next_look,
    ) -> None:
        self._event_log = event_log
        self._limits = limits or RingLimits()
        self._next_look = next_look
        self._feeds: dict[str, EventFeed] = {}
        self._highest_seen: dict[str, int] = {}
        self._looking: asyncio.Task[None] | None = None
        self._hurried = asyncio.Event()
        self._is_stopping = False

    async def start(self) -> None:
        """Begin to look at the heads."""
        self._looking = asyncio.get_running_loop().create_task(self._look_for_ever())

    async def stop(self) -> None:
        """End every follower: this node is stopping."""
        self._is_stopping = True
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        for feed in self._feeds.values():
            feed.end(NodeStopping())

    @property
    def follower_count(self) -> int:
        """How many readers follow a context of this node."""
        return sum(len(feed.listeners) for feed in self._feeds.values())

    async def follow(self, context: str, from_token: int) -> EventFollower:
        """Return a follower that stands before this token; below 0 counts as 0.

        A position that this node has seen the context hold, and that it holds no longer, is refused
        with `TokenBeyondHead`; any other beyond the head is given a few looks to be reached.
        """
        if self._is_stopping:
            raise NodeStopping
        feed = self._feeds.setdefault(context, EventFeed(context, self._event_log, self._limits))
        follower = EventFollower(feed, self._event_log, max(0, from_token))
        feed.listeners.add(follower)
        try:
            await self._see_head(feed)
            follower.refuse_when_ended()
            self._refuse_what_was_lost(feed, follower.position)
        except BaseException:
            self.leave(follower)
            raise
        return follower

    def leave(self, follower: EventFollower) -> None:
        """Let a follower go; the last one of a context takes the ring with it."""
        feed = follower.feed
        feed.listeners.discard(follower)
        if not feed.listeners and self._feeds.get(feed.context) is feed:
            self._drop(feed)

    def announce(self, context: str, first_token: int, events: Sequence[NewEvent]) -> None:
        """Hand on events that were just stored; nothing happens where nobody reads."""
        feed = self._feeds.get(context)
        if feed is not None:
            feed.take(first_token, events)

    def reached(self, context: str, head: int) -> None:
        """Hand on that a context has reached a head, as another node tells it."""
        feed = self._feeds.get(context)
        if feed is not None:
            feed.reach(head)

    def end_context(self, context: str) -> None:
        """End the streams of a context that was deleted; the next of its name begins anew."""
        self._give_up(self._feeds.get(context), UnknownContext(context))
        self._highest_seen.pop(context, None)

    async def look(self) -> None:
        """Read all heads in one statement and bring every feed up to what it says."""
        if not self._feeds:
            return
        before = {context: feed.head for context, feed in self._feeds.items()}
        try:
            heads = await self._event_log.heads()
        except HeadWentBack:
            heads = await self._heads_one_by_one(before)
        for context, seen in before.items():
            feed = self._feeds.get(context)
            if feed is not None:
                self._compare(feed, seen, heads.get(context))
                feed.looked()

    def hurry(self) -> None:
        """Look at once: a link or a connection was lost or made, and wake-ups with it perhaps."""
        self._hurried.set()

    async def _look_for_ever(self) -> None:
        trouble = StandingTrouble("the heads of the contexts could not be read")
        while True:
            await self._until_due()
            try:
                await self.look()
                trouble.end()
            except RanvierError as error:
                trouble.tell(error)
            except Exception:
                logger.exception("the look at the heads failed")

    async def _until_due(self) -> None:
        """Wait for the time of the next look, or until somebody is in a hurry."""
        loop = asyncio.get_running_loop()
        either = {loop.create_task(self._hurried.wait()), loop.create_task(self._pause())}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in either:
                each.cancel()
        self._hurried.clear()

    async def _pause(self) -> None:
        await self._next_look()

    async def _heads_one_by_one(self, contexts: Iterable[str]) -> dict[str, int]:
        """Return the heads that can be trusted; the fault of one context is not that of others."""
        heads: dict[str, int] = {}
        for context in contexts:
            try:
                heads[context] = await self._event_log.head(context)
            except HeadWentBack as error:
                self._give_up(self._feeds.get(context), error)
            except UnknownContext:
                continue
        return heads

    async def _see_head(self, feed: EventFeed) -> None:
        seen = feed.head
        try:
            head = await self._event_log.head(feed.context)
        except HeadWentBack as error:
            self._give_up(feed, error)
            raise
        self._compare(feed, seen, head)

    def _compare(self, feed: EventFeed, seen: int, head: int | None) -> None:
        """Compare a head that was read with the one known before the reading began."""
        if head is None:
            self._give_up(feed, UnknownContext(feed.context))
        elif head < seen:
            self._give_up(feed, HeadWentBack(feed.context, seen, head))
        else:
            feed.reach(head)

    def _give_up(self, feed: EventFeed | None, error: RanvierError) -> None:
        """Drop the ring and end its streams: no position in it can be trusted."""
        if feed is None:
            return
        feed.end(error)
        if self._feeds.get(feed.context) is feed:
            self._drop(feed)

    def _refuse_what_was_lost(self, feed: EventFeed, position: int) -> None:
        if feed.head < position <= self._highest_seen.get(feed.context, 0):
            raise TokenBeyondHead(feed.context, position, feed.head)

    def _drop(self, feed: EventFeed) -> None:
        del self._feeds[feed.context]
        if feed.head:  # a name that no context bears leaves no trace
            highest = self._highest_seen.get(feed.context, 0)
            self._highest_seen[feed.context] = max(highest, feed.head)
