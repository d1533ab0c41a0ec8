"""The database restarts, ends connections and is cut off while clients write and read."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest

import ranvier
from examples.until import until
from ranvier.client import Hub
from ranvier.client.dcb_values import AppendCondition, Criterion, Tag, TaggedEvent
from ranvier.client.errors import ConsistencyConflict, HubError, OutcomeUnknown
from ranvier.client.events_message import EventMessage
from tests.support.checkers.acknowledged import acknowledged_faults
from tests.support.checkers.append_conditions import append_condition_faults
from tests.support.checkers.history import AppendNote, Condition, LoggedEvent, Told
from tests.support.cluster import Cluster
from tests.support.cluster_load import QUICK, load
from tests.support.cutting_proxy import CuttingProxy
from tests.support.scale import scaled
from tests.system.faults.conftest import NODES

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]

WRITERS = 8
READERS = 4
NOT_READY_SECONDS = 5.0
MARGIN_SECONDS = 15.0
"""What a loaded machine may take beyond that."""
HEALED_SECONDS = 10.0
DCB_CONTEXT = "seats"
CONDITIONAL_WRITERS = 32
SEATS = 4


async def test_the_database_restarts_and_ends_connections(
    nodes: Cluster, choose: random.Random
) -> None:
    ways = [nodes.terminate_backends, nodes.server.stop, nodes.server.kill]
    async with load(nodes, writers=WRITERS, readers=READERS) as clients:
        for _ in range(scaled(100, suite=1)):
            for end in choose.sample(ways, len(ways)):
                await clients.until_acknowledged(choose.randrange(50, 150))
                await asyncio.to_thread(end)
                if end != nodes.terminate_backends:
                    await asyncio.to_thread(nodes.server.start_again)
                await clients.until_acknowledged(50)
        assert nodes.running() == list(NODES)


def is_ready(nodes: Cluster, name: str) -> bool:
    try:
        nodes.get(name, "/health/ready")
    except OSError:
        return False
    return True


async def until_it_is(nodes: Cluster, name: str, *, ready: bool) -> None:
    seconds = MARGIN_SECONDS + (HEALED_SECONDS if ready else NOT_READY_SECONDS)
    what = f"{name} is {'ready' if ready else 'not ready'}"
    await asyncio.to_thread(until, lambda: is_ready(nodes, name) is ready, what, seconds)


async def test_a_node_whose_connections_to_the_database_are_refused_is_not_ready(
    nodes: Cluster, choose: random.Random
) -> None:
    async with load(nodes, writers=WRITERS, readers=READERS) as clients:
        for _ in range(scaled(50, suite=1)):
            await clients.until_acknowledged(50)
            name = choose.choice(NODES)
            nodes.database_links[name].cut()
            await until_it_is(nodes, name, ready=False)
            nodes.heal()
            await until_it_is(nodes, name, ready=True)
            await clients.until_acknowledged(50)


async def test_what_a_client_sends_again_after_a_cut_has_no_second_effect(nodes: Cluster) -> None:
    target = nodes.ports["one"].grpc
    proxy = CuttingProxy(nodes.proxies, ("127.0.0.1", target))
    address = f"127.0.0.1:{proxy.port}"
    count = scaled(1_000_000, suite=150)
    try:
        async with ranvier.connect(address, is_direct=True, reconnect=QUICK) as hub:
            cutting = asyncio.create_task(cut_now_and_then(proxy))
            attempts: list[int] = []
            # Where no cut has come in the way of one yet, there are more.
            while len(attempts) < count or sum(attempts) == len(attempts):
                attempts.append(await insist(hub, f"again-{len(attempts)}"))
            cutting.cancel()
    finally:
        proxy.close()
    rows = nodes.ask("SELECT aggregate_id FROM ranvier.event WHERE aggregate_id LIKE 'again-%'")
    effects = Counter(row["aggregate_id"] for row in rows)
    assert len(effects) == len(attempts)
    assert set(effects.values()) == {1}


async def cut_now_and_then(proxy: CuttingProxy) -> None:
    while True:
        await asyncio.wait([asyncio.ensure_future(asyncio.Event().wait())], timeout=0.05)
        await asyncio.to_thread(proxy.cut_once)


async def insist(hub: Hub, name: str) -> int:
    """Send one event until it is known to be stored; return how often it was sent."""
    attempts = 0
    while True:
        attempts += 1
        try:
            await hub.events.append(EventMessage({}, aggregate_type="Order", aggregate_id=name))
        except ConsistencyConflict:
            return attempts  # it was there
        except HubError:
            continue
        return attempts


@dataclass
class Seats:
    """Who wanted which seat, and what he was told."""

    notes: list[AppendNote] = field(default_factory=list)

    async def take(self, hub: Hub, writer: str, choose: random.Random, tries: int) -> None:
        """Try to take seats that are free, as far as the writer can see."""
        for number in range(tries):
            seat = f"seat-{choose.randrange(SEATS)}"
            marker = await hub.dcb.head() - choose.randrange(2)
            await self._append(hub, f"{writer}-{number}", seat, max(marker, 0))

    async def _append(self, hub: Hub, name: str, seat: str, marker: int) -> None:
        note = AppendNote(name, time.monotonic(), condition=Condition(marker, frozenset({seat})))
        criterion = Criterion(tags=(Tag(seat, ""),))
        token: int | None = None
        try:
            appended = await hub.dcb.append(
                TaggedEvent({"seat": seat}, (Tag(seat, ""), Tag("id", name))),
                AppendCondition(marker, (criterion,)),
            )
            told, token = Told.OK, appended.first
        except OutcomeUnknown:
            told = Told.UNKNOWN
        except HubError:
            told = Told.FAILED
        self.notes.append(
            AppendNote(name, note.invoked, time.monotonic(), told, token, note.condition)
        )


async def test_conditions_hold_against_writers_on_other_nodes(
    nodes: Cluster, choose: random.Random
) -> None:
    seats = Seats()
    async with contextlib.AsyncExitStack() as hubs:
        first = await hubs.enter_async_context(ranvier.connect(nodes["one"].grpc_address))
        await first.contexts.create(DCB_CONTEXT, dcb=True)
        tries = scaled(20_000, suite=10)
        writers = []
        for place in range(CONDITIONAL_WRITERS):
            address = nodes[NODES[place % len(NODES)]].grpc_address
            hub = await hubs.enter_async_context(
                ranvier.connect(address, context=DCB_CONTEXT, is_direct=True)
            )
            writers.append(seats.take(hub, f"writer-{place}", choose, tries))
        await asyncio.gather(*writers)
    log = seats_taken(nodes)
    assert not list(acknowledged_faults(seats.notes, log))
    assert not list(append_condition_faults(seats.notes, log))
    told = Counter(note.told for note in seats.notes)
    assert told[Told.OK]
    assert told[Told.FAILED], "nobody was ever in the way of another"


def seats_taken(nodes: Cluster) -> list[LoggedEvent]:
    rows = nodes.ask(
        "SELECT t.token, t.key, t.value FROM ranvier.event_tag AS t"
        " JOIN ranvier.context AS c ON c.id = t.context WHERE c.name = $1",
        DCB_CONTEXT,
    )
    names = {row["token"]: row["value"].decode() for row in rows if row["key"] == b"id"}
    keys = {row["token"]: row["key"].decode() for row in rows if row["key"] != b"id"}
    assert sorted(names) == list(range(len(names)))
    return [LoggedEvent(names[token], frozenset({keys[token]})) for token in sorted(names)]
