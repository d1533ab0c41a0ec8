"""What each step of a query does to rows, made ready once and kept without state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ranvier.events.query.evaluate import Condition, condition_of, evaluator_of
from ranvier.events.query.rows import Evaluator, Row
from ranvier.events.query.syntax import Filter, Group, Last, Limit, Select, Sort, Step
from ranvier.events.query.table import Grouping, Groups, HeldRow, Ordering, SortedRows, Table
from ranvier.events.query.values import Value


@dataclass(frozen=True, slots=True)
class Keep:
    """Keeps the rows for which a condition holds."""

    condition: Condition

    def on_rows(self, rows: list[HeldRow]) -> list[HeldRow]:
        """Do it to rows that are held."""
        return [row for row in rows if self.condition(row)]


@dataclass(frozen=True, slots=True)
class Take:
    """Keeps the first so many rows."""

    count: int

    def on_rows(self, rows: list[HeldRow]) -> list[HeldRow]:
        """Do it to rows that are held."""
        return rows[: self.count]


@dataclass(frozen=True, slots=True)
class Shape:
    """Gives each row new columns."""

    columns: tuple[tuple[str, Evaluator], ...]

    def cells(self, row: Row) -> dict[str, Value]:
        """Return the new cells of a row."""
        return {name: evaluate(row) for name, evaluate in self.columns}

    def on_rows(self, rows: list[HeldRow]) -> list[HeldRow]:
        """Do it to rows that are held."""
        return [replace(row, cells=self.cells(row)) for row in rows]


@dataclass(frozen=True, slots=True)
class Collect:
    """Waits for all rows: groups them, or puts them in order."""

    table: Callable[[int | None], Table]
    """Makes an empty one; a number says that no more than the first so many rows are wanted."""

    def on_rows(self, rows: list[HeldRow]) -> list[HeldRow]:
        """Do it to rows that are held."""
        table = self.table(None)
        for row in rows:
            table.add(row, row.identity)
        return table.rows()


Stage = Keep | Take | Shape | Collect


def stages_of(steps: Sequence[Step]) -> tuple[Stage, ...]:
    """Return what the steps do, in their order; time windows are the plan's.

    Raises:
        QueryError: an operand that the text must settle is missing or cannot be read.
    """
    return tuple([_stage(step) for step in steps if not isinstance(step, Last)])


def _stage(step: Filter | Limit | Select | Group | Sort) -> Stage:
    match step:
        case Filter(condition):
            return Keep(condition_of([condition]))
        case Limit(row_count):
            return Take(row_count)
        case Select(fields):
            return Shape(tuple([(each.name, evaluator_of(each.expression)) for each in fields]))
        case Group():
            return _grouping(step)
        case Sort():
            return _ordering(step)


def _grouping(step: Group) -> Collect:
    grouping = Grouping(
        tuple([(key.name, evaluator_of(key.expression)) for key in step.keys]),
        tuple(
            [
                (
                    each.name,
                    each.function,
                    _every if each.operand is None else evaluator_of(each.operand),
                )
                for each in step.aggregates
            ]
        ),
    )
    return Collect(lambda _limit: Groups(grouping))


def _ordering(step: Sort) -> Collect:
    ordering = Ordering(
        tuple([(evaluator_of(key.expression), key.is_descending) for key in step.keys])
    )
    return Collect(lambda limit: SortedRows(ordering, step.columns, limit))


def _every(_row: Row) -> Value:
    return True
