"""The port `Leases`: all are given out by the system database.

What is written under a lease in another database is held against the fence there. So that one is
raised before the new holder reads anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from ranvier.cluster.lease import Lease
from ranvier.storage.errors import StorageError
from ranvier.storage.placed.persistent_streams import lease_there
from ranvier.storage.placed.routing import Routing


class PlacedLeases:
    """The leases of the cluster, with their fences carried to where they are needed."""

    def __init__(self, routing: Routing) -> None:
        self._routing = routing
        self._home = routing.home.leases

    async def enter(self, holder: str, node: str) -> None:
        """Add a holder, a run of this node; earlier runs of the node are removed."""
        await self._home.enter(holder, node)

    async def beat(self, holder: str) -> Mapping[str, int]:
        """Raise a holder's counter; return the counters of all who are there."""
        return await self._home.beat(holder)

    async def remove(self, holder: str, counter: int) -> str | None:
        """Remove a holder whose counter is this one still, and return its node."""
        return await self._home.remove(holder, counter)

    async def leave(self, holder: str) -> None:
        """Remove a holder that asks for it."""
        await self._home.leave(holder)

    async def acquire(self, name: str, holder: str) -> Lease:
        """Give a free lease to a holder under a higher fence, and tell how it stands then."""
        lease = await self._home.acquire(name, holder)
        there = lease_there(self._routing, name)
        if there is not None and lease.holder == holder:
            placed, name_there = there
            await self._routing.ask_placed(
                placed,
                lambda database, _: database.placements.raise_fence(
                    replace(lease, name=name_there)
                ),
            )
        return lease

    async def release(self, lease: Lease) -> None:
        """Set a lease free, if it is still this one."""
        await self._home.release(lease)

    async def forget(self, name: str) -> None:
        """Remove a lease whose name is never used again."""
        await self._home.forget(name)
        there = lease_there(self._routing, name)
        if there is not None:
            placed, name_there = there
            with suppress(StorageError):
                await self._routing.ask_placed(
                    placed, lambda database, _: database.placements.forget_lease(name_there)
                )
