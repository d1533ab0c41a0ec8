"""How many joins a node looks at, so that strangers who knock all day cost next to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

JOINS_PER_SECOND: Final = 10.0
JOINS_AT_ONCE: Final = 40.0
"""A cluster that is set up by a script adds its nodes within a second."""


@dataclass(frozen=True, slots=True)
class JoinBudget:
    """What is left at some moment."""

    left: float = JOINS_AT_ONCE
    at_seconds: float = 0.0

    def spend(self, now_seconds: float) -> JoinBudget | None:
        """Return what is left after one more join; None where there is nothing to spend."""
        gained = max(0.0, now_seconds - self.at_seconds) * JOINS_PER_SECOND
        left = min(JOINS_AT_ONCE, self.left + gained)
        return JoinBudget(left - 1.0, now_seconds) if left >= 1.0 else None
