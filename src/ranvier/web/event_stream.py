"""A response of server-sent events (HTML Living Standard, 9.2), from blocks of ready text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ranvier.errors import RanvierError
from ranvier.services.errors import NodeStopping
from ranvier.web.open_streams import OpenStreams
from ranvier.web.problem import problem_body

MEDIA_TYPE: Final = "text/event-stream"
KEEP_ALIVE: Final = b": still here\n\n"
DONE: Final = b"event: done\ndata: {}\n\n"
"""The last event of a stream that has sent all that was asked for."""


def data_line(json: bytes) -> bytes:
    """Return one event whose data is this JSON; JSON has no line breaks of its own."""
    return b"data: " + json + b"\n\n"


def named_event(name: str, json: bytes) -> bytes:
    """Return one event of that name whose data is this JSON."""
    return b"event: " + name.encode() + b"\n" + data_line(json)


class EventStreamResponse(Response):
    """Sends blocks as they come until they end, the client leaves, or the node stops.

    What the first block raises is answered as any refusal; what a later one raises is told in the
    stream by an event `error` that holds the problem, and ends it.
    """

    media_type = MEDIA_TYPE

    def __init__(self, blocks: AsyncIterator[bytes], streams: OpenStreams) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._blocks = blocks
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        del scope
        with self._streams.enter():
            first = await anext(self._blocks, b"")
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            farewell = await self._run(first, receive, send)
            if farewell is not None:
                await send({"type": "http.response.body", "body": farewell})

    async def _run(self, first: bytes, receive: Receive, send: Send) -> bytes | None:
        """Send until the end; return the last words, None where nobody is left to hear them."""
        sending = asyncio.create_task(self._send_blocks(first, send))
        leaving = asyncio.create_task(until_gone(receive))
        ending = asyncio.create_task(self._streams.until_ended())
        tasks = (sending, leaving, ending)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                return sending.result()
            return None if leaving.done() else error_event(NodeStopping())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send_blocks(self, first: bytes, send: Send) -> bytes:
        try:
            await send({"type": "http.response.body", "body": first, "more_body": True})
            async for block in self._blocks:
                await send({"type": "http.response.body", "body": block, "more_body": True})
        except RanvierError as error:
            return error_event(error)
        return DONE


def error_event(error: RanvierError) -> bytes:
    """Return the event that tells why a stream ends early."""
    return named_event("error", problem_body(error))


async def until_gone(receive: Receive) -> None:
    """Return when the client has closed its side."""
    while (await receive())["type"] != "http.disconnect":
        pass
