"""One connection as the event loop sees it: bytes in, bytes out, watched until it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from math import ceil
from random import Random
from typing import cast

from ranvier.wire.connection_limits import ConnectionLimits
from ranvier.wire.flush import Flusher
from ranvier.wire.http2.connection import Connection, Role
from ranvier.wire.http2.frames import PING_FRAME_BYTES, ping_frame
from ranvier.wire.http2.headers import HeaderPairs
from ranvier.wire.http2.limits import Limits
from ranvier.wire.http2.stream import Stream
from ranvier.wire.tcp_keep_alive import keep_alive
from ranvier.wire.tls import has_agreed
from ranvier.wire.watch import Sight, Step, Watch

LOG = logging.getLogger("ranvier.wire")
KEEP_ALIVE = b"ranvier!"
"""What our pings carry."""
KEEP_ALIVE_FRAME = ping_frame(KEEP_ALIVE, ack=False)
TOGETHER_SECONDS = 0.1
"""By so much a look may be late: a tenth of the shortest wait that is made longer."""
SPREAD = Random()  # noqa: S311  # spreads load, guards nothing


class Link(asyncio.Protocol):
    """Carries one HTTP/2 connection over TCP or TLS.

    All that one read brought is handled at once, and all that it caused on this connection
    leaves in one write; output that others cause leaves with the Flusher's pass.
    """

    def __init__(
        self, role: Role, http2: Limits, limits: ConnectionLimits, flusher: Flusher
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.http2 = Connection(role, http2, self, self.loop.time)
        self.peer = "?"
        self.address = "?"
        self.transport: asyncio.Transport | None = None
        self._connection_limits = limits
        self._flusher = flusher
        self._has_spoken = False
        self._is_established = False
        self._is_leaving = False
        self._watch: Watch | None = None
        self._timer: asyncio.TimerHandle | None = None

    # What subclasses answer.

    def opened(self) -> bool:
        """Be told that the connection stands; False turns it away."""
        return True

    def established(self) -> None:
        """Be told, once, that the peer's preface and settings have come."""

    def ended(self, reason: str) -> None:
        """Be told, once, that the connection is no more, after all its streams were closed."""

    def request_received(self, stream: Stream, headers: HeaderPairs, *, end_stream: bool) -> None:
        """Take a request, in the server role."""
        raise NotImplementedError

    def goaway_received(self, last_stream_id: int, code: int, debug: bytes) -> None:
        """Be told that the peer takes no new streams."""

    # What others may ask for.

    @property
    def peer_certificate(self) -> Mapping[str, object] | None:
        """What TLS has verified of the peer, as `ssl.SSLSocket.getpeercert` gives it."""
        if self.transport is None:
            return None
        certificate: Mapping[str, object] | None = self.transport.get_extra_info("peercert")
        return certificate or None

    def drain(self) -> None:
        """Take no new streams; the connection closes once the open ones have ended."""
        if self._is_established:
            self.http2.shut_down()
        else:
            self.abort()

    def cut(self, reason: str) -> None:
        """Close now, after what is queued and can be written."""
        if self.transport is not None and not self._is_leaving:
            self.http2.go_away(debug=reason.encode())
            self.flush()
            self.leave()

    def abort(self) -> None:
        """Close at once and without a word."""
        self._is_leaving = True
        if self.transport is not None:
            self.transport.abort()

    # What the event loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start to speak."""
        self.transport = cast("asyncio.Transport", transport)
        self.address, self.peer = peer_names(transport.get_extra_info("peername"))
        if not (has_agreed(transport.get_extra_info("ssl_object")) and self.opened()):
            self.abort()
            return
        self.transport.set_write_buffer_limits(self._connection_limits.write_buffer_bytes)
        keep_alive(transport.get_extra_info("socket"), self._connection_limits)
        self._watch = Watch(self._connection_limits, self.loop.time(), SPREAD.uniform(-1, 1))
        self.http2.start()
        self.flush()
        self._look()

    def data_received(self, data: bytes) -> None:
        """Handle all that one read brought, then write all that it caused."""
        if self._is_leaving:
            return
        self._has_spoken = True
        # What idle clients send, alone in its read, is answered at once: 1.6 µs where frames and
        # flush take 6.1 µs, and twice that among ten thousand cold connections (bench/idle.py).
        if len(data) == PING_FRAME_BYTES and self.transport is not None:
            answer = self.http2.answer_lone_ping(data)
            if answer is not None:
                if answer:
                    self.transport.write(answer)
                return
        try:
            self.http2.receive_data(data)
        except Exception:
            # Nothing that a peer sends leads here; if a fault of ours does, this peer alone pays.
            LOG.exception("the connection of %s failed", self.peer)
            self.abort()
            return
        if not self._is_established and self.http2.is_established:
            self._is_established = True
            self.established()
        self.flush()

    def eof_received(self) -> bool:
        """Close: HTTP/2 has no half-closed connections."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Close all streams."""
        self._is_leaving = True
        if self._timer is not None:
            self._timer.cancel()
        self.http2.transport_lost()
        self.ended(f"connection lost: {exc}" if exc else "connection closed")

    def pause_writing(self) -> None:
        """Pass no more to a socket that cannot take it."""
        self.http2.pause_output()

    def resume_writing(self) -> None:
        """Go on writing."""
        self.http2.resume_output()
        self.flush()

    # What HTTP/2 tells.

    def output_ready(self) -> None:
        """Have the output written with this pass of the event loop."""
        self._flusher.touch(self)

    def ping_acknowledged(self, payload: bytes) -> None:
        """Do nothing: that something came is noted already."""

    def flush(self) -> None:
        """Write all that HTTP/2 has for the peer; close where it says so."""
        transport = self.transport
        if transport is None or self._is_leaving:
            return
        output = self.http2.take_output()
        if output:
            transport.write(output)
        if self.http2.should_close:
            if self.http2.fault is not None:
                LOG.info("the connection of %s was ended: %s", self.peer, self.http2.fault)
            self.leave()

    def leave(self) -> None:
        """Close all streams, and the socket after what is written.

        A peer that still sends is heard out for a moment: a socket that is closed with unread
        data resets, and the peer may never read why.
        """
        if self._is_leaving:
            return
        self._is_leaving = True
        self.http2.transport_lost()
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        if self._timer is not None:
            self._timer.cancel()
        farewell_seconds = self._connection_limits.farewell_seconds
        self._timer = self.loop.call_later(farewell_seconds, transport.abort)
        try:
            if transport.can_write_eof():
                transport.write_eof()
            else:
                transport.close()
        except OSError:
            transport.abort()  # the peer has gone before us

    def _look(self) -> None:
        """Do what the watch says is due."""
        watch = self._watch
        if watch is None or self._is_leaving:
            return
        now = self.loop.time()
        # Most looks find that an idle client has answered: ten thousand of them cost 0.3 % of a
        # core less so (bench/idle.py).
        at = watch.heard(now) if self._has_spoken and self._is_established else None
        if at is None:
            at = self._whole_look(watch, now)
        self._has_spoken = False
        if at != float("inf") and not self._is_leaving:
            self._timer = self.loop.call_at(together(at, now), self._look)

    def _whole_look(self, watch: Watch, now: float) -> float:
        """Look at all that the watch wants to know, do what is due, return when to look again."""
        sight = Sight(
            now=now,
            has_spoken=self._has_spoken,
            is_established=self._is_established,
            streams_open=self.http2.open_stream_count,
            streams_ever=self.http2.highest_stream_id,
        )
        step, at = watch.look(sight)
        if step is Step.CUT:
            self.cut("the connection was silent for too long")
        elif step is Step.PING:
            self._ping()
        elif step is Step.DRAIN:
            self.drain()  # what it says leaves with the Flusher's pass
        return at

    def _ping(self) -> None:
        if self.transport is not None and self.http2.is_quiet:
            self.transport.write(KEEP_ALIVE_FRAME)
        else:
            self.http2.ping(KEEP_ALIVE)


def peer_names(socket_address: object) -> tuple[str, str]:
    """Return the address, and the address with its port as `host:port` (IPv6 in brackets)."""
    if not isinstance(socket_address, tuple) or len(socket_address) < 2:
        return str(socket_address), str(socket_address)
    host, port = socket_address[:2]
    return host, f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def together(at: float, now: float) -> float:
    """Return a time at or soon after `at` that the looks at other connections share.

    One wake-up for many of ten thousand idle connections is cheaper than one for each.
    """
    if at - now < TOGETHER_SECONDS * 10:
        return at
    return ceil(at / TOGETHER_SECONDS) * TOGETHER_SECONDS
