"""The words of the query language: operators, functions, shapers, units of time."""

from __future__ import annotations

from typing import Final

LAST: Final = "last"
LIMIT: Final = "limit"
AND: Final = "and"
OR: Final = "or"
NOT: Final = "not"
IN: Final = "in"
CONTAINS: Final = "contains"
MATCH: Final = "match"

SELECT: Final = "select"
GROUP_BY: Final = "groupby"
SORT_BY: Final = "sortby"
AS: Final = "as"
ASCENDING: Final = "asc"
DESCENDING: Final = "desc"

COUNT: Final = "count"
MINIMUM: Final = "min"
MAXIMUM: Final = "max"
AVERAGE: Final = "avg"
SUM: Final = "sum"

NULL: Final = "null"
TRUE: Final = "true"
FALSE: Final = "false"

COMPARISONS: Final = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})
RELATIONS: Final = frozenset({IN, CONTAINS, MATCH})
CONDITIONS: Final = COMPARISONS | RELATIONS | {AND, OR, NOT}
CONSTANTS: Final = frozenset({NULL, TRUE, FALSE})
AGGREGATES: Final = frozenset({COUNT, MINIMUM, MAXIMUM, AVERAGE, SUM})
SHAPERS: Final = frozenset({SELECT, GROUP_BY, SORT_BY})

FUNCTIONS: Final[dict[str, tuple[int, int]]] = {
    "left": (2, 2),
    "right": (2, 2),
    "length": (1, 1),
    "lower": (1, 1),
    "upper": (1, 1),
    "substring": (2, 3),
    "concat": (2, 2),
    "formatdate": (2, 3),
    "minute": (1, 2),
    "hour": (1, 2),
    "day": (1, 2),
    "week": (1, 2),
    "month": (1, 2),
    "year": (1, 2),
    "jsonpath": (2, 2),
    "xpath": (2, 3),
    "metadata": (1, 1),
}
"""How many operands each function takes: at least, at most."""

INFIX: Final = frozenset(
    {"left", "right", "substring", "concat", "formatdate", "jsonpath", "xpath"}
)
"""Functions that may stand between their two operands, as `contains` does."""

RESERVED: Final = frozenset({AND, OR, NOT, LAST, LIMIT, AS}) | RELATIONS | CONSTANTS | SHAPERS
"""Words that are never the name of a column."""

SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60 * SECOND_MS
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
WEEK_MS: Final = 7 * DAY_MS
# A window may be a fraction of a unit, so months and years have one length each.
MONTH_MS: Final = 30 * DAY_MS
YEAR_MS: Final = 365 * DAY_MS

TIME_UNITS_MS: Final[dict[str, int]] = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), SECOND_MS),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), MINUTE_MS),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), HOUR_MS),
    **dict.fromkeys(("day", "days"), DAY_MS),
    **dict.fromkeys(("wk", "wks", "week", "weeks"), WEEK_MS),
    **dict.fromkeys(("mo", "mos", "month", "months"), MONTH_MS),
    **dict.fromkeys(("yr", "yrs", "year", "years"), YEAR_MS),
}
