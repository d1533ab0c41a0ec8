"""Numbers that a column can be compared with, whatever was asked for."""

from __future__ import annotations

from typing import Final

from ranvier.events.limits import NUMBER_LIMIT

NUMBER_MAX: Final = NUMBER_LIMIT - 1


def bounded(number: int) -> int:
    """Return the number, or the nearest one that 64 bits hold."""
    return max(-NUMBER_LIMIT, min(number, NUMBER_MAX))
