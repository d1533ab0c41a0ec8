"""Persistent streams: created, opened, changed and listed; their positions are kept here.

One node owns a stream at a time, by a lease. The positions that it stores bear the lease's fence,
so that a node which was frozen while another took over cannot turn back what that one has stored.
"""

from __future__ import annotations

import asyncio
import logging
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
from ranvier.events.streams.errors import InvalidStream, NoSuchStream, StreamOwnedElsewhere
from ranvier.events.streams.progress import fresh, reset, resized
from ranvier.services.errors import LeasesRunOut, NodeStopping, TokenBeyondHead
from ranvier.services.follow_events import FollowEvents
from ranvier.services.hold_leases import HoldLeases
from ranvier.services.live_stream import LiveStream, StreamTools
from ranvier.services.progress_writer import ProgressWriter
from ranvier.services.stream_consumer import EventOf, StreamConsumer
from ranvier.storage.event_log import EventLog
from ranvier.storage.persistent_streams import PersistentStreams, StoredStream, stream_lease

STREAMS_AT_MOST: Final = 1_000
"""Of one context: an application has a stream for each of its event processors."""

CLOSE_TIMEOUT_SECONDS: Final = 30.0
"""In which a client confirms that a segment is drained: longer than a batch of events takes."""

logger = logging.getLogger("ranvier.services")

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


@dataclass(frozen=True, slots=True)
class StreamPorts:
    """What the streams of a node are built over."""

    store: PersistentStreams
    leases: HoldLeases
    event_log: EventLog
    follow_events: FollowEvents
    event_of: EventOf


class PersistentStreamService:
    """The streams of all contexts, as far as this node owns them."""

    def __init__(
        self, ports: StreamPorts, close_timeout_seconds: float = CLOSE_TIMEOUT_SECONDS
    ) -> None:
        store = self._store = ports.store
        self._leases = ports.leases
        self._event_log = ports.event_log
        self._writer: ProgressWriter[LiveStream] = ProgressWriter(self._save)
        self._tools = StreamTools(
            store,
            ports.follow_events,
            ports.event_of,
            self._writer.moved,
            self._writer.keep_now,
            close_timeout_seconds,
            lambda seconds, then: asyncio.get_running_loop().call_later(seconds, then),
        )
        self._live: dict[int, LiveStream] = {}
        self._by_lease: dict[str, LiveStream] = {}
        self._forgetting: set[asyncio.Task[None]] = set()
        self._refused_writes = 0
        self._ended_contexts = 0
        """Grows with each context that is deleted, so that who waits for a row looks again."""
        self._is_stopping = False
        self._end_watch = self._leases.watch(self._lease_changed)

    async def start(self) -> None:
        """Begin to store positions."""
        await self._writer.start()

    async def stop(self) -> None:
        """End all consumers' calls and store where they were; stopping twice is allowed."""
        self._is_stopping = True
        await self._end_all(list(self._live.values()), NodeStopping())
        await self._writer.stop()
        self._end_watch()
        for live in list(self._live.values()):
            await self._give_back(live)
        await asyncio.gather(*self._forgetting, return_exceptions=True)

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

        Raises `NoSuchStream` when there is none and nothing says how to create it, and
        `StreamOwnedElsewhere`, which names the node to ask.
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
        self._drop(live)
        await self._end_all([live], NoSuchStream(stream_id))
        await self._leases.forget(stream_lease(live.number))

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
        next_token = await self._event_log.first_token(context)
        await self._reset_live(await self._owned(context, stream_id), next_token)

    async def reset_to_time(self, context: str, stream_id: str, time_ms: int) -> None:
        """Let a stream go on with the first event at or after a time."""
        next_token = await self._event_log.first_token_at(context, time_ms)
        await self._reset_live(await self._owned(context, stream_id), next_token)

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
            self._drop(live)
            live.end(UnknownContext(context))
            self._forget_soon(live)

    def consumer_count(self) -> int:
        """How many clients have a stream of this node open."""
        return sum(live.consumer_count for live in self._live.values())

    def open_segment_count(self) -> int:
        """How many segments are held by clients of this node."""
        return sum(live.open_segment_count for live in self._live.values())

    def refused_writes(self) -> int:
        """How often positions were refused since another node had taken a stream over."""
        return self._refused_writes

    async def _owned(self, context: str, stream_id: str) -> LiveStream:
        """Return a stream that this node owns from now on, as it stands in the database.

        Raises `StreamOwnedElsewhere` where another node has it.
        """
        name = stream_lease((await self._found(context, stream_id)).number)
        if name in self._by_lease and self._leases.is_held(name):
            return self._by_lease[name]
        try:
            lease = await self._leases.take(name)
        except LeasesRunOut:
            raise StreamOwnedElsewhere(stream_id) from None
        # Whoever owned it before may have stored more since it was found.
        stored = await self._found(context, stream_id)
        fence = self._leases.fence(name)
        if fence is None or stream_lease(stored.number) != name:
            raise StreamOwnedElsewhere(stream_id, lease.node)
        return self._by_lease.get(name) or self._begin(context, replace(stored, fence=fence))

    def _begin(self, context: str, stored: StoredStream) -> LiveStream:
        live = LiveStream(context, stored, self._tools)
        self._live[stored.number] = self._by_lease[stream_lease(stored.number)] = live
        self._writer.moved(live)  # gives it back soon, should nobody join
        return live

    async def _found(self, context: str, stream_id: str) -> StoredStream:
        """Return a row that no deletion of a context has taken away meanwhile.

        Raises `NoSuchStream`.
        """
        self._refuse_when_stopping()
        ended_contexts = -1
        stored: StoredStream | None = None
        while ended_contexts != self._ended_contexts:
            ended_contexts = self._ended_contexts
            stored = await self._store.find(context, stream_id)
            self._refuse_when_stopping()
        if stored is None:
            raise NoSuchStream(stream_id)
        return stored

    def _lease_changed(self, name: str, fence: int | None) -> None:
        """Let go of a stream whose lease was lost: another node may own it at any moment."""
        live = self._by_lease.get(name)
        if fence is None and live is not None:
            self._lose(live)

    def _lose(self, live: LiveStream) -> None:
        self._drop(live)
        live.end(StreamOwnedElsewhere(live.stream_id))

    def _drop(self, live: LiveStream) -> None:
        self._live.pop(live.number, None)
        self._by_lease.pop(stream_lease(live.number), None)

    async def _give_back(self, live: LiveStream) -> None:
        """Let any node own a stream from now on."""
        self._drop(live)
        await self._leases.release(stream_lease(live.number))

    def _forget_soon(self, live: LiveStream) -> None:
        task = asyncio.get_running_loop().create_task(self._forget(live))
        self._forgetting.add(task)
        task.add_done_callback(self._forgetting.discard)

    async def _forget(self, live: LiveStream) -> None:
        try:
            await self._leases.forget(stream_lease(live.number))
        except RanvierError as error:
            logger.info("the lease of a stream that is no more stays behind: %s", error)

    async def _end_all(self, streams: Sequence[LiveStream], error: RanvierError) -> None:
        for live in streams:
            live.end(error)
        for live in streams:
            await live.ended()

    async def _reset(self, context: str, stream_id: str, position: int) -> None:
        next_token = await self._first_token(context, position)
        await self._reset_live(await self._owned(context, stream_id), next_token)

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
        """Store where streams are; what nobody reads any more is anyone's."""
        owned = [live for live in moved if self._live.get(live.number) is live]
        refused = await self._store.save([live.stored() for live in owned]) if owned else ()
        for live in owned:
            if live.number in refused:
                self._refused_writes += 1
                self._lose(live)
            elif live.is_idle and self._live.get(live.number) is live and not self._is_stopping:
                await self._give_back(live)

    def _refuse_when_stopping(self) -> None:
        if self._is_stopping:
            raise NodeStopping
