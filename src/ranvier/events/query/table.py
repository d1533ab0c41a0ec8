"""Rows that a query holds: in groups, or until they are in order; bounded in number and size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ranvier.events.query.aggregation import AGGREGATIONS, Aggregation
from ranvier.events.query.bounds import MAXIMUM_HELD_CHARACTERS, MAXIMUM_HELD_ROWS
from ranvier.events.query.errors import TooManyRows
from ranvier.events.query.ordering import Rank, rank_of, size_of
from ranvier.events.query.rows import Evaluator, Row
from ranvier.events.query.values import Value


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A row apart from the event that it came from; it is a `Row` itself."""

    cells: Mapping[str, Value]
    identity: tuple[Value, ...]
    sort_values: tuple[Value, ...]

    def cell(self, column: str) -> Value:
        """Return the cell of a column that the query has checked to be there."""
        return self.cells[column]

    def size(self) -> int:
        """Return about how many characters the row holds."""
        return size_of(tuple(self.cells.values()))


class Table(Protocol):
    """Takes rows one by one, and gives those that they come to."""

    def add(self, row: Row, identity: tuple[Value, ...]) -> None:
        """Take a row; raise `TooManyRows` where more would have to be held than a query may."""
        ...

    def rows(self) -> list[HeldRow]:
        """Return what all rows so far come to, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Grouping:
    """What makes a group: its keys by name, and what is summed up by name, function and value."""

    keys: tuple[tuple[str, Evaluator], ...]
    aggregates: tuple[tuple[str, str, Evaluator], ...]

    def cells(self, key: Sequence[Value], sums: Iterable[Aggregation]) -> dict[str, Value]:
        """Return the row of a group."""
        cells = {name: value for (name, _), value in zip(self.keys, key, strict=True)}
        for (name, _, _), aggregation in zip(self.aggregates, sums, strict=True):
            cells[name] = aggregation.result()
        return cells


class Groups:
    """A table with one row for each group; without keys one row in all, even of nothing."""

    def __init__(self, grouping: Grouping) -> None:
        self._grouping = grouping
        self._groups: dict[tuple[Rank, ...], tuple[tuple[Value, ...], list[Aggregation]]] = {}
        self._characters = 0
        if not grouping.keys:
            self._group(())

    def add(self, row: Row, identity: tuple[Value, ...]) -> None:
        """Count a row along in its group."""
        del identity
        sums = self._group(tuple([evaluate(row) for _, evaluate in self._grouping.keys]))
        for aggregation, (_, _, evaluate) in zip(sums, self._grouping.aggregates, strict=True):
            before = size_of(aggregation.result())
            aggregation.add(evaluate(row))
            self._hold(size_of(aggregation.result()) - before)

    def rows(self) -> list[HeldRow]:
        """Return the groups in the order of their keys."""
        grouping = self._grouping
        # What has no keys is told apart by what it counts.
        names = tuple([name for name, _, _ in grouping.aggregates])
        return [
            HeldRow(grouping.cells(key, sums), key or names, key)
            for _, (key, sums) in sorted(self._groups.items(), key=lambda item: item[0])
        ]

    def _group(self, key: tuple[Value, ...]) -> list[Aggregation]:
        ranks = tuple(map(rank_of, key))
        known = self._groups.get(ranks)
        if known is not None:
            return known[1]
        if len(self._groups) == MAXIMUM_HELD_ROWS:
            raise TooManyRows(MAXIMUM_HELD_ROWS, "groups")
        self._hold(size_of(key))
        sums = [AGGREGATIONS[function]() for _, function, _ in self._grouping.aggregates]
        self._groups[ranks] = (key, sums)
        return sums

    def _hold(self, characters: int) -> None:
        self._characters += characters
        if self._characters > MAXIMUM_HELD_CHARACTERS:
            raise TooManyRows(MAXIMUM_HELD_CHARACTERS, "characters")


@dataclass(frozen=True, slots=True)
class Ordering:
    """What rows are ordered by, each key with whether it goes downwards."""

    keys: tuple[tuple[Evaluator, bool], ...]

    def sorted(self, rows: Iterable[HeldRow]) -> list[HeldRow]:
        """Return the rows in order; equal ones keep the order that they had."""
        result = [
            HeldRow(row.cells, row.identity, tuple([evaluate(row) for evaluate, _ in self.keys]))
            for row in rows
        ]
        for place, (_, is_descending) in reversed(list(enumerate(self.keys))):
            result.sort(key=_rank_at(place), reverse=is_descending)
        return result

    def is_behind(self, row: Row, last: HeldRow) -> bool:
        """Tell whether a row that comes later belongs behind another one in the order."""
        for (evaluate, is_descending), other in zip(self.keys, last.sort_values, strict=True):
            rank, other_rank = rank_of(evaluate(row)), rank_of(other)
            if rank != other_rank:
                return (rank > other_rank) is not is_descending
        return True


def _rank_at(place: int) -> Callable[[HeldRow], Rank]:
    return lambda row: rank_of(row.sort_values[place])


class SortedRows:
    """A table of rows in order; of more than `limit` it forgets the last ones."""

    def __init__(self, ordering: Ordering, columns: tuple[str, ...], limit: int | None) -> None:
        self._ordering = ordering
        self._columns = columns
        self._limit = limit
        self._most = MAXIMUM_HELD_ROWS if limit is None else 2 * limit
        self._rows: list[HeldRow] = []
        self._last: HeldRow | None = None
        self._characters = 0

    def add(self, row: Row, identity: tuple[Value, ...]) -> None:
        """Hold a row, as far as it can come before the limit."""
        # Most rows of a long history end here, before their cells are taken out of the event.
        if self._last is not None and self._ordering.is_behind(row, self._last):
            return
        held = HeldRow({column: row.cell(column) for column in self._columns}, identity, ())
        self._rows.append(held)
        self._characters += held.size()
        if len(self._rows) > self._most or self._characters > MAXIMUM_HELD_CHARACTERS:
            self._forget()

    def rows(self) -> list[HeldRow]:
        """Return the rows in order."""
        return self._ordering.sorted(self._rows)[: self._limit]

    def _forget(self) -> None:
        self._rows = self.rows()
        if len(self._rows) == self._limit:
            self._last = self._rows[-1]
        self._characters = sum(row.size() for row in self._rows)
        if len(self._rows) > MAXIMUM_HELD_ROWS:
            raise TooManyRows(MAXIMUM_HELD_ROWS, "rows")
        # Half, so that putting in order is not repeated for each further row.
        if self._characters > MAXIMUM_HELD_CHARACTERS // 2:
            raise TooManyRows(MAXIMUM_HELD_CHARACTERS // 2, "characters")
