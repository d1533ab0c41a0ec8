"""A figure that must be waited for, for those who cannot wait: what was found last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from ranvier.errors import RanvierError

FRESH_SECONDS: Final = 5.0
"""After so long it is looked for again, if somebody asks: nobody looks while nobody asks."""

Found = TypeVar("Found")

logger = logging.getLogger("ranvier.services")


class LatelyKnown(Generic[Found]):
    """Looks for a figure beside those who ask for it."""

    def __init__(self, find: Callable[[], Awaitable[Found]], clock: Callable[[], float]) -> None:
        """`clock` tells seconds that never go back."""
        self._find = find
        self._clock = clock
        self._looked_at: float | None = None
        self._looking: asyncio.Task[None] | None = None
        self._found: Found | None = None

    def get(self) -> Found | None:
        """Return what was found last; None before, and where it cannot be found."""
        now = self._clock()
        is_due = self._looked_at is None or now - self._looked_at >= FRESH_SECONDS
        if is_due and (self._looking is None or self._looking.done()):
            self._looked_at = now
            self._looking = asyncio.get_running_loop().create_task(self.look())
        return self._found

    async def look(self) -> None:
        """Look now."""
        try:
            self._found = await self._find()
        except RanvierError as error:
            self._found = None
            logger.debug("A figure for the report of this node cannot be found: %s", error)

    async def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
