"""The primary is lost under load and its standby takes over; the former primary comes back."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from pathlib import Path

import psutil
import pytest

from examples.until import until
from ranvier.node import command_check
from ranvier.storage.check_report import Finding
from ranvier.storage.postgres.check import check_address
from tests.support.cluster_load import ClusterLoad, load
from tests.support.replicated_cluster import ReplicatedCluster, replicated_cluster
from tests.support.scale import scaled

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]

NAMES = ("one", "two")
WAYS = ("frozen", "killed")
SERVED_SECONDS = 5.0
MARGIN_SECONDS = 15.0
"""What a loaded machine may take beyond that."""
FORMER = "SELECT count(*) FROM ranvier.event"


def is_ready(nodes: ReplicatedCluster, name: str) -> bool:
    try:
        nodes.get(name, "/health/ready")
    except OSError:
        return False
    return True


def any_ready(nodes: ReplicatedCluster) -> bool:
    return any(is_ready(nodes, name) for name in NAMES)


async def test_nothing_is_lost_or_doubled_when_the_standby_takes_over(tmp_path: Path) -> None:
    for turn in range(scaled(40, suite=1)):
        folder = tmp_path / str(turn)
        folder.mkdir()
        with replicated_cluster(folder) as nodes:
            await asyncio.to_thread(nodes.start_all, NAMES)
            await fail_over(nodes, WAYS[turn % 2])


async def fail_over(nodes: ReplicatedCluster, way: str) -> None:
    """Lose the primary under load; the checkers look at everything that clients were told."""
    async with load(nodes, writers=8, readers=4) as clients:
        await clients.until_acknowledged(100)
        assert await checked(nodes) == 0, "a synchronous standby is safe to fail over to"
        assert [each.detail for each in await hosts_of(nodes)] == ["primary", "standby"]
        lose = nodes.primary.kill if way == "killed" else nodes.primary.freeze
        await asyncio.to_thread(lose)
        await asyncio.to_thread(until, lambda: not any_ready(nodes), "no node is ready", 30)
        lost, standby = await hosts_of(nodes)
        assert (lost.passed, standby.detail) == (False, "standby")
        assert lost.detail.startswith("unreachable: ")
        await asyncio.to_thread(nodes.promote)
        promoted_at = time.monotonic()
        await clients.until_acknowledged(100)
        seconds = clients.served_again_seconds(promoted_at)
        print(f"{way}: the last writer was served again {seconds:.2f} s after the promotion")
        assert seconds <= SERVED_SECONDS + MARGIN_SECONDS
        if way == "frozen":
            await come_back(nodes, clients)
        assert await checked(nodes) == 1, "the promoted server is alone"


async def come_back(nodes: ReplicatedCluster, clients: ClusterLoad) -> None:
    """Let the former primary go on as if nothing had happened: no node believes it."""
    await asyncio.to_thread(nodes.primary.thaw)
    await asyncio.to_thread(until, lambda: not connected(nodes), "nobody is connected to it", 30)
    before = await asyncio.to_thread(former_count, nodes)
    await clients.until_acknowledged(100)
    for name in NAMES:
        await asyncio.to_thread(until, partial(is_ready, nodes, name), f"{name} is ready", 60)
    await asyncio.to_thread(until, lambda: not connected(nodes), "nobody went back to it", 30)
    assert await asyncio.to_thread(former_count, nodes) == before


def connected(nodes: ReplicatedCluster) -> list[str]:
    """Return the nodes that hold a connection to the former primary."""
    port = int(nodes.primary.host.rpartition(":")[2])
    return [
        name
        for name in NAMES
        for each in psutil.Process(nodes[name].process_id).net_connections("tcp")
        if each.raddr and each.raddr.port == port and each.status == psutil.CONN_ESTABLISHED
    ]


def former_count(nodes: ReplicatedCluster) -> object:
    """Return how many events the former primary shows."""
    return nodes.ask(FORMER, at=nodes.primary.address())[0]["count"]


async def hosts_of(nodes: ReplicatedCluster) -> tuple[Finding, ...]:
    """Return what `database check` says of each host."""
    return (await check_address(nodes.database)).hosts


async def checked(nodes: ReplicatedCluster) -> int:
    """Ask whether losing the primary now would lose anything; return the exit code."""
    return await asyncio.to_thread(
        command_check.main, ["--fail-over", "--database", nodes.database]
    )
