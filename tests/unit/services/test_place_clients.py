"""Which node a client is told, from what is known of the nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ranvier.cluster.member import Member, MemberView, NodeState
from ranvier.cluster.placement import PLACED_SECONDS, PlacedClient
from ranvier.services.place_clients import Balancing, PlaceClients


@dataclass
class Scene:
    """Nodes with clients; `one` is this one. A count of None has not been told."""

    counts: dict[str, int | None]
    states: dict[str, NodeState] = field(default_factory=dict)
    tags_by_id: dict[str, Mapping[str, str]] = field(default_factory=dict)
    is_ready: bool = True
    now: float = 100.0
    moved: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.service = PlaceClients(self, self, Balancing(self.moved.append), lambda: self.now)

    def members(self) -> tuple[MemberView, ...]:
        return tuple(
            MemberView(
                member=Member(node_id=name, name=name, host=name, internal_host=name, route=name),
                state=self.states.get(name, NodeState.RUNNING),
                is_own=name == "one",
            )
            for name in self.counts
        )

    def own_client_count(self) -> int:
        return self.counts["one"] or 0

    def is_own_ready(self) -> bool:
        return self.is_ready

    def client_count(self, node_id: str) -> int | None:
        return self.counts[node_id]

    def tags(self, node_id: str) -> Mapping[str, str]:
        return self.tags_by_id.get(node_id, {})

    def placed(self, client_id: str = "client", **tags: str) -> str:
        return self.service.place(PlacedClient(client_id, "default", tags)).member.name


def test_a_client_goes_where_there_is_clearly_less_to_do() -> None:
    assert Scene({"one": 9, "two": 3}).placed() == "two"
    assert Scene({"one": 3, "two": 3}).placed() == "one"


def test_clients_that_come_at_once_do_not_all_go_to_the_same_node() -> None:
    nodes = Scene({"one": 10, "two": 0, "three": 0})
    found = [nodes.placed(f"client-{number}") for number in range(18)]
    assert (found.count("two"), found.count("three")) == (9, 9)


def test_one_that_asks_again_counts_once_and_for_a_while_only() -> None:
    nodes = Scene({"one": 1, "two": 0})
    assert [nodes.placed() for _ in range(5)] == ["two"] * 5
    assert nodes.placed("other") == "one"
    nodes.now += PLACED_SECONDS
    assert nodes.placed("other") == "two"


def test_nobody_is_sent_to_a_node_that_drains_is_down_or_has_told_nothing() -> None:
    states = {"two": NodeState.DRAINING, "three": NodeState.DOWN}
    assert Scene({"one": 99, "two": 0, "three": 0, "four": None}, states).placed() == "one"


def test_a_node_that_is_not_ready_sends_clients_away_as_long_as_another_one_is() -> None:
    assert Scene({"one": 0, "two": 9}, is_ready=False).placed() == "two"
    assert Scene({"one": 0, "two": None}, is_ready=False).placed() == "one"
    states = {"one": NodeState.DRAINING}
    assert Scene({"one": 0, "two": 9}, states).placed() == "two"


def test_tags_of_this_node_and_of_others_count() -> None:
    tags: dict[str, Mapping[str, str]] = {"one": {"region": "eu"}, "two": {"region": "us"}}
    nodes = Scene({"one": 0, "two": 9}, tags_by_id=tags)
    assert (nodes.placed(region="us"), nodes.placed(region="eu")) == ("two", "one")


def test_some_clients_are_asked_to_move_where_there_are_clearly_too_many() -> None:
    even, uneven = Scene({"one": 5, "two": 5}), Scene({"one": 20, "two": 0})
    for nodes in (even, uneven):
        nodes.service.balance()
    assert (even.moved, uneven.moved) == ([], [5])


async def test_it_starts_and_stops() -> None:
    nodes = Scene({"one": 0})
    await nodes.service.start()
    await nodes.service.stop()
    await nodes.service.stop()
