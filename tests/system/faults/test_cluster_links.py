"""Nodes lose each other while commands cross between them: each command has one effect at most,
what was answered has happened, what was refused has not, and routing is soon whole again.
"""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.support.cluster import Cluster
from tests.support.cluster_load import load, pause
from tests.support.command_load import command_load
from tests.support.scale import scaled
from tests.system.faults.conftest import NODES

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]

HELD_SECONDS = 3.0
"""Past the time in which a lost link is noticed."""
CONVERGED_SECONDS = 10.0
MARGIN_SECONDS = 20.0
"""What a loaded machine may take beyond that."""


@pytest.mark.parametrize("way", ["cut", "held"])
async def test_two_nodes_lose_each_other_and_find_each_other_again(
    nodes: Cluster, choose: random.Random, way: str
) -> None:
    async with command_load(nodes) as commands:
        for _ in range(scaled(100, suite=1)):
            one, other = choose.sample(NODES, 2)
            if way == "cut":
                nodes.links[one].cut()
                nodes.links[other].cut_once()
            else:
                nodes.part(one, other)
                await pause(HELD_SECONDS)
            await commands.until_served(CONVERGED_SECONDS + MARGIN_SECONDS)
            assert one not in await commands.reached_from(other)
            nodes.heal()
            await commands.until_met(CONVERGED_SECONDS + MARGIN_SECONDS)


async def test_a_node_with_a_handler_and_callers_is_killed(
    nodes: Cluster, choose: random.Random
) -> None:
    async with command_load(nodes) as commands:
        for _ in range(scaled(100, suite=1)):
            name = choose.choice(NODES)
            nodes[name].kill()
            await pause(0.5)
            await asyncio.to_thread(nodes.start, name)
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
