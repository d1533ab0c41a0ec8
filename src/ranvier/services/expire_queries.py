"""Looks for queries that have run too long, for as long as the node runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

EXPIRY_SECONDS: Final = 1.0
"""Between two looks; the limit itself is minutes."""

logger = logging.getLogger("ranvier.services")


class ExpireQueries:
    """Calls each of `looks` once a second."""

    def __init__(self, *looks: Callable[[], None]) -> None:
        self._looks = looks
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look."""
        self._looking = asyncio.get_running_loop().create_task(self._look_for_ever())

    async def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(EXPIRY_SECONDS)
            for look in self._looks:
                try:
                    look()
                except Exception:
                    logger.exception("A look for late queries failed; the next one is due soon.")
