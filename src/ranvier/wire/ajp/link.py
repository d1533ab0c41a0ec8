"""One AJP connection as the event loop sees it: bytes in, answers out, watched until it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final, cast

from ranvier.wire.ajp.admission import admit
from ranvier.wire.ajp.asgi import Application, scope_of
from ranvier.wire.ajp.connection import BodyPart, ClientGone, Connection, Event, Probe
from ranvier.wire.ajp.errors import AjpError, RequestRefused
from ranvier.wire.ajp.exchange import Exchange
from ranvier.wire.ajp.limits import AjpLimits
from ranvier.wire.ajp.request import Request
from ranvier.wire.ajp.response_packets import CPONG, body_chunks, response_head
from ranvier.wire.connection_limits import ConnectionLimits
from ranvier.wire.link import peer_names
from ranvier.wire.tcp_keep_alive import keep_alive

LOG = logging.getLogger("ranvier.wire")

Refusal = tuple[Sequence[tuple[bytes, bytes]], bytes]


def plain_refusal(refused: RequestRefused) -> Refusal:
    """Return headers and body that tell of a refusal in a sentence."""
    body = f"{refused}\n".encode()
    length = b"%d" % len(body)
    return [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", length)], body


@dataclass(slots=True)
class AjpParty:
    """What all connections of a listener share."""

    application: Application
    secret: bytes
    limits: AjpLimits
    refusal: Callable[[RequestRefused], Refusal] = plain_refusal
    links: set[AjpLink] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    is_stopping: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever a connection has ended."""


class AjpLink(asyncio.Protocol):
    """Carries the requests of one connection, one after the other, within the limits."""

    def __init__(self, party: AjpParty) -> None:
        self.connection = Connection(party.limits)
        self.packet_bytes = party.limits.packet_bytes
        self.is_paused = False
        self.peer = "?"
        self._loop = asyncio.get_running_loop()
        self._party = party
        self._limits = party.limits
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._is_leaving = False
        self._writable: asyncio.Future[None] | None = None
        self._due_at = inf
        self._is_timing_packet = False
        self._timer: asyncio.TimerHandle | None = None
        self._writing_timer: asyncio.TimerHandle | None = None

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection, or send it away where there are enough."""
        self._transport = cast("asyncio.Transport", transport)
        _, self.peer = peer_names(transport.get_extra_info("peername"))
        self._party.links.add(self)
        if self._party.is_stopping or len(self._party.links) > self._limits.connections:
            self.abort()
            return
        keep_alive(transport.get_extra_info("socket"), KEPT_ALIVE)
        self._is_timing_packet = True
        self._allow(self._limits.packet_seconds)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the connection is about to end."""
        if self._is_leaving:
            return
        try:
            for event in self.connection.receive_data(data):
                self._handle(event)
        except RequestRefused as refused:
            self._refuse(refused)
        except AjpError as fault:
            LOG.info("the AJP connection of %s was ended: %s", self.peer, fault)
            self.abort()
        else:
            self._note_progress()

    def eof_received(self) -> bool:
        """Close: a web server that sends no more waits for no answer."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the running request, and leave no timer behind."""
        LOG.debug("the AJP connection of %s has ended: %s", self.peer, exc)
        self._is_leaving = True
        for timer in (self._timer, self._writing_timer):
            if timer is not None:
                timer.cancel()
        self._now_writable()
        if self._exchange is not None:
            self._exchange.client_left()
        self._party.links.discard(self)
        self._party.gone.set()

    def pause_writing(self) -> None:
        """Begin to count how long the peer takes nothing."""
        self.is_paused = True
        self._cut_stalled()

    def resume_writing(self) -> None:
        """Stop counting: the peer takes what it is sent."""
        self.is_paused = False
        if self._writing_timer is not None:
            self._writing_timer.cancel()
            self._writing_timer = None
        self._now_writable()

    # What the exchange calls.

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    async def until_writable(self) -> None:
        """Wait until the peer takes what it is sent, or is gone."""
        if self.is_paused and not self._is_leaving:
            if self._writable is None:
                self._writable = self._loop.create_future()
            await asyncio.shield(self._writable)

    def response_ended(self, *, reuse: bool) -> None:
        """End the answer, and wait for the next request, or close."""
        is_last = self._party.is_stopping or not reuse
        self._exchange = None
        self.write(self.connection.end_response(reuse=not is_last))
        if is_last:
            self._leave(hears_out=self.connection.awaits_body)
        else:
            self._allow(self._limits.idle_seconds)

    def abort(self) -> None:
        """Close at once and without a word."""
        self._is_leaving = True
        if self._transport is not None:
            self._transport.abort()

    # What the server calls.

    def shut_down(self) -> None:
        """End now, or when the running request has; a peer that takes nothing is not waited for."""
        if self._exchange is None:
            self._leave(hears_out=False)
        elif self._writing_timer is not None:
            self._cut_stalled()

    # Events.

    def _handle(self, event: Event) -> None:
        match event:
            case Request():
                self._start(event)
            case BodyPart():
                if self._exchange is not None:
                    self._exchange.body_arrived(event.body)
            case Probe():
                # From here, not behind the application's work: it tells that the node is there.
                self.write(CPONG)
                self._allow(self._limits.idle_seconds)
            case ClientGone():
                self._refuse(RequestRefused(400, "The body is shorter than its Content-Length."))

    def _start(self, request: Request) -> None:
        party = self._party
        admit(request, party.secret)
        exchange = self._exchange = Exchange(self, scope_of(request))
        self._due_at = inf
        self._is_timing_packet = False
        if self.connection.has_more_body:
            self._allow(self._limits.body_seconds)
        task = self._loop.create_task(exchange.run(party.application))
        party.tasks.add(task)
        task.add_done_callback(party.tasks.discard)

    def _refuse(self, refused: RequestRefused) -> None:
        """Answer by a status, unless an answer has begun, and close."""
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.client_left()
            if exchange.has_begun:
                self.abort()
                return
        LOG.info("a request by AJP from %s was refused: %s", self.peer, refused)
        headers, body = self._party.refusal(refused)
        self.write(
            response_head(refused.status, headers, self.packet_bytes)
            + body_chunks(body, self.packet_bytes)
            + self.connection.end_response(reuse=False)
        )
        self._leave(hears_out=True)

    def _leave(self, *, hears_out: bool) -> None:
        """Close after what is written.

        A web server that still sends is heard out for a moment: a socket that is closed with
        unread data resets, and the answer may never be read.
        """
        self._is_leaving = True
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._allow(KEPT_ALIVE.farewell_seconds)
        if hears_out:
            transport.write_eof()
        else:
            transport.close()

    def _now_writable(self) -> None:
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    # Times.

    def _note_progress(self) -> None:
        """Set the clock for a packet that is not whole yet; stop it for a body that is."""
        connection = self.connection
        if self._exchange is not None:
            if not connection.has_more_body:
                self._due_at = inf
        elif connection.is_within_packet:
            if not self._is_timing_packet:
                self._is_timing_packet = True
                self._allow(self._limits.packet_seconds)
        elif self._is_timing_packet:
            self._is_timing_packet = False
            self._allow(self._limits.idle_seconds)

    def _allow(self, seconds: float) -> None:
        """Cut the connection after this time, unless another time is set before.

        A timer that comes too early looks again, so that most requests need none of their own.
        """
        self._due_at = self._loop.time() + seconds
        timer = self._timer
        if timer is None or timer.when() > self._due_at:
            if timer is not None:
                timer.cancel()
            self._timer = self._loop.call_at(self._due_at, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._loop.time() >= self._due_at:
            self.abort()
        elif self._due_at != inf:
            self._timer = self._loop.call_at(self._due_at, self._look)

    def _cut_stalled(self) -> None:
        limits = self._limits
        seconds = limits.stalled_write_seconds
        if self._party.is_stopping:
            seconds = limits.stalled_farewell_seconds
        if self._writing_timer is not None:
            self._writing_timer.cancel()
        self._writing_timer = self._loop.call_later(seconds, self.abort)


KEPT_ALIVE: Final = ConnectionLimits()
"""A machine that has vanished is missed as on the other ports."""
