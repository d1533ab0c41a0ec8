"""Packets vanish between nodes, between a node and the database, between a node and its clients.

Nobody is told: neither side gets a reset. Each node is on a host of its own where this machine can
have such hosts, else proxies hold back what is sent.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import pytest

from examples.until import until
from tests.support.cluster import Cluster
from tests.support.cluster_load import load, pause
from tests.support.command_load import command_load
from tests.support.parted_cluster import ClusterOnHosts, parted_cluster
from tests.support.scale import scaled
from tests.system.faults.conftest import NODES

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]

WRITERS = 8
READERS = 4
NOTICED_SECONDS = 3.0
"""Past the time in which a lost link is noticed."""
CONVERGED_SECONDS = 10.0
NOT_READY_SECONDS = 5.0
HEALED_SECONDS = 10.0
MARGIN_SECONDS = 20.0
"""What a loaded machine may take beyond each of these."""


@pytest.fixture(scope="module")
def shared_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with parted_cluster(tmp_path_factory.mktemp("parted"), NODES) as nodes:
        nodes.start_all(NODES)
        yield nodes


async def test_two_nodes_lose_each_other_and_find_each_other_again(
    nodes: Cluster, choose: random.Random
) -> None:
    async with command_load(nodes) as commands:
        for _ in range(scaled(100, suite=1)):
            one, other = choose.sample(NODES, 2)
            nodes.part(one, other)
            await pause(NOTICED_SECONDS)
            await commands.until_served(CONVERGED_SECONDS + MARGIN_SECONDS)
            assert one not in await commands.reached_from(other)
            nodes.heal()
            await commands.until_met(CONVERGED_SECONDS + MARGIN_SECONDS)


async def test_readers_go_on_where_wake_ups_do_not_come_through(
    nodes: Cluster, choose: random.Random
) -> None:
    async with load(nodes, writers=6, readers=6) as clients:
        for _ in range(scaled(50, suite=1)):
            nodes.isolate(choose.choice(NODES))
            await clients.until_acknowledged(200)
            nodes.heal()
            await clients.until_acknowledged(50)


@pytest.mark.parametrize("is_one_way", [False, True], ids=["both ways", "one way"])
async def test_a_node_without_its_database_is_not_ready_and_says_nothing_that_is_not_so(
    nodes: Cluster, choose: random.Random, *, is_one_way: bool
) -> None:
    async with load(nodes, writers=WRITERS, readers=READERS) as clients:
        for _ in range(scaled(50, suite=1)):
            await clients.until_acknowledged(50)
            name = choose.choice(NODES)
            nodes.lose_database(name, is_one_way=is_one_way)
            await until_it_is(nodes, name, ready=False)
            nodes.heal()
            await until_it_is(nodes, name, ready=True)
            await clients.until_acknowledged(50)


async def test_clients_go_elsewhere_when_packets_to_their_node_vanish(
    nodes: Cluster, choose: random.Random
) -> None:
    if not isinstance(nodes, ClusterOnHosts):
        pytest.skip("no network namespaces here, and no proxy before the ports of clients")
    async with load(nodes, writers=WRITERS, readers=READERS) as clients:
        for _ in range(scaled(50, suite=1)):
            await clients.until_acknowledged(50)
            nodes.lose_clients(choose.choice(NODES))
            await clients.until_acknowledged(200)
            nodes.heal()
            await clients.until_acknowledged(50)


async def until_it_is(nodes: Cluster, name: str, *, ready: bool) -> None:
    seconds = MARGIN_SECONDS + (HEALED_SECONDS if ready else NOT_READY_SECONDS)
    what = f"{name} is {'ready' if ready else 'not ready'}"
    await asyncio.to_thread(until, lambda: is_ready(nodes, name) is ready, what, seconds)


def is_ready(nodes: Cluster, name: str) -> bool:
    try:
        nodes.get(name, "/health/ready")
    except OSError:
        return False
    return True
