"""Sums up many values: one object counts along for each aggregate of each group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from ranvier.events.query import vocabulary as words
from ranvier.events.query.arithmetic import quotient, total
from ranvier.events.query.ordering import Rank, rank_of
from ranvier.events.query.values import Value, is_number


class Aggregation(Protocol):
    """What has been seen so far of one group."""

    def add(self, value: Value) -> None:
        """Count one more value along."""
        ...

    def result(self) -> Value:
        """Return what the values come to; nothing where none counted."""
        ...


class _Count:
    __slots__ = ("_count",)

    def __init__(self) -> None:
        self._count = 0

    def add(self, value: Value) -> None:
        self._count += value is not None and value is not False

    def result(self) -> Value:
        return self._count


class _Extreme:
    __slots__ = ("_is_least", "_rank", "_value")

    def __init__(self, *, is_least: bool) -> None:
        self._is_least = is_least
        self._value: Value = None
        self._rank: Rank | None = None

    def add(self, value: Value) -> None:
        if value is None:
            return
        rank = rank_of(value)
        if self._rank is None or (rank < self._rank if self._is_least else rank > self._rank):
            self._value, self._rank = value, rank

    def result(self) -> Value:
        return self._value


class _Sum:
    __slots__ = ("_count", "_sum")

    def __init__(self) -> None:
        self._sum: Value = None
        self._count = 0

    def add(self, value: Value) -> None:
        if is_number(value):
            self._sum = value if self._sum is None else total(self._sum, value)
            self._count += 1

    def result(self) -> Value:
        return self._sum


class _Average(_Sum):
    __slots__ = ()

    def result(self) -> Value:
        return quotient(self._sum, self._count)


AGGREGATIONS: Final[Mapping[str, Callable[[], Aggregation]]] = {
    words.COUNT: _Count,
    words.MINIMUM: lambda: _Extreme(is_least=True),
    words.MAXIMUM: lambda: _Extreme(is_least=False),
    words.SUM: _Sum,
    words.AVERAGE: _Average,
}
"""Makes an empty one by the name of its function."""
