"""Under which name and route a node takes its place, and whose place that was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from ranvier.cluster.errors import IdentityInUse, NameIsRunning, NoRouteLeft, RouteTaken
from ranvier.cluster.member import Member, NodeRecord

LOCAL_NODE_IDS: Final = range(10_000)
"""What may tell nodes on one host apart."""


class Life(Enum):
    """What is known of a node that somebody wants the place of."""

    ALIVE = auto()
    """Its counter was seen to rise."""
    GONE = auto()
    """It said goodbye, or was watched in silence for long enough."""
    UNKNOWN = auto()
    """It must be watched first."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A node that wants in; `member` has neither route nor incarnation yet."""

    member: Member
    route_of: Callable[[int], str]
    """Computes the route from a local node id."""
    local_node_id: int | None = None
    """What somebody has set; None to take the next that is free."""
    route: str | None = None
    """What somebody has set; None for the computed one."""
    ended_incarnation: int = 0
    """A life of this node whose process has ended for certain; 0 where none is known."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The node as it may be entered, and those whose rows make way for it."""

    member: Member
    replaced: tuple[Member, ...]


def enrol(
    newcomer: Newcomer, records: Sequence[NodeRecord], lives: Mapping[str, Life]
) -> Enrolment | None:
    """Decide what a node is entered as; None while somebody must be watched first.

    `lives` says of each node id in the records what is known of it; of the newcomer's own id, too:
    it may be the process before this one, or a running copy. Raises `IdentityInUse`,
    `NameIsRunning`, `RouteTaken` or `NoRouteLeft`.
    """
    own = newcomer.member
    in_the_way = [
        record.member
        for record in records
        if own.node_id == record.member.node_id or own.name == record.member.name
    ]
    for each in in_the_way:
        if lives[each.node_id] is Life.ALIVE:
            raise IdentityInUse(own) if each.node_id == own.node_id else NameIsRunning(each)
    if any(lives[each.node_id] is Life.UNKNOWN for each in in_the_way):
        return None
    others = {record.member.route: record.member for record in records}
    for each in in_the_way:
        others.pop(each.route, None)
    in_the_way.sort(key=lambda each: each.node_id != own.node_id)
    former = in_the_way[0] if in_the_way else None
    return Enrolment(_with_route(newcomer, former, others), tuple(in_the_way))


def _with_route(newcomer: Newcomer, former: Member | None, others: Mapping[str, Member]) -> Member:
    """Return the member with a route that nobody else has: its former one where possible."""
    if newcomer.route is not None or newcomer.local_node_id is not None:
        local_node_id = newcomer.local_node_id or 0
        route = newcomer.route or newcomer.route_of(local_node_id)
        if route in others:
            raise RouteTaken(route, others[route])
        return replace(newcomer.member, route=route, local_node_id=local_node_id)
    wanted = () if former is None else (former.local_node_id,)
    for local_node_id in (*wanted, *LOCAL_NODE_IDS):
        route = newcomer.route_of(local_node_id)
        if route not in others:
            return replace(newcomer.member, route=route, local_node_id=local_node_id)
    raise NoRouteLeft(newcomer.member)
