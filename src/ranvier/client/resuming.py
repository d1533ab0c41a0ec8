"""When a stream that was lost is opened again, and when its end is the reader's to know."""

from __future__ import annotations

import asyncio
import random
from typing import Final

from ranvier.client.errors import ConnectionLost, HubClosed, HubError
from ranvier.client.reconnect import ReconnectDelays, delay_seconds
from ranvier.wire.grpc.status import StatusCode

MENDED_BY_OPENING: Final = frozenset({"RANVIER-NO-PERMITS"})
"""Codes of streams that ended because their reader was slow; nothing is lost by them."""


class Resuming:
    """Counts the failures of one stream in a row."""

    def __init__(self, delays: ReconnectDelays | None = None) -> None:
        self._delays = delays or ReconnectDelays()
        self._failures = 0
        self._has_progressed = False

    def progressed(self) -> None:
        """Note that the stream brought something."""
        self._failures = 0
        self._has_progressed = True

    async def wait_after(self, error: HubError) -> None:
        """Return when the stream may be opened again; raise the error where that is no use.

        A lost connection is always worth another attempt. Any other end is so only of a stream
        that worked until then: one that fails twice without bringing anything is refused.
        """
        is_lost = isinstance(error, ConnectionLost) or error.code in MENDED_BY_OPENING
        if isinstance(error, HubClosed) or not (is_lost or self._has_progressed):
            raise error
        self._has_progressed = False
        self._failures += 1
        status = StatusCode.UNAVAILABLE if is_lost else None
        await asyncio.sleep(delay_seconds(self._delays, status, self._failures, random.random))
