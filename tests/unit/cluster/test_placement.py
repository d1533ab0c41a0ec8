"""Where clients are sent, rule by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from ranvier.cluster import placement
from ranvier.cluster.placement import (
    PLACED_SECONDS,
    PlacedClient,
    PlacementNode,
    RecentlyPlaced,
    best_node,
)

CLIENT = PlacedClient("client", "default")


def node(name: str, client_count: int = 0, **particulars: object) -> PlacementNode:
    return PlacementNode(name, client_count=client_count, **particulars)  # type: ignore[arg-type]  # any of them


def placed(nodes: list[PlacementNode], own: str, client: PlacedClient = CLIENT) -> str | None:
    found = best_node(client, nodes, own)
    return None if found is None else found.name


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([node("one")], "one"),
        ([node("one"), node("two")], "one"),
        ([node("one", 1), node("two", 0)], "two"),
        ([node("one", 1), node("two", 1)], "one"),
        ([node("one", 10), node("two", 9)], "one"),
        ([node("one", 12), node("two", 9)], "two"),
        ([node("one", 4, weight=2), node("two", 2)], "one"),
        ([node("one", 4, weight=1), node("two", 4, weight=2)], "two"),
        ([node("one", takes_clients=False), node("two", 99)], "two"),
        ([node("one", takes_clients=False), node("two", takes_clients=False)], None),
        ([node("one", contexts=frozenset({"other"})), node("two", 99)], "two"),
        ([node("one", contexts=frozenset({"default"})), node("two", 0)], "one"),
        ([node("two", 5), node("three", 2)], "three"),
    ],
)
def test_the_node_asked_keeps_a_client_unless_another_has_clearly_less_to_do(
    nodes: list[PlacementNode], expected: str | None
) -> None:
    assert placed(nodes, "one") == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, "one"),
        ({"region": "eu"}, "one"),
        ({"region": "us"}, "two"),
        ({"region": "asia"}, "three"),
        ({"region": "us", "rack": "7"}, "two"),
    ],
)
def test_tags_come_before_load(tags: Mapping[str, str], expected: str) -> None:
    nodes = [
        node("one", 0, tags={"region": "eu"}),
        node("two", 99, tags={"region": "us"}),
        node("three", 50),
    ]
    assert placed(nodes, "one", PlacedClient("client", "default", tags)) == expected


def test_a_client_that_asks_the_node_it_was_sent_to_stays_there() -> None:
    nodes = [node("one", 7), node("two", 5), node("three", 6)]
    first = placed(nodes, "one")
    assert first is not None
    after = [node(each.name, each.client_count + (each.name == first)) for each in nodes]
    assert placed(after, first) == first


def test_clients_spread_over_equal_nodes_and_the_same_client_gets_the_same_one() -> None:
    nodes = [node("one", 50), node("two"), node("three"), node("four")]
    clients = [PlacedClient(f"client-{number}", "default") for number in range(300)]
    found = [placed(nodes, "one", client) for client in clients]
    again = [placed(nodes[::-1], "one", client) for client in clients]
    assert found == again
    counts = Counter(found)
    assert counts.keys() == {"two", "three", "four"}
    assert min(counts.values()) > 60


def test_clients_just_sent_elsewhere_count_there_until_its_own_figure_shows_them() -> None:
    recent = RecentlyPlaced()
    recent.sent("a", "two", 100.0)
    recent.sent("b", "two", 101.0)
    recent.sent("b", "three", 102.0)
    assert recent.counts(102.0) == {"two": 1, "three": 1}
    assert recent.counts(102.0, but="a") == {"three": 1}
    assert recent.counts(100.0 + PLACED_SECONDS) == {"three": 1}
    assert recent.counts(102.0 + PLACED_SECONDS) == {}


def test_what_is_remembered_of_them_is_bounded() -> None:
    recent = RecentlyPlaced()
    for number in range(placement.PLACED_MAX + 1):
        recent.sent(f"client-{number}", "two", 100.0)
    assert recent.counts(100.0) == {"two": placement.PLACED_MAX}
