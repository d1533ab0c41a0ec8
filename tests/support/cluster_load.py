"""Writers, readers, callers and handlers on a cluster, who note what they are told.

Each is an ordinary client that knows all nodes, begins at one of them, and goes to another when
that one is lost. What they noted is for the checkers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace

import ranvier
from ranvier.client import Hub, ReconnectDelays
from ranvier.client.errors import HubError, OutcomeUnknown
from ranvier.client.events_message import EventMessage
from tests.support.checkers.acknowledged import acknowledged_faults
from tests.support.checkers.history import AppendNote, Delivery, LoggedEvent, Told
from tests.support.checkers.readers import reader_faults
from tests.support.checkers.real_time_order import real_time_order_faults
from tests.support.cluster import Cluster

QUICK = ReconnectDelays(
    unavailable_seconds=0.02, unavailable_seconds_max=0.2, refused_seconds=0.2, other_seconds=0.1
)
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.02
LOG = "SELECT aggregate_id FROM ranvier.event WHERE context = 1 ORDER BY token"
COUNT = "SELECT count(*) FROM ranvier.event WHERE context = 1"


class ClusterLoad:
    """Clients spread over the nodes, and all that they noted."""

    def __init__(self, nodes: Cluster, names: Sequence[str], start: int = 0) -> None:
        """`start` is the token of the first event that belongs to this load."""
        self.nodes = nodes
        self.start = start
        self._addresses = [nodes[name].grpc_address for name in names]
        self.notes: dict[str, AppendNote] = {}
        self.deliveries: list[list[Delivery]] = []
        self.acknowledged = 0
        self.failed: list[str] = []
        """What clients were told that was not *done*."""
        self.is_over = False
        self._grown = asyncio.Condition()
        self._writers: list[asyncio.Task[None]] = []
        self._readers: list[asyncio.Task[None]] = []
        self._hubs = AsyncExitStack()

    async def connect(self, place: int) -> Hub:
        """Return a new client that begins at a node of its own."""
        count = len(self._addresses)
        servers = [self._addresses[(place + more) % count] for more in range(count)]
        return await self._hubs.enter_async_context(
            ranvier.connect(
                ",".join(servers),
                component_name=f"client-{place}",
                reconnect=QUICK,
                connect_timeout_seconds=PATIENCE_SECONDS,
            )
        )

    async def write(self, count: int) -> None:
        """Start so many writers, each with one append under way at any time."""
        for place in range(count):
            work = self._write(await self.connect(place), f"{self.start}-writer-{place}")
            self._writers.append(asyncio.create_task(work))

    async def read(self, count: int) -> None:
        """Start so many readers, from the first event on."""
        for place in range(count):
            deliveries: list[Delivery] = []
            self.deliveries.append(deliveries)
            work = self._read(await self.connect(place), deliveries)
            self._readers.append(asyncio.create_task(work))

    async def until_acknowledged(self, more: int) -> float:
        """Wait for so many more appends; return how long that took, in seconds."""
        started, wanted = time.monotonic(), self.acknowledged + more
        async with asyncio.timeout(PATIENCE_SECONDS), self._grown:
            await self._grown.wait_for(lambda: self.acknowledged >= wanted)
        return time.monotonic() - started

    def served_again_seconds(self, since: float) -> float:
        """Return when the last of the writers had its first answer after a moment, from it on."""
        firsts: dict[str, float] = {}
        for note in self.notes.values():
            if note.told is Told.OK and note.invoked >= since:
                writer = note.id.rpartition("-")[0]
                firsts[writer] = min(firsts.get(writer, note.completed), note.completed)
        return max(firsts.values(), default=since) - since

    async def end(self) -> list[str]:
        """End the load, let the readers come to the last event, and return what was wrong."""
        self.is_over = True
        await asyncio.gather(*self._writers)
        log = await self.log()
        await self._until_read(len(log) - self.start)
        for task in self._readers:
            task.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        await self._hubs.aclose()
        return self.faults(log)

    async def log(self) -> list[LoggedEvent]:
        """Return what is stored, asked of the database itself."""
        rows = await asyncio.to_thread(self.nodes.ask, LOG)
        return [LoggedEvent(row["aggregate_id"]) for row in rows]

    def faults(self, log: Sequence[LoggedEvent]) -> list[str]:
        """Return what the checkers find."""
        notes, own = list(self.notes.values()), log[self.start :]
        found = [*acknowledged_faults(notes, own), *real_time_order_faults(notes, own)]
        for deliveries in self.deliveries:
            found += reader_faults(deliveries, log, start=self.start)
        return found

    async def _write(self, hub: Hub, writer: str) -> None:
        number = 0
        while not self.is_over:
            number += 1
            await self._append(hub, f"{writer}-{number}")
            # Writers without a pause would leave the nodes no processor to start on.
            await pause(PAUSE_SECONDS / 2)

    async def _append(self, hub: Hub, name: str) -> None:
        note = self.notes[name] = AppendNote(name, time.monotonic())
        event = EventMessage({"name": name}, aggregate_type="Order", aggregate_id=name)
        try:
            await hub.events.append(event)
        except HubError as error:
            told = Told.UNKNOWN if isinstance(error, OutcomeUnknown) else Told.FAILED
            self.failed.append(f"{error.code}: {error}")
        else:
            told = Told.OK
        self.notes[name] = replace(note, completed=time.monotonic(), told=told)
        if told is not Told.OK:
            await pause()
            return
        async with self._grown:
            self.acknowledged += 1
            self._grown.notify_all()

    async def _read(self, hub: Hub, deliveries: list[Delivery]) -> None:
        async for event in hub.events.stream(self.start):
            token, name = event.token or 0, event.message.aggregate_identifier
            deliveries.append(Delivery(token, name))

    async def _until_read(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while any(len(deliveries) < count for deliveries in self.deliveries):
                await pause()


async def pause(seconds: float = PAUSE_SECONDS) -> None:
    """Let some time go by for others."""
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), seconds)


@asynccontextmanager
async def load(nodes: Cluster, *, writers: int, readers: int) -> AsyncIterator[ClusterLoad]:
    """Writers and readers for the length of a block; what they saw must be right at its end."""
    start = (await asyncio.to_thread(nodes.ask, COUNT))[0]["count"]
    clients = ClusterLoad(nodes, nodes.running(), start)
    await clients.read(readers)
    await clients.write(writers)
    yield clients
    faults = await clients.end()
    assert not faults, f"{len(faults)} faults, such as {faults[:5]}"
