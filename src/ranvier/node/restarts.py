"""When a node that has ended is started again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

FIRST_SECONDS: Final = 0.2
LONGEST_SECONDS: Final = 10.0
"""Before a node is started again; doubled from the first to the longest while it keeps dying."""

STEADY_SECONDS: Final = 30.0
"""A node that was ready for so long has not died of its start: the next wait is the first again."""


@dataclass(frozen=True, slots=True)
class Restarts:
    """How often one node has died in a row, and whether it has ever been ready."""

    deaths: int = 0
    was_ready: bool = False

    def ready(self) -> Restarts:
        """Return what is known once the node has said that it is ready."""
        return replace(self, was_ready=True)

    def died(self, ready_seconds: float) -> Restarts:
        """Return what is known after it has died, so long after it was ready (0: it never was)."""
        is_steady = ready_seconds >= STEADY_SECONDS
        return replace(self, deaths=1 if is_steady else self.deaths + 1)

    def seconds_to_wait(self) -> float | None:
        """Return the time until it is started again; None: never, it has said why it cannot.

        A node that was never ready cannot start as it was told to; one that was ready may only
        have to wait, for its database for instance.
        """
        if not self.was_ready:
            return None
        return min(FIRST_SECONDS * 2.0 ** min(max(self.deaths - 1, 0), 16), LONGEST_SECONDS)
