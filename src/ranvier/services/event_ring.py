"""The newest events of a context, kept in memory for the readers at its head."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from ranvier.storage.event_log import Page


@dataclass(frozen=True, slots=True)
class RingLimits:
    """Bounds of one ring; a ring exists only while somebody reads its context."""

    event_count: int = 8_192
    """What a burst of a second may bring before a reader at the head falls back to the table."""
    byte_count: int = 4 * 1024 * 1024
    """Of message bytes, per context that has readers."""


class EventRing:
    """Events with the tokens `first_token` to `next_token - 1`, without a gap.

    When it is over its bounds it drops its oldest quarter, so that a drop is seldom and cheap.
    """

    __slots__ = ("_ends", "_limits", "_names", "_rows", "first_token")

    def __init__(self, first_token: int, limits: RingLimits) -> None:
        self.first_token = first_token
        self._limits = limits
        self._rows: list[bytes] = []
        self._names: list[str] = []
        self._ends: list[int] = []  # bytes from the very first event up to and with this one

    @property
    def next_token(self) -> int:
        """The token of the event that the ring takes next."""
        return self.first_token + len(self._rows)

    @property
    def byte_count(self) -> int:
        """Bytes of all messages held."""
        return self._ends[-1] - self._start() if self._ends else 0

    def extend(self, rows: Sequence[bytes], names: Sequence[str]) -> None:
        """Take the events from `next_token` on; old ones leave when the bounds are passed."""
        total = self._ends[-1] if self._ends else 0
        for row in rows:
            total += len(row)
            self._ends.append(total)
        self._rows.extend(rows)
        self._names.extend(names)
        self._drop_old()

    def page(self, from_token: int, page_bytes: int) -> Page:
        """Return events from a token in the ring on: one, and what more `page_bytes` allows."""
        start = from_token - self.first_token
        before = self._ends[start - 1] if start else self._start()
        end = max(start + 1, bisect_right(self._ends, before + page_bytes))
        rows = self._rows[start:end]
        return Page(from_token, rows, from_token + len(rows), self._names[start:end])

    def _start(self) -> int:
        return self._ends[0] - len(self._rows[0])

    def _drop_old(self) -> None:
        while len(self._rows) > self._limits.event_count or (
            self.byte_count > self._limits.byte_count and len(self._rows) > 1
        ):
            count = max(1, len(self._rows) // 4)
            del self._rows[:count], self._names[:count], self._ends[:count]
            self.first_token += count
