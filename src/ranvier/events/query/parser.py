"""Reads a query: steps joined by `|`.

    query       step ( '|' step )*
    step        'last' [number] unit  |  'limit' count  |  'limit' '(' count ')'  |  condition
                |  shaper

Each step works on what the step before it leaves; a time window may stand anywhere and always
means the time of the event. Shapers are read by `shaping`.
"""

from __future__ import annotations

from typing import Final

from ranvier.events.query import vocabulary
from ranvier.events.query.bounds import MAXIMUM_LIMIT_ROWS, MAXIMUM_STEPS
from ranvier.events.query.cursor import Cursor, unexpected
from ranvier.events.query.errors import QueryError, refused
from ranvier.events.query.evaluate import condition_of
from ranvier.events.query.event_filter import EventFilter
from ranvier.events.query.expression import read_condition, read_number
from ranvier.events.query.lexer import TokenKind
from ranvier.events.query.plan import Query, query_of
from ranvier.events.query.scope import Scope
from ranvier.events.query.shaping import SHAPED_BY
from ranvier.events.query.syntax import Filter, Last, Limit, Step

# What a client sends as time window where the text of the query has its own.
CUSTOM_WINDOW: Final = "custom"

# Longer than any store has existed; keeps what follows within 63 bits.
GREATEST_SPAN_MS: Final = 10_000 * vocabulary.YEAR_MS


def parse(text: str, time_window: str = CUSTOM_WINDOW) -> Query:
    """Return the query that `text` asks; an empty text asks for the newest events.

    `time_window` is one more step, such as `last 2 hours`, that some clients send beside the text.

    Raises:
        QueryError: the text cannot be read or goes over a bound; the message names the word and
            its position.
    """
    steps, scope = _steps(text)
    if time_window not in ("", CUSTOM_WINDOW):
        steps.append(_window(time_window))
    return query_of(steps, scope)


def parse_filter(text: str) -> EventFilter:
    """Return the filter that `text` says, such as `payloadType = "Opened"`; empty: every event.

    Several filters may be joined by `|`. Steps of any other kind are refused.

    Raises:
        QueryError: as for `parse`.
    """
    steps, _ = _steps(text)
    for step in steps:
        if not isinstance(step, Filter):
            word = Cursor(text[step.offset :]).token.text
            raise refused(word, step.offset, "is no filter; only conditions may stand here.")
    return EventFilter(
        text, condition_of([step.condition for step in steps if isinstance(step, Filter)])
    )


def _window(text: str) -> Last:
    try:
        steps, _ = _steps(text)
    except QueryError as error:
        raise QueryError(f"In the time window: {error}") from error
    if len(steps) == 1 and isinstance(steps[0], Last):
        return steps[0]
    raise QueryError("The time window must be one step, such as 'last 2 hours'.")


def _steps(text: str) -> tuple[list[Step], Scope]:
    cursor = Cursor(text)
    if cursor.at_end():
        return [], cursor.scope
    steps = [_step(cursor)]
    while cursor.accept("|"):
        if len(steps) == MAXIMUM_STEPS:
            remedy = f"starts step {MAXIMUM_STEPS + 1}; join filters with 'and'."
            raise refused(cursor.token.text, cursor.token.offset, remedy)
        steps.append(_step(cursor))
    if not cursor.at_end():
        raise unexpected(cursor.token, "'|' or the end")
    return steps, cursor.scope


def _step(cursor: Cursor) -> Step:
    match cursor.token.keyword:
        case vocabulary.LAST:
            return _last(cursor)
        case vocabulary.LIMIT:
            return _limit(cursor)
        case _ if cursor.at_call(SHAPED_BY):
            return SHAPED_BY[cursor.token.keyword](cursor)
        case _:
            return _filter(cursor)


def _last(cursor: Cursor) -> Last:
    offset = cursor.take().offset
    count = read_number(cursor).value if cursor.token.kind is TokenKind.NUMBER else 1
    unit_ms = vocabulary.TIME_UNITS_MS.get(cursor.token.keyword)
    if unit_ms is None:
        raise unexpected(cursor.token, "a unit of time from seconds to years")
    cursor.take()
    return Last(int(min(count * unit_ms, GREATEST_SPAN_MS)), offset)


def _limit(cursor: Cursor) -> Limit:
    offset = cursor.take().offset
    in_parentheses = cursor.accept("(")
    token = cursor.token
    count = read_number(cursor).value
    if not isinstance(count, int) or not 1 <= count <= MAXIMUM_LIMIT_ROWS:
        remedy = f"is no limit; write a whole number from 1 to {MAXIMUM_LIMIT_ROWS}."
        raise refused(token.text, token.offset, remedy)
    if in_parentheses:
        cursor.expect(")")
    return Limit(count, offset)


def _filter(cursor: Cursor) -> Filter:
    offset = cursor.token.offset
    return Filter(read_condition(cursor), offset)
