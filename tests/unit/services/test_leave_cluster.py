from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ranvier.cluster.errors import UnknownNode
from ranvier.cluster.joining.errors import LastNode, LeaveContended, NotInCluster
from ranvier.cluster.member import Member, MemberView, NodeState
from ranvier.cluster.node_wish import NodeWish
from ranvier.services import leave_cluster
from ranvier.services.leave_cluster import LeaveCluster
from ranvier.storage.errors import StorageUnavailable
from tests.support.memory_cluster_nodes import MemoryClusterNodes


def view(name: str, state: NodeState, *, is_own: bool = False) -> MemberView:
    member = Member(node_id=f"id-{name}", name=name, host=name, internal_host=name, route=name)
    return MemberView(member=member, state=state, is_own=is_own)


class Nodes(MemoryClusterNodes):
    """Notes what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.is_there = True
        self.is_reached = True
        self.asked: list[tuple[str, NodeWish]] = []
        self.removed: list[str] = []

    async def ask_for(self, member: Member, wish: NodeWish) -> bool:
        self.asked.append((member.name, wish))
        return self.is_there

    async def remove(self, member: Member) -> bool:
        if not self.is_reached:
            raise StorageUnavailable("gone")
        self.removed.append(member.name)
        return self.is_there


class Members:
    """Three nodes: this one, one that runs and one that does not."""

    def __init__(self) -> None:
        self.views = [
            view("a", NodeState.RUNNING, is_own=True),
            view("b", NodeState.RUNNING),
            view("c", NodeState.DOWN),
        ]
        self.wish = NodeWish.NONE
        self.own = self.views[0].member

    def members(self) -> list[MemberView]:
        return self.views

    async def beat(self) -> None:
        pass


class Scene:
    def __init__(self) -> None:
        self.members = Members()
        self.nodes = Nodes()
        self.left = asyncio.Event()
        self.times = 0
        self.leave = LeaveCluster(self.members, self.nodes, self.note)

    def note(self) -> None:
        self.times += 1
        self.left.set()


async def test_a_node_that_runs_is_asked_and_one_that_does_not_is_forgotten() -> None:
    scene = Scene()
    await scene.leave.unregister("b")
    await scene.leave.unregister("c")
    assert scene.nodes.asked == [("b", NodeWish.LEAVE)]
    assert scene.nodes.removed == ["c"]
    with pytest.raises(UnknownNode):
        await scene.leave.unregister("nobody")
    scene.nodes.is_there = False
    for name in "bc":
        with pytest.raises(LeaveContended):
            await scene.leave.unregister(name)
    assert scene.times == 0


async def test_this_node_leaves_once_and_is_forgotten_at_its_end() -> None:
    scene = Scene()
    await scene.leave.finish()
    assert scene.nodes.removed == []
    for _ in range(2):
        await scene.leave.unregister("a")
    assert scene.times == 1
    await scene.leave.finish()
    assert scene.nodes.removed == ["a"]
    scene.nodes.is_reached = False
    await scene.leave.finish()


async def test_a_wish_of_another_node_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leave_cluster, "LOOK_SECONDS", 0.001)
    scene = Scene()
    await scene.leave.start()
    scene.members.wish = NodeWish.LEAVE
    await scene.left.wait()
    await scene.leave.stop()
    await scene.leave.stop()


async def test_the_last_node_and_one_that_stands_alone_stay() -> None:
    scene = Scene()
    down = NodeState.DOWN
    scene.members.views[1] = replace(scene.members.views[1], state=down)
    with pytest.raises(LastNode):
        await scene.leave.unregister("a")
    scene.nodes.is_shared = False
    with pytest.raises(NotInCluster):
        await scene.leave.unregister("a")
    await scene.leave.start()
    await scene.leave.stop()
    assert scene.times == 0
