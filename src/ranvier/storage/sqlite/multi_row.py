"""Inserts many rows with few statements.

A statement gives up the interpreter lock while it runs and must wait for it afterwards. Row by row,
the writer and the event loop were measured to run in turns; with hundreds of rows in a statement
they run side by side (docs/decisions/0003-sqlite-layout.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import apsw

MOST_ROWS = 512
"""Rows of one statement: its text stays below the 16 KiB that are kept compiled."""

_VALUES = "VALUES"


class MultiRowInsert:
    """An INSERT of one row, repeated as often as there are rows.

    The statements have 1, 2, 4 … `MOST_ROWS` rows, so any number of rows takes few of them and each
    is compiled once.
    """

    def __init__(self, statement: str) -> None:
        head, _, row = statement.rpartition(_VALUES)
        self._statements = {
            count: head + _VALUES + ",".join([row] * count) for count in _powers_of_two()
        }

    def write(self, cursor: apsw.Cursor, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert the rows in order, within the transaction that is open."""
        start = 0
        while start < len(rows):
            count = min(MOST_ROWS, 1 << ((len(rows) - start).bit_length() - 1))
            values = tuple(chain.from_iterable(rows[start : start + count]))
            cursor.execute(self._statements[count], values)
            start += count


def _powers_of_two() -> list[int]:
    return [1 << exponent for exponent in range(MOST_ROWS.bit_length())]
