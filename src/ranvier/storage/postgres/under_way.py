"""Work that must come to its end whatever becomes of whoever asked for it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from ranvier.storage.errors import StorageNotOpen

Result = TypeVar("Result")


class UnderWay:
    """Runs coroutines as tasks that nobody cancels: a commit is never cut off by its asker."""

    def __init__(self) -> None:
        self.is_open = False
        """Whether new work is taken."""
        self._tasks: set[asyncio.Task[Any]] = set()

    def begin(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Begin some work and return its task; raises `StorageNotOpen`."""
        if not self.is_open:
            work.close()
            raise StorageNotOpen
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def finish(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Return what the work returns; it goes on should the asker be cancelled meanwhile."""
        return await asyncio.shield(self.begin(work))

    async def drain(self, seconds: float) -> None:
        """Take nothing new and wait so long for the rest; who commits then gets no answer."""
        self.is_open = False
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked is told; what nobody hears of is no leak
