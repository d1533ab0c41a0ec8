"""ListEvents: the events of a context from a token on, for ever, as far as permits reach.

The first message sets the position; later ones add permits or payload types to leave out. When the
client half-closes it gets all that is stored at that moment, up to its permits, and then OK.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from ranvier.axon.blocked_types import BlockedTypes, run_to_send
from ranvier.axon.errors import PermitsMissing, grpc_error
from ranvier.axon.event_frames import event_frames
from ranvier.axon.messages import parsed
from ranvier.axon.request_context import context_of
from ranvier.errors import RanvierError
from ranvier.proto import event_pb2
from ranvier.services.event_follower import EventFollower
from ranvier.services.follow_events import FollowEvents
from ranvier.services.read_events import ReadEvents
from ranvier.storage.event_log import Page
from ranvier.wire.grpc.server_call import ServerCall

PAGE_BYTES: Final = 128 * 1024
"""Of one read and one block: a slow client holds a page and a block in the queue, no more."""

QUEUED_BYTES: Final = 64 * 1024
"""Queued for the client above which nothing is added; below it the call says it is writable."""

PERMITS_TIMEOUT_SECONDS: Final = 120.0
"""Without permits for so long, a stream has been forgotten by its client."""

NO_PAGE: Final = Page(0, (), 0)


class EventStreams:
    """Opens the streams of one node."""

    def __init__(
        self,
        follow_events: FollowEvents,
        read_events: ReadEvents,
        permits_timeout_seconds: float = PERMITS_TIMEOUT_SECONDS,
        count_sent: Callable[[str, int], None] = lambda _context, _count: None,
    ) -> None:
        self.follow_events = follow_events
        self.read_events = read_events
        self.permits_timeout_seconds = permits_timeout_seconds
        self.count_sent = count_sent
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, call: ServerCall) -> EventStream:
        """Return the listener of a new ListEvents call."""
        return EventStream(call, self)

    def run(self, stream: EventStream, from_token: int) -> None:
        """Let a stream deliver from this token on."""
        task = asyncio.get_running_loop().create_task(stream.run(from_token))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class EventStream:
    """One reader: its permits, what it leaves out, and the page that it is at."""

    def __init__(self, call: ServerCall, streams: EventStreams) -> None:
        self._call = call
        self._streams = streams
        self._context = context_of(call)
        self._permits = 0
        self._blocked = BlockedTypes()
        self._has_begun = False
        self._is_half_closed = False
        self._end: int | None = None
        self._page = NO_PAGE
        self._index = 0
        self._follower: EventFollower | None = None
        self._timer: asyncio.TimerHandle | None = None

    def message_received(self, message: bytes) -> None:
        """Take the position from the first message, permits and types to leave out from all."""
        try:
            request = parsed(event_pb2.GetEventsRequest, message)
            self._blocked.add(request.blacklist)
        except RanvierError as error:
            self._fail(error)
            return
        # A running total: Python's numbers have no end, so no sum of permits is ever refused.
        self._permits += max(0, request.number_of_permits)
        self._watch_permits()
        if self._has_begun:
            self._wake()
        else:
            self._has_begun = True
            self._streams.run(self, request.tracking_token)

    def half_closed(self) -> None:
        """End the stream when it has sent what is stored now."""
        self._is_half_closed = True
        if self._has_begun:
            self._wake()
        else:
            self._call.finish()

    def writable(self) -> None:
        """Go on: the client has taken what was queued."""
        self._wake()

    def cancelled(self) -> None:
        """Stop: nobody listens any more."""
        self._wake()

    async def run(self, from_token: int) -> None:
        """Deliver until the client or an error ends the stream."""
        follow_events = self._streams.follow_events
        try:
            self._follower = await follow_events.follow(self._context, from_token)
            await self._deliver(self._follower)
            self._call.finish()
        except RanvierError as error:
            self._call.finish(grpc_error(error))
        except Exception as problem:  # ends this call alone; the wire logs it
            self._call.fail(problem)
        finally:
            self._stop_timer()
            if self._follower is not None:
                follow_events.leave(self._follower)

    async def _deliver(self, follower: EventFollower) -> None:
        while not self._call.is_done:
            follower.rest()
            follower.refuse_when_ended()
            if self._is_half_closed and self._end is None:
                await self._set_end(follower)
            if self._is_complete(follower):
                return
            if not self._may_send():
                await follower.wait(for_events=False)
            elif self._index < len(self._page.rows):
                self._send()
            elif follower.has_more:
                await self._read(follower)
            else:
                await follower.wait()

    async def _set_end(self, follower: EventFollower) -> None:
        """Let the stream end at what is stored now, as the database says it."""
        self._end = await self._streams.read_events.head(self._context)
        follower.expect(self._end)

    def _is_complete(self, follower: EventFollower) -> bool:
        if self._end is None:
            return False
        next_token = follower.position - (len(self._page.rows) - self._index)
        return self._permits == 0 or next_token >= self._end

    def _may_send(self) -> bool:
        return self._permits > 0 and self._call.queued_bytes < QUEUED_BYTES

    async def _read(self, follower: EventFollower) -> None:
        self._index = 0
        self._page = NO_PAGE
        self._page = await follower.read(PAGE_BYTES, self._end, with_names=bool(self._blocked))

    def _send(self) -> None:
        """Send what the permits allow of the page."""
        page, start = self._page, self._index
        if self._blocked and page.names:
            self._send_chosen(page, start)
        else:
            rows = page.rows[start : start + self._permits]
            self._index += len(rows)
            self._send_rows(page.first_token + start, rows)

    def _send_chosen(self, page: Page, start: int) -> None:
        chosen, self._index = run_to_send(
            self._blocked, page.names, page.rows, start, self._permits
        )
        frames = [event_frames(page.first_token + index, (page.rows[index],)) for index in chosen]
        self._permits -= len(chosen)
        self._streams.count_sent(self._context, len(chosen))
        if frames:
            self._call.send_framed(b"".join(frames))
        self._watch_permits()

    def _send_rows(self, first_token: int, rows: Sequence[bytes]) -> None:
        self._permits -= len(rows)
        self._streams.count_sent(self._context, len(rows))
        self._call.send_framed(event_frames(first_token, rows))
        self._watch_permits()

    def _watch_permits(self) -> None:
        """Begin to count the time without permits, or end it."""
        if self._permits:
            self._stop_timer()
        elif self._timer is None:
            timeout_seconds = self._streams.permits_timeout_seconds
            self._timer = asyncio.get_running_loop().call_later(
                timeout_seconds, self._fail, PermitsMissing(timeout_seconds)
            )

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fail(self, error: RanvierError) -> None:
        self._call.finish(grpc_error(error))
        self._stop_timer()
        self._wake()

    def _wake(self) -> None:
        if self._follower is not None:
            self._follower.wake()
