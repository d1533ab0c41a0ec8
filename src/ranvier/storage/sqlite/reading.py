"""Reads events in pages; each page is one short statement on a reader's connection."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import apsw

from ranvier.storage.event_log import AggregatePage, Page
from ranvier.storage.sqlite.positions import base_position, bounded_token
from ranvier.storage.sqlite.rows import (
    RowSizes,
    fitting,
    fitting_count,
    lengths_of,
    take_apart,
)
from ranvier.storage.sqlite.statements import fetch_all, load_statements

_SQL = load_statements("read")
_PAGE = _SQL["page"]
_PAGE_WITH_NAMES = _SQL["page_with_names"]
_PAGE_LENGTHS = _SQL["page_lengths"]
_AGGREGATE_PAGE = _SQL["aggregate_page"]
_AGGREGATE_PAGE_LENGTHS = _SQL["aggregate_page_lengths"]
_CHOSEN_EVENTS = _SQL["chosen_events"]
_CHOSEN_LENGTHS = _SQL["chosen_lengths"]
_LAST_SEQUENCE = _SQL["last_sequence"]
_FIRST_POSITION = _SQL["first_position"]
_FIRST_TOKEN_AT = _SQL["first_token_at"]


@dataclass(frozen=True, slots=True)
class TokenRange:
    """Which tokens of a context are wanted, from the first to before the last."""

    context_id: int
    from_token: int
    before_token: int
    page_bytes: int


@dataclass(frozen=True, slots=True)
class AggregateRange:
    """Which events of which aggregate are wanted; both ends of the range are included."""

    context_id: int
    aggregate_id: str
    from_sequence: int
    to_sequence: int
    page_bytes: int


def read_page(
    connection: apsw.Connection,
    sizes: RowSizes,
    wanted: TokenRange,
    *,
    with_names: bool,
) -> Page:
    """Read the events of a range of tokens from its start on."""
    page_bytes = wanted.page_bytes
    base = base_position(wanted.context_id)
    first = bounded_token(wanted.from_token)
    end = min(bounded_token(wanted.before_token), first + sizes.rows_for(page_bytes))
    statement = _PAGE_WITH_NAMES if with_names else _PAGE
    try:
        row = _one(connection, statement, (base + first, base + end))
    except apsw.TooBigError:
        lengths = lengths_of(_one(connection, _PAGE_LENGTHS, (base + first, base + end))[0])
        end = first + fitting_count(lengths, page_bytes)
        row = _one(connection, statement, (base + first, base + end))
    found = take_apart(row[0], row[1])
    if not found:
        return Page(first, (), first)
    _learn(sizes, found, row[0])
    rows = fitting(found, len(row[0]), page_bytes)
    # Tokens are dense, so the last one tells the first one.
    first = row[2] - base - len(found) + 1
    names = row[3].split("\0")[: len(rows)] if with_names else ()
    return Page(first, rows, first + len(rows), names)


def read_aggregate_page(
    connection: apsw.Connection, sizes: RowSizes, wanted: AggregateRange
) -> AggregatePage:
    """Read the events of an aggregate from the first sequence number wanted on."""
    first = max(wanted.from_sequence, 0)
    end = min(wanted.to_sequence, first + sizes.rows_for(wanted.page_bytes) - 1)
    key = (wanted.context_id, wanted.aggregate_id, first)
    try:
        row = _one(connection, _AGGREGATE_PAGE, (*key, end))
    except apsw.TooBigError:
        lengths = lengths_of(_one(connection, _AGGREGATE_PAGE_LENGTHS, (*key, end))[0])
        end = first + fitting_count(lengths, wanted.page_bytes) - 1
        row = _one(connection, _AGGREGATE_PAGE, (*key, end))
    found = take_apart(row[0], row[1])
    if not found:
        return AggregatePage((), None)
    _learn(sizes, found, row[0])
    rows = fitting(found, len(row[0]), wanted.page_bytes)
    first = row[2] - len(found) + 1
    following = first + len(rows)
    is_whole = following > wanted.to_sequence or (len(rows) == len(found) and row[2] < end)
    return AggregatePage(list(enumerate(rows, first)), None if is_whole else following)


def read_chosen(
    connection: apsw.Connection, sizes: RowSizes, wanted: TokenRange, tokens: Sequence[int]
) -> list[tuple[int, bytes]]:
    """Read single events, in the order given, as many from the first on as fit into a page."""
    page_bytes = wanted.page_bytes
    base = base_position(wanted.context_id)
    chosen = tokens[: sizes.rows_for(page_bytes)]
    try:
        row = _one(connection, _CHOSEN_EVENTS, (json.dumps(chosen), base))
    except apsw.TooBigError:
        lengths = lengths_of(_one(connection, _CHOSEN_LENGTHS, (json.dumps(chosen), base))[0])
        chosen = chosen[: fitting_count(lengths, page_bytes)]
        row = _one(connection, _CHOSEN_EVENTS, (json.dumps(chosen), base))
    found = take_apart(row[0], row[1])
    _learn(sizes, found, row[0] or b"")
    return list(zip(chosen, fitting(found, len(row[0] or b""), page_bytes), strict=False))


def last_sequence(connection: apsw.Connection, context_id: int, aggregate_id: str) -> int:
    """The last sequence number of an aggregate, -1 if it has no events."""
    found = _one(connection, _LAST_SEQUENCE, (context_id, aggregate_id))[0]
    return -1 if found is None else int(found)


def first_token(connection: apsw.Connection, context_id: int) -> int:
    """The token of the oldest event, 0 if there is none."""
    base = base_position(context_id)
    found = _one(connection, _FIRST_POSITION, (base, base_position(context_id + 1)))[0]
    return 0 if found is None else int(found) - base


def first_token_at(connection: apsw.Connection, context_id: int, time_ms: int) -> int:
    """The token of the first event at or after a time, the head if there is none."""
    oldest = first_token(connection, context_id)
    parameters = (context_id, oldest, base_position(context_id), time_ms)
    return int(_one(connection, _FIRST_TOKEN_AT, parameters)[0])


def _one(connection: apsw.Connection, statement: str, parameters: tuple[Any, ...]) -> Any:
    return fetch_all(connection, statement, parameters)[0]


def _learn(sizes: RowSizes, rows: Sequence[bytes], joined: bytes) -> None:
    sizes.learn(len(rows), len(joined))
