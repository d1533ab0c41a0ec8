"""Draining a node: what it tells, whom it asks, and what it refuses."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from ranvier.cluster.draining import ASK_AGAIN_SECONDS, DRAIN_SECONDS
from ranvier.cluster.errors import LastReadyNode, NodeNotRunning, UnknownNode
from ranvier.cluster.member import Member, MemberView, NodeState
from ranvier.cluster.node_wish import NodeWish
from ranvier.services import drain_node
from ranvier.services.drain_node import NOTICE_SECONDS, DrainNode, DrainSurroundings


def member(name: str) -> Member:
    return Member(node_id=f"id-{name}", name=name, host=name, internal_host=name, route=name)


@dataclass
class Nodes:
    """The nodes `one`, which is this one, and others, as a test has them."""

    states: dict[str, NodeState]
    wish: NodeWish = NodeWish.NONE
    asked: list[tuple[str, NodeWish]] = field(default_factory=list)
    fulfilled: list[NodeWish] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def state(self) -> NodeState:
        return self.states["one"]

    def told_state(self) -> str:
        return self.states["one"].value

    def members(self) -> tuple[MemberView, ...]:
        return tuple(
            MemberView(member=member(name), state=state, is_own=name == "one")
            for name, state in self.states.items()
        )

    async def set_state(self, state: NodeState) -> None:
        self.states["one"] = state
        self.told.set()

    async def ask_for(self, asked: Member, wish: NodeWish) -> bool:
        self.asked.append((asked.name, wish))
        return True

    async def fulfil(self, wish: NodeWish) -> None:
        self.fulfilled.append(wish)
        self.wish = NodeWish.NONE


@dataclass
class Streams:
    """The streams of clients, as many as a test says."""

    open_count: int = 3
    did: list[str] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def count(self) -> int:
        return self.open_count

    def ask_to_leave(self) -> None:
        self.did.append("ask")
        self.asked.set()

    def cut(self) -> None:
        self.did.append("cut")


@dataclass
class Scene:
    """A node that drains by a clock of its own."""

    nodes: Nodes
    streams: Streams = field(default_factory=Streams)
    now: float = 100.0
    moves: int = 0
    unready: set[str] = field(default_factory=set)
    """Nodes that run and take no clients nevertheless."""

    def __post_init__(self) -> None:
        surroundings = DrainSurroundings(
            lambda view: view.member.name not in self.unready, self._moving, lambda: self.now
        )
        self.drains = DrainNode(self.nodes, self.streams, surroundings)

    def is_draining(self) -> bool:
        return self.drains.is_draining

    def _moving(self) -> None:
        self.moves += 1

    async def looked(self, seconds: float = 0.0) -> None:
        """Let time pass, and the node look at what is to be done."""
        self.now += seconds
        await self.drains._obey()
        await self.drains._resume_if_nobody_is_left()
        self.drains._step()


def scene(**states: NodeState) -> Scene:
    return Scene(Nodes({"one": NodeState.RUNNING, **states}))


async def test_clients_are_asked_once_others_know_asked_again_and_cut_at_the_end() -> None:
    node = scene(two=NodeState.RUNNING)
    await node.drains.drain("one")
    assert node.nodes.told_state() == "draining"
    assert node.is_draining()
    assert node.drains.is_refusing
    await node.looked(NOTICE_SECONDS / 2)
    assert node.streams.did == []
    await node.looked(NOTICE_SECONDS / 2)
    await node.looked(ASK_AGAIN_SECONDS / 2)
    assert node.streams.did == ["ask"]
    await node.looked(ASK_AGAIN_SECONDS / 2)
    assert node.streams.did == ["ask", "ask"]
    await node.looked(DRAIN_SECONDS)
    await node.looked(1.0)
    assert node.streams.did == ["ask", "ask", "cut"]
    assert node.moves == 6
    await node.drains.resume("one")
    assert node.nodes.told_state() == "running"
    assert not node.is_draining()
    await node.looked(1.0)
    assert node.moves == 6


async def test_an_empty_node_asks_nobody_and_stays_as_it_is() -> None:
    node = scene(two=NodeState.RUNNING)
    node.streams.open_count = 0
    await node.drains.drain("one")
    await node.looked(DRAIN_SECONDS)
    assert node.streams.did == []
    assert node.nodes.told_state() == "draining"


async def test_what_is_asked_for_another_node_is_left_for_it_to_find() -> None:
    node = scene(two=NodeState.RUNNING)
    await node.drains.drain("two")
    node.nodes.states["two"] = NodeState.DRAINING
    await node.drains.resume("two")
    assert node.nodes.asked == [("two", NodeWish.DRAIN), ("two", NodeWish.RESUME)]
    assert not node.is_draining()
    await node.looked()
    assert node.moves == 1


async def test_a_node_does_what_another_one_has_asked_of_it() -> None:
    node = scene(two=NodeState.RUNNING)
    node.nodes.wish = NodeWish.DRAIN
    await node.looked()
    assert node.is_draining()
    node.nodes.wish = NodeWish.RESUME
    await node.looked()
    assert not node.is_draining()
    assert node.nodes.fulfilled == [NodeWish.DRAIN, NodeWish.RESUME]


async def test_a_wish_that_must_not_be_done_any_more_is_taken_away() -> None:
    node = scene(two=NodeState.DOWN)
    node.nodes.wish = NodeWish.DRAIN
    with pytest.raises(LastReadyNode):
        await node.looked()
    assert node.nodes.fulfilled == [NodeWish.DRAIN]
    assert not node.is_draining()


async def test_what_cannot_be_is_refused() -> None:
    node = scene(two=NodeState.DOWN)
    with pytest.raises(LastReadyNode, match="only one that is ready"):
        await node.drains.drain("one")
    with pytest.raises(NodeNotRunning):
        await node.drains.drain("two")
    with pytest.raises(NodeNotRunning):
        await node.drains.resume("two")
    with pytest.raises(UnknownNode):
        await node.drains.drain("three")
    assert not node.is_draining()


async def test_a_node_that_runs_and_is_not_ready_takes_nobodys_clients() -> None:
    node = scene(two=NodeState.RUNNING)
    node.unready.add("two")
    with pytest.raises(LastReadyNode):
        await node.drains.drain("one")
    await node.drains.leave(30.0)
    assert not node.is_draining()
    node.unready = {"one"}
    await node.drains.drain("one")
    assert node.is_draining()


@pytest.mark.parametrize(("other", "stays"), [("two", True), ("a", False)])
async def test_of_nodes_that_began_to_drain_at_once_the_first_by_name_stays(
    other: str, stays: bool
) -> None:
    node = scene(**{other: NodeState.RUNNING})
    await node.drains.drain("one")
    node.nodes.states[other] = NodeState.DRAINING
    await node.looked(NOTICE_SECONDS / 2)
    assert node.is_draining()
    await node.looked(NOTICE_SECONDS / 2)
    assert node.is_draining() is not stays
    assert node.streams.did == ([] if stays else ["ask"])


@pytest.mark.parametrize("end", [NodeState.STOPPED, NodeState.DOWN])
async def test_a_draining_node_stays_when_the_last_other_one_has_gone(end: NodeState) -> None:
    node = scene(a=NodeState.RUNNING, two=NodeState.STOPPED)
    await node.drains.drain("one")
    node.nodes.states["a"] = NodeState.DRAINING  # it stops at the same moment
    await node.looked(NOTICE_SECONDS)
    assert node.is_draining()
    assert node.streams.did == ["ask"]
    node.nodes.states["a"] = end
    await node.looked(0.0)
    assert not node.is_draining()


async def test_the_first_by_name_goes_on_also_where_all_have_asked_their_clients_already() -> None:
    node = scene(two=NodeState.RUNNING)
    await node.drains.drain("one")
    await node.looked(NOTICE_SECONDS)
    assert node.streams.did == ["ask"]
    node.nodes.states["two"] = NodeState.DRAINING
    await node.looked(1.0)
    assert not node.is_draining()


async def test_who_came_while_nobody_else_was_there_is_sent_away_when_somebody_is() -> None:
    node = scene(two=NodeState.RUNNING)
    await node.drains.drain("one")
    await node.looked(DRAIN_SECONDS)
    assert node.streams.did == ["cut"]
    node.unready.add("two")
    await node.looked(DRAIN_SECONDS)
    await node.looked(NOTICE_SECONDS)
    assert node.streams.did == ["cut", "ask"]
    node.unready.clear()
    await node.looked(DRAIN_SECONDS)
    assert node.streams.did == ["cut", "ask", "cut"]


async def test_a_draining_node_lets_clients_in_again_once_nobody_else_is_there() -> None:
    node = scene(two=NodeState.RUNNING)
    await node.drains.drain("one")
    node.nodes.states["two"] = NodeState.DOWN
    assert node.is_draining()
    assert not node.drains.is_refusing


async def test_before_a_stop_a_node_drains_until_it_is_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drain_node, "LOOK_SECONDS", 0.001)
    node = scene(two=NodeState.RUNNING)
    await node.drains.start()
    leaving = asyncio.create_task(node.drains.leave(30.0))
    await asyncio.wait_for(node.nodes.told.wait(), 30)
    node.now += NOTICE_SECONDS
    await asyncio.wait_for(node.streams.asked.wait(), 30)
    assert not leaving.done()
    node.streams.open_count = 0
    await asyncio.wait_for(leaving, 30)
    await node.drains.stop()
    await node.drains.stop()


async def test_a_stop_waits_no_longer_than_it_may_and_not_at_all_for_the_last_node() -> None:
    await scene(two=NodeState.RUNNING).drains.leave(0.01)
    alone = scene(two=NodeState.DRAINING)
    await alone.drains.leave(30.0)
    assert alone.nodes.told_state() == "running"
