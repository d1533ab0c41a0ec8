"""The moves of handlers from one stream to the next: the old one is left once the new one works."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ranvier.client.handler_stream import HandlerStream, Subscription
from ranvier.client.signal import Signal

HEARSAY_SECONDS: Final = 0.2
"""From the confirmation of the new stream to leaving the old one: other nodes hear of the handlers
at their new node meanwhile, so that at no node there is a moment without any."""


class TakingOver:
    """Streams that still serve beside the one that takes their place."""

    def __init__(
        self,
        subscriptions: Callable[[], list[Subscription]],
        current: Callable[[], HandlerStream | None],
        changed: Signal,
    ) -> None:
        """`subscriptions` are those that a stream withdraws when it is left.

        `changed` is given whenever `current` returns another stream.
        """
        self._subscriptions = subscriptions
        self._current = current
        self._changed = changed
        self._moves: dict[asyncio.Task[None], HandlerStream] = {}

    def begin(self, old: HandlerStream) -> None:
        """Leave this stream as soon as another one has taken over, whichever that will be."""
        move = asyncio.get_running_loop().create_task(self._move(old))
        self._moves[move] = old
        move.add_done_callback(lambda done: self._moves.pop(done, None) and None)

    async def finish(self) -> list[HandlerStream]:
        """Leave the old streams now; return those that were still served."""
        moves = dict(self._moves)
        for move in moves:
            move.cancel()
        # Gathered, cancelled or not, before each is left for good.
        await asyncio.gather(*moves, return_exceptions=True)
        for old in moves.values():
            old.leave(self._subscriptions())
        return list(moves.values())

    async def _move(self, old: HandlerStream) -> None:
        while old.is_open:
            new = self._current()
            if new is not None and new.is_open and new.is_acknowledged:
                await asyncio.sleep(HEARSAY_SECONDS)
                break
            await first_of(old.changed, self._changed if new is None else new.changed)
        old.leave(self._subscriptions())


async def first_of(*signals: Signal) -> None:
    """Wait until one of these signals is given."""
    waiting = [asyncio.ensure_future(signal.wait()) for signal in signals]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
