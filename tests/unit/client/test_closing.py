"""Whoever follows events when the hub is closed is told so, and does not wait for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

import ranvier
from ranvier.client import Hub, MemoryTokenStore, ReconnectDelays, ServerPosition, StoredEvent
from ranvier.client.dcb import SERVICE as DCB
from ranvier.client.errors import HubClosed
from ranvier.client.events import EVENT_STORE
from ranvier.client.persistent_streams import SERVICE as STREAMS
from ranvier.wire.grpc.methods import streaming_async
from ranvier.wire.grpc.server_call import ServerCall
from tests.support.fake_hub import FakeHub

QUICK = ReconnectDelays(0.005, 0.02, 0.02, 0.01)


class SilentHub(FakeHub):
    """Opens every stream and sends nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = asyncio.Event()
        for service, method in (
            (EVENT_STORE, "ListEvents"),
            (DCB, "Stream"),
            (STREAMS, "OpenStream"),
        ):
            self.server.add_service(service, {method: streaming_async(self._wait)})

    async def _wait(self, call: ServerCall, messages: AsyncIterator[bytes]) -> None:
        async for _ in messages:
            self.opened.set()
        await asyncio.Event().wait()


@asynccontextmanager
async def silent_hub() -> AsyncIterator[SilentHub]:
    server = SilentHub()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def ignore(event: StoredEvent) -> None:
    """Handle an event."""


@pytest.mark.parametrize(
    "follow",
    [
        lambda hub: anext(hub.events.stream()),
        lambda hub: anext(hub.dcb.stream()),
        lambda hub: hub.events.process(ignore, MemoryTokenStore()),
        lambda hub: hub.events.process(ignore, ServerPosition("orders")),
    ],
    ids=["tail", "dcb", "process", "consume"],
)
async def test_closing_the_hub_ends_it(follow: Callable[[Hub], Awaitable[object]]) -> None:
    async with asyncio.timeout(20), silent_hub() as server:
        async with ranvier.connect(server.address, reconnect=QUICK) as hub:
            following = asyncio.ensure_future(follow(hub))
            await server.opened.wait()
        with pytest.raises(HubClosed):
            await following
