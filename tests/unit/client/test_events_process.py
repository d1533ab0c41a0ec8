"""A processing loop stops when it is told to, wherever it is, and keeps its position."""

from __future__ import annotations

import asyncio

import pytest

from ranvier.client import MemoryTokenStore, ProcessOptions, StoredEvent
from ranvier.client.codec import JsonCodec
from ranvier.client.errors import ConnectionLost, HubError
from ranvier.client.events_process import process_events
from ranvier.client.events_tail import EventTail, TailOptions
from ranvier.proto import event_pb2

CODEC = JsonCodec()


class ListedTail(EventTail):
    """Events by batches; after the last one it waits, or ends by an error."""

    def __init__(
        self, start: int, batches: list[int], error: HubError | None, is_waiting: asyncio.Event
    ) -> None:
        self.position = start
        self.batches = batches
        self.error = error
        self.is_closed = False
        self.is_waiting = is_waiting

    async def batch(self, limit: int) -> list[StoredEvent]:
        if not self.batches:
            self.is_waiting.set()
            if self.error is not None:
                raise self.error
            await asyncio.Event().wait()
        count = self.batches.pop(0)
        tokens = range(self.position, self.position + count)
        self.position += count
        return [StoredEvent(event_pb2.Event(), CODEC, token) for token in tokens]

    async def aclose(self) -> None:
        self.is_closed = True


class Run:
    """One loop over listed events."""

    def __init__(self, batches: list[int], error: HubError | None = None) -> None:
        self.positions = MemoryTokenStore()
        self.handled: list[int | None] = []
        self.stop = asyncio.Event()
        self.stop_at: int | None = None
        self.tail: ListedTail | None = None
        self.is_waiting = asyncio.Event()
        self._batches, self._error = batches, error

    def follow(self, start: int, _: TailOptions) -> EventTail:
        self.tail = ListedTail(start, self._batches, self._error, self.is_waiting)
        return self.tail

    async def handle(self, event: StoredEvent) -> None:
        self.handled.append(event.token)
        if event.token == self.stop_at:
            self.stop.set()

    async def run(self) -> None:
        options = ProcessOptions(start=5, stop=self.stop)
        await process_events(self.follow, self.handle, (self.positions, "x"), options)


async def test_it_stops_while_it_waits_for_events() -> None:
    run = Run([2])
    task = asyncio.create_task(run.run())
    await asyncio.wait_for(run.is_waiting.wait(), 10)
    run.stop.set()
    await asyncio.wait_for(task, 10)
    assert run.handled == [5, 6]
    assert run.positions.positions == {"x": 7}
    assert run.tail is not None
    assert run.tail.is_closed


async def test_it_stops_within_a_batch() -> None:
    run = Run([5])
    run.stop_at = 6
    await asyncio.wait_for(run.run(), 10)
    assert run.handled == [5, 6]
    assert run.positions.positions == {"x": 7}


async def test_stopped_before_it_begins_it_handles_nothing() -> None:
    run = Run([5])
    run.stop.set()
    await asyncio.wait_for(run.run(), 10)
    assert run.handled == []
    assert run.positions.positions == {}


async def test_a_stream_that_ends_for_good_ends_it_with_its_position_kept() -> None:
    run = Run([1, 2], ConnectionLost("gone"))
    with pytest.raises(ConnectionLost):
        await asyncio.wait_for(run.run(), 10)
    assert run.positions.positions == {"x": 8}


async def test_when_it_is_cancelled_what_was_handled_is_kept() -> None:
    run = Run([2])
    task = asyncio.create_task(run.run())
    await asyncio.wait_for(run.is_waiting.wait(), 10)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert run.positions.positions == {"x": 7}
