"""Which node a client is to use: one that serves it, suits its tags, and has the least to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ranvier.cluster.tag_fit import tag_fit

CLEARLY_LESS: Final = 1.1
"""A client goes elsewhere only where this node would then have over a tenth more to do: a smaller
difference is gone before the client has come there."""

PLACED_SECONDS: Final = 5.0
"""For so long a client that was sent elsewhere counts there: by then that node's own figure has it,
or it went another way."""

PLACED_MAX: Final = 10_000
"""Clients sent elsewhere that are remembered; of more, the figures are near enough."""


@dataclass(frozen=True, slots=True)
class PlacementNode:
    """A node as far as it matters to a client that asks where to go."""

    name: str
    takes_clients: bool = True
    """It runs, and neither drains nor stops."""
    client_count: int = 0
    weight: int = 1
    """Its share of the clients, beside those of the others."""
    tags: Mapping[str, str] = field(default_factory=dict)
    contexts: frozenset[str] | None = None
    """Those that it serves; None for all."""

    def serves(self, context: str) -> bool:
        """Tell whether clients of this context may come."""
        return self.takes_clients and (self.contexts is None or context in self.contexts)

    def load_with_one_more(self) -> float:
        """Return how much it has to do once one more client has come, by its weight."""
        return (self.client_count + 1) / max(self.weight, 1)


@dataclass(frozen=True, slots=True)
class PlacedClient:
    """Who asks where to go."""

    client_id: str
    context: str
    tags: Mapping[str, str] = field(default_factory=dict)


def best_node(
    client: PlacedClient, nodes: Sequence[PlacementNode], own_name: str
) -> PlacementNode | None:
    """Return the node that a client is to use; None where none serves it.

    The node asked, `own_name`, keeps the client unless another one fits its tags better, or has
    clearly less to do. Among others of the same load the same client always gets the same one.
    """
    serving = [node for node in nodes if node.serves(client.context)]
    if not serving:
        return None
    fits = {node.name: tag_fit(client.tags, node.tags) for node in serving}
    best = max(fits.values())
    suited = [node for node in serving if fits[node.name] == best]
    least = min(suited, key=lambda node: (node.load_with_one_more(), _order(client, node)))
    own = next((node for node in suited if node.name == own_name), None)
    if own is None:
        return least
    is_clear = own.load_with_one_more() > least.load_with_one_more() * CLEARLY_LESS
    return least if is_clear else own


def _order(client: PlacedClient, node: PlacementNode) -> int:
    """Return a client's own order of the nodes: the same at all nodes and at all times."""
    number = 0
    for byte in f"{client.client_id}\0{node.name}".encode():
        # FNV-1a: `hash` of a text differs from process to process.
        number = ((number ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return number


class RecentlyPlaced:
    """Clients sent to other nodes that these nodes' own figures do not show yet."""

    __slots__ = ("_placed",)

    def __init__(self) -> None:
        self._placed: dict[str, tuple[str, float]] = {}
        """By client id: to which node, and until when it counts there; the oldest first."""

    def sent(self, client_id: str, node_name: str, now: float) -> None:
        """Note where a client was sent; one that asks again counts once."""
        self._placed.pop(client_id, None)
        self._placed[client_id] = (node_name, now + PLACED_SECONDS)
        if len(self._placed) > PLACED_MAX:
            del self._placed[next(iter(self._placed))]

    def counts(self, now: float, but: str = "") -> Mapping[str, int]:
        """Return how many clients each node is to get, without the one that asks just now."""
        for client_id, (_, until) in list(self._placed.items()):
            if until > now:
                break
            del self._placed[client_id]
        counts: dict[str, int] = {}
        for client_id, (node_name, _) in self._placed.items():
            if client_id != but:
                counts[node_name] = counts.get(node_name, 0) + 1
        return counts
