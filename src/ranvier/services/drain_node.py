"""Drains a node: it keeps what it has, takes nothing new, and sends its clients elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from ranvier.cluster.draining import (
    DRAIN_SECONDS,
    Drain,
    DrainableNode,
    DrainStep,
    check_may_drain,
    check_may_resume,
)
from ranvier.cluster.member import Member, MemberView, NodeState
from ranvier.cluster.node_wish import NodeWish
from ranvier.errors import RanvierError

logger = logging.getLogger("ranvier.services")

LOOK_SECONDS: Final = 0.2
"""Between two looks at what is asked of the node, and at who is still there."""

NOTICE_SECONDS: Final = 0.8
"""From the announcement of a drain to the first request to a client: a heartbeat and a look, so
that no other node sends a client back here."""


class Membership(Protocol):
    """The nodes, and this one's place among them; `KeepMembership` has it."""

    @property
    def state(self) -> NodeState:
        """What this node says of itself."""
        ...

    @property
    def wish(self) -> NodeWish:
        """What another node has asked of this one."""
        ...

    def members(self) -> tuple[MemberView, ...]:
        """Return all nodes, this one included."""
        ...

    async def set_state(self, state: NodeState) -> None:
        """Say how this node does."""
        ...

    async def ask_for(self, member: Member, wish: NodeWish) -> bool:
        """Ask a node to do something; False where it is gone."""
        ...

    async def fulfil(self, wish: NodeWish) -> None:
        """Note that this node has done what it was asked for."""
        ...


class DrainedStreams(Protocol):
    """The streams of clients that bind them to this node."""

    def count(self) -> int:
        """Return how many are open."""
        ...

    def ask_to_leave(self) -> None:
        """Ask the clients to go to another node."""
        ...

    def cut(self) -> None:
        """End the streams, and take no new calls on their connections."""
        ...


@dataclass(frozen=True, slots=True)
class DrainSurroundings:
    """What draining looks at and tells."""

    is_ready: Callable[[MemberView], bool]
    """Whether clients can be sent to a node, as far as this one knows."""
    moving: Callable[[], None]
    """Told again and again while handlers are on their way somewhere."""
    clock: Callable[[], float]


class DrainNode:
    """Drains and resumes this node, and passes on who asks it of another one."""

    def __init__(
        self,
        membership: Membership,
        streams: DrainedStreams,
        surroundings: DrainSurroundings,
    ) -> None:
        self._membership = membership
        self._streams = streams
        self._is_ready = surroundings.is_ready
        self._moving = surroundings.moving
        self._clock = surroundings.clock
        self._drain: Drain | None = None
        self._looking: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()
        self._emptied = asyncio.Event()
        self._is_leaving = False

    @property
    def is_draining(self) -> bool:
        """Whether this node takes no new clients."""
        return self._drain is not None

    @property
    def is_refusing(self) -> bool:
        """Whether clients that come are sent away: somebody else has to be there for them."""
        return self._drain is not None and self._has_ready_peer()

    async def start(self) -> None:
        """Begin to look for what is asked of this node."""
        self._looking = asyncio.get_running_loop().create_task(self._look_for_ever())

    async def stop(self) -> None:
        """Look no more; stopping twice is allowed."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking

    async def drain(self, name: str) -> None:
        """Have a node drain; raises a `DrainError`, and `StorageUnavailable` for another node."""
        check_may_drain(name, self._nodes())
        await self._have(name, NodeWish.DRAIN)

    async def resume(self, name: str) -> None:
        """Have a node take clients again; raises as `drain` does."""
        check_may_resume(name, self._nodes())
        await self._have(name, NodeWish.RESUME)

    async def leave(self, seconds: float) -> None:
        """Drain before a stop, for so long at most; not at all where nobody else is ready."""
        if not self._has_ready_peer():
            return
        self._is_leaving = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._begin(seconds)
                if self._streams.count():
                    await self._emptied.wait()

    def _has_ready_peer(self) -> bool:
        return any(
            not view.is_own and self._could_take_clients(view)
            for view in self._membership.members()
        )

    def _could_take_clients(self, view: MemberView) -> bool:
        return view.state is NodeState.RUNNING and self._is_ready(view)

    def _nodes(self) -> Sequence[DrainableNode]:
        return [
            DrainableNode(
                view.member.name,
                is_running=view.state is NodeState.RUNNING,
                is_ready=self._could_take_clients(view),
                is_draining=view.state is NodeState.DRAINING,
            )
            for view in self._membership.members()
        ]

    async def _have(self, name: str, wish: NodeWish) -> None:
        view = next(each for each in self._membership.members() if each.member.name == name)
        if not view.is_own:
            await self._membership.ask_for(view.member, wish)
        elif wish is NodeWish.DRAIN:
            await self._begin(DRAIN_SECONDS)
        else:
            await self._end()

    async def _begin(self, seconds: float) -> None:
        async with self._changing:
            if self._drain is not None:
                self._drain = replace(self._drain, seconds=min(self._drain.seconds, seconds))
                return
            self._drain = Drain(self._clock(), seconds)
            self._emptied.clear()
            logger.info("The node drains.", extra={"action": "node.draining"})
            await self._membership.set_state(NodeState.DRAINING)

    async def _end(self) -> None:
        async with self._changing:
            if self._drain is None:
                return
            self._drain = None
            logger.info("The node takes clients again.", extra={"action": "node.resumed"})
            await self._membership.set_state(NodeState.RUNNING)

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._obey()
                await self._resume_if_nobody_is_left()
                self._step()
            except RanvierError as error:
                logger.warning("What was asked of the node could not be done: %s", error)
            except Exception:
                logger.exception("draining failed; it is tried again")

    async def _obey(self) -> None:
        """Do what another node has asked for, unless it would be the last one to go."""
        wish = self._membership.wish
        if wish not in (NodeWish.DRAIN, NodeWish.RESUME):
            return
        own = next(view.member.name for view in self._membership.members() if view.is_own)
        try:
            await (self.drain(own) if wish is NodeWish.DRAIN else self.resume(own))
        finally:
            await self._membership.fulfil(wish)

    async def _resume_if_nobody_is_left(self) -> None:
        """Take the drain back where all others have gone, or begun one at the same moment.

        Each of those has seen another one ready; the first by its name stays.
        """
        drain = self._drain
        if drain is None or self._is_leaving or self._has_ready_peer():
            return
        if self._clock() < drain.began_at + NOTICE_SECONDS:
            return
        if self._is_alone() or self._is_the_one_to_stay():
            logger.warning("No other node takes clients any more: this one goes on taking them.")
            await self._end()

    def _is_alone(self) -> bool:
        views = self._membership.members()
        return not any(view.state.is_alive for view in views if not view.is_own)

    def _is_the_one_to_stay(self) -> bool:
        views = self._membership.members()
        draining = [view for view in views if view.state is NodeState.DRAINING]
        first = min(draining, key=lambda view: view.member.name, default=None)
        return len(draining) > 1 and first is not None and first.is_own

    def _step(self) -> None:
        """Take a draining node one step further, and tell of handlers that move anywhere."""
        if any(view.state is NodeState.DRAINING for view in self._membership.members()):
            self._moving()
        drain, now = self._drain, self._clock()
        if drain is not None and not self._has_ready_peer():
            self._drain = drain = drain.alone(now)
        if drain is None or now < drain.began_at + NOTICE_SECONDS:
            return
        match drain.step(clients=self._streams.count(), now=now):
            case DrainStep.ASK:
                self._drain = replace(drain, asked_at=now)
                self._streams.ask_to_leave()
            case DrainStep.CUT:
                self._drain = replace(drain, asked_at=now, has_cut=True)
                self._streams.cut()
            case DrainStep.EMPTY:
                self._emptied.set()
            case DrainStep.WAIT:
                pass
