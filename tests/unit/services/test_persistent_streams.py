"""The streams of a node: created, found, changed, listed, let go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from ranvier.events.errors import UnknownContext
from ranvier.events.query import QueryError
from ranvier.events.streams.definition import StreamDefinition
from ranvier.events.streams.errors import InvalidStream, NoSuchStream, StreamOwnedElsewhere
from ranvier.events.streams.sequencing import hash_of, segment_of
from ranvier.services.errors import NodeStopping, TokenBeyondHead
from ranvier.services.persistent_streams import (
    HEAD,
    NewStream,
    PersistentStreamService,
    StreamPorts,
)
from ranvier.storage.persistent_streams import StoredStream, stream_lease
from tests.support.following import Following
from tests.support.lease_nodes import LeaseNode
from tests.support.memory_leases import MemoryLeases
from tests.support.stream_scene import Consumer, MemoryStreams, event_of

MINE = segment_of(hash_of("a"), 2)


class Streams:
    """A service over ten events; another one, of another node, shares its rows."""

    def __init__(self) -> None:
        self.following = Following(before=10)
        self.store = MemoryStreams()
        leases = MemoryLeases()
        self.now = 0.0
        self.node, self.other_node = (LeaseNode(name, leases, lambda: self.now) for name in "ab")
        self.service, self.other = (
            PersistentStreamService(
                StreamPorts(
                    self.store, node.leases, self.following.log, self.following.follow, event_of
                )
            )
            for node in (self.node, self.other_node)
        )

    async def start(self) -> None:
        await self.following.follow.start()
        for node, service in ((self.node, self.service), (self.other_node, self.other)):
            await node.start()
            await service.start()

    async def stop(self) -> None:
        await self.service.stop()
        await self.other.stop()
        await self.following.follow.stop()
        await self.node.leases.stop()
        await self.other_node.leases.stop()

    async def positions(self) -> list[int]:
        (status,) = await self.service.list("default")
        return [segment.next_token for segment in status.stored.progress.segments]

    async def opened(self, client_id: str = "one", *, start: int = 0) -> Consumer:
        consumer = Consumer(client_id)
        await self.service.open("default", "s", consumer, new(start=start))
        return consumer


def new(
    stream_id: str = "s", *, segments: int = 2, start: int = 0, filter_text: str = ""
) -> NewStream:
    return NewStream(StreamDefinition(stream_id, stream_id, "", (), filter_text), segments, start)


@pytest.fixture
async def streams() -> AsyncIterator[Streams]:
    made = Streams()
    await made.start()
    yield made
    await made.stop()


@pytest.mark.parametrize(("start", "next_token"), [(0, 0), (4, 4), (10, 10), (HEAD, 10)])
async def test_a_stream_starts_where_it_is_told(
    streams: Streams, start: int, next_token: int
) -> None:
    assert await streams.service.create("default", new(start=start))
    assert await streams.positions() == [next_token] * 2
    assert not await streams.service.create("default", new())
    assert await streams.positions() == [next_token] * 2
    assert await streams.service.count() == 1


async def test_what_cannot_be_is_refused(streams: Streams) -> None:
    for wrong in (new(""), new(segments=0), new(start=-1)):
        with pytest.raises(InvalidStream):
            await streams.service.create("default", wrong)
    with pytest.raises(TokenBeyondHead):
        await streams.service.create("default", new(start=11))
    with pytest.raises(QueryError):
        await streams.service.create("default", new(filter_text="="))
    with pytest.raises(UnknownContext):
        await streams.service.create("nowhere", new())
    assert await streams.service.list("default") == []


async def test_opening_creates_only_where_there_is_nothing(streams: Streams) -> None:
    with pytest.raises(NoSuchStream):
        await streams.service.open("default", "s", Consumer(), None)
    await streams.opened()
    two = Consumer("two")
    await streams.service.open("default", "s", two, new(segments=9))
    assert len(await streams.positions()) == 2
    assert (streams.service.consumer_count(), streams.service.open_segment_count()) == (2, 2)


async def test_an_open_while_its_context_is_deleted_leaves_nothing_behind(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    await streams.service.create("default", new())
    find = streams.store.find

    async def find_and_be_overtaken(context: str, stream_id: str) -> StoredStream | None:
        stored = await find(context, stream_id)
        if stored is not None:
            streams.store.rows.clear()
            streams.service.end_context("default")
        return stored

    monkeypatch.setattr(streams.store, "find", find_and_be_overtaken)
    with pytest.raises(NoSuchStream):
        await streams.service.open("default", "s", consumer := Consumer(), None)
    assert (streams.service.consumer_count(), consumer.segments) == (0, set())


async def test_the_list_tells_who_holds_what(streams: Streams) -> None:
    await streams.service.create("default", new())
    (status,) = await streams.service.list("default")
    assert status.holders == ["", ""]
    await streams.opened()
    (status,) = await streams.service.list("default")
    assert status.holders == ["one", "one"]


async def test_positions_are_stored_when_a_consumer_goes(streams: Streams) -> None:
    consumer = Consumer()
    live = await streams.service.open("default", "s", consumer, new())
    live.request(consumer, MINE, 5)
    await consumer.got(5)
    live.acknowledge(consumer, MINE, 4)
    live.disconnect(consumer)
    await streams.service.stop()
    stored = await streams.store.find("default", "s")
    assert stored is not None
    assert stored.progress.segments[MINE].next_token == 5


async def test_resets(streams: Streams) -> None:
    await streams.service.create("default", new(start=3))
    service = streams.service
    for reset, expected in (
        (service.reset_to_head("default", "s"), 10),
        (service.reset_to_tail("default", "s"), 0),
        (service.reset_to_position("default", "s", 7), 7),
        (service.reset_to_time("default", "s", 6), 6),
    ):
        await reset
        assert await streams.positions() == [expected] * 2
    with pytest.raises(InvalidStream):
        await service.reset_to_position("default", "s", -1)
    with pytest.raises(TokenBeyondHead):
        await service.reset_to_position("default", "s", 11)
    with pytest.raises(NoSuchStream):
        await service.reset_to_head("default", "other")


async def test_updates(streams: Streams) -> None:
    await streams.service.create("default", new())
    await streams.service.update("default", "s", 3, "")
    await streams.service.update("default", "s", 0, "Orders")
    (status,) = await streams.service.list("default")
    assert len(status.stored.progress.segments) == 3
    assert status.stored.definition.name == "Orders"
    for segments, name in ((-1, ""), (2_000, ""), (1, "n\0")):
        with pytest.raises(InvalidStream):
            await streams.service.update("default", "s", segments, name)


async def test_a_deleted_stream_lets_its_consumers_go(streams: Streams) -> None:
    one = await streams.opened()
    await streams.service.delete("default", "s")
    assert isinstance(one.ended_with, NoSuchStream)
    with pytest.raises(NoSuchStream):
        await streams.service.delete("default", "s")
    two = await streams.opened("two")
    assert two.segments == {0, 1}


async def test_a_stream_goes_with_its_context(streams: Streams) -> None:
    one = await streams.opened()
    streams.service.end_context("other")
    assert streams.service.consumer_count() == 1
    streams.service.end_context("default")
    assert isinstance(one.ended_with, UnknownContext)
    assert streams.service.consumer_count() == 0


async def test_a_stopping_node_ends_its_streams_and_opens_none(streams: Streams) -> None:
    one = await streams.opened()
    await streams.service.stop()
    assert isinstance(one.ended_with, NodeStopping)
    with pytest.raises(NodeStopping):
        await streams.opened("two")
    with pytest.raises(NodeStopping):
        await streams.service.create("default", new("other"))


async def test_one_node_at_a_time_owns_a_stream(streams: Streams) -> None:
    await streams.opened()
    with pytest.raises(StreamOwnedElsewhere) as refused:
        await streams.other.open("default", "s", Consumer("two"), None)
    assert refused.value.node_id == "a"
    with pytest.raises(StreamOwnedElsewhere):
        await streams.other.reset_to_head("default", "s")
    with pytest.raises(StreamOwnedElsewhere):
        await streams.other.delete("default", "s")


async def test_a_stream_that_nobody_reads_is_given_back(streams: Streams) -> None:
    consumer = Consumer()
    live = await streams.service.open("default", "s", consumer, new())
    live.request(consumer, MINE, 5)
    await consumer.got(5)
    live.acknowledge(consumer, MINE, 4)
    live.disconnect(consumer)
    await asyncio.wait_for(until_free(streams.node, stream_lease(live.number)), 30)
    two = Consumer("two")
    taken = await streams.other.open("default", "s", two, None)
    taken.request(two, MINE, 1)
    await two.got(1)
    assert two.events == [(MINE, 5, False)]


async def until_free(node: LeaseNode, name: str) -> None:
    lost = asyncio.Event()
    unwatch = node.leases.watch(lambda _name, fence: lost.set() if fence is None else None)
    while node.leases.is_held(name):
        await lost.wait()
    unwatch()


async def test_who_lost_a_stream_lets_its_consumers_go_and_stores_nothing(
    streams: Streams,
) -> None:
    consumer = Consumer()
    live = await streams.service.open("default", "s", consumer, new())
    live.request(consumer, MINE, 5)
    await consumer.got(5)
    for _ in range(3):
        streams.now += 1.0
        await streams.other_node.beat()
    two = Consumer("two")
    with pytest.raises(StreamOwnedElsewhere):
        await streams.service.open("default", "s", Consumer("three"), None)
    taken = await streams.other.open("default", "s", two, None)
    live.acknowledge(consumer, MINE, 4)
    streams.node.lapses[-1]()
    assert isinstance(consumer.ended_with, StreamOwnedElsewhere)
    assert streams.service.consumer_count() == 0
    taken.request(two, MINE, 1)
    await two.got(1)
    assert two.events == [(MINE, 0, False)], "what was not stored comes again"


async def test_a_write_under_an_old_fence_ends_the_ownership(streams: Streams) -> None:
    consumer = Consumer()
    live = await streams.service.open("default", "s", consumer, new())
    stored = await streams.store.find("default", "s")
    assert stored is not None
    streams.store.rows["default", "s"] = replace(stored, fence=99)
    live.request(consumer, MINE, 5)
    await consumer.got(5)
    live.acknowledge(consumer, MINE, 4)
    await asyncio.wait_for(consumer.ended.wait(), 30)
    assert isinstance(consumer.ended_with, StreamOwnedElsewhere)
    assert streams.service.refused_writes() == 1
    assert await streams.positions() == [0, 0]
