"""What a draining node does with the streams of its clients."""

from __future__ import annotations

import asyncio

import pytest

import ranvier
from ranvier.errors import RanvierError
from ranvier.messages.processor_plans import Instruction
from ranvier.node import client_placing
from ranvier.node.client_placing import ClientStreams
from ranvier.services.connected_client import ClientIdentity
from ranvier.services.keep_clients import KeepClients
from tests.support.fake_hub import fake_hub

WAIT_SECONDS = 30.0


def no_clients() -> KeepClients:
    return KeepClients(lambda: 0.0)


async def test_at_the_end_streams_are_cut_and_calls_that_run_are_answered() -> None:
    async with fake_hub() as server, ranvier.connect(server.address) as hub:
        streams = ClientStreams(server.server, no_clients())
        first = await server.control.next()
        hub.commands.handler("place")(lambda: 1)
        await hub.commands.ready()
        handling = await server.command_handlers.next()
        before = hub.connection.channel
        sending = asyncio.create_task(hub.commands.send("x"))
        dispatched = await server.next_command()
        assert streams.count() == 2
        streams.cut()
        for stream in (first, handling):
            await asyncio.wait_for(stream.closed.wait(), WAIT_SECONDS)
        # It takes no new calls on that connection; who comes anew is heard.
        await server.control.next()
        assert hub.connection.channel is not before
        dispatched.answer(payload={"type": "int", "data": b"7"})
        assert await sending == 7
        await hub.commands.ready()


class NotedLink:
    """Counts the requests to reconnect of all clients."""

    asked = 0

    def __init__(self, all_asked: asyncio.Event, expected: int) -> None:
        self._all_asked = all_asked
        self._expected = expected

    def send_heartbeat(self) -> None:
        raise AssertionError

    def ask_to_reconnect(self) -> None:
        NotedLink.asked += 1
        if NotedLink.asked == self._expected:
            self._all_asked.set()

    def instruct(self, instruction: Instruction, instruction_id: str = "") -> None:
        raise AssertionError

    def close(self, error: RanvierError) -> None:
        raise AssertionError


async def test_clients_are_asked_to_go_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_placing, "ASKED_AT_ONCE", 2)
    monkeypatch.setattr(client_placing, "BETWEEN_TURNS_SECONDS", 0.0)
    monkeypatch.setattr(NotedLink, "asked", 0)
    clients, all_asked = no_clients(), asyncio.Event()
    for number in range(5):
        link = NotedLink(all_asked, 5)
        clients.connect(ClientIdentity(f"client-{number}", "part"), "default", link)
    async with fake_hub() as server:
        ClientStreams(server.server, clients).ask_to_leave()
        assert NotedLink.asked == 0
        await asyncio.wait_for(all_asked.wait(), WAIT_SECONDS)
    assert NotedLink.asked == 5
