"""A context in memory, somebody who appends to it, and somebody who follows."""

from __future__ import annotations

import asyncio

from ranvier.events.event import NewEvent
from ranvier.services.append_events import AppendEvents
from ranvier.services.append_id import AppendIds
from ranvier.services.event_follower import EventFollower
from ranvier.services.event_ring import RingLimits
from ranvier.services.follow_events import FollowEvents
from tests.support.memory_event_log import MemoryEventLog
from tests.support.new_events import stream


class Ticker:
    """Lets the safety net look when a test says so, and says when the look is over."""

    def __init__(self) -> None:
        self._due = asyncio.Semaphore(0)
        self._over = asyncio.Semaphore(0)
        self._has_begun = False

    async def next_look(self) -> None:
        if self._has_begun:
            self._over.release()
        self._has_begun = True
        await self._due.acquire()

    async def tick(self) -> None:
        self._due.release()
        await self._over.acquire()


class Following:
    """A context, somebody who appends to it, and somebody who follows."""

    def __init__(self, limits: RingLimits | None = None, before: int = 0) -> None:
        self.log = MemoryEventLog()
        self.events: list[NewEvent] = stream(1000)
        self.log.store("default", *self.events[:before])
        self.stored = before
        self.ticker = Ticker()
        self.follow = FollowEvents(self.log, limits, self.ticker.next_look)
        ids = AppendIds(lambda: 0, lambda count: bytes(count))
        self.append_events = AppendEvents(self.log, ids, self.follow.announce)

    def rows(self, first: int, last: int) -> list[bytes]:
        return [event.data for event in self.events[first:last]]

    async def append(self, count: int) -> None:
        """Append here: the readers are told."""
        events = self.events[self.stored : self.stored + count]
        self.stored += count
        await self.append_events.append("default", events)
        await asyncio.sleep(0)

    def append_elsewhere(self, count: int) -> None:
        """Append behind the back of this node: nobody is told."""
        self.log.store("default", *self.events[self.stored : self.stored + count])
        self.stored += count


async def read_next(follower: EventFollower) -> list[bytes]:
    """Return the next page; wait for it as a reader does."""
    while True:
        follower.rest()
        if follower.has_more:
            return list((await follower.read(1 << 20)).rows)
        await follower.wait()


async def is_asleep(task: asyncio.Task[list[bytes]]) -> bool:
    for _ in range(10):
        await asyncio.sleep(0)
    return not task.done()
