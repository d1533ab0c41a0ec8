"""The use case of taking a node out of the cluster, whichever node is asked."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from ranvier.cluster.joining.errors import LeaveContended
from ranvier.cluster.joining.leaving import find_leaver
from ranvier.cluster.member import Member, MemberView
from ranvier.cluster.node_wish import NodeWish
from ranvier.storage.cluster_nodes import ClusterNodes
from ranvier.storage.errors import StorageError

logger = logging.getLogger("ranvier.services")

LOOK_SECONDS: Final = 0.2
"""Between two looks at whether this node is to leave."""


class Members(Protocol):
    """The nodes as this one sees them; `KeepMembership` has it."""

    @property
    def own(self) -> Member:
        """This node, in its last incarnation."""
        ...

    @property
    def wish(self) -> NodeWish:
        """What another node has asked of this one."""
        ...

    def members(self) -> Sequence[MemberView]:
        """Return all nodes, this one included."""
        ...

    async def beat(self) -> None:
        """Look at all nodes now."""
        ...


class LeaveCluster:
    """Asks a node that runs to leave, and forgets one that does not."""

    def __init__(self, members: Members, nodes: ClusterNodes, leave: Callable[[], None]) -> None:
        """`leave` has this node end what it does in the cluster, and then `finish`."""
        self._members = members
        self._nodes = nodes
        self._leave = leave
        self._is_leaving = False
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look whether this node is to leave."""
        if self._nodes.is_shared:
            self._looking = asyncio.get_running_loop().create_task(self._look_for_ever())

    async def stop(self) -> None:
        """Look no more; stopping twice is allowed."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking

    async def finish(self) -> None:
        """Forget this node, if it leaves, now that it has said goodbye."""
        if self._is_leaving:
            try:
                await self._nodes.remove(self._members.own)
            except StorageError as error:
                logger.warning("The node stays in the list of nodes, as stopped: %s", error)

    async def unregister(self, name: str) -> None:
        """Take a node out; raises `UnknownNode`, a `LeaveRefused` or `StorageUnavailable`."""
        # What was seen a heartbeat ago may be a node that has left meanwhile.
        await self._members.beat()
        leaver = find_leaver(name, self._members.members(), is_shared=self._nodes.is_shared)
        if leaver.is_own:
            self._begin()
        elif leaver.state.is_alive:
            if not await self._nodes.ask_for(leaver.member, NodeWish.LEAVE):
                raise LeaveContended(name)
        elif not await self._nodes.remove(leaver.member):
            raise LeaveContended(name)
        else:
            await self._members.beat()

    def _begin(self) -> None:
        if not self._is_leaving:
            self._is_leaving = True
            self._leave()

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._members.wish is NodeWish.LEAVE:
                self._begin()
