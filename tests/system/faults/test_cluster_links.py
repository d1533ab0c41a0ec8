"""Links are reset and nodes killed while commands cross between them: each command has one effect
at most, what was answered has happened, what was refused has not, and routing is soon whole again.
"""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.support.cluster import Cluster
from tests.support.cluster_load import pause
from tests.support.command_load import command_load
from tests.support.scale import scaled
from tests.system.faults.conftest import NODES

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]

CONVERGED_SECONDS = 10.0
MARGIN_SECONDS = 20.0
"""What a loaded machine may take beyond that."""


async def test_two_nodes_are_cut_off_and_find_each_other_again(
    nodes: Cluster, choose: random.Random
) -> None:
    async with command_load(nodes) as commands:
        for _ in range(scaled(100, suite=1)):
            one, other = choose.sample(NODES, 2)
            nodes.cut(one, other)
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
