"""Handlers as ordinary coroutines: one task each, cancelled when the call is over."""

from __future__ import annotations

from asyncio import CancelledError, Future, Task
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from ranvier.wire.grpc.server_call import CallListener, ServerCall
from ranvier.wire.grpc.unary_call import Handler

T = TypeVar("T")

WAITING_MESSAGES = 64
WAITING_BYTES = 64 * 1024
"""Messages and bytes that may wait for a handler before its caller's window is kept."""


def answered(handler: Callable[[ServerCall, bytes], Awaitable[bytes]]) -> Handler:
    """Return a callback that lets the coroutine `handler` work out the reply."""

    async def work(call: ServerCall, message: bytes) -> None:
        call.reply(await handler(call, message))

    return lambda call, message: start(call, work, message)


def finished(handler: Callable[[ServerCall, bytes], Awaitable[None]]) -> Handler:
    """Return a callback that ends the call by OK once the coroutine `handler` has returned."""

    async def work(call: ServerCall, message: bytes) -> None:
        await handler(call, message)
        call.finish()

    return lambda call, message: start(call, work, message)


def iterated(
    handler: Callable[[ServerCall, AsyncIterator[bytes]], Awaitable[None]],
) -> Callable[[ServerCall], CallListener]:
    """Return an opener that lets the coroutine `handler` iterate over the messages."""

    async def work(call: ServerCall, messages: AsyncIterator[bytes]) -> None:
        await handler(call, messages)
        call.finish()

    def open_call(call: ServerCall) -> CallListener:
        messages = IncomingMessages(call)
        start(call, work, messages)
        return messages

    return open_call


def start(call: ServerCall, work: Callable[[ServerCall, T], Awaitable[None]], given: T) -> None:
    """Run a call's work in a task; what it raises ends the call, the call's end cancels it."""
    task: Task[None] = call.host.loop.create_task(guarded(call, work, given))
    call.host.tasks.add(task)
    task.add_done_callback(call.host.tasks.discard)
    call.on_cancelled = task.cancel


async def guarded(
    call: ServerCall, work: Callable[[ServerCall, T], Awaitable[None]], given: T
) -> None:
    """Await the work; end the call by whatever it raises."""
    try:
        await work(call, given)
    except CancelledError as cancelled:
        if not call.is_done:
            call.fail(cancelled)
        raise
    except Exception as problem:  # whatever a handler raises ends its call alone
        call.fail(problem)


class IncomingMessages:
    """The messages of a call as an asynchronous iterator, for one reader."""

    __slots__ = ("_call", "_has_ended", "_is_full", "_messages", "_waiter", "_waiting_bytes")

    def __init__(self, call: ServerCall) -> None:
        self._call = call
        self._messages: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._has_ended = False
        self._is_full = False
        self._waiter: Future[None] | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while not self._messages:
            if self._is_full:
                self._is_full = False
                self._call.resume_reading()
            elif self._has_ended:
                raise StopAsyncIteration
            else:
                self._waiter = self._call.host.loop.create_future()
                await self._waiter
        message = self._messages.popleft()
        self._waiting_bytes -= len(message)
        return message

    def message_received(self, message: bytes) -> None:
        """Keep the message for the reader."""
        self._messages.append(message)
        self._waiting_bytes += len(message)
        if len(self._messages) >= WAITING_MESSAGES or self._waiting_bytes >= WAITING_BYTES:
            self._is_full = True
            self._call.pause_reading()
        self._wake()

    def half_closed(self) -> None:
        """End the iteration after the messages that wait."""
        self._has_ended = True
        self._wake()

    def writable(self) -> None:
        """Do nothing: `write` waits by itself."""

    def cancelled(self) -> None:
        """Do nothing: the handler's task is cancelled."""

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
