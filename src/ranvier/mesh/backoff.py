"""How long to wait before dialling again: longer each time, spread by chance, bounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

FIRST_SECONDS: Final = 0.1
LONGEST_SECONDS: Final = 2.0
"""Of a node that does not answer: it is reached so long after it is back at most."""

REFUSED_SECONDS: Final = 15.0
"""Of a node that has refused: only a person can change its mind."""


class Backoff:
    """Pauses between attempts; `chance` gives numbers from 0 to 1."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._failures = 0

    def succeeded(self) -> None:
        """Begin with the shortest pause again."""
        self._failures = 0

    def pause_seconds(self, *, is_refused: bool = False) -> float:
        """Return how long to wait after one more failure."""
        longest = REFUSED_SECONDS if is_refused else LONGEST_SECONDS
        seconds = min(longest, FIRST_SECONDS * 2.0 ** min(self._failures, 20))
        self._failures += 1
        return seconds * (0.5 + 0.5 * self._chance())
