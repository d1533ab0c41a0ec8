"""How many clients a node sends elsewhere."""

from __future__ import annotations

import pytest

from ranvier.cluster.placement import PlacementNode
from ranvier.cluster.rebalancing import MOVED_AT_ONCE_MAX, clients_to_move


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([10], 0),
        ([10, 10], 0),
        ([3, 0], 0),
        ([4, 1], 0),
        ([6, 0], 1),
        ([12, 10], 0),
        ([20, 10], 2),
        ([10, 20], 0),
        ([30, 0, 0], 10),
        ([1000, 0], MOVED_AT_ONCE_MAX),
    ],
)
def test_only_a_clear_surplus_is_moved_and_half_of_it_at_a_time(
    counts: list[int], expected: int
) -> None:
    nodes = [
        PlacementNode(f"node-{number}", client_count=count) for number, count in enumerate(counts)
    ]
    assert clients_to_move(nodes, "node-0") == expected


def test_shares_go_by_weight_and_by_who_takes_clients() -> None:
    heavy = PlacementNode("heavy", client_count=20, weight=2)
    light = PlacementNode("light", client_count=10)
    draining = PlacementNode("draining", takes_clients=False)
    assert clients_to_move([heavy, light, draining], "heavy") == 0
    assert clients_to_move([heavy, draining], "heavy") == 0
    assert clients_to_move([heavy, draining], "draining") == 0
