"""Append ids: what an append is found by when its outcome was lost.

Their layout is UUID version 7 (RFC 9562 section 5.7): they sort by time, so that the index over
them grows at its right edge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

VERSION: Final = 7 << 76
VARIANT: Final = 2 << 62
COUNTER_MASK: Final = (1 << 62) - 1
TWELVE_BITS: Final = (1 << 12) - 1


class AppendIds:
    """Mints 16-byte ids that no other node and no earlier run of this one has minted.

    `clock_ms` tells Unix milliseconds, `random_bytes` gives that many unpredictable bytes. One
    minter serves one event loop: 74 random bits at its start, counted up by one per id.
    """

    __slots__ = ("_clock_ms", "_counter", "_marks")

    def __init__(self, clock_ms: Callable[[], int], random_bytes: Callable[[int], bytes]) -> None:
        seed = int.from_bytes(random_bytes(10), "big")
        self._clock_ms = clock_ms
        self._counter = seed & COUNTER_MASK
        self._marks = VERSION | ((seed >> 62) & TWELVE_BITS) << 64 | VARIANT

    def __call__(self) -> bytes:
        """Return the next id."""
        self._counter = (self._counter + 1) & COUNTER_MASK
        time_ms = self._clock_ms() & 0xFFFF_FFFF_FFFF
        return (time_ms << 80 | self._marks | self._counter).to_bytes(16, "big")
