"""From the steps of a query to what must be read, since when, and what is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from ranvier.events.query.narrowing import (
    TokenRange,
    required_aggregate,
    required_tokens,
    requirements_of,
    uses_column,
)
from ranvier.events.query.rows import AGGREGATE_IDENTIFIER, AGGREGATE_SEQUENCE_NUMBER, TOKEN
from ranvier.events.query.run import QueryRun
from ranvier.events.query.scope import EVENT_SCOPE, Scope
from ranvier.events.query.stages import Stage, Take, stages_of
from ranvier.events.query.syntax import Expression, Filter, Last, Step, expressions_of

# What Axon's clients expect of a query that names no limit.
DEFAULT_LIMIT_ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """How to answer a query: read there, newest first, and give each row to a run."""

    stages: tuple[Stage, ...]
    scope: Scope
    earliest_time_ms: int
    aggregate_id: str | None
    tokens: TokenRange
    is_of_snapshots: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the answer."""
        return self.scope.columns

    @property
    def first_token(self) -> int:
        """The first token at which a row can lie."""
        return self.tokens.first

    @property
    def before_token(self) -> int | None:
        """The token before which all rows lie; None where they may lie up to the head."""
        return self.tokens.before

    @property
    def identity_columns(self) -> tuple[str, ...]:
        """The columns that tell events, or snapshots, apart and order them."""
        if self.aggregate_id is not None:
            return (AGGREGATE_SEQUENCE_NUMBER,)
        if self.is_of_snapshots:
            return (AGGREGATE_IDENTIFIER, AGGREGATE_SEQUENCE_NUMBER)
        return (TOKEN,)

    def run(self) -> QueryRun:
        """Begin to answer."""
        return QueryRun(self.stages, self.scope, self.identity_columns, self.earliest_time_ms)


@dataclass(frozen=True, slots=True)
class Query:
    """A query that has been read and found in order; it can be planned again and again."""

    steps: tuple[Step, ...]
    scope: Scope
    stages: tuple[Stage, ...]

    def plan(
        self,
        now_ms: int,
        *,
        default_limit: int = DEFAULT_LIMIT_ROWS,
        of_snapshots: bool = False,
    ) -> QueryPlan:
        """Return the plan of this query as asked at `now_ms`, milliseconds since 1970.

        Snapshots have no token: where the query names it, it is their sequence number.
        """
        requirements = list(requirements_of(_conditions_on_events(self.steps)))
        spans_ms = [step.span_ms for step in self.steps if isinstance(step, Last)]
        aggregate_id = required_aggregate(requirements)
        # By aggregate, the tokens of the events are not known: who asks for them is read by token.
        uses_token = any(
            uses_column(each, TOKEN) for step in self.steps for each in expressions_of(step)
        )
        if uses_token and not of_snapshots:
            aggregate_id = None
        is_by_aggregate = of_snapshots or aggregate_id is not None
        is_limited = any(isinstance(stage, Take) for stage in self.stages)
        return QueryPlan(
            stages=self.stages if is_limited else (*self.stages, Take(default_limit)),
            scope=_without_token(self.scope) if is_by_aggregate else self.scope,
            earliest_time_ms=max(0, now_ms - min(spans_ms, default=now_ms)),
            aggregate_id=aggregate_id,
            tokens=required_tokens(requirements),
            is_of_snapshots=of_snapshots,
        )


def query_of(steps: Sequence[Step], scope: Scope) -> Query:
    """Return the query made of these steps, which leave rows with the columns of `scope`.

    Raises:
        QueryError: an operand that the text must settle is missing or cannot be read.
    """
    return Query(tuple(steps), scope, stages_of(steps))


def _conditions_on_events(steps: Sequence[Step]) -> list[Expression]:
    """Return the filters that every event must pass that counts, as far as they come first."""
    leading = takewhile(lambda step: isinstance(step, (Filter, Last)), steps)
    return [step.condition for step in leading if isinstance(step, Filter)]


def _without_token(scope: Scope) -> Scope:
    if scope is not EVENT_SCOPE:
        return scope
    return Scope(tuple([column for column in scope.columns if column != TOKEN]), scope.times)
