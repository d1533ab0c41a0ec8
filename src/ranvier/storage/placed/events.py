"""The port `EventLog` over several databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from ranvier.events.append import Accepted, Append, Outcome
from ranvier.events.criterion import Criterion
from ranvier.events.errors import UnknownContext
from ranvier.storage.errors import StorageError, StorageNotOpen
from ranvier.storage.event_log import AggregatePage, MatchPage, Page
from ranvier.storage.placed.merged import Merged
from ranvier.storage.placed.routing import PlacedContext, Routing, in_words_for

Done = Callable[[Sequence[Outcome] | Exception], None]


class PlacedEvents:
    """The events of each context, in its database; nothing orders those of two contexts."""

    def __init__(self, routing: Routing) -> None:
        self._routing = routing
        self._home = routing.home.events
        self._heads: Merged[Mapping[str, int]] = Merged(
            routing, lambda database: database.events.heads(), {}
        )
        self._appending: set[asyncio.Task[None]] = set()

    async def drain(self) -> None:
        """Wait for the appends that were handed in."""
        await asyncio.gather(*self._appending)

    async def append(self, context: str, appends: Sequence[Append]) -> Sequence[Outcome]:
        """Decide a batch in order and store what is accepted in one durable commit."""
        return await self._routing.ask(
            context, lambda database, name: database.events.append(name, appends)
        )

    def append_then(self, context: str, appends: Sequence[Append], done: Done) -> None:
        """Append as `append` does; `done` is called on the event loop."""
        placed = self._routing.find(context)
        if placed is not None:
            self._begin(self._append_to(placed, appends, done))
            return

        def answered(outcome: Sequence[Outcome] | Exception) -> None:
            if isinstance(outcome, UnknownContext) and self._routing.is_open:
                # It may lie elsewhere, and this node has not heard of it yet.
                self._begin(self._append_anew(context, appends, done))
            else:
                done(outcome)

        self._home.append_then(context, appends, answered)

    async def find_append(self, context: str, append_id: bytes) -> Accepted | None:
        """Tell what became of an append, after every commit that may still bring it has ended."""
        return await self._routing.ask(
            context, lambda database, name: database.events.find_append(name, append_id)
        )

    async def head(self, context: str) -> int:
        """The token that the next event will get."""
        return await self._routing.ask(context, lambda database, name: database.events.head(name))

    async def heads(self) -> Mapping[str, int]:
        """The heads of all contexts; of a database that is slow or gone, those seen last."""
        heads = dict(await self._home.heads())
        names = self._routing.outer_names()
        for found in await self._heads.get():
            heads |= {names[name]: head for name, head in found.items() if name in names}
        return heads

    async def first_token(self, context: str) -> int:
        """The token of the oldest event, 0 for an empty context."""
        return await self._routing.ask(
            context, lambda database, name: database.events.first_token(name)
        )

    async def first_token_at(self, context: str, time_ms: int) -> int:
        """The token of the first event at or after a time; the head if all are earlier."""
        return await self._routing.ask(
            context, lambda database, name: database.events.first_token_at(name, time_ms)
        )

    async def last_sequence(self, context: str, aggregate_id: str) -> int:
        """The sequence number of an aggregate's last event, -1 if it has none."""
        return await self._routing.ask(
            context, lambda database, name: database.events.last_sequence(name, aggregate_id)
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
        return await self._routing.ask(
            context,
            lambda database, name: database.events.read(
                name,
                from_token=from_token,
                before_token=before_token,
                page_bytes=page_bytes,
                with_names=with_names,
            ),
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
        return await self._routing.ask(
            context,
            lambda database, name: database.events.read_aggregate(
                name,
                aggregate_id,
                from_sequence=from_sequence,
                to_sequence=to_sequence,
                page_bytes=page_bytes,
            ),
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
        return await self._routing.ask(
            context,
            lambda database, name: database.events.read_matching(
                name,
                criteria,
                from_token=from_token,
                before_token=before_token,
                page_bytes=page_bytes,
            ),
        )

    async def _append_to(
        self, placed: PlacedContext, appends: Sequence[Append], done: Done
    ) -> None:
        handed_in: asyncio.Future[Sequence[Outcome] | Exception]
        handed_in = asyncio.get_running_loop().create_future()
        try:
            async with placed.turn:
                database = await self._routing.database_of(placed)
                database.events.append_then(placed.name_there, appends, handed_in.set_result)
        except Exception as error:  # whoever appends is told, whatever it is
            done(error)
            return
        outcome = await handed_in
        if isinstance(outcome, UnknownContext):
            await self._append_anew(placed.name, appends, done)
        elif isinstance(outcome, StorageError):
            done(in_words_for(placed.name, outcome))
        else:
            done(outcome)

    async def _append_anew(self, context: str, appends: Sequence[Append], done: Done) -> None:
        try:
            outcomes = await self.append(context, appends)
        except Exception as error:  # whoever appends is told, whatever it is
            done(error)
        else:
            done(outcomes)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        if not self._routing.is_open:
            work.close()
            raise StorageNotOpen
        task = asyncio.get_running_loop().create_task(work)
        self._appending.add(task)
        task.add_done_callback(self._appending.discard)
