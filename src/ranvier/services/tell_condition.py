"""Tells the other nodes how this one is, and hears of the database's lives from them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from ranvier.services.peers import NodeCondition

PAUSE_SECONDS: Final = 0.5
"""Between two looks at oneself."""

logger = logging.getLogger("ranvier.services")


class Teller(Protocol):
    """Where a node's condition is told."""

    def tell_condition(self, condition: NodeCondition) -> None:
        """Tell it to all others; one that was told already is not told again."""


class TellCondition:
    """Looks at its node twice a second."""

    def __init__(self, teller: Teller, look: Callable[[], NodeCondition]) -> None:
        """`look` returns how the node is now."""
        self._teller = teller
        self._look = look
        self._telling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to tell."""
        self.tell()
        self._telling = asyncio.get_running_loop().create_task(self._tell_for_ever())

    async def stop(self) -> None:
        """Tell nothing more."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    def tell(self) -> None:
        """Look and tell now."""
        self._teller.tell_condition(self._look())

    async def _tell_for_ever(self) -> None:
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            try:
                self.tell()
            except Exception:
                logger.exception("the condition of the node could not be told")
