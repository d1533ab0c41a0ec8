"""The one contract by which a node starts and stops its parts."""

from __future__ import annotations

from typing import Protocol


class Service(Protocol):
    """A part of the node that is started once and stopped once, in the node's event loop."""

    async def start(self) -> None:
        """Be ready for work when this returns; raise a `RanvierError` that says why not."""

    async def stop(self) -> None:
        """Refuse new work, finish what was accepted, and leave nothing running."""
