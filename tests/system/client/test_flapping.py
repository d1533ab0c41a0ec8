"""Connections that break again and again: each command ends once, and runs at most once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

import ranvier
from examples.node_process import NodeProcess
from ranvier.client import Hub, ReconnectDelays
from ranvier.client.errors import ConnectionLost, NoCommandHandler, OutcomeUnknown
from tests.support.scale import scaled

QUICK = ReconnectDelays(0.001, 0.01, 0.01, 0.01)
SENDERS = 16
NAME = "flapping"


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_every_command_ends_once_and_none_runs_twice(node: NodeProcess) -> None:
    seed = random.randrange(1 << 32)
    print(f"SEED={seed}")
    choose = random.Random(seed)
    ran: Counter[int] = Counter()
    ends: Counter[str] = Counter()
    numbers = iter(range(scaled(200_000, suite=4_000)))

    async def handle(number: int) -> int:
        ran[number] += 1
        await asyncio.sleep(0)
        return -number

    async def send(hub: Hub) -> None:
        for number in numbers:
            try:
                assert await hub.commands.send(NAME, number, timeout_seconds=30) == -number
                assert ran[number] == 1
                ends["answered"] += 1
            except NoCommandHandler:
                assert ran[number] == 0
                ends["no handler"] += 1
                await asyncio.sleep(0)
            except (OutcomeUnknown, ConnectionLost) as error:
                ends[type(error).__name__] += 1

    async with (
        ranvier.connect(node.grpc_address, reconnect=QUICK) as sender,
        ranvier.connect(node.grpc_address, reconnect=QUICK) as first,
        ranvier.connect(node.grpc_address, reconnect=QUICK) as second,
    ):
        for hub in (first, second):
            hub.commands.handler(NAME)(handle)
            await hub.commands.ready()
        breaking = asyncio.create_task(break_for_ever([sender, first, second], choose))
        await asyncio.gather(*(send(sender) for _ in range(SENDERS)))
        breaking.cancel()
    print(dict(ends))
    assert max(ran.values()) == 1
    # While both handlers are away, senders try often.
    assert ends["answered"] > ends.total() / 10
    assert ends["OutcomeUnknown"]


async def break_for_ever(hubs: list[Hub], choose: random.Random) -> None:
    """Cut one of the connections, and again a moment after it is back."""
    while True:
        hub = choose.choice(hubs)
        channel = await hub.connection.wait_connected()
        for _ in range(choose.randrange(50, 500)):
            await asyncio.sleep(0)
        await channel.close()
