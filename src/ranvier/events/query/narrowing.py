"""What the filters of a query say about where its rows can lie, so that less is read.

Narrowing is only for speed: each row that is read is still checked against the whole condition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ranvier.events.query.rows import AGGREGATE_IDENTIFIER, TOKEN
from ranvier.events.query.syntax import Call, Column, Expression, Items, Number, Text
from ranvier.events.query.vocabulary import AND

# What a comparison says when its sides are exchanged.
_EXCHANGED: Final = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class TokenRange:
    """The tokens at which rows can lie: from `first` up to, not with, `before` (None: no end)."""

    first: int = 0
    before: int | None = None


def requirements_of(conditions: Iterable[Expression]) -> Iterator[Expression]:
    """Yield the conditions that must all hold, those joined by `and` one by one."""
    for condition in conditions:
        if isinstance(condition, Call) and condition.name == AND:
            yield from requirements_of(condition.operands)
        else:
            yield condition


def required_aggregate(requirements: Iterable[Expression]) -> str | None:
    """Return the aggregate identifier that every row must have, if one is required."""
    for comparison, value in _comparisons_of(AGGREGATE_IDENTIFIER, requirements):
        if comparison == "=" and isinstance(value, Text):
            return value.value
    return None


def required_tokens(requirements: Iterable[Expression]) -> TokenRange:
    """Return the tokens to which the requirements confine every row."""
    first, before = 0, None
    for comparison, value in _comparisons_of(TOKEN, requirements):
        if not (isinstance(value, Number) and isinstance(value.value, int)):
            continue
        if comparison in ("=", ">=", ">"):
            first = max(first, value.value + (comparison == ">"))
        if comparison in ("=", "<=", "<"):
            end = max(0, value.value + (comparison != "<"))
            before = end if before is None else min(before, end)
    return TokenRange(first, before)


def uses_column(expression: Expression, name: str) -> bool:
    """Tell whether a column is named anywhere in an expression."""
    match expression:
        case Column(used):
            return used == name
        case Call(operands=parts) | Items(items=parts):
            return any(uses_column(part, name) for part in parts)
        case _:
            return False


def _comparisons_of(
    column: str, requirements: Iterable[Expression]
) -> Iterator[tuple[str, Expression]]:
    for requirement in requirements:
        match requirement:
            case Call(name, (Column(named), value)) if named == column and name in _EXCHANGED:
                yield name, value
            case Call(name, (value, Column(named))) if named == column and name in _EXCHANGED:
                yield _EXCHANGED[name], value
