"""Shows where in the text of a query the fault is."""

from __future__ import annotations

from typing import Final

from ranvier.cli.printing import one_line

SHOWN_BEFORE: Final = 60
SHOWN_AFTER: Final = 20
"""Characters around the place."""


def caret_lines(text: str, position: int) -> tuple[str, str]:
    """Return the text around a position (counted from 1), and a line with `^` below it."""
    place = min(max(0, position - 1), len(text))
    start = max(0, place - SHOWN_BEFORE)
    before = ("…" if start else "") + one_line(text[start:place])
    after = one_line(text[place : place + SHOWN_AFTER])
    more = "…" if place + SHOWN_AFTER < len(text) else ""
    return f"  {before}{after}{more}", f"  {' ' * len(before)}^"
