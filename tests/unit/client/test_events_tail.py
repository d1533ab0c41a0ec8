"""A tail goes on behind the last event that it delivered, whatever becomes of the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

import ranvier
from ranvier.client import BlockedType, Hub, ReconnectDelays, TailOptions
from ranvier.client.errors import HubError, NotFound
from ranvier.client.events import EVENT_STORE
from ranvier.client.events_tail import EventTail
from ranvier.proto import common_pb2, event_pb2
from ranvier.wire.grpc.methods import streaming
from ranvier.wire.grpc.status import GrpcError, StatusCode
from tests.support.fake_hub import Door, FakeHub, Inbox

QUICK = ReconnectDelays(0.005, 0.02, 0.02, 0.01)
Request = event_pb2.GetEventsRequest


class StreamingHub(FakeHub):
    """A hub whose streams of events a test fills."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.streams = Door(Request)
        self.server.add_service(EVENT_STORE, {"ListEvents": streaming(self.streams.open)})


@asynccontextmanager
async def tailing(
    start: int = 0, options: TailOptions | None = None
) -> AsyncIterator[tuple[StreamingHub, Hub, EventTail]]:
    server = StreamingHub()
    await server.start()
    try:
        async with (
            asyncio.timeout(20),
            ranvier.connect(server.address, reconnect=QUICK) as hub,
            aclosing(hub.events.stream(start, options)) as tail,
        ):
            yield server, hub, tail
    finally:
        await server.stop()


def send(inbox: Inbox[Request], *tokens: int, kind: str = "Signal") -> None:
    for token in tokens:
        payload = common_pb2.SerializedObject(type=kind)
        event = event_pb2.Event(payload=payload)
        inbox.send(event_pb2.EventWithToken(token=token, event=event))


async def take(tail: EventTail, count: int) -> list[int | None]:
    return [(await anext(tail)).token for _ in range(count)]


async def opened(server: StreamingHub, tail: EventTail) -> Inbox[Request]:
    """Let the tail open its stream and return what came to the server."""
    reading = asyncio.ensure_future(anext(tail))
    inbox = await server.streams.next()
    reading.cancel()
    await asyncio.wait({reading})
    return inbox


async def test_it_asks_from_its_position_and_refills_by_quarters() -> None:
    async with tailing(7, TailOptions(permits=8, processor="balances")) as (server, hub, tail):
        inbox = await opened(server, tail)
        first = await inbox.next()
        assert (first.tracking_token, first.number_of_permits) == (7, 8)
        assert (first.client_id, first.processor) == (hub.connection.client_id, "balances")
        send(inbox, 7, 8, 9)
        assert await take(tail, 3) == [7, 8, 9]
        send(inbox, 10)
        assert await take(tail, 1) == [10]
        assert (await inbox.next()).number_of_permits == 3
        assert tail.position == 11


async def test_after_a_lost_connection_nothing_is_lost_and_nothing_comes_twice() -> None:
    async with tailing() as (server, _, tail):
        inbox = await opened(server, tail)
        send(inbox, 0, 1, 2)
        assert await take(tail, 2) == [0, 1]
        await server.stop()
        again = StreamingHub(server.port)
        await again.start()
        try:
            # What had come before the loss is still delivered; the new stream begins behind it.
            assert await take(tail, 1) == [2]
            inbox = await opened(again, tail)
            assert (await inbox.next()).tracking_token == 3
            send(inbox, 3, 4)
            assert await take(tail, 2) == [3, 4]
        finally:
            await tail.aclose()
            await again.stop()


@pytest.mark.parametrize(
    "end",
    [
        GrpcError(StatusCode.UNAVAILABLE, "[RANVIER-STOPPING] bye"),
        GrpcError(StatusCode.ABORTED, "[RANVIER-NO-PERMITS] too slow"),
        GrpcError(StatusCode.CANCELLED, "[AXONIQ-0001] something"),
        None,
    ],
)
async def test_a_stream_that_is_ended_is_opened_again(end: GrpcError | None) -> None:
    async with tailing() as (server, _, tail):
        inbox = await opened(server, tail)
        send(inbox, 0)
        assert await take(tail, 1) == [0]
        inbox.call.finish(end)
        inbox = await opened(server, tail)
        assert (await inbox.next()).tracking_token == 1


async def test_a_refused_stream_is_the_reader_s_to_know() -> None:
    async with tailing() as (server, _, tail):
        server.streams.refusal = GrpcError(StatusCode.NOT_FOUND, "[AXONIQ-1302] no such context")
        with pytest.raises(NotFound):
            await anext(tail)


async def test_a_position_that_is_refused_twice_is_the_reader_s_to_know() -> None:
    refusal = GrpcError(StatusCode.OUT_OF_RANGE, "[RANVIER-BEYOND-HEAD] there is no such token")
    async with tailing() as (server, _, tail):
        inbox = await opened(server, tail)
        send(inbox, 0)
        assert await take(tail, 1) == [0]
        server.streams.refusal = refusal
        inbox.call.finish(refusal)
        with pytest.raises(HubError) as told:
            await anext(tail)
        assert told.value.code == "RANVIER-BEYOND-HEAD"


async def test_a_type_that_a_server_sends_although_it_is_blocked_only_moves_the_position() -> None:
    blocked = TailOptions(blocked_types=(BlockedType("Noise"),))
    async with tailing(0, blocked) as (server, _, tail):
        inbox = await opened(server, tail)
        assert [each.type for each in (await inbox.next()).blacklist] == ["Noise"]
        send(inbox, 0, 1, kind="Noise")
        send(inbox, 2)
        assert await take(tail, 1) == [2]
        assert tail.position == 3


async def test_who_gives_up_waiting_misses_nothing() -> None:
    async with tailing() as (server, _, tail):
        inbox = await opened(server, tail)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(tail), 0.001)
        send(inbox, 0, 1, 2)
        assert await take(tail, 1) == [0]
        assert [event.token for event in await tail.batch(1)] == [1]
        assert [event.token for event in await tail.batch(9)] == [2]
