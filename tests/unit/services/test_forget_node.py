from __future__ import annotations

import pytest

from ranvier.cluster.errors import NodeStillRuns, UnknownNode
from ranvier.cluster.member import Member, MemberView, NodeState
from ranvier.services.forget_node import ForgetNode
from tests.support.memory_cluster_nodes import MemoryClusterNodes

EVE = Member(node_id="eve", name="eve", host="h", internal_host="h", route="eve", incarnation=1)


@pytest.fixture
async def nodes() -> MemoryClusterNodes:
    nodes = MemoryClusterNodes()
    assert await nodes.register(EVE, NodeState.RUNNING) == EVE.incarnation
    return nodes


def forgetting(nodes: MemoryClusterNodes, state: NodeState) -> ForgetNode:
    return ForgetNode(nodes, lambda: [MemberView(member=EVE, state=state, is_own=False)])


@pytest.mark.parametrize("state", [NodeState.STOPPED, NodeState.DOWN])
async def test_a_node_that_left_is_forgotten(nodes: MemoryClusterNodes, state: NodeState) -> None:
    await forgetting(nodes, state).forget("eve")
    assert nodes.records == {}


@pytest.mark.parametrize("state", [NodeState.STARTING, NodeState.RUNNING, NodeState.DRAINING])
async def test_a_node_that_runs_is_kept(nodes: MemoryClusterNodes, state: NodeState) -> None:
    with pytest.raises(NodeStillRuns, match="The node eve is running; stop it first"):
        await forgetting(nodes, state).forget("eve")
    assert list(nodes.records) == ["eve"]


async def test_a_node_that_has_come_back_meanwhile_is_kept(nodes: MemoryClusterNodes) -> None:
    assert await nodes.register(EVE, NodeState.RUNNING, [EVE])
    with pytest.raises(NodeStillRuns):
        await forgetting(nodes, NodeState.DOWN).forget("eve")


async def test_nobody_is_told(nodes: MemoryClusterNodes) -> None:
    with pytest.raises(UnknownNode):
        await forgetting(nodes, NodeState.DOWN).forget("adam")
