"""Coroutines of handlers, so many at once; the others wait in the order in which they came."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final

from ranvier.client.signal import Signal

Job = Callable[[], Coroutine[Any, Any, None]]

WAITED_FOR_CANCELLED: Final = "the handler waited for something that was cancelled"


class Workshop:
    """Runs jobs; how many may wait is for the owner to bound, by permits or by `waiting_count`."""

    def __init__(self, concurrency: int) -> None:
        self._concurrency = concurrency
        self._waiting: deque[Job] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._idle = Signal()

    @property
    def waiting_count(self) -> int:
        """Jobs that wait for others to end."""
        return len(self._waiting)

    @property
    def is_idle(self) -> bool:
        """Nothing runs and nothing waits."""
        return not (self._running or self._waiting)

    def submit(self, job: Job) -> None:
        """Run a job now or when one of those before it has ended."""
        if len(self._running) < self._concurrency:
            self._start(job)
        else:
            self._waiting.append(job)

    async def finish(self, grace_seconds: float) -> bool:
        """Wait until all is done, then cancel what is not; tells whether all was."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_seconds):
                while not self.is_idle:
                    await self._idle.wait()
        if self.is_idle:
            return True
        self._waiting.clear()
        cancelled = list(self._running)
        for task in cancelled:
            task.cancel()
        await asyncio.gather(*cancelled, return_exceptions=True)
        return False

    def _start(self, job: Job) -> None:
        task = asyncio.get_running_loop().create_task(job())
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        while self._waiting and len(self._running) < self._concurrency:
            self._start(self._waiting.popleft())
        if self.is_idle:
            self._idle.give()


def is_being_cancelled() -> bool:
    """Tell whether it is the running task that is cancelled, not merely what it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
