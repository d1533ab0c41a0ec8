"""One persistent stream while this node owns it: its consumers and who holds which segment.

A segment is free, open at one consumer, or closing there: taken away, and not yet confirmed as
drained. It is given to another consumer only when it is free, so that no two ever handle it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from ranvier.errors import RanvierError
from ranvier.events.streams.errors import NoSuchStream
from ranvier.events.streams.progress import SegmentProgress, settled
from ranvier.events.streams.sequencing import segment_of
from ranvier.events.streams.sharing import share
from ranvier.services.errors import SegmentNotReleased, TooManyConsumers
from ranvier.services.event_sorter import EventSorter
from ranvier.services.follow_events import FollowEvents
from ranvier.services.segment_delivery import SegmentDelivery
from ranvier.services.stream_consumer import EventOf, StreamConsumer
from ranvier.services.to_its_end import to_its_end
from ranvier.storage.persistent_streams import PersistentStreams, StoredStream

CONSUMERS_AT_MOST: Final = 1_024
"""Of one stream: as many as it can have segments."""

DRAINED: Final = -45
"""The position by which a client confirms that a closed segment is drained."""

ERROR_CHARACTERS: Final = 1_000
"""Of a consumer's error that are kept: its first lines."""

FIRST_REST_SECONDS: Final = 1.0
"""Before a segment is given again after a consumer failed on it; doubled each time."""

LONGEST_REST_SECONDS: Final = 60.0

logger = logging.getLogger("ranvier.services")


@dataclass(frozen=True, slots=True)
class StreamTools:
    """What every stream of a node works with."""

    store: PersistentStreams
    follow_events: FollowEvents
    event_of: EventOf
    moved: Callable[[LiveStream], None]
    """Told when positions have moved."""
    keep_now: Callable[[LiveStream], None]
    """Told when positions should be stored at once."""
    close_timeout_seconds: float
    later: Callable[[float, Callable[[], None]], asyncio.TimerHandle]


class Segment:
    """One segment: how far it is, and at whom."""

    def __init__(self, number: int, progress: SegmentProgress) -> None:
        self.number = number
        self.progress = progress
        self.holder: StreamConsumer | None = None
        self.delivery: SegmentDelivery | None = None
        self.is_closing = False
        self.is_resting = False
        self.failures = 0
        self.timer: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        """Whether its holder may be sent its events."""
        return self.holder is not None and not self.is_closing

    def keep_progress(self) -> None:
        """Take over what the delivery has got confirmed."""
        if self.delivery is not None:
            self.progress = replace(self.progress, next_token=self.delivery.confirmed)

    def stop_timer(self) -> None:
        """Forget what was to happen later."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class LiveStream:
    """The consumers of one stream and the segments that they hold."""

    def __init__(self, context: str, stored: StoredStream, tools: StreamTools) -> None:
        self.context = context
        self._stored = stored
        self._tools = tools
        self._sorter = EventSorter(context, stored.definition, tools.event_of)
        self._consumers: list[StreamConsumer] = []
        self._segments: list[Segment] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._changing = asyncio.Lock()
        self._is_paused = False
        self._all_free = asyncio.Event()
        self._end_error: RanvierError | None = None
        self._adopt(stored)

    @property
    def number(self) -> int:
        """The number of the stream in the database."""
        return self._stored.number

    @property
    def stream_id(self) -> str:
        """The id by which clients know the stream."""
        return self._stored.definition.stream_id

    @property
    def is_idle(self) -> bool:
        """Whether nobody has it open, nothing is being changed, and no segment rests."""
        is_busy = self._consumers or self._changing.locked()
        return not is_busy and not any(segment.is_resting for segment in self._segments)

    @property
    def consumer_count(self) -> int:
        """How many clients have it open."""
        return len(self._consumers)

    @property
    def segment_count(self) -> int:
        """How many segments it has."""
        return len(self._segments)

    @property
    def open_segment_count(self) -> int:
        """How many segments are held by a consumer."""
        return sum(segment.holder is not None for segment in self._segments)

    def stored(self) -> StoredStream:
        """Return the stream with its present positions."""
        for segment in self._segments:
            segment.keep_progress()
        progress = replace(
            self._stored.progress, segments=tuple(segment.progress for segment in self._segments)
        )
        self._stored = replace(self._stored, progress=settled(progress))
        return self._stored

    def holders(self) -> list[str]:
        """Return the client that holds each segment; an empty text where nobody does."""
        return [segment.holder.client_id if segment.holder else "" for segment in self._segments]

    def connect(self, consumer: StreamConsumer) -> None:
        """Let a consumer have its share; raises what ended the stream, or `TooManyConsumers`."""
        if self._end_error is not None:
            raise self._end_error
        if len(self._consumers) >= CONSUMERS_AT_MOST:
            raise TooManyConsumers(CONSUMERS_AT_MOST)
        self._consumers.append(consumer)
        self._share_out()

    def disconnect(self, consumer: StreamConsumer) -> None:
        """Let a consumer go; what it held is free at once: its call is over."""
        if consumer not in self._consumers:
            return
        self._consumers.remove(consumer)
        for segment in self._segments:
            if segment.holder is consumer:
                self._free(segment)
        self._tools.keep_now(self)
        self._share_out()

    def request(self, consumer: StreamConsumer, number: int, count: int) -> None:
        """Take the demand of a consumer for a segment that it holds."""
        segment = self._held(consumer, number)
        if segment is not None and segment.delivery is not None:
            segment.delivery.request(count)

    def acknowledge(self, consumer: StreamConsumer, number: int, position: int) -> None:
        """Take the last handled token of a segment, or that it is drained."""
        segment = self._held(consumer, number)
        if segment is None or segment.delivery is None:
            return
        if position == DRAINED:
            if segment.is_closing:
                self._released(segment)
        elif segment.delivery.acknowledge(position):
            segment.progress = replace(segment.progress, error="")
            segment.failures = 0
            self._tools.moved(self)

    def fail(self, consumer: StreamConsumer, number: int, error: str) -> None:
        """Take a segment from a consumer that failed on it; it is given again after a rest."""
        segment = self._held(consumer, number)
        if segment is None:
            return
        if segment.is_open:
            consumer.segment_closed(number)
        self._free(segment)
        segment.progress = replace(segment.progress, error=error[:ERROR_CHARACTERS])
        self._rest(segment)
        self._tools.keep_now(self)

    def wake(self, consumer: StreamConsumer) -> None:
        """Look again at what a consumer may be sent: it has taken what was on its way."""
        for segment in self._segments:
            if segment.holder is consumer and segment.delivery is not None:
                segment.delivery.wake()

    @to_its_end
    async def change(self, make: Callable[[StoredStream], Awaitable[StoredStream]]) -> None:
        """Take all segments away, change the stream once they are drained, and give them again.

        `make` gets the stream as it stands and returns it as it shall be. It is done to the end,
        also when the caller has gone. Raises `NoSuchStream` if it was deleted meanwhile.
        """
        async with self._changing:
            self._is_paused = True
            try:
                await self._take_all_away()
                changed = await self._tools.store.change(await make(self.stored()))
                if changed is None:
                    raise NoSuchStream(self._stored.definition.stream_id)
                self._adopt(changed)
            finally:
                self._is_paused = False
                self._share_out()

    @to_its_end
    async def rename(self, name: str) -> None:
        """Give the stream another name; its consumers go on. Raises as `change`."""
        async with self._changing:
            stored = self.stored()
            wanted = replace(stored, definition=replace(stored.definition, name=name))
            changed = await self._tools.store.change(wanted)
            if changed is None:
                raise NoSuchStream(stored.definition.stream_id)
            # Positions have moved on meanwhile: what counts is here, and is stored anew.
            self._stored = replace(
                self._stored, definition=changed.definition, revision=changed.revision
            )
            self._tools.keep_now(self)

    def end(self, error: RanvierError) -> None:
        """End all consumers' calls; nobody can connect any more."""
        self._end_error = error
        for consumer in list(self._consumers):
            self._cut(consumer, error)
        for segment in self._segments:
            segment.stop_timer()

    async def ended(self) -> None:
        """Return when nothing of it runs any more."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        async with self._changing:
            pass

    def take(self, segment: int, token: int, row: bytes) -> bool | None:
        """Tell whether an event is a replay; None if it is not this segment's to deliver."""
        key_hash = self._sorter.key_hash(token, row)
        if key_hash is None or segment_of(key_hash, len(self._segments)) != segment:
            return None
        progress = self._stored.progress
        # Most streams have no earlier layouts: nothing is called for each event.
        if progress.handled and progress.is_handled(token, key_hash):
            return None
        return bool(progress.replayed) and progress.is_replay(token, key_hash)

    def _adopt(self, stored: StoredStream) -> None:
        for segment in self._segments:
            segment.stop_timer()
        self._stored = stored
        self._segments = [
            Segment(number, progress) for number, progress in enumerate(stored.progress.segments)
        ]

    def _held(self, consumer: StreamConsumer, number: int) -> Segment | None:
        """Return a segment if this consumer holds it; what it says of others is out of date."""
        if not 0 <= number < len(self._segments):
            return None
        segment = self._segments[number]
        return segment if segment.holder is consumer else None

    def _share_out(self) -> None:
        """Give free segments, and take away what others should have."""
        if self._is_paused or self._end_error is not None:
            return
        holders = [segment.holder if segment.is_open else None for segment in self._segments]
        wanted = share(holders, self._consumers)
        for segment, consumer in zip(self._segments, wanted, strict=True):
            if segment.is_open and segment.holder is not consumer:
                self._close(segment)
        for segment, consumer in zip(self._segments, wanted, strict=True):
            if consumer is not None and segment.holder is None and not segment.is_resting:
                self._open(segment, consumer)

    def _open(self, segment: Segment, consumer: StreamConsumer) -> None:
        segment.holder = consumer
        segment.delivery = SegmentDelivery(
            segment.number, consumer, self, segment.progress.next_token, self._moved
        )
        consumer.segment_opened(segment.number)
        task = asyncio.get_running_loop().create_task(self._run(segment.delivery, consumer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, delivery: SegmentDelivery, consumer: StreamConsumer) -> None:
        try:
            await delivery.run(self.context, self._tools.follow_events)
        except RanvierError as error:
            self._cut(consumer, error)
        except Exception:
            logger.exception("a segment of stream %s broke", self._stored.definition.stream_id)
            self._cut(
                consumer, RanvierError("The node could not deliver this stream: see its log.")
            )

    def _close(self, segment: Segment) -> None:
        """Take a segment away; whoever does not confirm it in time loses the whole call."""
        if segment.holder is None or segment.delivery is None:
            return
        segment.is_closing = True
        segment.delivery.stop()
        segment.holder.segment_closed(segment.number)
        seconds = self._tools.close_timeout_seconds
        consumer = segment.holder
        segment.timer = self._tools.later(
            seconds, lambda: self._cut(consumer, SegmentNotReleased(segment.number, seconds))
        )

    def _released(self, segment: Segment) -> None:
        self._free(segment)
        self._tools.keep_now(self)
        self._share_out()

    def _free(self, segment: Segment) -> None:
        segment.stop_timer()
        segment.keep_progress()
        if segment.delivery is not None:
            segment.delivery.stop()
        segment.holder = segment.delivery = None
        segment.is_closing = False
        if not self.open_segment_count:
            self._all_free.set()

    def _rest(self, segment: Segment) -> None:
        seconds = min(FIRST_REST_SECONDS * 2**segment.failures, LONGEST_REST_SECONDS)
        segment.failures = min(segment.failures + 1, 16)
        segment.is_resting = True

        def end_rest() -> None:
            segment.is_resting = False
            self._share_out()

        segment.timer = self._tools.later(seconds, end_rest)

    async def _take_all_away(self) -> None:
        self._all_free.clear()
        for segment in self._segments:
            if segment.is_open:
                self._close(segment)
        if self.open_segment_count:
            await self._all_free.wait()

    def _cut(self, consumer: StreamConsumer, error: RanvierError) -> None:
        """Let a consumer go and end its call."""
        if consumer in self._consumers:
            self.disconnect(consumer)
            consumer.end(error)

    def _moved(self) -> None:
        self._tools.moved(self)
