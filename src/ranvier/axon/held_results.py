"""First results that wait for what comes in the same read: most queries have one, and their end."""

from __future__ import annotations

import asyncio
from typing import Protocol


class ResultHolder(Protocol):
    """A call that holds a result back."""

    def release(self) -> None:
        """Send the result now, if it is still held."""


class HeldResults:
    """Releases what is held as soon as the loop has dealt with what it has read."""

    __slots__ = ("_holders",)

    def __init__(self) -> None:
        self._holders: list[ResultHolder] = []

    def hold(self, holder: ResultHolder) -> None:
        """Have `release` called in the next turn of the loop."""
        if not self._holders:
            asyncio.get_running_loop().call_soon(self._release)
        self._holders.append(holder)

    def _release(self) -> None:
        holders, self._holders = self._holders, []
        for holder in holders:
            holder.release()
