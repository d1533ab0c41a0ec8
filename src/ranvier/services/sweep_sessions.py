"""Forgets sessions that are over, and posts that nobody sends again, on one node at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from ranvier.errors import RanvierError
from ranvier.services.keep_sessions import KeepSessions
from ranvier.services.standing_trouble import StandingTrouble
from ranvier.storage.sessions import Sessions

ROUND_SECONDS: Final = 10.0
"""Between two rounds: what is over counts no more anyway, so that nothing is urgent."""

PAGE_ROWS: Final = 1000
"""Of one statement: some milliseconds."""

STRANGERS_MOST: Final = 100_000
"""Sessions of nobody: somebody who throws every cookie away could begin any number."""

POST_MS: Final = 3_600_000
"""How long a post is remembered: balancers and browsers send it again within minutes."""

logger = logging.getLogger("ranvier.services")


async def until_next_round() -> None:
    """Wait for the time of one round."""
    await asyncio.sleep(ROUND_SECONDS)


class SweepSessions:
    """One round after the other, as long as the node runs; it sweeps while it may."""

    def __init__(
        self,
        store: Sessions,
        sessions: KeepSessions,
        may_sweep: Callable[[], bool] = lambda: True,
        next_round: Callable[[], Awaitable[None]] = until_next_round,
    ) -> None:
        """`may_sweep` tells at any moment whether this is the node that does it."""
        self._store = store
        self._sessions = sessions
        self._may_sweep = may_sweep
        self._next_round = next_round
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin with the first round."""
        self._sweeping = asyncio.get_running_loop().create_task(self._sweep_for_ever())

    async def stop(self) -> None:
        """Sweep no more."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)

    async def sweep_all(self) -> None:
        """Forget all that is over, page by page."""
        limits = self._sessions.limits
        await self._in_pages(partial(self._store.sweep, limits.idle_ms, limits.absolute_ms))
        await self._in_pages(partial(self._store.sweep_strangers, STRANGERS_MOST))
        await self._in_pages(partial(self._store.sweep_posts, POST_MS))

    async def _in_pages(self, sweep: Callable[[int], Awaitable[int]]) -> None:
        went = PAGE_ROWS
        while went >= PAGE_ROWS and self._may_sweep():
            went = await sweep(PAGE_ROWS)

    async def _sweep_for_ever(self) -> None:
        trouble = StandingTrouble("sessions that are over could not be forgotten")
        while True:
            await self._next_round()
            try:
                await self.sweep_all()
                trouble.end()
            except RanvierError as error:
                trouble.tell(error)
            except Exception:
                logger.exception("a round of forgetting sessions failed")
