"""Callers and handlers of commands at the nodes of a cluster, and what they note."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import ranvier
from ranvier.client import Hub
from ranvier.client.errors import HubError, NoCommandHandler
from tests.support.checkers.commands import effect_count_faults
from tests.support.checkers.history import CommandNote, Effect, Told
from tests.support.cluster import Cluster
from tests.support.cluster_load import QUICK, pause

KEYS = tuple(f"account-{number}" for number in range(60))
CALLERS_PER_NODE = 4
PATIENCE_SECONDS = 60.0
PROBE_SECONDS = 5.0


class CommandLoad:
    """One handler and some callers at each node; all stay where they are."""

    def __init__(self, nodes: Cluster) -> None:
        self.nodes = nodes
        self.notes: list[CommandNote] = []
        self.effects: list[Effect] = []
        self.hubs: dict[str, Hub] = {}
        self.is_over = False
        self._callers: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Let handlers come, then callers."""
        for name in self.nodes.running():
            connecting = ranvier.connect(
                self.nodes[name].grpc_address,
                component_name="teller",
                reconnect=QUICK,
                connect_timeout_seconds=PATIENCE_SECONDS,
            )
            self.hubs[name] = await self._stack.enter_async_context(connecting)
            await self._handle(name, self.hubs[name])
        for name, hub in self.hubs.items():
            for place in range(CALLERS_PER_NODE):
                self._callers.append(asyncio.create_task(self._call(f"{name}-{place}", hub)))

    async def until_served(self, seconds: float) -> None:
        """Wait until callers at each node get an answer for every key, from wherever."""
        async with asyncio.timeout(seconds):
            for hub in self.hubs.values():
                while len(await self._answers(hub)) < len(KEYS):
                    await pause()

    async def until_met(self, seconds: float) -> None:
        """Wait until callers at each node reach the handlers of all nodes."""
        async with asyncio.timeout(seconds):
            for hub in self.hubs.values():
                while set(await self._answers(hub)) != self.hubs.keys():
                    await pause()

    async def reached_from(self, name: str) -> set[str]:
        """Return whose handlers answer callers at a node."""
        return set(await self._answers(self.hubs[name]))

    async def end(self) -> list[str]:
        """End the load and return what was wrong."""
        self.is_over = True
        await asyncio.gather(*self._callers)
        await self._stack.aclose()
        return list(effect_count_faults(self.notes, self.effects))

    async def _handle(self, name: str, hub: Hub) -> None:
        @hub.commands.handler("deposit")
        async def deposit(command_id: str) -> str:
            began = time.monotonic()
            await asyncio.sleep(0)
            self.effects.append(Effect(command_id, name, began, time.monotonic()))
            return name

        @hub.commands.handler("who")
        async def who() -> str:
            return name

        await hub.commands.ready()

    async def _call(self, caller: str, hub: Hub) -> None:
        number = 0
        while not self.is_over:
            number += 1
            key = KEYS[number % len(KEYS)]
            command_id = f"{caller}-{number}"
            told = await self._send(hub, command_id, key)
            self.notes.append(CommandNote(command_id, key, caller, number, told))
            if told is not Told.OK:
                await pause()

    async def _send(self, hub: Hub, command_id: str, key: str) -> Told:
        try:
            await hub.commands.send("deposit", command_id, routing_key=key)
        except NoCommandHandler:
            return Told.FAILED
        except HubError:
            return Told.UNKNOWN
        return Told.OK

    async def _answers(self, hub: Hub) -> list[str]:
        answers = await asyncio.gather(
            *(
                hub.commands.send("who", routing_key=key, timeout_seconds=PROBE_SECONDS)
                for key in KEYS
            ),
            return_exceptions=True,
        )
        return [answer for answer in answers if isinstance(answer, str)]


@asynccontextmanager
async def command_load(nodes: Cluster) -> AsyncIterator[CommandLoad]:
    """Commands for the length of a block; what became of them must be right at its end."""
    commands = CommandLoad(nodes)
    await commands.start()
    await commands.until_met(PATIENCE_SECONDS)
    yield commands
    faults = await commands.end()
    assert not faults, f"{len(faults)} faults, such as {faults[:5]}"
    assert sum(note.told is Told.OK for note in commands.notes), "nothing was ever answered"
