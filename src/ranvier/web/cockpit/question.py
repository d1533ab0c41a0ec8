"""A question in the query language as a page asks it: some rows, in a bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from ranvier.events.query import COLUMNS, Answer, QueryError, Shown, parse
from ranvier.events.query.rows import (
    AGGREGATE_IDENTIFIER,
    AGGREGATE_SEQUENCE_NUMBER,
    TIMESTAMP,
    TOKEN,
)
from ranvier.services.run_queries import HistoryDone, Question, RunningQuery, RunQueries
from ranvier.web.cockpit.listing import ROWS_PER_PAGE

ANSWER_SECONDS: Final = 10.0
"""After so long a page shows what has been found."""

TABLE_ROWS: Final = 500
"""Shown of an answer that is grouped or sorted: more is asked for by `limit` and REST."""

SHOWN_COLUMNS: Final = (
    TOKEN,
    "payloadType",
    TIMESTAMP,
    AGGREGATE_IDENTIFIER,
    AGGREGATE_SEQUENCE_NUMBER,
    "payloadData",
)
"""Of whole events: all ten would be no overview, and each event is shown in full by itself."""

QUERY_LONGEST: Final = 8_192
"""Characters: an address holds no more."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the text of a question, and where: before, the place, and behind it."""

    sentence: str
    position: int | None = None
    before: str = ""
    marked: str = ""
    behind: str = ""


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One row of an answer; `token` or `sequence` say of which event it is, where it is of one."""

    cells: Sequence[Shown]
    token: int | None = None
    aggregate_id: str = ""
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """What a question came to."""

    columns: Sequence[str] = ()
    rows: Sequence[ResultRow] = ()
    older: int | None = None
    """Before which token or sequence number further rows may lie; None: there are none."""
    is_cut: bool = False
    """There is more of a table than is shown."""
    has_run_out: bool = False
    """History was not searched to its end in time."""
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """What a page asks."""

    context: str
    text: str
    of_snapshots: bool = False
    before: int | None = None
    """Only what lies before this token or, in an aggregate, this sequence number."""


class AskQueries:
    """Asks the node's queries for a page."""

    def __init__(self, queries: RunQueries, now_ms: Callable[[], int]) -> None:
        self._queries = queries
        self._now_ms = now_ms

    async def answer(self, ask: Ask) -> Results:
        """Return a page of the answer, or what is wrong with the question.

        Raises whatever speaks against the search itself: `StorageUnavailable`, `TooManySearches`.
        """
        try:
            plan = parse(ask.text).plan(self._now_ms(), of_snapshots=ask.of_snapshots)
            place = plan.identity_columns[-1]
            is_table = ask.of_snapshots or plan.run().has_table
            text = ask.text if is_table else beginning_before(ask, place)
            running = self._queries.begin(Question(ask.context, text, "", ask.of_snapshots))
            answers, has_run_out = await gathered(
                running, TABLE_ROWS + 1 if is_table else ROWS_PER_PAGE + 1
            )
        except QueryError as error:
            return Results(fault=fault_of(error, ask.text))
        most = TABLE_ROWS if is_table else ROWS_PER_PAGE
        columns = shown_columns(running.columns)
        rows = [row_of(each, columns, place, is_table=is_table) for each in answers[:most]]
        has_more = len(answers) > most
        return Results(
            columns=columns,
            rows=rows,
            older=place_of(rows[-1]) if has_more and not is_table else None,
            is_cut=has_more and is_table,
            has_run_out=has_run_out,
        )


def shown_columns(columns: Sequence[str]) -> Sequence[str]:
    """Return the columns that are shown: those asked for, or of whole events the telling ones."""
    if len(columns) < len(COLUMNS) - 1 or not set(columns) <= set(COLUMNS):
        return columns
    return [each for each in SHOWN_COLUMNS if each in columns]


def beginning_before(ask: Ask, place: str) -> str:
    """Return the text with a first step that leaves out what was shown on the pages before."""
    if ask.before is None:
        return ask.text
    step = f"{place} < {ask.before}"
    return f"{step} | {ask.text}" if ask.text.strip() else step


async def gathered(running: RunningQuery, most: int) -> tuple[list[Answer], bool]:
    """Return the first rows, and whether the time was over before history was."""
    answers: list[Answer] = []
    try:
        async with asyncio.timeout(ANSWER_SECONDS), aclosing(running.parts()) as parts:
            async for part in parts:
                if isinstance(part, HistoryDone):
                    break
                answers += part
                if len(answers) >= most:
                    break
    except TimeoutError:
        return answers, True
    return answers, False


def row_of(answer: Answer, columns: Sequence[str], place: str, *, is_table: bool) -> ResultRow:
    """Return a row with its cells in the order of the columns."""
    cells: Mapping[str, Shown] = answer.cells or {}
    shown = [cells.get(column) for column in columns]
    number = answer.identity[-1] if answer.identity else None
    if is_table or not isinstance(number, int):
        return ResultRow(shown)
    if place == TOKEN:
        return ResultRow(shown, token=number)
    return ResultRow(shown, aggregate_id=str(cells.get(AGGREGATE_IDENTIFIER, "")), sequence=number)


def place_of(row: ResultRow) -> int | None:
    """Return the token of a row, or its sequence number in an aggregate."""
    return row.sequence if row.token is None else row.token


def fault_of(error: QueryError, text: str) -> Fault:
    """Return what is wrong with a text, and the text around the place."""
    if error.position is None or error.position > len(text) + 1:
        return Fault(str(error))
    start = error.position - 1
    end = start + max(1, len(error.word))
    return Fault(str(error), error.position, text[:start], text[start:end], text[end:])
