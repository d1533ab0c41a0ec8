"""From the steps of a query to what must be read, since when, and which rows count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ranvier.events.query.evaluate import Condition, condition_of
from ranvier.events.query.narrowing import (
    TokenRange,
    required_aggregate,
    required_tokens,
    requirements_of,
    uses_column,
)
from ranvier.events.query.rows import AGGREGATE_SEQUENCE_NUMBER, COLUMNS, TIMESTAMP, TOKEN, Row
from ranvier.events.query.syntax import Expression, Filter, Last, Limit, Step

# What Axon's clients expect of a query that names no limit.
DEFAULT_LIMIT_ROWS: Final = 200

_COLUMNS_OF_AGGREGATE: Final = tuple(column for column in COLUMNS if column != TOKEN)


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """How to answer a query: read there, keep what matches, show the newest so many."""

    condition: Condition
    columns: tuple[str, ...]
    limit: int
    earliest_time_ms: int
    aggregate_id: str | None
    tokens: TokenRange

    @property
    def first_token(self) -> int:
        """The first token at which a row can lie."""
        return self.tokens.first

    @property
    def before_token(self) -> int | None:
        """The token before which all rows lie; None where they may lie up to the head."""
        return self.tokens.before

    @property
    def identity_column(self) -> str:
        """The column that tells rows apart and orders them."""
        return TOKEN if self.aggregate_id is None else AGGREGATE_SEQUENCE_NUMBER

    def matches(self, row: Row) -> bool:
        """Tell whether a row belongs to the answer.

        Raises:
            QueryError: the row would take more work than the bounds allow.
        """
        return self._is_recent(row) and self.condition(row)

    def _is_recent(self, row: Row) -> bool:
        if self.earliest_time_ms == 0:
            return True
        time_ms = row.cell(TIMESTAMP)
        return isinstance(time_ms, int) and time_ms >= self.earliest_time_ms


@dataclass(frozen=True, slots=True)
class Query:
    """A query that has been read and found in order; it can be planned again and again."""

    steps: tuple[Step, ...]
    condition: Condition

    def plan(self, now_ms: int, *, default_limit: int = DEFAULT_LIMIT_ROWS) -> QueryPlan:
        """Return the plan of this query as asked at `now_ms`, milliseconds since 1970."""
        conditions = _conditions_of(self.steps)
        requirements = list(requirements_of(conditions))
        spans_ms = [step.span_ms for step in self.steps if isinstance(step, Last)]
        limits = [step.row_count for step in self.steps if isinstance(step, Limit)]
        aggregate_id = required_aggregate(requirements)
        # By aggregate, the tokens of the events are not known: who asks for them is read by token.
        if any(uses_column(condition, TOKEN) for condition in conditions):
            aggregate_id = None
        return QueryPlan(
            condition=self.condition,
            columns=COLUMNS if aggregate_id is None else _COLUMNS_OF_AGGREGATE,
            limit=min(limits, default=default_limit),
            earliest_time_ms=max(0, now_ms - min(spans_ms, default=now_ms)),
            aggregate_id=aggregate_id,
            tokens=required_tokens(requirements),
        )


def query_of(steps: Sequence[Step]) -> Query:
    """Return the query made of these steps.

    Raises:
        QueryError: a pattern of `match` cannot be read.
    """
    return Query(tuple(steps), condition_of(_conditions_of(steps)))


def _conditions_of(steps: Sequence[Step]) -> list[Expression]:
    return [step.condition for step in steps if isinstance(step, Filter)]
