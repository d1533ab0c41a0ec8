"""One order for all values, whatever their types; and when two of them are the same key."""

from __future__ import annotations

from collections.abc import Mapping

from ranvier.events.query.values import Value, text_of

Rank = tuple[int, str | int | float]
"""Compares as the value does: nothing first, then truth values, numbers, and texts."""


def rank_of(value: Value) -> Rank:
    """Return the rank of a value; two values that are the same have the same one."""
    if value is None:
        return (0, 0)
    if isinstance(value, bool):
        return (1, value)
    if isinstance(value, (int, float)):
        return (3, value) if value == value else (2, 0)  # what is no number goes before numbers
    return (4, value if isinstance(value, str) else text_of(value))


def size_of(value: Value) -> int:
    """Return about how many characters a value holds."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(len(key) + size_of(inner) for key, inner in value.items())
    if isinstance(value, tuple):
        return sum(map(size_of, value))
    return 8
