"""The syntax tree of a query: what was written, with the place where it stood.

Operators and functions are one kind of node, so a new function is a new name and no new shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a new shape: its name, and what it holds; times are shown as times."""

    name: str
    expression: Expression
    is_time: bool


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A column that sums up many rows; `count()` alone has no operand."""

    name: str
    function: str
    operand: Expression | None
    is_time: bool


@dataclass(frozen=True, slots=True)
class Select:
    """Gives each row a new shape."""

    fields: tuple[Field, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Group:
    """Makes one row of all those that agree in the keys; without keys one row of all."""

    keys: tuple[Field, ...]
    aggregates: tuple[Aggregate, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class SortKey:
    """What rows are ordered by."""

    expression: Expression
    is_descending: bool


@dataclass(frozen=True, slots=True)
class Sort:
    """Puts rows with these columns in order, by the first key before the second."""

    keys: tuple[SortKey, ...]
    columns: tuple[str, ...]
    offset: int


Step = Filter | Last | Limit | Select | Group | Sort


def expressions_of(step: Step) -> Iterator[Expression]:
    """Yield every expression that stands in a step."""
    match step:
        case Filter(condition):
            yield condition
        case Select(fields):
            yield from (field.expression for field in fields)
        case Group(keys, aggregates):
            yield from (key.expression for key in keys)
            yield from (each.operand for each in aggregates if each.operand is not None)
        case Sort(keys):
            yield from (key.expression for key in keys)
        case _:
            pass
