"""A failure that repeats with every look, as long as a database is away."""

from __future__ import annotations

import logging

logger = logging.getLogger("ranvier.services")


class StandingTrouble:
    """Tells of a failure aloud when it begins, and at level `debug` while it lasts.

    `what` begins the line, without a full stop: the reason follows it.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._lasts = False

    def tell(self, error: Exception) -> None:
        """Tell of one more failure."""
        level = logging.DEBUG if self._lasts else logging.WARNING
        self._lasts = True
        logger.log(level, "%s: %s", self._what, error)

    def end(self) -> None:
        """Take note that it went well: the next failure is told aloud again."""
        self._lasts = False
