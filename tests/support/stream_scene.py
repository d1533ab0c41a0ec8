"""A persistent stream in memory, with consumers that do what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ranvier.axon.stream_event import ClassicEvent
from ranvier.errors import RanvierError
from ranvier.events.streams.definition import StreamDefinition
from ranvier.events.streams.errors import TooManyStreams
from ranvier.events.streams.progress import StreamProgress
from ranvier.services.stream_consumer import StreamEvent
from ranvier.storage.persistent_streams import StoredStream


def event_of(_context: str, token: int, message: bytes) -> StreamEvent:
    """Return the event of a classic context."""
    return ClassicEvent(token, message)


@dataclass(eq=False)
class Consumer:
    """Notes what it is told; `room` is how much it can take."""

    client_id: str = "one"
    may_take: bool = True
    segments: set[int] = field(default_factory=set)
    events: list[tuple[int, int, bool]] = field(default_factory=list)
    """Segment, token, whether it is a replay."""
    ended_with: RanvierError | None = None
    came: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def segment_opened(self, segment: int) -> None:
        self.segments.add(segment)

    def segment_closed(self, segment: int) -> None:
        self.segments.remove(segment)

    def deliver(self, segment: int, token: int, row: bytes, *, is_replay: bool) -> None:
        self.events.append((segment, token, is_replay))
        self.came.set()

    def end(self, error: RanvierError) -> None:
        self.ended_with = error
        self.ended.set()

    async def got(self, count: int) -> None:
        """Return when so many events have come."""
        while len(self.events) < count:
            self.came.clear()
            await self.came.wait()


@dataclass
class MemoryStreams:
    """The port `PersistentStreams`; `error` is raised by the next save."""

    rows: dict[tuple[str, str], StoredStream] = field(default_factory=dict)
    number: int = 0
    saves: int = 0
    error: RanvierError | None = None

    async def create(
        self, context: str, definition: StreamDefinition, progress: StreamProgress, limit: int
    ) -> bool:
        key = (context, definition.stream_id)
        if key in self.rows:
            return False
        if len(self.rows) >= limit:
            raise TooManyStreams(limit)
        self.number += 1
        self.rows[key] = StoredStream(self.number, 0, definition, progress)
        return True

    async def find(self, context: str, stream_id: str) -> StoredStream | None:
        return self.rows.get((context, stream_id))

    async def list(self, context: str) -> Sequence[StoredStream]:
        return [row for (name, _), row in sorted(self.rows.items()) if name == context]

    async def save(self, streams: Sequence[StoredStream]) -> Sequence[int]:
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        self.saves += 1
        refused: list[int] = []
        for stream in streams:
            key = self._key(stream)
            if key is not None and stream.fence < self.rows[key].fence:
                refused.append(stream.number)
            elif key is not None:
                self.rows[key] = stream
        return refused

    async def change(self, stream: StoredStream) -> StoredStream | None:
        key = self._key(stream)
        if key is None:
            return None
        self.rows[key] = replace(stream, revision=stream.revision + 1)
        return self.rows[key]

    async def delete(self, context: str, stream_id: str) -> bool:
        return self.rows.pop((context, stream_id), None) is not None

    async def count(self) -> int:
        return len(self.rows)

    def _key(self, stream: StoredStream) -> tuple[str, str] | None:
        for key, row in self.rows.items():
            if (row.number, row.revision) == (stream.number, stream.revision):
                return key
        return None


@dataclass
class Timers:
    """Calls later when a test says that the time has come."""

    waiting: dict[asyncio.TimerHandle, tuple[float, Callable[[], None]]] = field(
        default_factory=dict
    )

    def later(self, seconds: float, then: Callable[[], None]) -> asyncio.TimerHandle:
        handle = asyncio.get_running_loop().call_later(3_600, then)
        self.waiting[handle] = (seconds, then)
        return handle

    def fire(self) -> list[float]:
        """Let the time of all timers come that were not stopped; return how long each was."""
        due = [each for handle, each in self.waiting.items() if not handle.cancelled()]
        for handle in self.waiting:
            handle.cancel()
        self.waiting.clear()
        for _, then in due:
            then()
        return [seconds for seconds, _ in due]
