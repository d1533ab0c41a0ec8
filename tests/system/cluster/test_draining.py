"""Nodes that drain and roll under load: real processes, our own client and grpcio's."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.error import HTTPError

import grpc
import pytest

import ranvier
from examples.until import until
from ranvier.client import EventMessage
from ranvier.client.hub import Hub
from ranvier.proto import control_pb2
from tests.support.axon_stubs import platform_stub
from tests.support.cluster import Cluster, cluster
from tests.support.cluster_load import pause
from tests.support.live_call import LiveCall, refused
from tests.support.moving_caller import MovingCaller
from tests.support.node_program import ranvier as run

NAMES = ("one", "two", "three")
CLIENTS = "/v1/components/clients?context=default"
WAIT_SECONDS = 60.0
LOAD_BETWEEN_STEPS = 100
"""Calls that are answered before the next node is stopped: the load is there at every step."""


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as started:
        started.start_all(NAMES)
        started.until_linked(*NAMES)
        yield started


def readiness(nodes: Cluster, name: str) -> int:
    try:
        nodes.get(name, "/health/ready")
    except HTTPError as error:
        return error.code
    return 200


def asked_of(nodes: Cluster, name: str, *words: str) -> Any:
    return run(*words, "-S", nodes[name].http_address)


INTRODUCTION = control_pb2.ClientIdentification(
    client_id="raw", component_name="raw", version="4.6"
)


def test_a_draining_node_sends_its_clients_away_until_it_is_resumed(nodes: Cluster) -> None:
    with grpc.insecure_channel(nodes["two"].grpc_address) as channel:
        platform = platform_stub(channel)
        control: LiveCall[Any, Any] = LiveCall(platform.OpenStream)
        with control:
            control.send(control_pb2.PlatformInboundInstruction(register=INTRODUCTION))
            until(lambda: "raw" in str(nodes.get("two", CLIENTS)), "it is connected")
            # Asked of one node for another.
            said = asked_of(nodes, "one", "drain", "two")
            assert (said.code, said.err) == (0, "")
            assert "two drains" in said.out
            assert control.next().WhichOneof("request") == "request_reconnect"
            nodes.until_all_see("draining", "two")
            until(lambda: readiness(nodes, "two") == 503, "it is not ready", WAIT_SECONDS)
            found = platform.GetPlatformServer(INTRODUCTION, timeout=WAIT_SECONDS)
            assert not found.same_connection
            assert found.primary.node_name in ("one", "three")
            assert found.primary.grpc_port == nodes[found.primary.node_name].ready["grpc"]
            refusal = refused(lambda: platform.OpenStream(iter(()), timeout=WAIT_SECONDS))
            assert (refusal.status, refusal.axon_code) == (
                grpc.StatusCode.UNAVAILABLE,
                "RANVIER-DRAINING",
            )
    assert asked_of(nodes, "three", "resume", "two").code == 0
    nodes.until_linked(*NAMES)


def test_the_last_ready_node_refuses_to_drain(nodes: Cluster) -> None:
    for name in ("two", "three"):
        assert asked_of(nodes, "one", "drain", name).code == 0
        nodes.until_all_see("draining", name)
    refusal = asked_of(nodes, "two", "drain", "one")
    assert refusal.code == 1
    assert len(refusal.err.splitlines()) == 1
    assert "only one that is ready" in refusal.err
    unknown = asked_of(nodes, "two", "drain", "four")
    assert unknown.code == 1
    assert "no node four" in unknown.err
    for name in ("two", "three"):
        assert asked_of(nodes, "one", "resume", name).code == 0
        nodes.until_all_see("running", name)
    nodes.until_linked(*NAMES)


class Load:
    """Calls of all kinds that must not fail; what did is kept."""

    def __init__(self, hubs: list[Hub]) -> None:
        self.failures: list[str] = []
        self.answered = 0
        self._progress = asyncio.Event()
        self._numbers = itertools.count()
        self._tasks = [
            asyncio.create_task(self._repeat(call, hub))
            for hub in hubs
            for call in (self._command, self._query, self._append)
        ]

    async def go_on(self) -> None:
        """Wait until the load has gone on for a while."""
        goal = self.answered + LOAD_BETWEEN_STEPS
        async with asyncio.timeout(WAIT_SECONDS):
            while self.answered < goal:
                self._progress.clear()
                await self._progress.wait()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _repeat(self, call: Any, hub: Hub) -> None:
        while True:
            try:
                await call(hub)
            except Exception as problem:  # any failure is one
                self.failures.append(f"{call.__name__}: {problem!r}")
            self.answered += 1
            self._progress.set()
            await pause()

    async def _command(self, hub: Hub) -> None:
        assert await hub.commands.send("double", 21) == 42

    async def _query(self, hub: Hub) -> None:
        assert await hub.queries.ask("half", 42) == 21

    async def _append(self, hub: Hub) -> None:
        await hub.events.append(EventMessage({"number": next(self._numbers)}))


async def test_all_nodes_roll_under_load_and_no_call_fails(nodes: Cluster) -> None:
    addresses = [nodes[name].grpc_address for name in NAMES]
    async with AsyncExitStack() as stack:
        hubs = [
            await stack.enter_async_context(
                ranvier.connect(",".join(addresses), component_name=f"part-{number}")
            )
            for number in range(4)
        ]
        for hub in hubs[:2]:
            hub.commands.handler("double")(lambda number: number * 2)
            hub.queries.handler("half")(lambda number: number // 2)
            await hub.commands.ready()
            await hub.queries.ready()
        load = Load(hubs[1:])
        caller = await asyncio.to_thread(lambda: MovingCaller(addresses, "double").start())
        try:
            await load.go_on()
            for name in NAMES:
                assert await asyncio.to_thread(nodes[name].stop) == 0
                await load.go_on()
                await asyncio.to_thread(nodes.start, name)
                await asyncio.to_thread(nodes.until_linked, *NAMES)
                await load.go_on()
        finally:
            await load.stop()
            await asyncio.to_thread(caller.stop)
    print(f"{load.answered + caller.answered} calls, {caller.moves} moves of the one on grpcio")
    assert (load.failures, caller.failures) == ([], [])
    assert caller.moves
