"""A page of rows leaves the database as one value and is taken apart here.

Stepping a statement row by row gives up the interpreter lock and takes it back for each row, and on
a busy node every taking may wait for the event loop. One step for a page was measured at a quarter
of a microsecond for each event of 256 bytes, waiting left out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from struct import Struct

MOST_ROWS = 4_096
"""Rows in one page, however small they are: a few milliseconds of one core."""

FIRST_GUESS_BYTES = 512
"""Size of a row before any has been seen."""


class RowSizes:
    """Guesses how many rows fill a page, from the pages before.

    A wrong guess costs time, never memory: the reader refuses values above its limit, and then the
    rows' lengths are asked for first.
    """

    __slots__ = ("_average_bytes",)

    def __init__(self) -> None:
        self._average_bytes = float(FIRST_GUESS_BYTES)

    def rows_for(self, page_bytes: int) -> int:
        """How many rows to ask for: at least one."""
        return max(1, min(MOST_ROWS, int(page_bytes / self._average_bytes)))

    def learn(self, row_count: int, size_bytes: int) -> None:
        """Take a page that was read into account."""
        if row_count:
            self._average_bytes += (max(1.0, size_bytes / row_count) - self._average_bytes) / 4


def take_apart(joined: bytes | None, lengths: str | None) -> Sequence[bytes]:
    """Cut joined rows by their lengths, written as "3s14s15"; no rows are None."""
    if joined is None or lengths is None:
        return ()
    return Struct(f"={lengths}s").unpack(joined)


def fitting(rows: Sequence[bytes], size_bytes: int, page_bytes: int) -> Sequence[bytes]:
    """The rows from the first on that fit into a page; the first one fits always."""
    if size_bytes <= page_bytes:
        return rows
    return rows[: fitting_count([len(row) for row in rows], page_bytes)]


def fitting_count(lengths: Sequence[int], page_bytes: int) -> int:
    """How many rows from the first on fit into a page; the first one fits always."""
    return max(1, bisect_right(list(accumulate(lengths)), page_bytes))


def lengths_of(lengths: str | None) -> list[int]:
    """The lengths as numbers."""
    return [int(length) for length in lengths.split("s")] if lengths else []
