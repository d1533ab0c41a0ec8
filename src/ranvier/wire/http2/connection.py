"""One HTTP/2 connection without I/O, for both roles (RFC 9113).

Bytes go in by `receive_data`, which calls the listeners on the way; what is to be written comes out
of `take_output`. All that one read of a socket brought is handled in one synchronous pass, and all
that it caused leaves in one write.
"""

from __future__ import annotations

from collections.abc import Callable

from ranvier.wire.http2.connection_state import ConnectionListener, ConnectionState, Role
from ranvier.wire.http2.control_frames import FAREWELL_PING
from ranvier.wire.http2.errors import (
    ConnectionClosing,
    ConnectionFault,
    ErrorCode,
    StreamMisuse,
    StreamsExhausted,
)
from ranvier.wire.http2.frames import (
    PREFACE,
    SETTING_CONCURRENT_STREAMS,
    SETTING_ENABLE_PUSH,
    SETTING_FRAME_BYTES,
    SETTING_HEADER_LIST_BYTES,
    SETTING_HEADER_TABLE_BYTES,
    SETTING_INITIAL_WINDOW_BYTES,
    STREAM_ID_MAX,
    ping_frame,
    settings_frame,
    window_update_frame,
)
from ranvier.wire.http2.headers import HeaderPairs, ReadyBlock, encode_block
from ranvier.wire.http2.inbound import Inbound
from ranvier.wire.http2.limits import Limits
from ranvier.wire.http2.outbound import DEFAULT_WINDOW_BYTES
from ranvier.wire.http2.stream import (
    AWAITS_HEADERS,
    LOCAL_ENDED,
    LOCAL_STARTED,
    NO_CONTENT,
    Stream,
    StreamListener,
)

__all__ = ["Connection", "ConnectionListener", "Role", "Stream"]

PING_BYTES = 8


class Connection:
    """A connection; what the peer does wrong ends up in `fault`, never in an exception.

    An exception that a listener raises leaves by the method that called it; the connection is of
    no use afterwards.
    """

    __slots__ = ("_inbound", "_state")

    def __init__(
        self,
        role: Role,
        limits: Limits,
        listener: ConnectionListener,
        clock: Callable[[], float],
    ) -> None:
        """`clock` returns seconds of a clock that never goes back."""
        self._state = ConnectionState(role, limits, listener, clock)
        self._inbound = Inbound(self._state, clock)

    def start(self) -> None:
        """Say hello: the preface (client), SETTINGS, and the connection's window."""
        state = self._state
        limits = state.limits
        settings = {
            SETTING_HEADER_TABLE_BYTES: limits.header_table_bytes,
            SETTING_CONCURRENT_STREAMS: limits.concurrent_streams,
            SETTING_INITIAL_WINDOW_BYTES: limits.stream_window_bytes,
            SETTING_FRAME_BYTES: limits.frame_payload_bytes,
            SETTING_HEADER_LIST_BYTES: limits.header_list_bytes,
        }
        frames = state.outbound.frames
        if state.role is Role.CLIENT:
            settings[SETTING_ENABLE_PUSH] = 0
            settings[SETTING_CONCURRENT_STREAMS] = 0
            frames.append(PREFACE)
        frames.append(settings_frame(settings))
        self._inbound.control.settings_unacknowledged += 1
        increment = state.connection_window_bytes - DEFAULT_WINDOW_BYTES
        if increment:
            frames.append(window_update_frame(0, increment))
        state.outbound.announce()

    def receive_data(self, data: bytes) -> None:
        """Act on what the peer has sent, in pieces of any size; call `take_output` afterwards.

        A fault of the peer closes all streams and queues GOAWAY; what comes later is not looked at.
        """
        state = self._state
        if state.is_over or not data:
            return
        state.outbound.is_announced = True
        try:
            self._inbound.receive(data)
        except ConnectionFault as fault:
            self._inbound.drop()
            state.fail(fault)

    def answer_lone_ping(self, data: bytes) -> bytes | None:
        """Answer a read that is one PING frame and nothing else; None where it is not just that.

        The answer is to be written at once; it is empty where the peer has answered a ping. After
        None the data must go to `receive_data`.
        """
        return self._inbound.answer_lone_ping(data)

    def take_output(self) -> bytes:
        """Return all that is to be written now, for one write; empty when there is nothing."""
        return self._state.outbound.take()

    def transport_lost(self) -> None:
        """Close all streams: the transport has ended."""
        self._inbound.drop()
        self._state.lose()

    def pause_output(self) -> None:
        """Hold DATA back: the transport's buffer is full."""
        self._state.outbound.pause()

    def resume_output(self) -> None:
        """Send DATA again: the transport's buffer is free."""
        self._state.outbound.resume()

    def ping(self, payload: bytes) -> None:
        """Send a ping with a payload of 8 bytes; `ping_acknowledged` brings it back."""
        if len(payload) != PING_BYTES:
            raise StreamMisuse("the payload of a ping has 8 bytes")
        outbound = self._state.outbound
        outbound.frames.append(ping_frame(payload, ack=False))
        outbound.announce()

    def go_away(
        self,
        code: ErrorCode = ErrorCode.NO_ERROR,
        debug: bytes = b"",
        last_stream_id: int | None = None,
    ) -> None:
        """Take no new streams above the last id, by default the highest that came."""
        self._state.go_away(code, debug, last_stream_id)

    def shut_down(self) -> None:
        """Let the peer stop by itself, then take no new streams; the open ones go on.

        A server says so first without refusing anything: requests that are under way still come
        through (RFC 9113 section 6.8). `should_close` turns true after the last stream.
        """
        state = self._state
        if state.goaway_sent is not None or state.is_over:
            return
        if state.role is Role.CLIENT:
            state.go_away(ErrorCode.NO_ERROR, b"", None)
            return
        state.go_away(ErrorCode.NO_ERROR, b"", STREAM_ID_MAX)
        self.ping(FAREWELL_PING)

    def open_stream(
        self, headers: HeaderPairs | ReadyBlock, *, end_stream: bool, listener: StreamListener
    ) -> Stream:
        """Send a request (client role); its response goes to the listener.

        Raises StreamsExhausted while the peer takes no further stream, and ConnectionClosing once
        it never will again.
        """
        state = self._state
        self._check_can_open()
        stream = Stream(
            state,
            state.next_local_id,
            AWAITS_HEADERS | LOCAL_STARTED | (LOCAL_ENDED if end_stream else 0),
            state.outbound.initial_window,
            state.stream_grant,
        )
        stream.listener = listener
        if isinstance(headers, ReadyBlock):
            block = headers.block
        else:
            block = encode_block(headers)
            if (b":method", b"HEAD") in headers:
                stream.state |= NO_CONTENT
        state.next_local_id += 2
        state.streams[stream.id] = stream
        state.outbound.headers(stream.id, block, end_stream=end_stream)
        return stream

    def open_streams(self) -> list[Stream]:
        """Return the streams that are open now."""
        return list(self._state.streams.values())

    @property
    def fault(self) -> ConnectionFault | None:
        """What the peer did that ended the connection."""
        return self._state.fault

    @property
    def should_close(self) -> bool:
        """The transport can be closed as soon as the output is written."""
        return self._state.should_close

    @property
    def is_quiet(self) -> bool:
        """Nothing is half received or waits to be written: a frame may be written at once."""
        return self._inbound.is_quiet

    @property
    def is_closing(self) -> bool:
        """No new stream can be opened: one side has said goodbye, or the connection is over."""
        state = self._state
        return state.is_over or state.goaway_sent is not None or state.goaway_received is not None

    @property
    def is_established(self) -> bool:
        """The peer's preface and the SETTINGS that belong to it have come."""
        return self._inbound.is_established

    @property
    def can_open_stream(self) -> bool:
        """The peer takes one more stream now."""
        return not self.is_closing and len(self._state.streams) < self._state.peer_streams_max

    @property
    def open_stream_count(self) -> int:
        """Streams that are open."""
        return len(self._state.streams)

    @property
    def highest_stream_id(self) -> int:
        """The highest id of any stream so far, 0 before the first: it grows with every stream."""
        return max(self._state.highest_remote_id, self._state.next_local_id - 2, 0)

    @property
    def buffered_bytes(self) -> int:
        """Bytes held for the peer and from it, of all streams."""
        return self._state.outbound.held_bytes + self._inbound.partial_bytes

    def _check_can_open(self) -> None:
        state = self._state
        if state.role is not Role.CLIENT:
            raise StreamMisuse("a server opens no streams")
        if self.is_closing or state.next_local_id > STREAM_ID_MAX:
            raise ConnectionClosing("the connection takes no new streams; open another one")
        if len(state.streams) >= state.peer_streams_max:
            raise StreamsExhausted(
                f"the peer takes {state.peer_streams_max} streams at a time; wait for one to end"
            )
