"""A log that says the same thing about the same party once in a while, however often it happens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

PAUSE_SECONDS: Final = 60.0
PARTIES_MAX: Final = 1_000
"""Parties that are remembered; beyond that all are forgotten, and each is told of once more."""


class SeldomLog:
    """Warns once, then counts, and warns again with the count after a while."""

    def __init__(self, logger: logging.Logger, clock: Callable[[], float]) -> None:
        self._logger = logger
        self._clock = clock
        self._told: dict[str, tuple[float, int]] = {}
        """By party: when it was last told of, and how often it happened since."""

    def tell(self, party: str, text: str) -> None:
        """Say it, unless it was said of this party a short while ago."""
        now = self._clock()
        told_at, since = self._told.get(party, (float("-inf"), 0))
        if now - told_at < PAUSE_SECONDS:
            self._told[party] = (told_at, since + 1)
            return
        if len(self._told) >= PARTIES_MAX:
            self._told.clear()
        self._told[party] = (now, 0)
        more = f" ({since} times more since the last word)" if since else ""
        self._logger.warning("%s%s", text, more)

    def forget(self, party: str) -> None:
        """Say it at once when it happens again."""
        self._told.pop(party, None)
