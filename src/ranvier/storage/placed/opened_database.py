"""A database beside the system database, opened when it is needed and again when it was lost."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from ranvier.storage.errors import StorageError, StorageNotOpen, StorageUnavailable
from ranvier.storage.placements import PlacingDatabase

PAUSE_SECONDS: Final = 1.0
"""Between two attempts to open it; who asks meanwhile is told at once why the last one failed."""

PATIENCE_SECONDS: Final = 0.5
"""How long somebody who asks all databases waits for one that is slow."""

logger = logging.getLogger("ranvier.storage")


class OpenedDatabase:
    """One such database for all contexts that lie there; one attempt to open it at a time."""

    def __init__(self, make: Callable[[], Awaitable[PlacingDatabase]]) -> None:
        """`make` returns the database, not started."""
        self._make = make
        self._database: PlacingDatabase | None = None
        self._opening: asyncio.Task[PlacingDatabase] | None = None
        self._failure: StorageError | None = None
        self._failed_at = 0.0
        self._is_closed = False

    @property
    def reason(self) -> str:
        """Why it cannot be used at the moment; empty while it can, or was never needed."""
        if self._failure is not None:
            return str(self._failure)
        if self._database is not None and not self._database.ready:
            return "it does not answer"
        return ""

    @property
    def in_use(self) -> PlacingDatabase | None:
        """The database if it is open; no attempt is made to open it."""
        return self._database

    async def opened(self) -> PlacingDatabase:
        """Return it open; raises a `StorageError`, for a short while the last one again."""
        if self._database is not None:
            return self._database
        if self._is_closed:
            raise StorageNotOpen
        if self._failure is not None and time.monotonic() - self._failed_at < PAUSE_SECONDS:
            raise self._failure
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_task(self._open())
            self._opening.add_done_callback(self._tried)
        return await asyncio.shield(self._opening)

    async def opened_soon(self) -> PlacingDatabase | None:
        """Return it if it works and is open after a moment at most."""
        try:
            database = await asyncio.wait_for(self.opened(), PATIENCE_SECONDS)
        except (StorageError, TimeoutError):
            return None
        return database if database.ready else None

    async def close(self) -> None:
        """Finish what was handed in; closing twice is allowed."""
        self._is_closed = True
        if self._opening is not None:
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._database is not None:
            await self._database.stop()

    async def _open(self) -> PlacingDatabase:
        database = await self._make()
        await database.start()
        return database

    def _tried(self, task: asyncio.Task[PlacingDatabase]) -> None:
        self._opening = None
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._database, self._failure = task.result(), None
            return
        failure = error if isinstance(error, StorageError) else StorageUnavailable(str(error))
        if self._failure is None:
            logger.warning("The database of a context cannot be opened: %s", failure)
        self._failure, self._failed_at = failure, time.monotonic()
