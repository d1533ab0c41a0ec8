"""Threads that own a database connection each, and the way from the event loop to them and back."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeAlias, TypeVar

from ranvier.storage.errors import StorageNotOpen, StorageUnavailable
from ranvier.storage.sqlite.failures import in_our_words

Tool = TypeVar("Tool")
Result = TypeVar("Result")

SWITCH_INTERVAL_SECONDS = 0.0001
"""How long a thread waits before it asks for the interpreter lock.

An event loop under load gives the lock up for a microsecond at each look at its sockets, and each
time the wait of the others starts anew. With Python's own 5 ms a loop that was never idle let two
appends a second through; with this, hundreds (docs/decisions/0003-sqlite-layout.md).
"""

_Job: TypeAlias = Callable[[Tool], None]


class Workers(Generic[Tool]):
    """A few threads that take jobs in order, each with a tool (a connection) of its own.

    A job that was begun is never cut short: cancelling the caller only drops the answer.
    """

    def __init__(
        self,
        name: str,
        make_tool: Callable[[], Tool],
        put_away: Callable[[Tool], None],
        *,
        count: int = 1,
        waiting_limit: int = 100_000,
    ) -> None:
        self._name = name
        self._make_tool = make_tool
        self._put_away = put_away
        self._count = count
        self._waiting_limit = waiting_limit
        self._jobs: SimpleQueue[_Job[Tool] | None] = SimpleQueue()
        self._threads: list[Thread] = []
        self._running_since: dict[str, float] = {}
        self._open = False

    async def start(self) -> None:
        """Start the threads; raises what making a tool raised, with all threads ended again."""
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_INTERVAL_SECONDS))
        loop = asyncio.get_running_loop()
        self._jobs = SimpleQueue()
        self._open = True
        made: list[asyncio.Future[None]] = []
        for index in range(self._count):
            future: asyncio.Future[None] = loop.create_future()
            made.append(future)
            thread = Thread(
                target=self._work, args=(loop, future), name=f"{self._name}-{index}", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        results = await asyncio.gather(*made, return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            await self.stop()
            raise failures[0]

    async def stop(self) -> None:
        """Let the threads finish what was handed in, put their tools away and end."""
        self._open = False
        threads, self._threads = self._threads, []
        for _ in threads:
            self._jobs.put(None)
        for thread in threads:
            await asyncio.to_thread(thread.join)

    async def run(self, job: Callable[[Tool], Result]) -> Result:
        """Run a job on the next free thread and return what it returns or raise what it raises."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.run_then(job, lambda answer: settle(future, answer))
        return await future

    def run_then(
        self, job: Callable[[Tool], Result], done: Callable[[Result | Exception], None]
    ) -> None:
        """Run a job on the next free thread; `done` is called on the event loop with its answer.

        The job is on its way when this returns; neither a task nor a turn of the loop is needed.
        """
        loop = asyncio.get_running_loop()

        def run_and_tell(tool: Tool) -> None:
            answer: Result | Exception
            try:
                answer = job(tool)
            except Exception as error:  # the caller gets it, whatever it is
                answer = in_our_words(error)
            tell(loop, done, answer)

        self.post(run_and_tell)

    def post(self, job: _Job[Tool]) -> None:
        """Hand in a job that tells its own result; it must not raise. Safe from any thread."""
        if not self._open:
            raise StorageNotOpen
        if self._jobs.qsize() >= self._waiting_limit:
            raise StorageUnavailable("too many requests wait for it")
        self._jobs.put(job)

    def post_unless_stopped(self, job: _Job[Tool]) -> None:
        """Hand in a job that may be left undone: the next start finds it again."""
        try:
            self.post(job)
        except StorageUnavailable:
            return

    def oldest_job_seconds(self) -> float:
        """How long the longest of the running jobs has been running."""
        started = min(self._running_since.values(), default=None)
        return 0.0 if started is None else time.monotonic() - started

    def _work(self, loop: asyncio.AbstractEventLoop, made: asyncio.Future[None]) -> None:
        try:
            tool = self._make_tool()
        except Exception as error:  # `start` raises it
            tell(loop, settle, made, in_our_words(error))
            return
        tell(loop, settle, made, None)
        key = str(id(made))
        while (job := self._jobs.get()) is not None:
            self._running_since[key] = time.monotonic()
            job(tool)
            del job  # what it holds on to must not live until the next one comes
            del self._running_since[key]
        self._put_away(tool)


def tell(loop: asyncio.AbstractEventLoop, callback: Callable[..., None], *arguments: Any) -> None:
    """Call back on the event loop, unless it has ended: then nobody waits any more."""
    try:
        loop.call_soon_threadsafe(callback, *arguments)
    except RuntimeError:
        return


def settle(future: asyncio.Future[Result], answer: Result | Exception) -> None:
    """Give a future its answer, unless whoever waited for it has gone."""
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
