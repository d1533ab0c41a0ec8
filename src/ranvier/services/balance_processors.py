"""Balances, again and again, the event processors for which somebody has chosen a strategy.

Of several nodes one does it at a time: two that know of different segments would move them in
turns.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from ranvier.errors import RanvierError
from ranvier.services.administer_processors import AdministerProcessors

ROUND_SECONDS: Final = 15.0
"""Between two rounds: clients tell of their segments every few seconds, moves settle meanwhile."""

logger = logging.getLogger("ranvier.services")


async def until_next_round() -> None:
    """Wait for the time of one round."""
    await asyncio.sleep(ROUND_SECONDS)


class BalanceProcessors:
    """One round after the other, as long as the node runs; it balances while it may."""

    def __init__(
        self,
        processors: AdministerProcessors,
        next_round: Callable[[], Awaitable[None]] = until_next_round,
        may_balance: Callable[[], bool] = lambda: True,
    ) -> None:
        """`may_balance` tells at any moment whether this is the node that does it."""
        self._processors = processors
        self._next_round = next_round
        self._may_balance = may_balance
        self._balancing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin with the first round."""
        self._balancing = asyncio.get_running_loop().create_task(self._balance_for_ever())

    async def stop(self) -> None:
        """Move no more segments."""
        if self._balancing is not None:
            self._balancing.cancel()
            await asyncio.gather(self._balancing, return_exceptions=True)

    async def balance_all(self) -> None:
        """Balance each processor once; one that cannot be balanced waits for the next round."""
        for processor, strategy in list(self._processors.strategies.items()):
            if self._may_balance() and self._processors.instances(processor):
                try:
                    await self._processors.balance(processor, strategy)
                except RanvierError as error:
                    logger.info("processor %s stays as it is: %s", processor.name, error)
                except Exception:
                    logger.exception("processor %s was not balanced", processor.name)

    async def _balance_for_ever(self) -> None:
        while True:
            await self._next_round()
            try:
                await self._processors.refresh()
            except RanvierError as error:
                logger.info("the choices of other nodes are not known: %s", error)
            await self.balance_all()
