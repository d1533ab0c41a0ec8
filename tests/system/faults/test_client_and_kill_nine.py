"""kill -9 of the node under a Python client: clear errors, and handlers that come back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import ranvier
from examples.node_process import NodeProcess
from ranvier.client import HandlingSettings, Hub, ReconnectDelays
from ranvier.client.errors import ConnectionLost, NoCommandHandler, OutcomeUnknown
from tests.support.node_database import node_process

QUICK = ReconnectDelays(unavailable_seconds=0.01, unavailable_seconds_max=0.1)


async def send_until_killed(hub: Hub, killed: asyncio.Event) -> list[str]:
    """Send commands until the node is dead; return how those ended that were not answered."""
    ends = []
    while not killed.is_set():
        try:
            assert await hub.commands.send("double", 21) == 42
        except (ConnectionLost, OutcomeUnknown) as error:
            ends.append(error.code)
            break
    return ends


async def test_handlers_come_back_and_senders_get_clear_errors(tmp_path: Path) -> None:
    node = node_process(tmp_path / "data")
    address = f"{node.grpc_address},127.0.0.1:1"
    hasty = HandlingSettings(grace_seconds=0.1)
    async with (
        ranvier.connect(
            address, reconnect=QUICK, connect_timeout_seconds=30, handling=hasty
        ) as handling,
        ranvier.connect(address, reconnect=QUICK, connect_timeout_seconds=30) as sending,
    ):
        waiting, killed = asyncio.Event(), asyncio.Event()

        @handling.commands.handler("double")
        def double(number: int) -> int:
            return 2 * number

        @handling.commands.handler("wait")
        async def wait() -> None:
            waiting.set()
            await asyncio.Event().wait()

        await handling.commands.ready()
        stuck = asyncio.create_task(sending.commands.send("wait"))
        await waiting.wait()
        senders = [asyncio.create_task(send_until_killed(sending, killed)) for _ in range(8)]
        assert await sending.commands.send("double", 1) == 2

        await asyncio.to_thread(node.kill)
        with pytest.raises(OutcomeUnknown):
            await stuck
        killed.set()

        port = str(node.ready["grpc"])
        again = await asyncio.to_thread(NodeProcess, tmp_path / "data", "--grpc-port", port)
        await asyncio.gather(
            *senders
        )  # what they did not learn at once they learn from the new one
        await handling.commands.ready()
        await sending.connection.wait_connected()
        assert await sending.commands.send("double", 4) == 8
        with pytest.raises(NoCommandHandler):
            await sending.commands.send("triple", 4)
    assert await asyncio.to_thread(again.stop) == 0
