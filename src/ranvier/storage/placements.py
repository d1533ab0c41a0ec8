"""The port of the contexts whose events lie in databases of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ranvier.cluster.lease import Lease
from ranvier.security.secret import Secret
from ranvier.storage.database import Database


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the events of a context lie; `number` is that of its mark, never used again.

    `is_made` tells whether the context has been made there; a deleted one has rows there still.
    """

    number: int
    context: str
    address: Secret
    is_made: bool
    is_deleted: bool


class Placements(Protocol):
    """The entries of such contexts in the system database, and what their own database needs."""

    async def all(self) -> Sequence[Placement]:
        """Every entry; those of deleted contexts stay until they are forgotten."""
        ...

    async def made(self, number: int) -> None:
        """Note that a context has been made in its own database."""
        ...

    async def forget(self, number: int) -> None:
        """Drop the entry of a context that is deleted."""
        ...

    async def is_cleared(self) -> bool:
        """Whether nothing is left here of contexts that were deleted here."""
        ...

    async def raise_fence(self, lease: Lease) -> None:
        """Refuse, from now on, what is written here under an older fence of a lease."""
        ...

    async def forget_lease(self, name: str) -> None:
        """Forget the fences of a lease whose name is never used again."""
        ...


class PlacingDatabase(Database, Protocol):
    """A database that lists contexts of other databases, or is such another one."""

    @property
    def placements(self) -> Placements:
        """What is known of contexts that do not lie in the system database."""
        ...
