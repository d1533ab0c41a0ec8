"""The moves of handlers from one stream to the next: the old one is left once the new one works."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from ranvier.client.handler_stream import HandlerStream, Subscription

TAKE_OVER_SECONDS: Final = 5.0
"""How long a new stream may take to be confirmed before the old one is left all the same."""

HEARSAY_SECONDS: Final = 0.2
"""From the confirmation of the new stream to leaving the old one: other nodes hear of the handlers
at their new node meanwhile, so that at no node there is a moment without any."""


class TakingOver:
    """Streams that still serve beside the one that takes their place."""

    def __init__(self, subscriptions: Callable[[], list[Subscription]]) -> None:
        """`subscriptions` are those that a stream withdraws when it is left."""
        self._subscriptions = subscriptions
        self._moves: dict[asyncio.Task[None], HandlerStream] = {}

    def begin(self, old: HandlerStream, new: HandlerStream) -> None:
        """Leave the old stream as soon as the new one has taken over."""
        move = asyncio.get_running_loop().create_task(self._move(old, new))
        self._moves[move] = old
        move.add_done_callback(lambda done: self._moves.pop(done, None) and None)

    async def finish(self) -> list[HandlerStream]:
        """Leave the old streams now; return those that were still served."""
        moves = dict(self._moves)
        for move in moves:
            move.cancel()
        # Each is left before the task ends, cancelled or not.
        await asyncio.gather(*moves, return_exceptions=True)
        return list(moves.values())

    async def _move(self, old: HandlerStream, new: HandlerStream) -> None:
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TAKE_OVER_SECONDS):
                    await until_taken_over(old, new)
        finally:
            old.leave(self._subscriptions())


async def until_taken_over(old: HandlerStream, new: HandlerStream) -> None:
    """Wait until others may know that the new stream serves, or one of the two is over."""
    while old.is_open and new.is_open and not new.is_acknowledged:
        await new.changed.wait()
    if old.is_open and new.is_open:
        await asyncio.sleep(HEARSAY_SECONDS)
