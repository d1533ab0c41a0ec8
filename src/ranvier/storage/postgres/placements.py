"""The port `Placements` on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from ranvier.cluster.lease import Lease
from ranvier.security.secret import Secret
from ranvier.storage.placements import Placement
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "placements")


class PostgresPlacements:
    """The addresses of contexts that lie elsewhere, and the fences of those that lie here."""

    def __init__(self, tools: DatabaseTools) -> None:
        self._tools = tools

    async def all(self) -> Sequence[Placement]:
        """Every entry, deleted contexts among them."""
        rows = await self._tools.readers.ask(_SQL["all"])
        return [
            Placement(number, name, Secret(address), is_made, is_deleted)
            for number, name, address, is_made, is_deleted in rows
        ]

    async def made(self, number: int) -> None:
        """Note that a context has been made in its own database."""
        await self._tools.write(_SQL["made"], number)

    async def forget(self, number: int) -> None:
        """Drop the entry of a context that is deleted."""
        await self._tools.write(_SQL["forget"], number)

    async def is_cleared(self) -> bool:
        """Whether nothing is left here of contexts that were deleted here."""
        rows = await self._tools.readers.ask(_SQL["is_cleared"])
        return bool(rows[0][0])

    async def raise_fence(self, lease: Lease) -> None:
        """Refuse, from now on, what is written here under an older fence of a lease."""
        await self._tools.write(_SQL["raise_fence"], lease.name, lease.fence)

    async def forget_lease(self, name: str) -> None:
        """Forget the fences of a lease whose name is never used again."""
        await self._tools.write(_SQL["forget_lease"], name)
