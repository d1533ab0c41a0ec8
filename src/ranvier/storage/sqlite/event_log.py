"""The port `EventLog` on SQLite: appends go to the writer thread, reads to the readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import apsw

from ranvier.events.append import Accepted, Append, Outcome
from ranvier.events.criterion import Criterion
from ranvier.events.errors import UnknownContext
from ranvier.storage.event_log import AggregatePage, MatchPage, Page
from ranvier.storage.sqlite import reading
from ranvier.storage.sqlite.appending import Appending, Target
from ranvier.storage.sqlite.contexts import ContextTools
from ranvier.storage.sqlite.failures import in_our_words
from ranvier.storage.sqlite.gathering import Gathering
from ranvier.storage.sqlite.key_sweeping import KeySweeping
from ranvier.storage.sqlite.match_pages import is_by_tags, read_matches
from ranvier.storage.sqlite.reading import AggregateRange, TokenRange
from ranvier.storage.sqlite.rows import RowSizes
from ranvier.storage.sqlite.statements import fetch_all, load_statements
from ranvier.storage.sqlite.writer import Writer

_SQL = load_statements("read")

MOST_LOADS_AT_ONCE = 32
"""Aggregates or tags loaded in one go: about a millisecond of one reader."""

TaggedRange: TypeAlias = tuple[Sequence[Criterion], TokenRange]


class SqliteEvents:
    """Implements the port `EventLog`."""

    def __init__(self, tools: ContextTools) -> None:
        self._tools = tools
        self._sizes = RowSizes()
        self._appending = Appending(tools.seen_heads, tools.options.limits)
        self._key_sweeping = KeySweeping(tools.writers, tools.options)
        self._loads: Gathering[apsw.Connection, AggregateRange, AggregatePage] = Gathering(
            tools.readers, self._load_all, most_at_once=MOST_LOADS_AT_ONCE
        )
        self._sources: Gathering[apsw.Connection, TaggedRange, MatchPage] = Gathering(
            tools.readers, self._source_all, most_at_once=MOST_LOADS_AT_ONCE
        )

    async def append(self, context: str, appends: Sequence[Append]) -> Sequence[Outcome]:
        """Decide a batch in order and store what is accepted in one durable commit."""
        target = Target(context, self._tools.known.id_of(context))
        return await self._tools.writers.run(lambda writer: self._append(writer, target, appends))

    def append_then(
        self,
        context: str,
        appends: Sequence[Append],
        done: Callable[[Sequence[Outcome] | Exception], None],
    ) -> None:
        """Append as `append` does, without a task; `done` is called on the event loop.

        The batch is with the writer when this returns, ahead of everything handed in later.
        """
        target = Target(context, self._tools.known.id_of(context))
        self._tools.writers.run_then(lambda writer: self._append(writer, target, appends), done)

    async def find_append(self, context: str, append_id: bytes) -> Accepted | None:
        """Tell what became of an append, after every commit that may still bring it has ended."""
        target = Target(context, self._tools.known.id_of(context))
        return await self._tools.writers.run(
            lambda writer: self._appending.find(writer, target, append_id)
        )

    async def head(self, context: str) -> int:
        """The token that the next event will get."""
        context_id = self._tools.known.id_of(context)
        seen_heads = self._tools.seen_heads
        floor = seen_heads.floor(context_id)

        def read(connection: apsw.Connection) -> int:
            rows = fetch_all(connection, _SQL["head"], (context_id,))
            if not rows:
                raise UnknownContext(context)
            return int(rows[0][0])

        found = await self._tools.readers.run(read)
        seen_heads.hold_against(context, context_id, floor, found)
        return found

    async def heads(self) -> Mapping[str, int]:
        """The heads of all contexts, read at one moment."""
        seen_heads = self._tools.seen_heads
        floors = seen_heads.floors()
        rows: list[tuple[int, str, int]] = await self._tools.readers.run(
            lambda connection: fetch_all(connection, _SQL["heads"])
        )
        for context_id, name, head in rows:
            seen_heads.hold_against(name, context_id, floors.get(context_id, 0), head)
        return {name: head for _, name, head in rows}

    async def first_token(self, context: str) -> int:
        """The token of the oldest event, 0 for an empty context."""
        context_id = self._tools.known.id_of(context)
        return await self._tools.readers.run(
            lambda connection: reading.first_token(connection, context_id)
        )

    async def first_token_at(self, context: str, time_ms: int) -> int:
        """The token of the first event at or after a time; the head if all are earlier."""
        context_id = self._tools.known.id_of(context)
        return await self._tools.readers.run(
            lambda connection: reading.first_token_at(connection, context_id, time_ms)
        )

    async def last_sequence(self, context: str, aggregate_id: str) -> int:
        """The sequence number of an aggregate's last event, -1 if it has none."""
        context_id = self._tools.known.id_of(context)
        return await self._tools.readers.run(
            lambda connection: reading.last_sequence(connection, context_id, aggregate_id)
        )

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
        context_id = self._tools.known.id_of(context)
        wanted = TokenRange(context_id, from_token, before_token, page_bytes)
        return await self._tools.readers.run(
            lambda connection: reading.read_page(
                connection, self._sizes, wanted, with_names=with_names
            )
        )

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
        context_id = self._tools.known.id_of(context)
        return await self._loads.ask(
            AggregateRange(context_id, aggregate_id, from_sequence, to_sequence, page_bytes)
        )

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
        context_id = self._tools.known.id_of(context)
        wanted = TokenRange(context_id, from_token, before_token, page_bytes)
        seen_heads = self._tools.seen_heads
        floor = seen_heads.floor(context_id)
        if is_by_tags(criteria):
            page = await self._sources.ask((tuple(criteria), wanted))
        else:
            page = await self._tools.readers.run(
                lambda connection: read_matches(connection, self._sizes, criteria, wanted)
            )
        seen_heads.hold_against(context, context_id, floor, page.head)
        return page

    def _append(
        self, writer: Writer, target: Target, appends: Sequence[Append]
    ) -> Sequence[Outcome]:
        outcomes = self._appending.append(writer, target, appends)
        self._key_sweeping.appended(target.context_id, len(appends))
        return outcomes

    def _load_all(
        self, connection: apsw.Connection, loads: Sequence[AggregateRange]
    ) -> Sequence[AggregatePage | Exception]:
        return [self._load(connection, load) for load in loads]

    def _load(self, connection: apsw.Connection, load: AggregateRange) -> AggregatePage | Exception:
        try:
            return reading.read_aggregate_page(connection, self._sizes, load)
        except Exception as error:  # its caller gets it, its neighbours do not
            return in_our_words(error)

    def _source_all(
        self, connection: apsw.Connection, ranges: Sequence[TaggedRange]
    ) -> Sequence[MatchPage | Exception]:
        return [self._source(connection, *wanted) for wanted in ranges]

    def _source(
        self, connection: apsw.Connection, criteria: Sequence[Criterion], wanted: TokenRange
    ) -> MatchPage | Exception:
        try:
            return read_matches(connection, self._sizes, criteria, wanted)
        except Exception as error:  # its caller gets it, its neighbours do not
            return in_our_words(error)
