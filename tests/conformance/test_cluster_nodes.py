from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from ranvier.cluster.member import Heartbeat, Member, NodeState
from ranvier.cluster.node_wish import NodeWish
from ranvier.events.errors import InvalidEvent
from ranvier.storage.cluster_nodes import ClusterNodes
from ranvier.storage.database import Database
from tests.support.databases import MakeDatabase, opened

STARTING = NodeState.STARTING
ADAM = Member(
    node_id="id-of-adam",
    name="adam",
    host="adam.example.org",
    internal_host="adam.internal",
    ip="192.0.2.7",
    http_port=8024,
    grpc_port=8124,
    internal_port=8224,
    ajp_port=8009,
    local_node_id=3,
    route="adam-3",
    weight=2,
    version="1.2",
    os="Linux",
    python="3.12.1",
    config_revision=7,
    started_at_ms=1_700_000_000_000,
)
EVE = Member(node_id="id-of-eve", name="eve", host="eve", internal_host="eve", route="eve")


async def entered(nodes: ClusterNodes, member: Member) -> Member:
    incarnation = await nodes.register(member, STARTING)
    assert incarnation is not None
    return replace(member, incarnation=incarnation)


def beat_of(member: Member, state: NodeState = NodeState.RUNNING) -> Heartbeat:
    return Heartbeat(
        node_id=member.node_id,
        incarnation=member.incarnation,
        state=state,
        system_identifier=7_001,
        timeline=5,
        config_revision=8,
        lacks=("one", "two"),
    )


async def test_a_node_is_kept_as_it_told_of_itself(database: Database) -> None:
    nodes = database.cluster_nodes
    adam, eve = await entered(nodes, ADAM), await entered(nodes, EVE)
    first, second = await nodes.all()
    assert (first.member, second.member) == (adam, eve)
    assert first.state is NodeState.STARTING
    assert (first.beats, first.timeline, first.lacks) == (0, 0, ())
    assert first.last_seen_at_ms > 1_700_000_000_000
    assert (first.stopped_at_ms, first.failed_at_ms) == (None, None)
    assert second.member.ajp_port is None


async def test_no_incarnation_is_given_twice(database: Database) -> None:
    nodes = database.cluster_nodes
    adam = await entered(nodes, ADAM)
    assert await nodes.remove(adam)
    again = await entered(nodes, ADAM)
    eve = await entered(nodes, EVE)
    assert adam.incarnation < again.incarnation < eve.incarnation


@pytest.mark.parametrize(
    "other",
    [
        replace(EVE, node_id=ADAM.node_id),
        replace(EVE, name=ADAM.name),
        replace(EVE, route=ADAM.route),
    ],
    ids=["id", "name", "route"],
)
async def test_what_another_node_has_is_not_given_twice(database: Database, other: Member) -> None:
    nodes = database.cluster_nodes
    adam = await entered(nodes, ADAM)
    assert await nodes.register(other, STARTING) is None
    assert [each.member for each in await nodes.all()] == [adam]


async def test_a_node_takes_the_place_of_others(database: Database) -> None:
    nodes = database.cluster_nodes
    adam, eve = await entered(nodes, ADAM), await entered(nodes, EVE)
    newcomer = replace(ADAM, node_id="id-of-another", route="eve")
    assert await nodes.register(newcomer, STARTING, [adam]) is None, "eve still has the route"
    incarnation = await nodes.register(newcomer, STARTING, [eve, adam])
    assert [each.member for each in await nodes.all()] == [
        replace(newcomer, incarnation=incarnation or 0)
    ]


async def test_only_the_incarnation_that_was_seen_is_replaced(database: Database) -> None:
    nodes = database.cluster_nodes
    adam = await entered(nodes, ADAM)
    again = await nodes.register(ADAM, STARTING, [adam])
    assert again is not None
    assert await nodes.register(ADAM, STARTING, [adam]) is None
    assert [each.member.incarnation for each in await nodes.all()] == [again]


async def test_of_two_that_register_at_once_one_is_refused(database: Database) -> None:
    nodes = database.cluster_nodes
    results = await asyncio.gather(
        nodes.register(ADAM, STARTING),
        nodes.register(replace(ADAM, node_id="id-of-another"), STARTING),
    )
    assert results.count(None) == 1


async def test_a_heartbeat_counts_and_shows_all_nodes(database: Database) -> None:
    nodes = database.cluster_nodes
    adam, eve = await entered(nodes, ADAM), await entered(nodes, EVE)
    beaten = await nodes.beat(beat_of(adam))
    assert beaten.counted
    assert [each.member.name for each in beaten.records] == ["adam", "eve"]
    await nodes.beat(beat_of(adam, NodeState.DRAINING))
    seen = (await nodes.beat(beat_of(eve))).records[0]
    assert (seen.beats, seen.state, seen.timeline) == (2, NodeState.DRAINING, 5)
    assert seen.system_identifier == 7_001
    assert (seen.lacks, seen.member.config_revision) == (("one", "two"), 8)


async def test_a_goodbye_is_remembered_with_its_time(database: Database) -> None:
    nodes = database.cluster_nodes
    adam = await entered(nodes, ADAM)
    assert (await nodes.beat(beat_of(adam, NodeState.STOPPED))).counted
    (record,) = await nodes.all()
    assert record.state is NodeState.STOPPED
    assert record.stopped_at_ms == record.last_seen_at_ms


async def test_another_life_of_a_node_does_not_count(database: Database) -> None:
    nodes = database.cluster_nodes
    adam = await entered(nodes, ADAM)
    later = replace(adam, incarnation=await nodes.register(ADAM, STARTING, [adam]) or 0)
    assert not (await nodes.beat(beat_of(adam))).counted
    assert not await nodes.describe(adam, NodeState.RUNNING)
    assert not await nodes.remove(adam)
    assert (await nodes.beat(beat_of(later))).counted


async def test_what_a_node_learns_of_itself_is_stored(database: Database) -> None:
    nodes = database.cluster_nodes
    adam = await entered(nodes, ADAM)
    bound = replace(adam, http_port=1, grpc_port=2, internal_port=3, ajp_port=None)
    assert await nodes.describe(bound, NodeState.RUNNING)
    (record,) = await nodes.all()
    assert (record.member, record.state) == (bound, NodeState.RUNNING)


async def test_a_silent_node_is_marked_and_no_longer_counts(database: Database) -> None:
    nodes = database.cluster_nodes
    adam, eve = await entered(nodes, ADAM), await entered(nodes, EVE)
    (seen, _) = (await nodes.beat(beat_of(eve))).records
    assert await nodes.mark_down(seen)
    assert not await nodes.mark_down(seen)
    assert not (await nodes.beat(beat_of(adam))).counted
    (record, _) = await nodes.all()
    assert record.state is NodeState.DOWN
    assert record.failed_at_ms is not None
    assert await nodes.register(ADAM, STARTING, [adam]) is not None
    assert [each.failed_at_ms for each in await nodes.all()] == [None, None]


async def test_a_node_that_has_shown_itself_since_is_not_marked(database: Database) -> None:
    nodes = database.cluster_nodes
    adam = await entered(nodes, ADAM)
    (before,) = await nodes.all()
    await nodes.beat(beat_of(adam))
    assert not await nodes.mark_down(before)
    await nodes.beat(beat_of(adam, NodeState.STOPPED))
    (stopped,) = await nodes.all()
    assert not await nodes.mark_down(stopped)


async def test_what_cannot_be_stored_is_refused(database: Database) -> None:
    for broken in (replace(ADAM, name="a" * 256), replace(ADAM, host="a\0")):
        with pytest.raises(InvalidEvent):
            await database.cluster_nodes.register(broken, STARTING)
    assert await database.cluster_nodes.all() == []


async def test_nodes_survive_a_restart(make_database: MakeDatabase, tmp_path: Path) -> None:
    database = await opened(make_database, tmp_path)
    adam = await entered(database.cluster_nodes, ADAM)
    await database.stop()
    database = await opened(make_database, tmp_path)
    assert [each.member for each in await database.cluster_nodes.all()] == [adam]
    await database.stop()


async def test_a_wish_stays_until_it_is_done_and_only_in_that_life(database: Database) -> None:
    nodes = database.cluster_nodes
    adam = await entered(nodes, ADAM)
    assert (await nodes.all())[0].wish is NodeWish.NONE
    assert await nodes.ask_for(adam, NodeWish.DRAIN)
    assert (await nodes.beat(beat_of(adam))).records[0].wish is NodeWish.DRAIN
    assert not await nodes.fulfil(adam, NodeWish.RESUME)
    assert (await nodes.all())[0].wish is NodeWish.DRAIN
    assert await nodes.fulfil(adam, NodeWish.DRAIN)
    assert (await nodes.all())[0].wish is NodeWish.NONE
    assert await nodes.ask_for(adam, NodeWish.RESUME)
    incarnation = await nodes.register(adam, STARTING, [adam])
    assert incarnation is not None
    assert (await nodes.all())[0].wish is NodeWish.NONE
    assert not await nodes.ask_for(adam, NodeWish.DRAIN)
