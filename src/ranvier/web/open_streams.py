"""The event streams that are open at one time: bounded, and ended together when the node stops."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from ranvier.services.errors import NodeStopping
from ranvier.web.errors import NodeBusy

STREAM_LIMIT = 100
"""Each may hold a page of events, or one large event, for a reader that is slow."""


class OpenStreams:
    """Counts streams in and out; once ended, no new one is let in."""

    def __init__(self, limit: int = STREAM_LIMIT) -> None:
        self._limit = limit
        self._ended = asyncio.Event()
        self.count = 0

    def beside(self, limit: int) -> OpenStreams:
        """Return streams of another kind, counted by themselves, which end together with these."""
        others = OpenStreams(limit)
        others._ended = self._ended
        return others

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Count a stream while the block runs; raise `NodeBusy` or `NodeStopping` instead."""
        if self._ended.is_set():
            raise NodeStopping
        if self.count >= self._limit:
            raise NodeBusy("open event streams")
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1

    def end_all(self) -> None:
        """Tell every stream to end."""
        self._ended.set()

    async def until_ended(self) -> None:
        """Return when the streams are to end."""
        await self._ended.wait()
