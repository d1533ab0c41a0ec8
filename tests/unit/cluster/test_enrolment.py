from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.cluster.enrolment import Enrolment, Life, Newcomer, enrol
from ranvier.cluster.errors import IdentityInUse, NameIsRunning, NoRouteLeft, RouteTaken
from ranvier.cluster.member import Member, NodeRecord, NodeState


def member(node_id: str, name: str = "", route: str = "", **others: int) -> Member:
    name = name or node_id
    return Member(
        node_id=node_id,
        name=name,
        host="host",
        internal_host="host",
        route=route or name,
        local_node_id=others.get("local_node_id", 0),
        incarnation=1,
    )


def record(each: Member) -> NodeRecord:
    return NodeRecord(member=each, state=NodeState.RUNNING, beats=1)


def route_of(local_node_id: int) -> str:
    return f"host-{local_node_id}" if local_node_id else "host"


def newcomer(node_id: str = "new", name: str = "new") -> Newcomer:
    return Newcomer(replace(member(node_id, name), route="?", incarnation=0), route_of)


def decided(who: Newcomer, *others: Member, life: Life = Life.GONE) -> Enrolment | None:
    return enrol(who, [*map(record, others)], {each.node_id: life for each in others})


def test_the_first_node_takes_the_plain_route() -> None:
    assert decided(newcomer()) == Enrolment(
        replace(newcomer().member, route="host", local_node_id=0), ()
    )


@pytest.mark.parametrize("life", list(Life))
def test_others_are_left_alone_and_keep_their_routes(life: Life) -> None:
    enrolment = decided(
        newcomer(), member("a", route="host"), member("b", route="host-2"), life=life
    )
    assert enrolment is not None
    assert (enrolment.member.route, enrolment.member.local_node_id) == ("host-1", 1)
    assert enrolment.replaced == ()


@pytest.mark.parametrize("former_name", ["new", "renamed"])
def test_the_same_id_is_the_same_node_and_keeps_its_route(former_name: str) -> None:
    former = member("new", former_name, "host-4", local_node_id=4)
    enrolment = decided(newcomer(), former, member("a", route="other"))
    assert enrolment is not None
    assert enrolment.member.route == "host-4"
    assert enrolment.replaced == (former,)


def test_a_new_id_takes_the_place_of_a_node_that_is_gone() -> None:
    gone = member("old", "new", "host-4", local_node_id=4)
    enrolment = decided(newcomer(), gone)
    assert enrolment is not None
    assert (enrolment.member.node_id, enrolment.member.route) == ("new", "host-4")
    assert enrolment.replaced == (gone,)


def test_a_renamed_node_may_take_the_place_of_one_that_is_gone() -> None:
    own, gone = member("new", "before", "x", local_node_id=2), member("old", "new", "y")
    enrolment = decided(newcomer(), gone, own)
    assert enrolment is not None
    assert set(enrolment.replaced) == {own, gone}
    assert enrolment.member.route == "host-2"


def test_the_name_of_a_running_node_is_refused() -> None:
    with pytest.raises(NameIsRunning, match="a node new is running at host:0; give this one"):
        decided(newcomer(), member("old", "new"), life=Life.ALIVE)


def test_the_id_of_a_running_node_is_refused() -> None:
    with pytest.raises(IdentityInUse, match="its data directory was copied"):
        decided(newcomer(), member("new", "original"), life=Life.ALIVE)


@pytest.mark.parametrize("other", [member("old", "new"), member("new", "old")])
def test_who_stands_in_the_way_is_watched_first(other: Member) -> None:
    assert decided(newcomer(), other, life=Life.UNKNOWN) is None


@pytest.mark.parametrize(
    "who", [replace(newcomer(), local_node_id=3), replace(newcomer(), route="host-3")]
)
def test_a_route_set_by_hand_is_taken_or_refused(who: Newcomer) -> None:
    enrolment = decided(who, member("new", route="host-1", local_node_id=1))
    assert enrolment is not None
    assert enrolment.member.route == "host-3"
    with pytest.raises(RouteTaken, match="route: a has the route host-3 already"):
        decided(who, member("a", route="host-3"))


def test_a_host_without_a_free_route_is_told_so() -> None:
    with pytest.raises(NoRouteLeft, match="no local node id is left for the host host"):
        decided(replace(newcomer(), route_of=lambda _: "host"), member("a", route="host"))


@given(st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=12))
def test_no_two_nodes_ever_have_the_same_id_name_or_route(arrivals: list[str]) -> None:
    members: list[Member] = []
    for name in arrivals:
        enrolment = decided(newcomer(f"id of {name}", name), *members)
        assert enrolment is not None
        members = [each for each in members if each not in enrolment.replaced]
        members.append(enrolment.member)
    assert len({each.route for each in members}) == len(members) == len(set(arrivals))
