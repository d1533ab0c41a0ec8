"""Persistent streams of a real node, read and administered by the Python client."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import pytest

import ranvier
from examples.node_process import NodeProcess
from ranvier.client import (
    EventMessage,
    Hub,
    Payload,
    ProcessOptions,
    SequencingPolicy,
    ServerPosition,
    StoredEvent,
    StreamProperties,
)
from ranvier.client.errors import NotFound
from ranvier.client.persistent_stream_reader import (
    PersistentStreamReader,
    SegmentClosed,
    SegmentEvent,
    SegmentOpened,
)
from ranvier.client.persistent_streams import HEAD, SegmentStatus
from tests.support.node_database import node_process

AGGREGATES = 6
numbers = count()


@pytest.fixture
def work() -> str:
    """The type of aggregates of this test alone, by which its streams filter."""
    return f"Work{next(numbers)}"


async def append(hub: Hub, kind: str, rounds: range) -> None:
    """Append one event to each aggregate for each round."""
    for number in rounds:
        await hub.events.append(
            EventMessage(Payload("Done"), {}, kind, f"{kind}-{aggregate}", number)
            for aggregate in range(AGGREGATES)
        )


def properties(kind: str, segments: int = 1) -> StreamProperties:
    return StreamProperties(segments, filter=f'aggregateType = "{kind}"')


async def take(reader: PersistentStreamReader, wanted: int) -> list[SegmentEvent]:
    """Return so many events, asking for what opened segments have."""
    events: list[SegmentEvent] = []
    while len(events) < wanted:
        match await anext(reader):
            case SegmentOpened(segment):
                await reader.request(segment, 100)
            case SegmentClosed(segment):
                await reader.confirm_closed(segment)
            case SegmentEvent() as event:
                events.append(event)
    return events


async def until_status(hub: Hub, stream_id: str, position: int) -> None:
    """Wait until the server shows this position; each look gives it time."""
    while (await status(hub, stream_id)).position != position:
        pass


async def holders(hub: Hub, stream_id: str) -> set[str]:
    """Return the ids of the clients that hold the segments."""
    [found] = [each async for each in hub.streams.list() if each.stream_id == stream_id]
    return {each.client_id for each in found.segments}


async def status(hub: Hub, stream_id: str) -> SegmentStatus:
    """Return how the first segment stands."""
    [found] = [each async for each in hub.streams.list() if each.stream_id == stream_id]
    return found.segments[0]


async def test_a_stream_goes_on_behind_what_was_acknowledged(hub: Hub, work: str) -> None:
    async with asyncio.timeout(60):
        assert await hub.streams.create(work, properties(work))
        assert not await hub.streams.create(work, properties(work))
        await append(hub, work, range(2))
        reader = await hub.streams.open(work)
        events = await take(reader, 2 * AGGREGATES)
        assert [each.event.sequence for each in events] == [0] * AGGREGATES + [1] * AGGREGATES
        await reader.acknowledge(0, events[4].event.token or 0)
        await until_status(hub, work, events[4].event.token or 0)
        reader.close()
        again = await hub.streams.open(work)
        assert (await take(again, 1))[0].event.token == events[5].event.token
        again.close()


async def test_streams_are_listed_changed_reset_and_deleted(hub: Hub, work: str) -> None:
    async with asyncio.timeout(60):
        wanted = StreamProperties(
            2, HEAD, SequencingPolicy("SequentialPolicy"), f'aggregateType = "{work}"', "Work"
        )
        await append(hub, work, range(1))
        await hub.streams.create(work, wanted)
        await hub.streams.update(work, segments=3, name="More work")
        [found] = [each async for each in hub.streams.list() if each.stream_id == work]
        assert (found.name, len(found.segments)) == ("More work", 3)
        assert found.policy == SequencingPolicy("SequentialPolicy")
        assert found.filter == wanted.filter
        start = await hub.events.last_token() + 1 - AGGREGATES
        await hub.streams.reset(work, start)
        reader = await hub.streams.open(work)
        assert len(await take(reader, AGGREGATES)) == AGGREGATES
        await hub.streams.delete(work)
        with pytest.raises(NotFound):
            await take(reader, 1)
        with pytest.raises(NotFound):
            await hub.streams.reset(work, "tail")
        reader.close()


class Journal:
    """What handlers were given; `wait_for` ends when so many different events have come."""

    def __init__(self) -> None:
        self.by_aggregate: dict[str, list[int]] = defaultdict(list)
        self.tokens: set[int] = set()
        self._changed = asyncio.Event()

    async def handle(self, event: StoredEvent) -> None:
        await asyncio.sleep(0)
        self.by_aggregate[event.aggregate_id].append(event.sequence)
        self.tokens.add(event.token or 0)
        self._changed.set()

    async def wait_for(self, wanted: int) -> None:
        async with asyncio.timeout(60):
            while len(self.tokens) < wanted:
                self._changed.clear()
                await self._changed.wait()

    def is_in_order(self) -> bool:
        return all(given == sorted(given) for given in self.by_aggregate.values())


@asynccontextmanager
async def consuming(
    hub: Hub, journal: Journal, kind: str, segments: int
) -> AsyncIterator[asyncio.Task[None]]:
    stop = asyncio.Event()
    position = ServerPosition(kind, properties(kind, segments))
    task = asyncio.create_task(
        hub.events.process(journal.handle, position, ProcessOptions(stop=stop))
    )
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait_for(task, 60)


async def test_segments_are_shared_by_processes_and_each_is_in_order(
    node: NodeProcess, hub: Hub, work: str
) -> None:
    journal = Journal()
    await append(hub, work, range(5))
    async with ranvier.connect(node.grpc_address) as other, consuming(hub, journal, work, 4):
        async with consuming(other, journal, work, 4):
            await journal.wait_for(5 * AGGREGATES)
            await append(hub, work, range(5, 60))
            await journal.wait_for(60 * AGGREGATES)
        await append(hub, work, range(60, 70))
        await journal.wait_for(70 * AGGREGATES)
    # Both have stopped in good order, so nothing was lost on the way and nothing came twice.
    assert journal.by_aggregate == {
        f"{work}-{number}": list(range(70)) for number in range(AGGREGATES)
    }
    async with asyncio.timeout(60):
        while await holders(hub, work) != {""}:
            """The node notices that they have gone."""


async def test_an_error_of_a_handler_is_raised_and_shown(hub: Hub, work: str) -> None:
    async def fail(event: StoredEvent) -> None:
        raise ValueError("not today")

    await append(hub, work, range(1))
    position = ServerPosition(work, properties(work))
    with pytest.raises(ValueError, match="not today"):
        await asyncio.wait_for(hub.events.process(fail, position), 60)
    async with asyncio.timeout(60):
        while (await status(hub, work)).error != "ValueError: not today":
            """The node is told."""


async def test_events_go_on_after_a_node_that_was_killed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data = tmp_path_factory.mktemp("killed") / "data"
    journal = Journal()
    nodes = [node_process(data)]
    flags = ("--grpc-port", str(nodes[0].ready["grpc"]))
    try:
        async with ranvier.connect(nodes[0].grpc_address) as hub:
            await append(hub, "Work", range(5))
            async with consuming(hub, journal, "Work", 2):
                await journal.wait_for(5 * AGGREGATES)
                await asyncio.to_thread(nodes.pop().kill)
                async with asyncio.timeout(60):
                    while hub.connection.channel is not None:
                        await hub.connection.wait_changed()
                    nodes.append(await asyncio.to_thread(node_process, data, *flags))
                    await hub.connection.wait_connected()
                await append(hub, "Work", range(5, 10))
                await journal.wait_for(10 * AGGREGATES)
        assert nodes.pop().stop() == 0
    finally:
        for node in nodes:
            node.kill()
    assert len(journal.tokens) == 10 * AGGREGATES
