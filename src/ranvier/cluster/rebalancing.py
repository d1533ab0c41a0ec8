"""How many clients a node sends elsewhere because it has clearly more of them than its share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ranvier.cluster.placement import PlacementNode

CLEARLY_MORE: Final = 1.25
"""Of its share a node keeps this much: to move a client costs it a moment without its node."""

FEWEST_MORE: Final = 3
"""Fewer clients above the share are never moved: the shares of a handful are never even."""

MOVED_AT_ONCE_MAX: Final = 50
"""Clients that are asked to move in one go; the next go is a balancing interval later."""


def clients_to_move(nodes: Sequence[PlacementNode], own_name: str) -> int:
    """Return how many clients the node is to ask to go elsewhere now; mostly none.

    Half of what is above its share, so that nodes which see each other late do not overshoot.
    """
    taking = [node for node in nodes if node.takes_clients]
    own = next((node for node in taking if node.name == own_name), None)
    if own is None or len(taking) == 1:
        return 0
    weights = sum(max(node.weight, 1) for node in taking)
    share = sum(node.client_count for node in taking) * max(own.weight, 1) / weights
    above = own.client_count - share
    if above < FEWEST_MORE or own.client_count <= share * CLEARLY_MORE:
        return 0
    return min(max(int(above / 2), 1), MOVED_AT_ONCE_MAX)
