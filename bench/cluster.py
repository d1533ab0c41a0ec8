"""Figures of a cluster: nodes on one PostgreSQL of this machine, from the wheel, on its disk.

`python -m bench cluster`. Appends are compared with asyncpg alone in the same run; the CPU of a
node among three with that of a node by itself; times are those of whole processes and clients.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, closing, contextmanager
from math import inf
from pathlib import Path
from statistics import median

import uvloop

import ranvier
from bench.append_events import APPEND_EVENT, drive
from bench.command import cpu_per_command
from bench.dcb import CLASSIC_STORE
from bench.figure import Figure
from bench.list_events import loads_per_cpu_second
from bench.load_connection import LoadConnection, message, request_block
from bench.measured_node import Meter
from bench.postgres_append import bare_commit_seconds, new_database, prepare, raw_events, run_raw
from bench.query import cpu_per_query
from bench.stored_events import EVENTS_PER_AGGREGATE, aggregate_id, event_bytes
from examples.cluster_processes import ClusterProcesses
from examples.postgres_server import PostgresServer
from ranvier.client import Hub, ReconnectDelays
from ranvier.client.errors import HubError
from ranvier.client.events_message import EventMessage
from ranvier.proto.event_pb2 import GetAggregateEventsRequest

NODES = ("one", "two", "three")
ALONE = "alone"
QUIET = ("--log-level", "warning")
CALLERS = 512
CALLERS_PER_CONNECTION = 128
CALLS_BUILT_AHEAD = 300_000
"""Every share is whole aggregates; one that came on two connections would be refused."""
RAW_SECONDS = 2.0
ROUNDS = 3
COMMANDS = 20_000
SINGLE_APPENDS = 200
LOADS = 2_000
CLIENTS_PER_NODE = 3
KILLS = 3
JOINS = 3
SETTLED_SECONDS = 1.0
SERVED_AGAIN_MAX_SECONDS = 60.0

QUICK = ReconnectDelays(unavailable_seconds=0.02, unavailable_seconds_max=0.2)


def figures(folder: Path) -> list[Figure]:
    """Measure everything on one server."""
    server = PostgresServer(place=Path(tempfile.gettempdir()))
    try:
        asyncio.run(new_database(server.address(), "raw"))
        asyncio.run(new_database(server.address(), "alone"))
        asyncio.run(prepare(server.address("raw")))
        with running(folder / "three", server.address(), NODES) as nodes:
            fill_aggregates(nodes, NODES[0], NUMBERS.bodies(LOADS * EVENTS_PER_AGGREGATE))
            found = append_figures(nodes, server.address("raw"))
            found += single_append_figures(nodes, server.address("raw"))
            with running(folder / "alone", server.address("alone"), (ALONE,)) as alone:
                fill_aggregates(alone, ALONE, Numbers().bodies(LOADS * EVENTS_PER_AGGREGATE))
                found += cpu_figures(nodes, alone)
            found += uvloop.run(served_again_figures(nodes))
            found += join_figures(nodes)
    finally:
        server.close()
    return found


@contextmanager
def running(folder: Path, address: str, names: Sequence[str]) -> Iterator[ClusterProcesses]:
    """Nodes for the length of a block."""
    folder.mkdir(parents=True)
    nodes = ClusterProcesses(folder, address)
    try:
        nodes.start_all(names, *QUIET)
        nodes.until_all_see("running", *names)
        yield nodes
    finally:
        nodes.close()


class Numbers:
    """Numbers of events that were never used before, whole aggregates at a time."""

    def __init__(self) -> None:
        self._next = 0

    def bodies(self, count: int) -> list[bytes]:
        """Return appends of so many new events, each a call of its own."""
        first, self._next = self._next, self._next + count
        return [message(event_bytes(number)) for number in range(first, first + count)]


NUMBERS = Numbers()


def append_figures(nodes: ClusterProcesses, raw_address: str) -> list[Figure]:
    """Append through one, two and three nodes to one context, and by asyncpg alone, by turns."""
    raw: list[float] = []
    turns = raw_events(ROUNDS)
    rates: dict[int, list[float]] = {1: [], 2: [], 3: []}
    for events in turns:
        raw.append(run_raw(raw_address, events, CALLERS, RAW_SECONDS))
        for count, of_count in rates.items():
            of_count.append(append_rate(nodes, NODES[:count]))
    alone = median(raw)
    found = [Figure(f"asyncpg alone, batches of {CALLERS}", alone, "events/s")]
    for count, of_count in rates.items():
        rate = median(of_count)
        found.append(Figure(f"AppendEvent, {CALLERS} callers, {count} nodes", rate, "events/s"))
        found.append(Figure("... beside asyncpg alone", rate / alone, "x", 0.5))
    ratio = median(rates[3]) / median(rates[1])
    return [*found, Figure("... 3 nodes beside 1", ratio, "x", 0.8)]


def append_rate(nodes: ClusterProcesses, names: Sequence[str]) -> float:
    """Append for a while, the callers spread over some nodes; return events per second."""
    bodies = NUMBERS.bodies(CALLS_BUILT_AHEAD)
    count = max(CALLERS // CALLERS_PER_CONNECTION, len(names))
    count -= count % len(names)
    connections = [LoadConnection(nodes.ports[names[n % len(names)]].grpc) for n in range(count)]
    try:
        rate, _ = drive(connections, APPEND_EVENT, bodies, CALLERS)
    finally:
        for connection in connections:
            connection.close()
    return rate


def single_append_figures(nodes: ClusterProcesses, raw_address: str) -> list[Figure]:
    """Append one event at a time, and commit one row at a time, by turns."""
    appends, commits = [], []
    for _ in range(ROUNDS):
        commits.append(asyncio.run(bare_commit_seconds(raw_address)))
        appends.append(single_append_seconds(nodes.ports[NODES[0]].grpc))
    append, commit = median(appends), median(commits)
    return [
        Figure("one bare commit: p50", commit * 1e3, "ms"),
        Figure("single append, idle cluster: p50", append * 1e3, "ms"),
        Figure("... beside a bare commit", append / commit, "x", 2.5, lower_is_better=True),
    ]


def single_append_seconds(port: int) -> float:
    """Return the median time of an append with no other under way."""
    block, bodies = request_block(APPEND_EVENT), NUMBERS.bodies(SINGLE_APPENDS)
    seconds = []
    with closing(LoadConnection(port)) as connection:
        for body in bodies:
            ended, started = connection.ended, time.perf_counter()
            connection.calls([block], [body])
            while connection.ended == ended:
                connection.receive()
            seconds.append(time.perf_counter() - started)
        if connection.failed:
            raise AssertionError(f"{connection.failed} appends were refused")
    return median(seconds)


def cpu_figures(nodes: ClusterProcesses, alone: ClusterProcesses) -> list[Figure]:
    """Measure a node's CPU for commands, queries and reads, among three and by itself."""
    ids = [aggregate_id(number) for number in range(LOADS)]
    loads = [
        message(GetAggregateEventsRequest(aggregate_id=one).SerializeToString()) for one in ids
    ]
    kinds: dict[str, Callable[[int, Meter], float]] = {
        "command": lambda port, meter: cpu_per_command(port, meter, COMMANDS),
        "query": lambda port, meter: uvloop.run(cpu_per_query((port, port), meter.cpu_seconds)),
        "aggregate read": lambda port, meter: (
            1e6 / loads_per_cpu_second(port, meter, f"{CLASSIC_STORE}/ListAggregateEvents", loads)
        ),
    }
    found: list[Figure] = []
    for kind, measure in kinds.items():
        among, by_itself = [], []
        for _ in range(ROUNDS):
            by_itself.append(measured(alone, ALONE, measure))
            among.append(measured(nodes, NODES[0], measure))
        found.append(Figure(f"{kind}, node by itself: CPU", median(by_itself), "µs"))
        found.append(Figure(f"{kind}, one of 3 nodes: CPU", median(among), "µs"))
        ratio = median(among) / median(by_itself)
        found.append(Figure("... beside by itself", ratio, "x", 1.2, lower_is_better=True))
    return found


def measured(nodes: ClusterProcesses, name: str, measure: Callable[[int, Meter], float]) -> float:
    """Measure at one node."""
    return measure(nodes.ports[name].grpc, Meter(nodes[name].process_id))


def fill_aggregates(nodes: ClusterProcesses, name: str, bodies: list[bytes]) -> None:
    """Append through one node what is read later."""
    block = request_block(APPEND_EVENT)
    with closing(LoadConnection(nodes.ports[name].grpc)) as connection:
        for start in range(0, len(bodies), CALLERS_PER_CONNECTION):
            part = bodies[start : start + CALLERS_PER_CONNECTION]
            wanted = connection.ended + len(part)
            connection.calls([block] * len(part), part)
            while connection.ended < wanted:
                connection.receive()
        if connection.failed:
            raise AssertionError(f"{connection.failed} appends were refused")


class Client:
    """Appends one event after the other, and tells when it is served again after a kill."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.killed_at = inf
        self.served_again_at: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def append(self, name: str, is_over: asyncio.Event) -> None:
        """Append until it is over; what fails is left, and the next one tried."""
        number = 0
        while not is_over.is_set():
            number += 1
            invoked = time.monotonic()
            event = EventMessage({}, aggregate_type="Order", aggregate_id=f"{name}-{number}")
            try:
                await self.hub.events.append(event)
            except HubError:
                await asyncio.sleep(0.01)
                continue
            if invoked > self.killed_at and not self.served_again_at.done():
                self.served_again_at.set_result(time.monotonic())


async def served_again_figures(nodes: ClusterProcesses) -> list[Figure]:
    """Kill a node under clients, again and again; return the longest that any of them waited."""
    waits = []
    for number in range(KILLS):
        name = NODES[number % len(NODES)]
        waits.append(await served_again_seconds(nodes, name, number))
        await asyncio.to_thread(nodes.start, name)
        await asyncio.to_thread(nodes.until_all_see, "running", *NODES)
    return [
        Figure(
            "kill -9 of a node to its last client served", max(waits), "s", 3, lower_is_better=True
        )
    ]


async def served_again_seconds(nodes: ClusterProcesses, killed: str, turn: int) -> float:
    """Return how long the last disturbed client waited for an answer after a kill."""
    servers = ",".join(nodes[name].grpc_address for name in NODES)
    is_over = asyncio.Event()
    async with AsyncExitStack() as hubs:
        clients = [
            Client(await hubs.enter_async_context(ranvier.connect(servers, reconnect=QUICK)))
            for _ in range(CLIENTS_PER_NODE * len(NODES))
        ]
        disturbed = [
            client for client in clients if client.hub.connection.node == nodes[killed].grpc_address
        ]
        work = [
            asyncio.create_task(client.append(f"kill-{turn}-{number}", is_over))
            for number, client in enumerate(clients)
        ]
        await asyncio.sleep(SETTLED_SECONDS)
        nodes[killed].kill()
        killed_at = time.monotonic()
        for client in clients:
            client.killed_at = killed_at
        async with asyncio.timeout(SERVED_AGAIN_MAX_SECONDS):
            served_at = await asyncio.gather(*(client.served_again_at for client in disturbed))
        is_over.set()
        await asyncio.gather(*work)
        return max(served_at, default=killed_at) - killed_at


def join_figures(nodes: ClusterProcesses) -> list[Figure]:
    """Start further nodes on the cluster's database; each joins by itself and serves a request."""
    seconds = []
    for number in range(JOINS):
        started = time.monotonic()
        node = nodes.start(f"joiner-{number}", *QUIET)
        single_append_once(int(str(node.ready["grpc"])))
        seconds.append(time.monotonic() - started)
        node.stop()
    return [
        Figure(
            "start of a joining node to its first request served",
            median(seconds),
            "s",
            2,
            lower_is_better=True,
        )
    ]


def single_append_once(port: int) -> None:
    """Append one event and wait for the answer."""
    with closing(LoadConnection(port)) as connection:
        connection.calls([request_block(APPEND_EVENT)], NUMBERS.bodies(10)[:1])
        while not connection.ended:
            connection.receive()
