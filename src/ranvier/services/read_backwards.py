"""Reads a range from its end, in pieces that fit in a page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

Piece = Sequence[tuple[int, bytes]]
"""Messages with their places (tokens or sequence numbers), ascending."""

ReadRange = Callable[[int, int], Awaitable[tuple[Piece, bool]]]
"""`(first, before)` → what is there from the first on, and whether that is all of it."""

FIRST_COUNT = 64
"""Places in the first piece: most questions are about the newest few."""

COUNT_AT_MOST = 4_096
"""Places in one piece; its bytes are bounded by the page."""


async def read_backwards(read: ReadRange, first: int, before: int) -> AsyncGenerator[Piece, None]:
    """Yield all pieces of a range, the last piece first.

    A piece that is too large for a page is halved; after one that fits, the next is doubled.
    Where nothing is there the piece is empty: whoever reads may stop between any two.
    """
    count = FIRST_COUNT
    while before > first:
        start = max(first, before - count)
        piece, is_whole = await read(start, before)
        if is_whole or start == before - 1:
            yield piece
            before = start
            count = min(COUNT_AT_MOST, count * 2)
        else:
            count = max(1, (before - start) // 2)
