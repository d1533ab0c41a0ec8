"""Answers ad-hoc queries: from what is stored, and on request from what comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass

from ranvier.events.query import Answer, QueryPlan, QueryRun, Row, parse
from ranvier.services.errors import QuerySearchTimedOut, TooManySearches
from ranvier.services.event_follower import EventFollower
from ranvier.services.follow_events import FollowEvents
from ranvier.services.read_backwards import Piece
from ranvier.services.search_events import SearchEvents

LIVE_PAGE_BYTES = 64 * 1024
"""Of one look at new events: they are compared in one go."""

TURN_SECONDS = 0.005
"""Of comparing rows in one go, while nobody else is served."""

ROWS_BETWEEN_LOOKS = 16
"""At the clock, while rows are compared."""

ROWS_AT_ONCE = 100
"""Of a table: what waits in memory for a client that is slow, beside the table itself."""

LARGE_TABLE_ROWS = 1_000
LARGE_TABLE_PAUSE_SECONDS = 0.2
"""Between two looks at what changed in a large table, each of which takes tens of milliseconds."""

RowOf = Callable[[int, bytes], Row]
"""Makes a row of a place (token, or sequence number in an aggregate) and a message."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a client asks."""

    context: str
    text: str
    time_window: str = ""
    snapshots: bool = False
    live: bool = False
    """Go on with what comes; of snapshots only history is answered."""


@dataclass(slots=True)
class QueryLimits:
    """What a query gets that asks for nothing else; a change counts for all that begin later."""

    rows: int = 200
    timeout_seconds: float = 300.0
    """From the question to the end of history, the client's own slowness included."""
    running: int = 100
    """At one time, live ones included: each may hold some megabytes of rows."""


@dataclass(frozen=True, slots=True)
class HistoryDone:
    """All that was stored when the question came is answered."""


Part = list[Answer] | HistoryDone
"""A list may be empty: between any two parts a client may lose interest, or be told of life."""


class RunQueries:
    """Begins to answer questions; keeps nothing but how many it answers."""

    def __init__(
        self,
        search: SearchEvents,
        follow: FollowEvents,
        row_of: RowOf,
        now_ms: Callable[[], int],
        limits: QueryLimits | None = None,
    ) -> None:
        self.search = search
        self.follow = follow
        self.row_of = row_of
        self.limits = limits or QueryLimits()
        self.running_count = 0
        self._now_ms = now_ms

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count a query while the block runs; raise `TooManySearches` instead."""
        if self.running_count >= self.limits.running:
            raise TooManySearches(self.limits.running)
        self.running_count += 1
        try:
            yield
        finally:
            self.running_count -= 1

    def begin(self, question: Question) -> RunningQuery:
        """Return the query, of which nothing has been read yet.

        Raises:
            QueryError: the text cannot be read.
        """
        query = parse(question.text, question.time_window)
        plan = query.plan(
            self._now_ms(), default_limit=self.limits.rows, of_snapshots=question.snapshots
        )
        return RunningQuery(self, question, plan)


class RunningQuery:
    """One question on its way to be answered."""

    def __init__(self, queries: RunQueries, question: Question, plan: QueryPlan) -> None:
        self.columns = plan.columns
        self.timeout_seconds = queries.limits.timeout_seconds
        self._queries = queries
        self._question = question
        self._plan = plan
        self._run = plan.run()
        self._follower: EventFollower | None = None
        self._has_ended = False

    def end(self) -> None:
        """End a live query soon, and let one end that still searches when history is done."""
        self._has_ended = True
        if self._follower is not None:
            self._follower.wake()

    async def parts(self, silence_seconds: float | None = None) -> AsyncGenerator[Part, None]:
        """Yield the answer part by part; a live one yields an empty part after so much silence.

        Raises:
            QueryError: a row took too much work, or the answer too many rows.
            QuerySearchTimedOut: history was not done in time.
            TooManySearches: as many run as the node serves at one time.
        """
        with self._queries.running():
            async with aclosing(self._parts(silence_seconds)) as parts:
                async for part in parts:
                    yield part

    async def _parts(self, silence_seconds: float | None) -> AsyncGenerator[Part, None]:
        question, queries = self._question, self._queries
        head = await queries.search.head(question.context)
        if question.live and not question.snapshots:
            self._follower = await queries.follow.follow(question.context, head)
        try:
            async with aclosing(self._history(head)) as history:
                async for answers in history:
                    yield answers
            yield HistoryDone()
            if self._follower is not None:
                async with aclosing(self._live(self._follower, silence_seconds)) as live:
                    async for answers in live:
                        yield answers
        finally:
            if self._follower is not None:
                queries.follow.leave(self._follower)

    async def _history(self, head: int) -> AsyncGenerator[list[Answer], None]:
        search, question, plan = self._queries.search, self._question, self._plan
        loop = asyncio.get_running_loop()
        end = loop.time() + self._queries.limits.timeout_seconds
        pieces = (
            await search.snapshots(question.context, plan)
            if question.snapshots
            else await search.events(question.context, plan, head)
        )
        async with aclosing(pieces):
            async for piece in pieces:
                async for answers in self._compared(piece):
                    yield answers
                    if loop.time() > end:
                        raise QuerySearchTimedOut(self._queries.limits.timeout_seconds)
                if self._run.is_complete:
                    break
        for answers in batched(self._run.table_answers()):
            yield answers

    async def _compared(self, piece: Piece) -> AsyncGenerator[list[Answer], None]:
        """Yield what the rows of a piece come to, newest first, turn by turn."""
        loop, run, row_of = asyncio.get_running_loop(), self._run, self._queries.row_of
        answers: list[Answer] = []
        turn_end = loop.time() + TURN_SECONDS
        for count, (place, message) in enumerate(reversed(piece), 1):
            answer = run.feed(row_of(place, message))
            if answer is not None:
                answers.append(answer)
            if run.is_complete:
                break
            if count % ROWS_BETWEEN_LOOKS == 0 and loop.time() > turn_end:
                yield answers
                answers = []
                await asyncio.sleep(0)
                turn_end = loop.time() + TURN_SECONDS
        yield answers

    async def _live(
        self, follower: EventFollower, silence_seconds: float | None
    ) -> AsyncGenerator[list[Answer], None]:
        self._run.begin_live()
        while not self._has_ended:
            follower.rest()
            if follower.has_more:
                page = await follower.read(LIVE_PAGE_BYTES)
                newest_last = list(enumerate(page.rows, page.first_token))
                async for answers in self._compared(newest_last[::-1]):
                    yield answers
                if self._run.has_table:
                    for answers in batched(await self._changes(self._run)):
                        yield answers
                continue
            try:
                async with asyncio.timeout(silence_seconds):
                    await follower.wait()
            except TimeoutError:
                yield []

    async def _changes(self, run: QueryRun) -> list[Answer]:
        changes = run.table_changes()
        if run.table_row_count > LARGE_TABLE_ROWS:
            await asyncio.sleep(LARGE_TABLE_PAUSE_SECONDS)
        return changes


def batched(answers: list[Answer]) -> Iterator[list[Answer]]:
    """Yield answers a few at a time; of none there is one empty list."""
    yield answers[:ROWS_AT_ONCE]
    for start in range(ROWS_AT_ONCE, len(answers), ROWS_AT_ONCE):
        yield answers[start : start + ROWS_AT_ONCE]
