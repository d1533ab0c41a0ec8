"""One query at its handler: results as they come, no faster than they are asked for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from math import inf
from typing import Any

from ranvier.client.codec import Codec
from ranvier.client.errors import QueryFailed
from ranvier.client.handler_stream import QUEUED_BYTES, HandlerStream
from ranvier.client.handlers import Handler
from ranvier.client.message import Message
from ranvier.client.query_answers import QueryAnswers
from ranvier.client.query_dialect import Outbound
from ranvier.client.signal import Signal
from ranvier.client.workshop import WAITED_FOR_CANCELLED, is_being_cancelled

LOG = logging.getLogger("ranvier.client")


class QueryRun:
    """`demand` and `cancel` come from the caller; without streaming the demand has no end."""

    def __init__(self, stream: HandlerStream, message: Message, *, is_on_demand: bool) -> None:
        self._stream = stream
        self._message = message
        self._demand = 0 if is_on_demand else inf
        self._more = Signal()
        self._task: asyncio.Task[None] | None = None
        self._cancelled = asyncio.Event()

    def demand(self, count: int) -> None:
        """Let so many more results be sent."""
        self._demand += max(count, 0)
        self._more.give()

    def cancel(self) -> None:
        """Stop: the caller has what he wants, or is gone."""
        self._cancelled.set()
        if self._task is not None:
            self._task.cancel()

    async def run(self, handler: Handler, codec: Codec, answers: QueryAnswers) -> None:
        """Send all results of the handler, or the error that it raised, and the end."""
        if self._cancelled.is_set() or not self._stream.is_open:
            return
        self._task = asyncio.current_task()
        try:
            async with aclosing(results_of(handler, codec, self._message)) as results:
                async for value in results:
                    await self._send(answers, value)
        except asyncio.CancelledError:
            if self._cancelled.is_set():
                return
            if is_being_cancelled():
                raise
            self._send_failure(answers, QueryFailed(WAITED_FOR_CANCELLED))
        except Exception as problem:  # whatever a handler raises is the query's answer
            log_failure(self._message, problem)
            self._send_failure(answers, problem)
        self._stream.send(answers.complete(self._message.id))

    def _send_failure(self, answers: QueryAnswers, problem: Exception) -> None:
        failure = answers.failure(self._message.id, problem)
        self._stream.send(Outbound(query_response=failure).SerializeToString())

    async def _send(self, answers: QueryAnswers, value: Any) -> None:
        result = answers.result(self._message.id, value)
        while self._demand < 1:
            await self._more.wait()
        self._demand -= 1
        self._stream.send(Outbound(query_response=result).SerializeToString())
        while self._stream.queued_bytes > QUEUED_BYTES:
            await self._stream.changed.wait()


async def results_of(handler: Handler, codec: Codec, message: Message) -> AsyncGenerator[Any, None]:
    """Yield what a handler returns, or each value that it yields."""
    value = handler.call(codec, message)
    if handler.is_coroutine:
        yield await value
    elif not handler.is_stream:
        yield value
    elif hasattr(value, "__aiter__"):
        async with aclosing(value):
            async for each in value:
                yield each
    else:
        for each in value:
            yield each


def log_failure(message: Message, problem: Exception) -> None:
    """Tell the log what the caller is told less of."""
    if not isinstance(problem, QueryFailed):
        LOG.error("the handler of %s failed", message.name, exc_info=problem)
