"""Answers of a database that may be slow or gone, for somebody who cannot wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Generic, TypeVar

from ranvier.storage.errors import StorageError
from ranvier.storage.placed.opened_database import PATIENCE_SECONDS

Answer = TypeVar("Answer")


class PromptAnswer(Generic[Answer]):
    """Gives what is answered in time, else the last answer; a slow question is not asked twice."""

    def __init__(self, ask: Callable[[], Awaitable[Answer]], first: Answer) -> None:
        self._ask = ask
        self._last = first
        self._asking: asyncio.Task[None] | None = None

    async def get(self) -> Answer:
        """Ask, or wait for the answer to what was asked before, a moment at most."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._keep_answer())
        await asyncio.wait({self._asking}, timeout=PATIENCE_SECONDS)
        return self._last

    async def _keep_answer(self) -> None:
        with suppress(StorageError):
            self._last = await self._ask()
