"""The port `PersistentStreams` over several databases.

The number of a stream that lies elsewhere has the number of its context in front, so that it is the
only one of its kind in the whole cluster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ranvier.events.streams.definition import StreamDefinition
from ranvier.events.streams.progress import StreamProgress
from ranvier.storage.persistent_streams import StoredStream, stream_lease
from ranvier.storage.placed.merged import Merged
from ranvier.storage.placed.routing import PlacedContext, Routing

NUMBER_BITS: Final = 32
"""Of a stream's number, those that its own database gives out."""

_PREFIX: Final = stream_lease(0)[:-1]


def outer_number(context: int, number: int) -> int:
    """Return the number of a stream of a context in the whole cluster."""
    return context << NUMBER_BITS | number


def inner_number(number: int) -> int:
    """Return the number that a stream has in its own database."""
    return number & (1 << NUMBER_BITS) - 1


class PlacedPersistentStreams:
    """The streams of each context, in its database."""

    def __init__(self, routing: Routing) -> None:
        self._routing = routing
        self._home = routing.home.persistent_streams
        self._count: Merged[int] = Merged(
            routing, lambda database: database.persistent_streams.count(), 0
        )

    async def create(
        self, context: str, definition: StreamDefinition, progress: StreamProgress, limit: int
    ) -> bool:
        """Store a new stream; False if there is one of that id already."""
        return await self._routing.ask(
            context,
            lambda database, name: database.persistent_streams.create(
                name, definition, progress, limit
            ),
        )

    async def find(self, context: str, stream_id: str) -> StoredStream | None:
        """The stream of that id; None when there is none."""
        found = await self._routing.ask(
            context, lambda database, name: database.persistent_streams.find(name, stream_id)
        )
        return None if found is None else self._outer(context, found)

    async def list(self, context: str) -> Sequence[StoredStream]:
        """All streams of a context, by id."""
        found = await self._routing.ask(
            context, lambda database, name: database.persistent_streams.list(name)
        )
        return [self._outer(context, each) for each in found]

    async def save(self, streams: Sequence[StoredStream]) -> Sequence[int]:
        """Store positions and errors of the segments, in one commit for each database.

        What one database does not take is raised when the others have theirs.
        """
        by_context: dict[int, list[StoredStream]] = {}
        for stream in streams:
            by_context.setdefault(stream.number >> NUMBER_BITS, []).append(stream)
        found = await asyncio.gather(
            *(self._save(context, group) for context, group in by_context.items()),
            return_exceptions=True,
        )
        refused: list[int] = []
        for each in found:
            if isinstance(each, BaseException):
                raise each
            refused += each
        return refused

    async def change(self, stream: StoredStream) -> StoredStream | None:
        """Store another name, layout or positions; the answer has the next revision."""
        context = stream.number >> NUMBER_BITS
        if not context:
            return await self._home.change(stream)
        placed = self._routing.numbered(context)
        if placed is None:
            return None
        inner = replace(stream, number=inner_number(stream.number))
        changed = await self._routing.ask_placed(
            placed, lambda database, _: database.persistent_streams.change(inner)
        )
        return None if changed is None else replace(changed, number=stream.number)

    async def delete(self, context: str, stream_id: str) -> bool:
        """Remove a stream; False when there is none of that id."""
        return await self._routing.ask(
            context, lambda database, name: database.persistent_streams.delete(name, stream_id)
        )

    async def count(self) -> int:
        """How many streams there are in all contexts."""
        return await self._home.count() + sum(await self._count.get())

    async def _save(self, context: int, streams: Sequence[StoredStream]) -> Sequence[int]:
        if not context:
            return await self._home.save(streams)
        placed = self._routing.numbered(context)
        if placed is None:
            return ()  # deleted with its context
        inner = [replace(each, number=inner_number(each.number)) for each in streams]
        refused = await self._routing.ask_placed(
            placed, lambda database, _: database.persistent_streams.save(inner)
        )
        return [outer_number(context, number) for number in refused]

    def _outer(self, context: str, stream: StoredStream) -> StoredStream:
        placed = self._routing.find(context)
        if placed is None:
            return stream
        return replace(stream, number=outer_number(placed.number, stream.number))


def lease_there(routing: Routing, name: str) -> tuple[PlacedContext, str] | None:
    """Return the context whose stream a lease is for and the name of the lease there.

    None for every lease whose fence is checked in the system database.
    """
    number = name.removeprefix(_PREFIX)
    if number == name or not number.isdecimal():
        return None
    placed = routing.numbered(int(number) >> NUMBER_BITS)
    return None if placed is None else (placed, stream_lease(inner_number(int(number))))
