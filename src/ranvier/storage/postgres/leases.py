"""The port `Leases` on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping

from ranvier.cluster.lease import Lease
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "leases")


class PostgresLeases:
    """Rows of holders and of leases; whoever acquires locks the lease's row first."""

    def __init__(self, tools: DatabaseTools) -> None:
        self._tools = tools

    async def enter(self, holder: str, node: str) -> None:
        """Add a holder, a run of this node; earlier runs of the node are removed."""
        await self._tools.write(_SQL["enter"], holder, node)

    async def beat(self, holder: str) -> Mapping[str, int]:
        """Raise a holder's counter; return the counters of all who are there."""
        rows = await self._tools.write(_SQL["beat"], holder)
        return dict(rows)

    async def remove(self, holder: str, counter: int) -> str | None:
        """Remove a holder whose counter is this one still, and return its node."""
        rows = await self._tools.write(_SQL["remove"], holder, counter)
        return str(rows[0][0]) if rows else None

    async def leave(self, holder: str) -> None:
        """Remove a holder that asks for it."""
        await self._tools.write(_SQL["leave"], holder)

    async def acquire(self, name: str, holder: str) -> Lease:
        """Give a free lease to a holder under a higher fence, and tell how it stands then."""
        ((fence, has_it, node),) = await self._tools.write(_SQL["acquire"], name, holder)
        return Lease(name, fence, has_it, node)

    async def release(self, lease: Lease) -> None:
        """Set a lease free, if it is still this one."""
        await self._tools.write(_SQL["release"], lease.name, lease.fence)

    async def forget(self, name: str) -> None:
        """Remove a lease whose name is never used again."""
        await self._tools.write(_SQL["forget"], name)
