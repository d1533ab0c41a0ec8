"""Handles the segments of a persistent stream: each in order, all side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from ranvier.client.errors import HubError
from ranvier.client.events_message import StoredEvent
from ranvier.client.persistent_stream_reader import (
    PersistentStreamReader,
    SegmentClosed,
    SegmentEvent,
    SegmentOpened,
)
from ranvier.client.workshop import WAITED_FOR_CANCELLED, is_being_cancelled

Handler = Callable[[StoredEvent], Awaitable[object]]

SEGMENT_PERMITS: Final = 256
"""Events of one segment that the server may send ahead; refilled by quarters."""

UNACKNOWLEDGED_MAX: Final = 64
"""Events handled behind each other before one acknowledgement covers them."""


class SegmentWorker:
    """Handles the events of one segment one after the other."""

    def __init__(self, segment: int, reader: PersistentStreamReader, handler: Handler) -> None:
        self.segment = segment
        self._reader = reader
        self._handler = handler
        # Bounded by the permits: the server sends no more than was asked for.
        self._events: asyncio.Queue[StoredEvent | None] = asyncio.Queue()
        self._is_leaving = False
        self.task = asyncio.get_running_loop().create_task(self._work())

    def add(self, event: StoredEvent) -> None:
        """Handle this event after those before it."""
        self._events.put_nowait(event)

    def leave(self) -> None:
        """Finish the event in hand, acknowledge it and confirm that the segment is let go."""
        self._is_leaving = True
        self._events.put_nowait(None)

    async def _work(self) -> None:
        await self._reader.request(self.segment, SEGMENT_PERMITS)
        handled = taken = 0
        while True:
            event = await self._events.get()
            if event is not None and not self._is_leaving:
                await self._handle(event)
                handled, taken = handled + 1, taken + 1
                token = event.token or 0
            if handled and (
                self._events.empty() or self._is_leaving or handled >= UNACKNOWLEDGED_MAX
            ):
                await self._reader.acknowledge(self.segment, token)
                handled = 0
            if self._is_leaving:
                await self._reader.confirm_closed(self.segment)
                return
            if taken >= SEGMENT_PERMITS // 4:
                await self._reader.request(self.segment, taken)
                taken = 0

    async def _handle(self, event: StoredEvent) -> None:
        try:
            await self._handler(event)
        except asyncio.CancelledError:
            if is_being_cancelled():
                raise
            await self._failed(WAITED_FOR_CANCELLED)
            raise RuntimeError(WAITED_FOR_CANCELLED) from None
        except Exception as problem:
            await self._failed(f"{type(problem).__name__}: {problem}")
            raise

    async def _failed(self, reason: str) -> None:
        with suppress(HubError):
            await self._reader.fail(self.segment, reason)


class SegmentWorkers:
    """The workers of one open stream; the first error of any of them ends it."""

    def __init__(
        self,
        reader: PersistentStreamReader,
        handler: Handler,
        progressed: Callable[[], None] = lambda: None,
    ) -> None:
        """`progressed` is called whenever the server sent something."""
        self._reader = reader
        self._handler = handler
        self._progressed = progressed
        self._workers: dict[int, SegmentWorker] = {}
        self._leaving: set[SegmentWorker] = set()
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Handle what the server sends until it ends the stream or something fails."""
        reading = asyncio.get_running_loop().create_task(self._read())
        try:
            await asyncio.wait({reading, self._failure}, return_when=asyncio.FIRST_COMPLETED)
            if self._failure.done():
                self._failure.result()
            reading.result()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def finish(self) -> None:
        """Let every worker finish its event and let go of its segment."""
        for worker in self._workers.values():
            worker.leave()
        await self._ended()

    async def cancel(self) -> None:
        """Stop all work at once."""
        for worker in (*self._workers.values(), *self._leaving):
            worker.task.cancel()
        await self._ended()
        if self._failure.done() and not self._failure.cancelled():
            self._failure.exception()

    async def _ended(self) -> None:
        tasks = [worker.task for worker in (*self._workers.values(), *self._leaving)]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self) -> None:
        async for signal in self._reader:
            self._progressed()
            match signal:
                case SegmentEvent(segment, event):
                    if segment in self._workers:
                        self._workers[segment].add(event)
                case SegmentOpened(segment):
                    self._let_go(segment)
                    self._workers[segment] = self._worker(segment)
                case SegmentClosed(segment):
                    self._let_go(segment)

    def _worker(self, segment: int) -> SegmentWorker:
        worker = SegmentWorker(segment, self._reader, self._handler)
        worker.task.add_done_callback(lambda task: self._worker_ended(worker, task))
        return worker

    def _let_go(self, segment: int) -> None:
        worker = self._workers.pop(segment, None)
        if worker is not None:
            self._leaving.add(worker)
            worker.leave()

    def _worker_ended(self, worker: SegmentWorker, task: asyncio.Task[None]) -> None:
        self._leaving.discard(worker)
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._failure.done():
            self._failure.set_exception(error)
