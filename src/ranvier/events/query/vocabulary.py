"""The words of the query language: those that work, and those whose turn has not come."""

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

PLUS: Final = "+"
MINUS: Final = "-"

COMPARISONS: Final = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})
RELATIONS: Final = frozenset({IN, CONTAINS, MATCH})
CONDITIONS: Final = COMPARISONS | RELATIONS | {AND, OR, NOT}
RESERVED: Final = frozenset({AND, OR, NOT, IN, CONTAINS, MATCH, LAST, LIMIT})

# Parts of the language that clients may use and this node answers with a refusal that says so.
NOT_YET: Final = frozenset(
    {
        "as", "avg", "concat", "count", "formatdate", "groupby", "jsonpath", "left", "length",
        "lower", "max", "metadata", "min", "null", "right", "select", "sortby", "substring", "sum",
        "upper", "xpath",
    }
)  # fmt: skip

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
