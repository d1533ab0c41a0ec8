"""How streams that are no longer open came to their end (RFC 9113 sections 5.1 and 5.1.1).

What a late frame means depends on it: a frame may have been under way when this side reset the
stream, but nothing can follow the end that the peer itself has sent.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

GAPS_MAX = 100
"""Runs of stream ids left out that are remembered: clients count up by two."""


class Ending(Enum):
    """How a stream ended."""

    NEVER_OPENED = auto()
    """A stream with a higher id was opened first: this id may not be used any more."""
    RESET_HERE = auto()
    RESET_THERE = auto()
    COMPLETE = auto()
    """Both sides have sent their END_STREAM."""


class ClosedStreams:
    """Remembers the exceptions; a stream of which nothing is known was completed."""

    __slots__ = ("_forgotten_id", "_gaps", "_resets", "_resets_max")

    def __init__(self, remembered_resets: int) -> None:
        self._gaps: deque[range] = deque(maxlen=GAPS_MAX)
        self._resets: dict[int, Ending] = {}
        self._resets_max = remembered_resets
        self._forgotten_id = 0
        """The highest id of a reset that had to be forgotten."""

    def skipped(self, first_id: int, before_id: int) -> None:
        """Note that the ids from `first_id` up to, not including, `before_id` were left out."""
        self._gaps.append(range(first_id, before_id, 2))

    def reset(self, stream_id: int, ending: Ending) -> None:
        """Note that a stream was reset."""
        self._resets[stream_id] = ending
        if len(self._resets) > self._resets_max:
            oldest = next(iter(self._resets))
            del self._resets[oldest]
            self._forgotten_id = max(self._forgotten_id, oldest)

    def ending(self, stream_id: int) -> Ending:
        """Return how a stream ended; in doubt, so that the peer is not blamed."""
        ending = self._resets.get(stream_id)
        if ending is not None:
            return ending
        if any(stream_id in gap for gap in self._gaps):
            return Ending.NEVER_OPENED
        return Ending.RESET_HERE if stream_id <= self._forgotten_id else Ending.COMPLETE
