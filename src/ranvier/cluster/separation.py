"""Which nodes stand aside where links between nodes that run are missing (correctness rule 15).

All nodes decide it for all by the same table, what each has published of the links that it lacks,
so that they come to the same end: the nodes that stay are all linked, and one always stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

APART_SECONDS: Final = 5.0
"""How long a link may be missing before somebody stands aside: a restart takes less."""

Pair = frozenset[str]
"""The ids of two nodes without a link."""


@dataclass(frozen=True, slots=True)
class LinkedNode:
    """A node that could serve clients, and the ids of the nodes that it has no link with."""

    node_id: str
    name: str
    lacks: Collection[str]


def pairs_apart(nodes: Sequence[LinkedNode]) -> frozenset[Pair]:
    """Return the pairs without a link, as at least one of the two has published."""
    ids = {node.node_id for node in nodes}
    return frozenset(
        frozenset((node.node_id, other))
        for node in nodes
        for other in node.lacks
        if other in ids and other != node.node_id
    )


def apart_since(
    before: Mapping[Pair, float], nodes: Sequence[LinkedNode], now: float
) -> Mapping[Pair, float]:
    """Return since when each pair has been without a link, by the clock of the node that looks."""
    return {pair: before.get(pair, now) for pair in pairs_apart(nodes)}


def standing_aside(
    nodes: Sequence[LinkedNode], since: Mapping[Pair, float], now: float
) -> frozenset[str]:
    """Return the ids of the nodes that turn not ready: one of each pair that stays apart.

    First goes the one that lacks most of those who stay, of equals the one with the later name.
    """
    names = {node.node_id: node.name for node in nodes}
    apart = {
        pair for pair, begun in since.items() if now - begun >= APART_SECONDS and pair <= set(names)
    }
    aside: set[str] = set()
    while apart:
        lacking = [node_id for pair in apart for node_id in pair]
        first = max(set(lacking), key=lambda node_id: (lacking.count(node_id), names[node_id]))
        aside.add(first)
        apart = {pair for pair in apart if first not in pair}
    return frozenset(aside)
