"""Long work on the event loop, with a turn for everybody else in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

S = TypeVar("S")
T = TypeVar("T")

MADE_PER_TURN: Final = 100
"""Made in about a millisecond; then the node's other work has its turn."""


async def made_in_turns(sources: Sequence[S], make: Callable[[int, S], T]) -> list[T]:
    """Return what `make` makes of each index and source, in order."""
    made: list[T] = []
    for index, source in enumerate(sources):
        made.append(make(index, source))
        if index % MADE_PER_TURN == MADE_PER_TURN - 1:
            await asyncio.sleep(0)
    return made
