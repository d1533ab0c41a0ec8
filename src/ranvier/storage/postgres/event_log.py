"""The port `EventLog` on PostgreSQL: one message for each batch, pages in short statements."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ranvier.events.append import Accepted, Append, Outcome
from ranvier.events.criterion import EVERYTHING, Criterion
from ranvier.events.errors import UnknownContext
from ranvier.storage.event_log import AggregatePage, MatchPage, Page
from ranvier.storage.postgres.appending import Appending, Target
from ranvier.storage.postgres.bounded import bounded
from ranvier.storage.postgres.criteria import criteria_as_json
from ranvier.storage.postgres.key_sweeping import KeySweeping
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "events")


class PostgresEvents:
    """Implements the port `EventLog`."""

    def __init__(self, tools: DatabaseTools) -> None:
        self._tools = tools
        self._appending = Appending(
            tools.writers,
            tools.readers,
            tools.seen_heads,
            tools.confirmed,
            tools.options.limits,
        )
        self._turns: dict[str, asyncio.Lock] = {}
        self._keys = KeySweeping(tools)

    async def append(self, context: str, appends: Sequence[Append]) -> Sequence[Outcome]:
        """Decide a batch in order and store what is accepted in one durable commit."""
        return await self._tools.under_way.finish(self._append(context, appends))

    def append_then(
        self,
        context: str,
        appends: Sequence[Append],
        done: Callable[[Sequence[Outcome] | Exception], None],
    ) -> None:
        """Append as `append` does; `done` is called on the event loop.

        Raises `StorageNotOpen` at once.
        """
        task = self._tools.under_way.begin(self._append(context, appends))
        task.add_done_callback(partial(_answer, done))

    async def find_append(self, context: str, append_id: bytes) -> Accepted | None:
        """Tell what became of an append, after every commit that may still bring it has ended."""
        return await self._tools.under_way.finish(self._find_append(context, append_id))

    async def head(self, context: str) -> int:
        """The token that the next event will get."""
        context_id = await self._tools.known.id_of(context)
        seen_heads = self._tools.seen_heads
        floor = seen_heads.floor(context_id)
        rows = await self._tools.readers.ask(_SQL["head"], context_id)
        if not rows:
            self._tools.known.remove(context)
            raise UnknownContext(context)
        found: int = rows[0]["head"]
        if rows[0]["waits_for_standby"]:
            await self._tools.confirmed.confirm({context_id: found})
        seen_heads.hold_against(context, context_id, floor, found)
        return found

    async def heads(self) -> Mapping[str, int]:
        """The heads of all contexts, read at one moment."""
        seen_heads = self._tools.seen_heads
        floors = seen_heads.floors()
        rows = await self._tools.readers.ask(_SQL["heads"])
        self._tools.known.seen({row["name"]: row["id"] for row in rows})
        if rows and rows[0]["waits_for_standby"]:
            await self._tools.confirmed.confirm({row["id"]: row["head"] for row in rows})
        for context_id, name, head, _ in rows:
            seen_heads.hold_against(name, context_id, floors.get(context_id, 0), head)
        return {name: head for _, name, head, _ in rows}

    async def first_token(self, context: str) -> int:
        """The token of the oldest event, 0 for an empty context."""
        return await self._number(_SQL["first_token"], context)

    async def first_token_at(self, context: str, time_ms: int) -> int:
        """The token of the first event at or after a time; the head if all are earlier."""
        return await self._number(_SQL["first_token_at"], context, bounded(time_ms))

    async def last_sequence(self, context: str, aggregate_id: str) -> int:
        """The sequence number of an aggregate's last event, -1 if it has none."""
        context_id = await self._tools.known.id_of(context)
        rows = await self._tools.readers.ask(_SQL["last_sequence"], context_id, aggregate_id)
        if not rows:
            return -1
        await self._confirm(context_id, rows[0])
        return int(rows[0]["sequence"])

    async def read(
        self,
        context: str,
        *,
        from_token: int,
        before_token: int,
        page_bytes: int,
        with_names: bool = False,
    ) -> Page:
        """Read events with `from_token` <= token < `before_token`, at most `page_bytes` of them."""
        context_id = await self._tools.known.id_of(context)
        first = max(from_token, 0)
        rows = await self._tools.readers.ask(
            _SQL["page_with_names" if with_names else "page"],
            context_id,
            bounded(first),
            bounded(before_token),
            page_bytes,
            self._tools.options.rows_per_page,
        )
        if not rows:
            return Page(first, (), first)
        names = [row[2] for row in rows] if with_names else ()
        return Page(rows[0][0], [row[1] for row in rows], rows[-1][0] + 1, names)

    async def read_aggregate(
        self,
        context: str,
        aggregate_id: str,
        *,
        from_sequence: int,
        to_sequence: int,
        page_bytes: int,
    ) -> AggregatePage:
        """Read an aggregate's events with `from_sequence` <= sequence <= `to_sequence`."""
        context_id = await self._tools.known.id_of(context)
        rows = await self._tools.readers.ask(
            _SQL["aggregate_page"],
            context_id,
            aggregate_id,
            bounded(from_sequence),
            bounded(to_sequence),
            page_bytes,
            self._tools.options.rows_per_page,
        )
        if not rows:
            return AggregatePage((), None)
        await self._confirm(context_id, rows[-1])
        looked_at = rows[0]["looked_at"]
        is_over = len(rows) == looked_at < self._tools.options.rows_per_page
        found = [(row[0], row[1]) for row in rows]
        return AggregatePage(found, None if is_over else found[-1][0] + 1)

    async def read_matching(
        self,
        context: str,
        criteria: Sequence[Criterion],
        *,
        from_token: int,
        before_token: int,
        page_bytes: int,
    ) -> MatchPage:
        """Read the events in a range of tokens that match any of the criteria; none match all."""
        context_id = await self._tools.known.id_of(context)
        head = await self.head(context)
        before = min(before_token, head)
        first = max(from_token, 0)
        if first >= before:
            return MatchPage((), max(before, 0), head)
        rows = await self._tools.readers.ask(
            _SQL["matching_page"],
            context_id,
            criteria_as_json(criteria or (EVERYTHING,)),
            first,
            before,
            page_bytes,
            self._tools.options.candidates_per_page,
        )
        return MatchPage([(row[0], row[1]) for row in rows[:-1]], rows[-1][0], head)

    async def _find_append(self, context: str, append_id: bytes) -> Accepted | None:
        target = Target(context, await self._tools.known.id_of(context))
        async with self._turn(context):
            return await self._appending.find(target, append_id)

    async def _append(self, context: str, appends: Sequence[Append]) -> Sequence[Outcome]:
        target = Target(context, await self._tools.known.id_of(context))
        async with self._turn(context):
            try:
                outcomes = await self._appending.append(target, appends)
            except UnknownContext:
                self._tools.known.remove(context)
                raise
        self._keys.stored(target.context_id, outcomes)
        return outcomes

    def _turn(self, context: str) -> asyncio.Lock:
        """What is handed in for a context is done in that order, one thing after the other."""
        return self._turns.setdefault(context, asyncio.Lock())

    async def _confirm(self, context_id: int, newest: Any) -> None:
        """Return when the newest of the events that were just seen is on a standby, too."""
        if newest["waits_for_standby"]:
            await self._tools.confirmed.confirm({context_id: newest["token"] + 1})

    async def _number(self, statement: str, context: str, *parameters: int | str) -> int:
        context_id = await self._tools.known.id_of(context)
        rows = await self._tools.readers.ask(statement, context_id, *parameters)
        return int(rows[0][0])


def _answer(
    done: Callable[[Sequence[Outcome] | Exception], None], task: asyncio.Task[Sequence[Outcome]]
) -> None:
    if task.cancelled():  # the event loop itself ends
        return
    error = task.exception()
    if error is None:
        done(task.result())
    elif isinstance(error, Exception):
        done(error)
