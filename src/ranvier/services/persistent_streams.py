"""Persistent streams: created, opened, changed and listed; their positions are kept here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ranvier.errors import RanvierError
from ranvier.events.errors import UnknownContext
from ranvier.events.streams.definition import (
    StreamDefinition,
    refuse_definition,
    refuse_name,
    refuse_segment_count,
)
from ranvier.events.streams.errors import InvalidStream, NoSuchStream
from ranvier.events.streams.progress import fresh, reset, resized
from ranvier.services.errors import NodeStopping, TokenBeyondHead
from ranvier.services.follow_events import FollowEvents
from ranvier.services.live_stream import LiveStream, StreamTools
from ranvier.services.progress_writer import ProgressWriter
from ranvier.services.stream_consumer import EventOf, StreamConsumer
from ranvier.storage.event_log import EventLog
from ranvier.storage.persistent_streams import PersistentStreams, StoredStream

STREAMS_AT_MOST: Final = 1_000
"""Of one context: an application has a stream for each of its event processors."""

CLOSE_TIMEOUT_SECONDS: Final = 30.0
"""In which a client confirms that a segment is drained: longer than a batch of events takes."""

HEAD: Final = -99
"""The initial position that means "only what comes from now on"."""


@dataclass(frozen=True, slots=True)
class NewStream:
    """A stream as a client asks for it."""

    definition: StreamDefinition
    segments: int
    initial_position: int
    """The first token wanted; `HEAD` for what comes from now on."""


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """A stream, where it stands, and the client that holds each segment, empty if none does."""

    stored: StoredStream
    holders: Sequence[str]


class PersistentStreamService:
    """The streams of all contexts, as far as this node owns them."""

    def __init__(
        self,
        store: PersistentStreams,
        event_log: EventLog,
        follow_events: FollowEvents,
        event_of: EventOf,
        close_timeout_seconds: float = CLOSE_TIMEOUT_SECONDS,
    ) -> None:
        self._store = store
        self._event_log = event_log
        self._writer: ProgressWriter[LiveStream] = ProgressWriter(self._save)
        self._tools = StreamTools(
            store,
            follow_events,
            event_of,
            self._writer.moved,
            self._writer.keep_now,
            close_timeout_seconds,
            lambda seconds, then: asyncio.get_running_loop().call_later(seconds, then),
        )
        self._live: dict[int, LiveStream] = {}
        self._ended_contexts = 0
        """Grows with each context that is deleted, so that who waits for a row looks again."""
        self._is_stopping = False

    async def start(self) -> None:
        """Begin to store positions."""
        await self._writer.start()

    async def stop(self) -> None:
        """End all consumers' calls and store where they were; stopping twice is allowed."""
        self._is_stopping = True
        await self._end_all(list(self._live.values()), NodeStopping())
        await self._writer.stop()

    async def create(self, context: str, wanted: NewStream) -> bool:
        """Create a stream; False if there is one of that id, which is left as it is."""
        self._refuse_when_stopping()
        refuse_definition(wanted.definition)
        refuse_segment_count(wanted.segments)
        next_token = await self._first_token(context, wanted.initial_position)
        progress = fresh(wanted.segments, next_token)
        return await self._store.create(context, wanted.definition, progress, STREAMS_AT_MOST)

    async def open(
        self, context: str, stream_id: str, consumer: StreamConsumer, wanted: NewStream | None
    ) -> LiveStream:
        """Let a consumer have its share of a stream, which is created first if need be.

        Raises `NoSuchStream` when there is none and nothing says how to create it.
        """
        if wanted is not None and await self._store.find(context, stream_id) is None:
            await self.create(context, wanted)
        live = await self._owned(context, stream_id)
        live.connect(consumer)
        return live

    async def delete(self, context: str, stream_id: str) -> None:
        """Remove a stream and end its consumers' calls."""
        live = await self._owned(context, stream_id)
        if not await self._store.delete(context, stream_id):
            raise NoSuchStream(stream_id)
        await self._let_go(live, NoSuchStream(stream_id))

    async def update(self, context: str, stream_id: str, segments: int, name: str) -> None:
        """Give a stream another number of segments (0: as it is) or name (empty: as it is).

        For another number all segments are taken away; it returns when they are given anew.
        """
        refuse_name("stream name", name)
        if segments:
            refuse_segment_count(segments)
        live = await self._owned(context, stream_id)

        async def split(stored: StoredStream) -> StoredStream:
            return replace(stored, progress=resized(stored.progress, segments, stream_id))

        if segments not in (0, live.segment_count):
            await live.change(split)
        if name:
            await live.rename(name)

    async def reset_to_head(self, context: str, stream_id: str) -> None:
        """Let a stream go on with what comes from now on."""
        await self._reset(context, stream_id, HEAD)

    async def reset_to_tail(self, context: str, stream_id: str) -> None:
        """Let a stream begin again with the oldest event."""
        live = await self._owned(context, stream_id)
        await self._reset_live(live, await self._event_log.first_token(context))

    async def reset_to_time(self, context: str, stream_id: str, time_ms: int) -> None:
        """Let a stream go on with the first event at or after a time."""
        live = await self._owned(context, stream_id)
        await self._reset_live(live, await self._event_log.first_token_at(context, time_ms))

    async def reset_to_position(self, context: str, stream_id: str, position: int) -> None:
        """Let a stream go on with the event of this token."""
        if position < 0:
            raise InvalidStream("position", f"is {position}: it must be a token, from 0 on")
        await self._reset(context, stream_id, position)

    async def list(self, context: str) -> Sequence[StreamStatus]:
        """Tell how all streams of a context stand."""
        return [self._status(stored) for stored in await self._store.list(context)]

    async def count(self) -> int:
        """How many streams there are in all contexts."""
        return await self._store.count()

    def end_context(self, context: str) -> None:
        """Let go of the streams of a context that is deleted."""
        self._ended_contexts += 1
        for live in [each for each in self._live.values() if each.context == context]:
            del self._live[live.number]
            live.end(UnknownContext(context))

    def consumer_count(self) -> int:
        """How many clients have a stream of this node open."""
        return sum(live.consumer_count for live in self._live.values())

    def open_segment_count(self) -> int:
        """How many segments are held by clients of this node."""
        return sum(live.open_segment_count for live in self._live.values())

    async def _owned(self, context: str, stream_id: str) -> LiveStream:
        """Return a stream that this node owns, as it stands in the database.

        The one place where ownership is decided: a node that shares its database will ask for the
        stream's lease here, and write positions under its revision only while it has it.
        """
        stored = await self._found(context, stream_id)
        if stored is None:
            raise NoSuchStream(stream_id)
        live = self._live.get(stored.number)
        if live is None:
            live = self._live[stored.number] = LiveStream(context, stored, self._tools)
        return live

    async def _found(self, context: str, stream_id: str) -> StoredStream | None:
        """Return a row that no deletion of a context has taken away meanwhile."""
        self._refuse_when_stopping()
        ended_contexts = -1
        stored: StoredStream | None = None
        while ended_contexts != self._ended_contexts:
            ended_contexts = self._ended_contexts
            stored = await self._store.find(context, stream_id)
            self._refuse_when_stopping()
        return stored

    async def _let_go(self, live: LiveStream, error: RanvierError) -> None:
        self._live.pop(live.number, None)
        await self._end_all([live], error)

    async def _end_all(self, streams: Sequence[LiveStream], error: RanvierError) -> None:
        for live in streams:
            live.end(error)
        for live in streams:
            await live.ended()

    async def _reset(self, context: str, stream_id: str, position: int) -> None:
        live = await self._owned(context, stream_id)
        await self._reset_live(live, await self._first_token(context, position))

    async def _reset_live(self, live: LiveStream, next_token: int) -> None:
        async def make(stored: StoredStream) -> StoredStream:
            return replace(stored, progress=reset(stored.progress, next_token))

        await live.change(make)

    async def _first_token(self, context: str, position: int) -> int:
        """Return the token that an initial position means."""
        if position < 0 and position != HEAD:
            raise InvalidStream(
                "initial position", f"is {position}: it must be a token, or {HEAD} for the head"
            )
        head = await self._event_log.head(context)
        if position > head:
            raise TokenBeyondHead(context, position, head)
        if position == 0:
            return await self._event_log.first_token(context)
        return head if position == HEAD else position

    def _status(self, stored: StoredStream) -> StreamStatus:
        live = self._live.get(stored.number)
        if live is None:
            return StreamStatus(stored, [""] * len(stored.progress.segments))
        return StreamStatus(live.stored(), live.holders())

    async def _save(self, moved: Sequence[LiveStream]) -> None:
        await self._store.save([live.stored() for live in moved])

    def _refuse_when_stopping(self) -> None:
        if self._is_stopping:
            raise NodeStopping
