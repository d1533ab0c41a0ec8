"""How much a client may still be sent: a running total, granted by it and used by the node."""

from __future__ import annotations

from typing import Final

from ranvier.messages.errors import PermitsNotPositive

PERMITS_MAX: Final = 2**63 - 1
"""Where the total stops growing: the largest number that a grant can bear."""


class Permits:
    """The permits of one stream; `available` is never below 0."""

    __slots__ = ("available",)

    def __init__(self) -> None:
        self.available = 0

    def grant(self, count: int) -> None:
        """Add so many; a grant of 0 or less is refused by `PermitsNotPositive` and adds nothing."""
        if count <= 0:
            raise PermitsNotPositive(count)
        self.available = min(self.available + count, PERMITS_MAX)

    def take(self) -> bool:
        """Use one; False if there is none."""
        if not self.available:
            return False
        self.available -= 1
        return True
