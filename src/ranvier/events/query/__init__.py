"""The ad-hoc language in which stored events are searched, as text in and a plan out.

A query is a line of steps joined by `|`:

    aggregateType = "Account" | last 2 hours | groupby(payloadType, count() as n) | n > 10

This package reads it and works on rows; who owns the event log runs the plan:

1. `query = parse(text, time_window)` with the text of the request and, where the request has one,
   the text of its time window; raises `QueryError`.
2. `plan = query.plan(now_ms, default_limit=200)` fixes the moment from which `last` counts back.
3. Read, newest first. With `plan.aggregate_id` set, the events of that aggregate; else the log
   from `plan.first_token` and before `plan.before_token`, starting no earlier than the first event
   at `plan.earliest_time_ms`. Give each row to `run.feed` of a new `run = plan.run()`, until
   `run.is_complete`. It checks the time again, because clients set it.
4. Answer with `plan.columns`, what `feed` returned, and last with `run.table_answers()`.
5. A live query goes on with `run.begin_live()`, `feed` for each new row, and `table_changes()`.

Who wants a condition on single events and no more, such as a persistent stream, reads it once by
`event_filter = parse_filter(text)`, which refuses all steps but filters, and asks
`event_filter.matches(row)` for each event. An empty text lets every event pass. Both raise
`QueryError`; a filter keeps no state and may be shared.

A row is anything with the one method of `Row`: `cell(column)`, for the names in `COLUMNS`.
"""

from ranvier.events.query.answer import Answer
from ranvier.events.query.errors import QueryError, TooManyRows
from ranvier.events.query.event_filter import EventFilter
from ranvier.events.query.parser import parse, parse_filter
from ranvier.events.query.plan import DEFAULT_LIMIT_ROWS, Query, QueryPlan
from ranvier.events.query.rows import COLUMNS, Row, Shown, shown
from ranvier.events.query.run import QueryRun
from ranvier.events.query.values import Value

__all__ = [
    "COLUMNS",
    "DEFAULT_LIMIT_ROWS",
    "Answer",
    "EventFilter",
    "Query",
    "QueryError",
    "QueryPlan",
    "QueryRun",
    "Row",
    "Shown",
    "TooManyRows",
    "Value",
    "parse",
    "parse_filter",
    "shown",
]
