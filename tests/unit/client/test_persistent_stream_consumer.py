"""A consumer acknowledges what is handled, lets go in order, and starts over on a new stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

import ranvier
from ranvier.client import Hub, ReconnectDelays, ServerPosition, StoredEvent, StreamProperties
from ranvier.client.errors import InvalidRequest, NotFound
from ranvier.client.persistent_stream_consumer import SEGMENT_PERMITS
from ranvier.client.persistent_streams import SERVICE
from ranvier.proto import event_pb2
from ranvier.proto import persistent_streams_pb2 as wire
from ranvier.wire.grpc.methods import streaming
from ranvier.wire.grpc.status import GrpcError, StatusCode
from tests.support.fake_hub import Door, FakeHub, Inbox

QUICK = ReconnectDelays(0.005, 0.02, 0.02, 0.01)
POSITION = ServerPosition("orders", StreamProperties(2, name="All orders"))
Request = wire.StreamRequest


class Consuming:
    """A consumer, and the server that it consumes of."""

    def __init__(self, server: FakeHub, streams: Door[Request], hub: Hub) -> None:
        self.server = server
        self.streams = streams
        self.hub = hub
        self.handled: list[int | None] = []
        self.held: set[int] = set()
        self.in_hand = asyncio.Event()
        self.go_on = asyncio.Event()
        self.failure: BaseException | None = None
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(hub.streams.consume(POSITION, self.handle, stop=self.stop))

    async def handle(self, event: StoredEvent) -> None:
        if self.failure is not None:
            raise self.failure
        self.in_hand.set()
        if event.token in self.held:
            await self.go_on.wait()
        self.handled.append(event.token)

    async def opened(self) -> Inbox[Request]:
        """Return the call of a stream that was opened, its first message read."""
        inbox = await self.streams.next()
        opening = (await inbox.next()).open
        assert opening.stream_id == "orders"
        assert opening.client_id == self.hub.connection.client_id
        assert opening.initialization_properties.segments == 2
        assert opening.initialization_properties.stream_name == "All orders"
        return inbox


@asynccontextmanager
async def consuming() -> AsyncIterator[Consuming]:
    server = FakeHub()
    streams = Door(Request)
    server.server.add_service(SERVICE, {"OpenStream": streaming(streams.open)})
    await server.start()
    try:
        async with (
            asyncio.timeout(20),
            ranvier.connect(server.address, reconnect=QUICK) as hub,
        ):
            consumer = Consuming(server, streams, hub)
            yield consumer
            consumer.go_on.set()
            consumer.stop.set()
            await asyncio.wait({consumer.task})
            if not consumer.task.cancelled():
                consumer.task.exception()
    finally:
        await server.stop()


async def give(inbox: Inbox[Request], segment: int) -> None:
    inbox.send(wire.StreamSignal(segment=segment, open=wire.OpenSegment()))
    asked = (await inbox.next()).requests
    assert (asked.segment, asked.requests) == (segment, SEGMENT_PERMITS)


def send(inbox: Inbox[Request], segment: int, *tokens: int) -> None:
    for token in tokens:
        event = event_pb2.EventWithToken(token=token, event=event_pb2.Event())
        inbox.send(
            wire.StreamSignal(segment=segment, event=wire.PersistentStreamEvent(event=event))
        )


async def acknowledged(inbox: Inbox[Request], segment: int) -> int:
    progress = (await inbox.next()).acknowledgeProgress
    assert progress.segment == segment
    return progress.position


async def test_what_is_handled_is_acknowledged_and_permits_are_refilled() -> None:
    async with consuming() as consumer:
        inbox = await consumer.opened()
        await give(inbox, 0)
        quarter = SEGMENT_PERMITS // 4
        send(inbox, 0, *range(quarter))
        while (message := await inbox.next()).WhichOneof("request") != "requests":
            latest = message.acknowledgeProgress.position
        assert (message.requests.segment, message.requests.requests) == (0, quarter)
        assert latest == quarter - 1
        assert consumer.handled == list(range(quarter))


async def test_a_slow_segment_holds_no_other_up() -> None:
    async with consuming() as consumer:
        inbox = await consumer.opened()
        await give(inbox, 0)
        await give(inbox, 1)
        consumer.held.add(1)
        send(inbox, 0, 1, 3)
        send(inbox, 1, 2, 4)
        while await acknowledged(inbox, 1) != 4:
            pass
        assert consumer.handled == [2, 4]
        consumer.go_on.set()
        while await acknowledged(inbox, 0) != 3:
            pass
        assert consumer.handled == [2, 4, 1, 3]


async def test_a_segment_that_is_taken_away_is_let_go_after_the_event_in_hand() -> None:
    async with consuming() as consumer:
        inbox = await consumer.opened()
        await give(inbox, 0)
        consumer.held.add(1)
        send(inbox, 0, 1, 2, 3)
        await consumer.in_hand.wait()
        inbox.send(wire.StreamSignal(segment=0, closed=True))
        # The next segment shows that the consumer has read the end of the first.
        await give(inbox, 1)
        consumer.go_on.set()
        assert [await acknowledged(inbox, 0), await acknowledged(inbox, 0)] == [1, -45]
        assert consumer.handled == [1]


async def test_stopping_finishes_the_event_in_hand_and_lets_all_segments_go() -> None:
    async with consuming() as consumer:
        inbox = await consumer.opened()
        await give(inbox, 0)
        send(inbox, 0, 7)
        assert await acknowledged(inbox, 0) == 7
        consumer.stop.set()
        assert await acknowledged(inbox, 0) == -45
        await consumer.task
        await asyncio.wait_for(inbox.closed.wait(), 10)


async def test_an_error_of_the_handler_is_told_and_raised() -> None:
    async with consuming() as consumer:
        inbox = await consumer.opened()
        await give(inbox, 0)
        consumer.failure = ValueError("not today")
        send(inbox, 0, 7)
        error = (await inbox.next()).error
        assert (error.segment, error.error) == (0, "ValueError: not today")
        with pytest.raises(ValueError, match="not today"):
            await consumer.task


async def test_a_handler_that_waited_for_something_cancelled_has_failed() -> None:
    async with consuming() as consumer:
        inbox = await consumer.opened()
        await give(inbox, 0)
        consumer.failure = asyncio.CancelledError()
        send(inbox, 0, 7)
        error = (await inbox.next()).error
        assert (error.segment, "cancelled" in error.error) == (0, True)
        with pytest.raises(RuntimeError, match="cancelled"):
            await consumer.task


async def test_a_lost_stream_is_opened_again() -> None:
    async with consuming() as consumer:
        inbox = await consumer.opened()
        await give(inbox, 0)
        inbox.call.finish(GrpcError(StatusCode.UNAVAILABLE, "bye"))
        again = await consumer.opened()
        await give(again, 0)
        send(again, 0, 5)
        assert await acknowledged(again, 0) == 5


@pytest.mark.parametrize(
    ("status", "error"),
    [(StatusCode.NOT_FOUND, NotFound), (StatusCode.INVALID_ARGUMENT, InvalidRequest)],
)
async def test_a_stream_that_is_refused_or_deleted_is_the_caller_s_to_know(
    status: StatusCode, error: type[Exception]
) -> None:
    async with consuming() as consumer:
        inbox = await consumer.opened()
        inbox.call.finish(GrpcError(status, "no such stream"))
        with pytest.raises(error):
            await consumer.task
