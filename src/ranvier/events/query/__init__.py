"""The ad-hoc language in which stored events are searched, as text in and a plan out.

A query is a line of steps joined by `|`:

    aggregateType = "Account" and payloadData contains "ACME" | last 2 hours | limit 50

This package reads it and decides about single rows; who owns the event log runs the plan:

1. `query = parse(text, time_window)` with the text of the request and, where the request has one,
   the text of its time window; raises `QueryError`.
2. `plan = query.plan(now_ms, default_limit=200)` fixes the moment from which `last` counts back.
3. Read. With `plan.aggregate_id` set, the events of that aggregate; else the log from
   `plan.first_token` and before `plan.before_token`, starting no earlier than the first event at
   `plan.earliest_time_ms`. Keep the newest `plan.limit` rows for which `plan.matches(row)` holds:
   reading pages backwards from the head finds them soonest. `matches` checks the time again,
   because clients set it, and may raise `QueryError`.
4. Answer with `plan.columns` and, for each row, `shown(row, plan.columns)`; the identity and the
   sort key of a row are its cell in `plan.identity_column`.
5. A live query goes on with each new row that `plan.matches`.

A row is anything with the one method of `Row`: `cell(column)`, for the names in `COLUMNS`.
"""

from ranvier.events.query.errors import QueryError
from ranvier.events.query.parser import parse
from ranvier.events.query.plan import DEFAULT_LIMIT_ROWS, Query, QueryPlan
from ranvier.events.query.rows import COLUMNS, Row, Shown, shown
from ranvier.events.query.values import Value

__all__ = [
    "COLUMNS",
    "DEFAULT_LIMIT_ROWS",
    "Query",
    "QueryError",
    "QueryPlan",
    "Row",
    "Shown",
    "Value",
    "parse",
    "shown",
]
