"""The syntax tree of a query: what was written, with the place where it stood.

Operators and functions are one kind of node, so a new function is a new name and no new shape.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted text, its escapes resolved."""

    value: str
    offset: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number: whole within 63 bits, else floating point."""

    value: int | float
    offset: int


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the row, by the name it has in the answer."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Items:
    """A list in brackets; `levels` counts this node and the deepest below it."""

    items: tuple[Expression, ...]
    offset: int
    levels: int


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or function with its operands; `and` and `or` join any number of them.

    `levels` counts this node and the deepest below it, so that no one has to walk down to know.
    """

    name: str
    operands: tuple[Expression, ...]
    offset: int
    levels: int


Expression = Text | Number | Column | Items | Call


def levels_above(expressions: Iterable[Expression]) -> int:
    """Return the levels of a node that stands above these."""
    return 1 + max((getattr(each, "levels", 1) for each in expressions), default=0)


@dataclass(frozen=True, slots=True)
class Filter:
    """Lets rows pass for which the condition holds."""

    condition: Expression
    offset: int


@dataclass(frozen=True, slots=True)
class Last:
    """Lets rows pass that are at most this old."""

    span_ms: int
    offset: int


@dataclass(frozen=True, slots=True)
class Limit:
    """Lets the newest so many rows pass."""

    row_count: int
    offset: int


Step = Filter | Last | Limit
