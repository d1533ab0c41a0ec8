"""What the two ends of an import ask of their servers, and what they make of the answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

import ranvier
from ranvier.cli import import_sides
from ranvier.cli.errors import ImportRefused, NodeSilent
from ranvier.cli.import_sides import ClassicSide, Entry
from ranvier.client import JsonCodec, StoredEvent
from ranvier.client.events import EVENT_STORE
from ranvier.proto import event_pb2
from ranvier.wire.grpc.methods import streaming, streaming_async, unary
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode
from tests.support.fake_hub import Door, FakeHub


class StoringHub(FakeHub):
    """Counts what is appended, and answers appends once `decide` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.decide = asyncio.Event()
        self.append_came = asyncio.Event()
        self.count = 0
        self.refusal: GrpcError | None = None
        self.streams = Door(event_pb2.GetEventsRequest)
        self.server.add_service(
            EVENT_STORE,
            {
                "AppendEvent": streaming_async(self._append),
                "GetLastToken": unary(self._last_token),
                "ListEvents": streaming(self.streams.open),
            },
        )

    async def _append(self, call: ServerCall, messages: AsyncIterator[bytes]) -> None:
        count = len([message async for message in messages])
        self.append_came.set()
        await self.decide.wait()
        self.count += count
        confirmed = event_pb2.ConfirmationWithConsistencyMarker(success=True)
        await call.write(confirmed.SerializeToString())

    async def _last_token(self, call: ServerCall, message: bytes) -> bytes:
        if self.refusal is not None:
            raise self.refusal
        return event_pb2.TrackingToken(token=self.count - 1).SerializeToString()


@asynccontextmanager
async def storing() -> AsyncIterator[tuple[StoringHub, ClassicSide]]:
    server = StoringHub()
    await server.start()
    try:
        async with (
            asyncio.timeout(20),
            ranvier.connect(server.address, is_direct=True) as hub,
        ):
            yield server, ClassicSide(hub, "The target")
    finally:
        await server.stop()


ENTRY = Entry(0, StoredEvent(event_pb2.Event(message_identifier="1"), JsonCodec()))


async def test_the_end_is_asked_for_only_when_what_was_sent_before_is_decided() -> None:
    async with storing() as (server, target):
        asking = asyncio.create_task(target.settled_end())
        await server.append_came.wait()
        # An append that an import sent before it was killed is decided meanwhile.
        server.count = 5
        server.decide.set()
        assert await asking == 5


async def test_an_event_of_somebody_else_is_noticed() -> None:
    async with storing() as (server, target):
        server.decide.set()
        await target.append([ENTRY, ENTRY], at=0)
        server.count += 1
        with pytest.raises(ImportRefused, match="somebody else"):
            await target.append([ENTRY], at=2)


async def test_a_refusal_bears_the_code_of_the_server() -> None:
    async with storing() as (server, target):
        server.refusal = GrpcError(StatusCode.PERMISSION_DENIED, "[AXONIQ-1001] wrong token")
        with pytest.raises(ImportRefused, match=r"^The target: wrong token \[AXONIQ-1001\]$"):
            await target.end()


async def test_a_source_that_brings_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_sides, "SILENCE_SECONDS", 0.05)
    async with storing() as (_, source), aclosing(source.read(0, 1)) as chunks:
        with pytest.raises(NodeSilent, match="run the same again to go on"):
            await anext(chunks)
