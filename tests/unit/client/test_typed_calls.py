"""What becomes of calls that change something when their answer is lost, or nobody has acted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

import ranvier
from ranvier.client import EventMessage, Hub, Payload, ReconnectDelays
from ranvier.client.contexts import SERVICE as CONTEXT_ADMIN
from ranvier.client.errors import AlreadyExists, ConsistencyConflict, OutcomeUnknown
from ranvier.client.events import EVENT_STORE
from ranvier.client.typed_calls import WRITE_BYTES, framed_blocks
from ranvier.proto import event_pb2
from ranvier.wire.grpc.methods import server_streaming, streaming_async
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode
from tests.support.fake_hub import FakeHub

QUICK = ReconnectDelays(0.005, 0.02, 0.02, 0.01)


class AppendingHub(FakeHub):
    """A hub whose appends are answered by the test."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.count = 0
        self.came = asyncio.Event()
        self.end = "nothing"
        self.refusal: GrpcError | None = None
        self.server.add_service(EVENT_STORE, {"AppendEvent": streaming_async(self._append)})
        self.server.add_service(CONTEXT_ADMIN, {"CreateContext": server_streaming(self._create)})

    async def _append(self, call: ServerCall, messages: AsyncIterator[bytes]) -> None:
        self.count += len([message async for message in messages])
        self.came.set()
        if self.end == "nothing":
            await asyncio.Event().wait()
        if self.end == "refusal":
            confirmed = event_pb2.ConfirmationWithConsistencyMarker(success=True)
            await call.write(confirmed.SerializeToString())
            raise GrpcError(StatusCode.OUT_OF_RANGE, "[AXONIQ-2000] too late")

    async def _create(self, call: ServerCall, message: bytes) -> None:
        if self.refusal is not None:
            raise self.refusal


@asynccontextmanager
async def appending() -> AsyncIterator[tuple[AppendingHub, Hub]]:
    server = AppendingHub()
    await server.start()
    try:
        async with (
            asyncio.timeout(20),
            ranvier.connect(server.address, reconnect=QUICK) as hub,
        ):
            yield server, hub
    finally:
        await server.stop()


EVENT = EventMessage(Payload("Any"))


async def test_an_append_whose_answer_is_lost_is_neither_repeated_nor_called_failed() -> None:
    async with appending() as (server, hub):
        sending = asyncio.create_task(hub.events.append(EVENT))
        await server.came.wait()
        await server.stop()
        with pytest.raises(OutcomeUnknown):
            await sending
    assert server.count == 1


@pytest.mark.parametrize("end", ["silence", "refusal"])
async def test_only_an_answer_and_a_good_end_are_a_success(end: str) -> None:
    async with appending() as (server, hub):
        server.end = end
        with pytest.raises(OutcomeUnknown if end == "silence" else ConsistencyConflict):
            await hub.events.append(EVENT)


async def test_a_call_that_ends_without_items_is_carried_out() -> None:
    async with appending() as (_, hub):
        await hub.contexts.create("orders")


async def test_a_refusal_of_a_call_without_items_is_told() -> None:
    async with appending() as (server, hub):
        server.refusal = GrpcError(StatusCode.ALREADY_EXISTS, "[AXONIQ-1304] there already")
        with pytest.raises(AlreadyExists):
            await hub.contexts.create("orders")


async def test_an_effect_that_the_server_lost_is_unknown() -> None:
    async with appending() as (server, hub):
        server.refusal = GrpcError(StatusCode.UNAVAILABLE, "the proxy lost it")
        with pytest.raises(OutcomeUnknown):
            await hub.contexts.create("orders")


def test_messages_are_joined_to_blocks_of_a_bounded_size() -> None:
    events = [event_pb2.Event(message_identifier="x" * 1_000) for _ in range(200)]
    blocks = framed_blocks(events)
    assert len(blocks) == 4
    assert max(map(len, blocks)) < WRITE_BYTES + 1_100
    assert framed_blocks([]) == []
