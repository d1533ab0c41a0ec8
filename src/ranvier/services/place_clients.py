"""Tells clients which node to use, and sends some elsewhere where this one has clearly too many."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from ranvier.cluster.member import MemberView, NodeState
from ranvier.cluster.placement import (
    PlacedClient,
    PlacementNode,
    RecentlyPlaced,
    best_node,
)
from ranvier.cluster.rebalancing import clients_to_move

logger = logging.getLogger("ranvier.services")

BALANCING_SECONDS: Final = 15.0
"""Between two looks at whether this node has clearly too many clients."""


class KnownNodes(Protocol):
    """The nodes as this one sees them; `KeepMembership` has them."""

    def members(self) -> tuple[MemberView, ...]:
        """Return all nodes, this one included."""
        ...


class Figures(Protocol):
    """What is known of how much each node has to do, and what it serves."""

    def own_client_count(self) -> int:
        """Return how many clients this node has."""
        ...

    def is_own_ready(self) -> bool:
        """Tell whether clients may be sent to this node."""
        ...

    def client_count(self, node_id: str) -> int | None:
        """Return how many another node has; None where it is not ready, or has not told."""
        ...

    def tags(self, node_id: str) -> Mapping[str, str]:
        """Return the tags of a node, this one or another."""
        ...


@dataclass(frozen=True, slots=True)
class PlacementSettings:
    """What an operator says of where clients go."""

    is_balancing: bool = True
    balancing_seconds: float = BALANCING_SECONDS


@dataclass(frozen=True, slots=True)
class Balancing:
    """How clients are made to move, and how often this is looked at."""

    ask_to_move: Callable[[int], None]
    """Asks so many clients to look for a node again."""
    settings: PlacementSettings = field(default_factory=PlacementSettings)


class PlaceClients:
    """Answers each client that asks where to go."""

    def __init__(
        self,
        known: KnownNodes,
        figures: Figures,
        balancing: Balancing,
        clock: Callable[[], float],
    ) -> None:
        self._known = known
        self._figures = figures
        self._balancing = balancing
        self._clock = clock
        self._recently = RecentlyPlaced()
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look whether clients should move."""
        if self._balancing.settings.is_balancing:
            self._looking = asyncio.get_running_loop().create_task(self._balance_for_ever())

    async def stop(self) -> None:
        """Look no more; stopping twice is allowed."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking

    def place(self, client: PlacedClient) -> MemberView:
        """Return the node that a client is to use: this one where no other could take it."""
        views = {view.member.name: view for view in self._known.members()}
        own = next(view for view in views.values() if view.is_own)
        now = self._clock()
        nodes = self._nodes(now, client.client_id)
        best = best_node(client, nodes, own.member.name)
        if best is None or best.name == own.member.name:
            return own
        self._recently.sent(client.client_id, best.name, now)
        return views[best.name]

    def balance(self) -> None:
        """Ask some clients to move, if this node has clearly more than its share."""
        own = next((view.member for view in self._known.members() if view.is_own), None)
        count = 0 if own is None else clients_to_move(self._nodes(self._clock()), own.name)
        if count:
            logger.info("%d clients are asked to move to nodes that have fewer.", count)
            self._balancing.ask_to_move(count)

    def _nodes(self, now: float, client_id: str = "") -> list[PlacementNode]:
        recently = self._recently.counts(now, client_id)
        nodes = [self._node(view) for view in self._known.members()]
        return [
            replace(node, client_count=node.client_count + recently.get(node.name, 0))
            for node in nodes
        ]

    def _node(self, view: MemberView) -> PlacementNode:
        member, figures = view.member, self._figures
        count: int | None
        if view.is_own:
            count = figures.own_client_count() if figures.is_own_ready() else None
        else:
            count = figures.client_count(member.node_id)
        return PlacementNode(
            name=member.name,
            # Of a node that tells nothing of itself, nobody knows whether it could take a client.
            takes_clients=view.state is NodeState.RUNNING and count is not None,
            client_count=count or 0,
            weight=member.weight,
            tags=figures.tags(member.node_id),
        )

    async def _balance_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._balancing.settings.balancing_seconds)
            try:
                self.balance()
            except Exception:
                logger.exception("balancing failed; it is tried again")
