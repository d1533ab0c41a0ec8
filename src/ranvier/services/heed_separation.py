"""Stands aside while this node lacks links or its place (correctness rule 15)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

from ranvier.cluster.draining import ASK_AGAIN_SECONDS
from ranvier.cluster.member import MemberView, NodeState
from ranvier.cluster.separation import LinkedNode, Pair, apart_since, standing_aside

logger = logging.getLogger("ranvier.services")

LOOK_SECONDS: Final = 0.5

FRESH_SECONDS: Final = 2.5
"""A node that has not shown itself for longer may be gone, and makes nobody stand aside."""


class Membership(Protocol):
    """What is known of all nodes; `KeepMembership` has it."""

    @property
    def is_in_touch(self) -> bool:
        """Whether what is known is of this moment."""
        ...

    @property
    def refusal(self) -> str:
        """Why this node is no member; empty while it is one."""
        ...

    def members(self) -> Sequence[MemberView]:
        """Return all nodes, this one included."""
        ...


class HeedSeparation:
    """Looks twice a second whether this node is one that stands aside."""

    def __init__(
        self,
        membership: Membership,
        clock: Callable[[], float],
        send_clients_away: Callable[[], None],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`send_clients_away` asks those that are connected here to look for another node."""
        self._membership = membership
        self._clock = clock
        self._send_clients_away = send_clients_away
        self._pause = pause
        self._since: Mapping[Pair, float] = {}
        self._asked_at = 0.0
        self._looking: asyncio.Task[None] | None = None
        self.reason = ""
        """Why this node is not ready; empty while it does not stand aside."""
        self.aside: frozenset[str] = frozenset()
        """The ids of the nodes that stand aside, as all nodes see it."""

    async def start(self) -> None:
        """Begin to look."""
        self._looking = asyncio.get_running_loop().create_task(self._look_for_ever())

    async def stop(self) -> None:
        """Look no more; stopping twice is allowed."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def look(self) -> None:
        """Decide for this moment; out of touch with the database nothing is decided."""
        now = self._clock()
        views = [view for view in self._membership.members() if could_serve(view)]
        nodes = [LinkedNode(each.member.node_id, each.member.name, each.lacks) for each in views]
        if not self._membership.is_in_touch:
            nodes = []
        self._since = apart_since(self._since, nodes, now)
        self.aside = aside = standing_aside(nodes, self._since, now)
        own = next((view for view in views if view.is_own), None)
        if self._membership.refusal:
            self._turn_away(self._membership.refusal, now)
        elif own is None or own.member.node_id not in aside:
            self._stay()
        else:
            self._stand_aside(own, views, now)

    def _stand_aside(self, own: MemberView, views: Sequence[MemberView], now: float) -> None:
        names = [
            view.member.name
            for view in views
            if frozenset((view.member.node_id, own.member.node_id)) in self._since
        ]
        reason = f"there is no link with {', '.join(names)}, and others have more links"
        self._turn_away(reason, now)

    def _turn_away(self, reason: str, now: float) -> None:
        if not self.reason or now - self._asked_at >= ASK_AGAIN_SECONDS:
            self._asked_at = now
            self._send_clients_away()
        if not self.reason:
            logger.warning("This node stands aside: %s.", reason)
        self.reason = reason

    def _stay(self) -> None:
        if self.reason:
            logger.info("This node serves clients again.")
        self.reason = ""

    async def _look_for_ever(self) -> None:
        while True:
            await self._pause(LOOK_SECONDS)
            try:
                self.look()
            except Exception:
                logger.exception("the look at missing links failed")


def could_serve(view: MemberView) -> bool:
    """Tell whether clients may be sent to a node as far as is known of it."""
    is_fresh = view.is_own or view.silent_seconds <= FRESH_SECONDS
    return view.state is NodeState.RUNNING and is_fresh
