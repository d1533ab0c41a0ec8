"""One run of a query: takes rows one by one, newest first, and gives what they come to.

The stages before the first that must wait for all rows work on each row as it comes; that stage
and all behind it work on a table. Where no stage must wait, answers come at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from ranvier.events.query.answer import Answer
from ranvier.events.query.ordering import Rank, rank_of
from ranvier.events.query.rows import TIMESTAMP, Row, shown, shown_value
from ranvier.events.query.scope import Scope
from ranvier.events.query.stages import Collect, Keep, Shape, Stage, Take
from ranvier.events.query.table import HeldRow


class QueryRun:
    """Give it the rows of history by `feed` until `is_complete`, then ask `table_answers`.

        A live query goes on: call `begin_live`, `feed` new rows, ask `table_changes` now and then.
    Any call may raise `QueryError`.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        scope: Scope,
        identity_columns: tuple[str, ...],
        earliest_time_ms: int,
    ) -> None:
        # Most rows fail here: what they cost is what a search costs.
        filters = list(takewhile(lambda each: isinstance(each, Keep), stages))
        self._conditions = [each.condition for each in filters if isinstance(each, Keep)]
        stages = stages[len(filters) :]
        first_table = next(
            (place for place, each in enumerate(stages) if isinstance(each, Collect)), len(stages)
        )
        self._by_row = tuple(stages[:first_table])
        self._by_table = tuple(stages[first_table + 1 :])
        self._scope = scope
        self._identity_columns = identity_columns
        self._earliest_time_ms = earliest_time_ms
        self._left = [each.count for each in self._by_row if isinstance(each, Take)]
        self._table = None
        collecting = stages[first_table] if first_table < len(stages) else None
        if isinstance(collecting, Collect):
            self._table = collecting.table(_limit_behind(self._by_table))
        self._answered: dict[tuple[Rank, ...], Answer] = {}
        self._is_live = False
        self.is_complete = False
        """Whether no older row can change the answer."""

    @property
    def has_table(self) -> bool:
        """Whether answers come only when all rows are known."""
        return self._table is not None

    @property
    def table_row_count(self) -> int:
        """How many rows the table came to when it was asked last."""
        return len(self._answered)

    def begin_live(self) -> None:
        """Let new rows pass the limits that stand before a table: they bound history alone."""
        self._is_live = True
        self.is_complete = False

    def feed(self, row: Row) -> Answer | None:
        """Take a row; return its answer, if it has one by itself."""
        if self._earliest_time_ms and not self._is_recent(row):
            return None
        for condition in self._conditions:
            if not condition(row):
                return None
        passed = self._passed(row)
        if passed is None:
            return None
        identity = tuple([row.cell(column) for column in self._identity_columns])
        if self._table is not None:
            self._table.add(passed, identity)
            return None
        scope = self._scope
        told = tuple([shown_value(value, is_time=False) for value in identity])
        return Answer(told, told, shown(passed, scope.columns, scope.times))

    def table_answers(self) -> list[Answer]:
        """Return the rows that the table comes to now, in order; none where there is no table."""
        self._answered = {
            tuple(map(rank_of, row.identity)): self._answer(row) for row in self._rows()
        }
        return list(self._answered.values())

    def table_changes(self) -> list[Answer]:
        """Return what changed in the table since it was asked last; what left it has no cells."""
        before = self._answered
        self.table_answers()
        gone = [
            Answer(answer.identity, (), None)
            for key, answer in before.items()
            if key not in self._answered
        ]
        return gone + [each for key, each in self._answered.items() if before.get(key) != each]

    def _is_recent(self, row: Row) -> bool:
        time_ms = row.cell(TIMESTAMP)
        return isinstance(time_ms, int) and time_ms >= self._earliest_time_ms

    def _passed(self, row: Row) -> Row | None:
        """Return the row as the stages leave it that work row by row; None if one drops it."""
        takes = 0
        for stage in self._by_row:
            match stage:
                case Keep():
                    if not stage.condition(row):
                        return None
                case Shape():
                    row = HeldRow(stage.cells(row), (), ())
                case Take() if not self._is_live:
                    if self._left[takes] == 0:
                        return None
                    self._left[takes] -= 1
                    self.is_complete = self.is_complete or self._left[takes] == 0
                    takes += 1
                case _:
                    pass
        return row

    def _rows(self) -> list[HeldRow]:
        rows = [] if self._table is None else self._table.rows()
        for stage in self._by_table:
            rows = stage.on_rows(rows)
        return rows

    def _answer(self, row: HeldRow) -> Answer:
        return Answer(
            tuple([shown_value(value, is_time=False) for value in row.identity]),
            tuple([shown_value(value, is_time=False) for value in row.sort_values]),
            shown(row, self._scope.columns, self._scope.times),
        )


def _limit_behind(stages: Sequence[Stage]) -> int | None:
    """Return how many of the first rows are wanted of a table; None where that is not known."""
    for stage in stages:
        if isinstance(stage, Take):
            return stage.count
        if not isinstance(stage, Shape):
            return None
    return None
