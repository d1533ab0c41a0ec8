"""The port of leases: rights that one node has at a time, with a fence number that only rises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ranvier.cluster.lease import Lease


class Leases(Protocol):
    """Holders with their counters, and the leases that they have.

    A holder that is not there, since it never entered or was removed, gets no lease; what it had is
    free. Other parts of the database take a lease's fence with what is written under it, and refuse
    it, in the same transaction, once the lease has a higher one.
    """

    async def enter(self, holder: str, node: str) -> None:
        """Add a holder, a run of this node; earlier runs of the node are removed."""
        ...

    async def beat(self, holder: str) -> Mapping[str, int]:
        """Raise a holder's counter; return the counters of all who are there.

        A holder that is missing in the answer was removed, and has lost all that it had.
        """
        ...

    async def remove(self, holder: str, counter: int) -> str | None:
        """Remove a holder whose counter is this one still, and return its node.

        None: the counter has moved, or the holder is gone.
        """
        ...

    async def leave(self, holder: str) -> None:
        """Remove a holder that asks for it."""
        ...

    async def acquire(self, name: str, holder: str) -> Lease:
        """Give a free lease to a holder under a higher fence, and tell how it stands then.

        A lease that the holder has already gets a higher fence, too.
        """
        ...

    async def release(self, lease: Lease) -> None:
        """Set a lease free, if it is still this one."""
        ...

    async def forget(self, name: str) -> None:
        """Remove a lease whose name is never used again."""
        ...
