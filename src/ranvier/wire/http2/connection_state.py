"""What both directions of a connection share: its streams, their ends, and its own end."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from ranvier.wire.http2.allowance import Allowance
from ranvier.wire.http2.closed_streams import ClosedStreams, Ending
from ranvier.wire.http2.errors import ConnectionFault, ErrorCode, StreamFault
from ranvier.wire.http2.frames import STREAM_ID_MAX, goaway_frame, reset_frame
from ranvier.wire.http2.headers import HeaderPairs
from ranvier.wire.http2.limits import Limits
from ranvier.wire.http2.outbound import DEFAULT_WINDOW_BYTES, Outbound
from ranvier.wire.http2.stream import Stream, StreamEnd

DEBUG_BYTES_MAX = 256
"""Text in a GOAWAY frame."""


class Role(Enum):
    """Which end of the connection this is."""

    CLIENT = auto()
    SERVER = auto()


class ConnectionListener(Protocol):
    """Who is told what concerns the whole connection; calls are synchronous."""

    def request_received(self, stream: Stream, headers: HeaderPairs, *, end_stream: bool) -> None:
        """Take a request (server role) and set `stream.listener`."""

    def ping_acknowledged(self, payload: bytes) -> None:
        """Be told that the peer has answered a ping."""

    def goaway_received(self, last_stream_id: int, code: int, debug: bytes) -> None:
        """Be told that the peer takes no new streams."""

    def output_ready(self) -> None:
        """Arrange that `take_output` is called; not called again before that has happened."""


class ConnectionState:
    """The streams of one connection and how far the connection has gone towards its end."""

    __slots__ = (
        "closed_streams",
        "connection_window_bytes",
        "content_lengths",
        "fault",
        "goaway_received",
        "goaway_sent",
        "highest_remote_id",
        "is_lost",
        "limits",
        "listener",
        "next_local_id",
        "outbound",
        "peer_streams_max",
        "receive_window",
        "resets",
        "role",
        "stream_grant",
        "stream_window_bytes",
        "streams",
        "streams_accepted",
    )

    def __init__(
        self, role: Role, limits: Limits, listener: ConnectionListener, clock: Callable[[], float]
    ) -> None:
        self.role = role
        self.limits = limits
        self.listener = listener
        self.outbound = Outbound(limits, listener.output_ready)
        self.streams: dict[int, Stream] = {}
        self.closed_streams = ClosedStreams(limits.remembered_resets)
        self.resets = Allowance(
            "streams were reset", limits.reset_burst, limits.resets_per_second, clock
        )
        self.content_lengths: dict[int, int] = {}
        """Content still to come, of the streams whose headers have announced it."""
        self.highest_remote_id = -1 if role is Role.SERVER else 0
        self.next_local_id = 1
        self.streams_accepted = limits.concurrent_streams if role is Role.SERVER else 0
        """Streams of the peer that may be open; 0 once each must be looked at, or none may come."""
        self.peer_streams_max = STREAM_ID_MAX
        self.stream_window_bytes = limits.stream_window_bytes
        self.stream_grant = max(limits.stream_window_bytes, DEFAULT_WINDOW_BYTES)
        """What a peer may send on a new stream: it need not know of a smaller window yet."""
        self.connection_window_bytes = max(limits.connection_window_bytes, DEFAULT_WINDOW_BYTES)
        self.receive_window = self.connection_window_bytes
        """DATA that the peer may still send on the connection."""
        self.fault: ConnectionFault | None = None
        self.is_lost = False
        self.goaway_sent: int | None = None
        self.goaway_received: int | None = None

    @property
    def is_over(self) -> bool:
        """Nothing that comes is looked at any more."""
        return self.is_lost or self.fault is not None

    @property
    def should_close(self) -> bool:
        """The transport can be closed once the output is written."""
        if self.is_over:
            return True
        is_leaving = self.goaway_received is not None or (
            self.goaway_sent is not None and self.goaway_sent < STREAM_ID_MAX
        )
        return is_leaving and not self.streams

    def is_idle(self, stream_id: int) -> bool:
        """The stream was never opened, nor any after it (RFC 9113 section 5.1.1)."""
        if not stream_id & 1:
            return True
        if self.role is Role.SERVER:
            return stream_id > self.highest_remote_id
        return stream_id >= self.next_local_id

    def forget_stream(self, stream: Stream, *, is_reset_here: bool) -> None:
        """Take a stream off the books, with all that is kept beside it."""
        self.streams.pop(stream.id, None)
        self.content_lengths.pop(stream.id, None)
        if is_reset_here:
            self.closed_streams.reset(stream.id, Ending.RESET_HERE)

    def reset_for(self, fault: StreamFault) -> None:
        """Answer a fault of the peer on one stream; too many of them are a fault of its own."""
        self.outbound.control(reset_frame(fault.stream_id, fault.error_code))
        stream = self.streams.get(fault.stream_id)
        if stream is None:
            self.closed_streams.reset(fault.stream_id, Ending.RESET_HERE)
        else:
            end = StreamEnd(fault.error_code, remote=False, reason=fault.reason)
            stream.close(end, is_reset_here=True)
        self.resets.use()

    def close_streams(self, end: StreamEnd, *, above_id: int = 0) -> None:
        """Close all streams with ids above this one."""
        for stream in list(self.streams.values()):
            if stream.id > above_id:
                stream.close(end)

    def fail(self, fault: ConnectionFault) -> None:
        """End the connection for what the peer did."""
        self.fault = fault
        self._say_goodbye(fault.error_code, fault.reason.encode(), max(self.highest_remote_id, 0))
        end = StreamEnd(
            fault.error_code, remote=False, reason=fault.reason, is_connection_lost=True
        )
        self.close_streams(end)

    def lose(self) -> None:
        """Close all streams: the transport is gone."""
        self.is_lost = True
        self.close_streams(
            StreamEnd(
                ErrorCode.CANCEL, remote=True, reason="connection lost", is_connection_lost=True
            )
        )

    def go_away(self, code: ErrorCode, debug: bytes, last_stream_id: int | None) -> None:
        """Take no streams above the last id (by default the highest that came); keep the others.

        With STREAM_ID_MAX it is only a notice, and streams are still taken.
        """
        highest = max(self.highest_remote_id, 0)
        last = highest if last_stream_id is None else last_stream_id
        if self.goaway_sent is not None:
            last = min(last, self.goaway_sent)
        if last < STREAM_ID_MAX:
            self.streams_accepted = 0
        self._say_goodbye(code, debug, last)

    def _say_goodbye(self, code: ErrorCode, debug: bytes, last_stream_id: int) -> None:
        self.goaway_sent = last_stream_id
        self.outbound.frames.append(goaway_frame(last_stream_id, code, debug[:DEBUG_BYTES_MAX]))
        self.outbound.announce()
