"""One write per connection and pass of the event loop, whoever caused the output."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from typing import Protocol


class Flushable(Protocol):
    """Something with output that waits to be written."""

    def flush(self) -> None:
        """Write all that waits."""


class Flusher:
    """Gathers the connections that a pass of the event loop has touched and flushes each once."""

    __slots__ = ("_loop", "_touched")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._touched: list[Flushable] = []

    def touch(self, connection: Flushable) -> None:
        """Have this connection flushed when all callbacks that are ready now have run."""
        if not self._touched:
            self._loop.call_soon(self._flush)
        self._touched.append(connection)

    def _flush(self) -> None:
        touched, self._touched = self._touched, []
        for connection in touched:
            connection.flush()
