"""The answer of a search as a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ranvier.cli.printing import one_line

LONGEST_CELL: Final = 40
"""Characters of a cell; `-o json` shows all."""


class QueryTable:
    """Columns of one width each: that of their widest cell when the table begins."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
        self._columns = columns
        self._widths = [
            max([len(one_line(column)), *(len(_shown(row.get(column))) for row in rows)])
            for column in columns
        ]

    def head(self) -> list[str]:
        """Return the lines above the rows."""
        names = [
            one_line(name).ljust(width)
            for name, width in zip(self._columns, self._widths, strict=True)
        ]
        return ["  ".join(names).rstrip(), "  ".join("-" * width for width in self._widths)]

    def line(self, row: Mapping[str, Any]) -> str:
        """Return a row; numbers stand at the right of their column."""
        cells = []
        for column, width in zip(self._columns, self._widths, strict=True):
            value = row.get(column)
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            cells.append(_shown(value).rjust(width) if is_number else _shown(value).ljust(width))
        return "  ".join(cells).rstrip()


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f"{value:.10g}" if isinstance(value, float) else str(value)
    return one_line(text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…")
