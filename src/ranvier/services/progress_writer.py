"""Stores the positions of persistent streams: gathered for a moment, at once when it matters."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Final, Generic, TypeVar

from ranvier.errors import RanvierError

DELAY_SECONDS: Final = 0.5
"""How long a position that has moved waits for others: what a kill may cause to be sent again."""

What = TypeVar("What", bound=Hashable)

logger = logging.getLogger("ranvier.services")


class ProgressWriter(Generic[What]):
    """Gathers what has moved and saves it together; what could not be saved is saved later."""

    def __init__(
        self,
        save: Callable[[Sequence[What]], Awaitable[None]],
        wait_for: Callable[[Awaitable[object], float], Awaitable[object]] = asyncio.wait_for,
    ) -> None:
        self._save = save
        self._wait_for = wait_for
        self._moved: dict[What, None] = {}
        self._has_moved = asyncio.Event()
        self._is_urgent = asyncio.Event()
        self._is_stopping = False
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to save."""
        self._running = asyncio.get_running_loop().create_task(self._save_for_ever())

    async def stop(self) -> None:
        """Save what has moved, and end."""
        # No cancelling: a wait that ends at the same moment would swallow it.
        self._is_stopping = True
        self._has_moved.set()
        self._is_urgent.set()
        if self._running is not None:
            await self._running
        await self.flush()

    def moved(self, what: What) -> None:
        """Save this soon."""
        self._moved[what] = None
        self._has_moved.set()

    def keep_now(self, what: What) -> None:
        """Save this at once."""
        self.moved(what)
        self._is_urgent.set()

    async def flush(self) -> None:
        """Save everything that has moved since the last time."""
        moved = list(self._moved)
        self._moved.clear()
        self._has_moved.clear()
        self._is_urgent.clear()
        if not moved:
            return
        try:
            await self._save(moved)
        except RanvierError as error:
            logger.warning("positions of persistent streams wait to be stored: %s", error)
            self._put_back(moved)
        except Exception:
            logger.exception("positions of persistent streams could not be stored; they wait")
            self._put_back(moved)

    def _put_back(self, moved: Sequence[What]) -> None:
        self._moved.update(dict.fromkeys(moved))
        self._has_moved.set()

    async def _save_for_ever(self) -> None:
        while not self._is_stopping:
            await self._has_moved.wait()
            with contextlib.suppress(TimeoutError):
                await self._wait_for(self._is_urgent.wait(), DELAY_SECONDS)
            if not self._is_stopping:
                await self.flush()
