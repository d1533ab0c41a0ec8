"""Nodes are killed, frozen, throttled and restarted while clients write and read.

Whatever happens to a node: nothing acknowledged is lost or doubled, no reader skips an event or
gets one twice, and clients are soon served by another node.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time

import pytest

from examples.node_process import NodeProcess
from tests.support.cluster import Cluster
from tests.support.cluster_load import load, pause
from tests.support.scale import scaled
from tests.system.faults.conftest import NODES

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]

MANY_WRITERS = 16
MANY_READERS = 8
WRITERS = 8
READERS = 4
SERVED_AGAIN_SECONDS = 20.0
"""A bound of a loaded machine; `python -m bench cluster` measures."""
LEASE_SECONDS = 2.5


async def test_a_killed_node_costs_no_event_and_its_clients_go_on_elsewhere(
    nodes: Cluster, choose: random.Random
) -> None:
    async with load(nodes, writers=MANY_WRITERS, readers=MANY_READERS) as clients:
        for _ in range(scaled(200, suite=1)):
            await clients.until_acknowledged(choose.randrange(50, 200))
            name = choose.choice(NODES)
            nodes[name].kill()
            killed_at = time.monotonic()
            await clients.until_acknowledged(100)
            assert clients.served_again_seconds(killed_at) < SERVED_AGAIN_SECONDS
            await asyncio.to_thread(nodes.start, name)


async def test_everything_is_killed_with_the_database(nodes: Cluster) -> None:
    async with load(nodes, writers=WRITERS, readers=READERS) as clients:
        for _ in range(scaled(50, suite=1)):
            await clients.until_acknowledged(100)
            nodes.server.kill()
            for name in NODES:
                nodes[name].kill()
            await asyncio.to_thread(nodes.server.start_again)
            await asyncio.to_thread(nodes.start_all, NODES)
            await clients.until_acknowledged(100)


async def test_a_node_that_was_frozen_past_its_lease_does_no_harm_when_it_goes_on(
    nodes: Cluster, choose: random.Random
) -> None:
    async with load(nodes, writers=WRITERS, readers=READERS) as clients:
        for _ in range(scaled(500, suite=1)):
            await clients.until_acknowledged(100)
            frozen = nodes[choose.choice(NODES)]
            frozen.freeze()
            await pause(2 * LEASE_SECONDS)
            frozen.thaw()
            await clients.until_acknowledged(100)


class Throttle:
    """Lets a process run for a tenth of the time."""

    PERIOD_SECONDS = 0.1

    def __init__(self, node: NodeProcess) -> None:
        self._node = node
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._is_over.is_set():
            self._node.freeze()
            self._is_over.wait(0.9 * self.PERIOD_SECONDS)
            self._node.thaw()
            self._is_over.wait(0.1 * self.PERIOD_SECONDS)

    def end(self) -> None:
        self._is_over.set()
        self._thread.join()


async def test_a_node_that_gets_a_tenth_of_its_time_slows_its_clients_and_loses_nothing(
    nodes: Cluster, choose: random.Random
) -> None:
    async with load(nodes, writers=WRITERS, readers=READERS) as clients:
        throttle = Throttle(nodes[choose.choice(NODES)])
        try:
            for _ in range(scaled(100, suite=1)):
                await clients.until_acknowledged(200)
        finally:
            throttle.end()


async def test_nodes_that_are_told_to_stop_lose_no_call(nodes: Cluster) -> None:
    async with load(nodes, writers=WRITERS, readers=READERS) as clients:
        for _ in range(scaled(20, suite=1)):
            for name in NODES:
                await clients.until_acknowledged(50)
                assert await asyncio.to_thread(nodes[name].stop) == 0
                await asyncio.to_thread(nodes.start, name)
        assert not clients.failed, clients.failed[:3]
