"""The frames that steer streams and the connection (RFC 9113 sections 6.3 to 6.9).

Each method takes a frame's flags, stream and payload `data[start:end]`, and raises ConnectionFault
or StreamFault as RFC 9113 says.
"""

from __future__ import annotations

from collections.abc import Callable

from ranvier.wire.http2.allowance import Allowance
from ranvier.wire.http2.closed_streams import Ending
from ranvier.wire.http2.connection_state import ConnectionState, Role
from ranvier.wire.http2.errors import ConnectionFault, ErrorCode, StreamFault
from ranvier.wire.http2.frames import (
    ACK,
    FRAME_BYTES_MAX,
    FRAME_BYTES_MIN,
    SETTING,
    SETTING_CONCURRENT_STREAMS,
    SETTING_ENABLE_PUSH,
    SETTING_FRAME_BYTES,
    SETTING_HEADER_TABLE_BYTES,
    SETTING_INITIAL_WINDOW_BYTES,
    SETTINGS_ACK,
    STREAM_ID_MASK,
    STREAM_ID_MAX,
    TWO_UINT32,
    UINT32,
    WINDOW_BYTES_MAX,
    ping_frame,
)
from ranvier.wire.http2.header_reader import HeaderReader
from ranvier.wire.http2.outbound import DEFAULT_WINDOW_BYTES
from ranvier.wire.http2.stream import StreamEnd

FAREWELL_PING = b"\0farewel"
"""Sent behind the notice of a shutdown: its answer shows that the peer has read the notice."""


class ControlFrames:
    """Obeys what the peer orders, and counts how often it does."""

    __slots__ = (
        "_idle_updates",
        "_ignored",
        "_pings",
        "_reader",
        "_sent_bytes_seen",
        "_settings",
        "_state",
        "_window_granted",
        "settings_unacknowledged",
    )

    def __init__(
        self, state: ConnectionState, reader: HeaderReader, clock: Callable[[], float]
    ) -> None:
        limits = state.limits
        self._state = state
        self._reader = reader
        self.settings_unacknowledged = 0
        self._window_granted = DEFAULT_WINDOW_BYTES
        """All the connection window that the peer has given so far."""
        self._sent_bytes_seen = 0
        self._settings = Allowance(
            "SETTINGS", limits.settings_frame_burst, limits.settings_frames_per_second, clock
        )
        self._pings = Allowance(
            "pings", 1 + limits.ping_strikes, 1 / limits.ping_interval_seconds, clock
        )
        self._idle_updates = Allowance(
            "window updates without need",
            limits.idle_window_update_burst,
            limits.idle_window_updates_per_second,
            clock,
        )
        self._ignored = Allowance(
            "frames without effect",
            limits.ignored_frame_burst,
            limits.ignored_frames_per_second,
            clock,
        )

    def ignored(self, flags: int, stream_id: int, data: bytes, start: int, end: int) -> None:  # noqa: ARG002  # every frame's handler has this form
        """Ignore a frame of a type unknown here (section 5.5)."""
        self._ignored.use()

    def priority(self, flags: int, stream_id: int, data: bytes, start: int, end: int) -> None:  # noqa: ARG002  # every frame's handler has this form
        """Check PRIORITY and ignore it (section 6.3)."""
        if not stream_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "PRIORITY on stream 0")
        if end - start != 5:
            if stream_id not in self._state.streams:
                raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "PRIORITY not of 5 bytes")
            raise StreamFault(stream_id, ErrorCode.FRAME_SIZE_ERROR, "PRIORITY not of 5 bytes")
        self._ignored.use()

    def push_promise(self, flags: int, stream_id: int, data: bytes, start: int, end: int) -> None:  # noqa: ARG002  # every frame's handler has this form
        """Refuse PUSH_PROMISE: nobody may push here (sections 6.6 and 8.4)."""
        raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "PUSH_PROMISE although push is disabled")

    def reset(self, flags: int, stream_id: int, data: bytes, start: int, end: int) -> None:  # noqa: ARG002  # every frame's handler has this form
        """Obey RST_STREAM (section 6.4)."""
        state = self._state
        if end - start != 4:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "RST_STREAM not of 4 bytes")
        if not stream_id or state.is_idle(stream_id):
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "RST_STREAM on a stream that is idle")
        stream = state.streams.get(stream_id)
        if stream is None:
            self._ignored.use()
            return
        state.resets.use()
        (code,) = UINT32.unpack_from(data, start)
        state.closed_streams.reset(stream_id, Ending.RESET_THERE)
        stream.close(StreamEnd(code, remote=True, is_unprocessed=code == ErrorCode.REFUSED_STREAM))

    def settings(self, flags: int, stream_id: int, data: bytes, start: int, end: int) -> None:
        """Obey SETTINGS and acknowledge them (section 6.5)."""
        if stream_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "SETTINGS on a stream")
        if flags & ACK:
            self._settings_acknowledged(end - start)
            return
        if (end - start) % SETTING.size:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS not of whole settings")
        if end - start > SETTING.size * self._state.limits.settings_per_frame:
            raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "too many settings in one frame")
        self._settings.use()
        for key, value in SETTING.iter_unpack(data[start:end]):
            self._set(key, value)
        self._state.outbound.control(SETTINGS_ACK)

    def ping(self, flags: int, stream_id: int, data: bytes, start: int, end: int) -> None:
        """Answer PING, or take the answer to one (section 6.7)."""
        state = self._state
        if stream_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "PING on a stream")
        if end - start != 8:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "PING not of 8 bytes")
        payload = data[start:end]
        if flags & ACK:
            if payload == FAREWELL_PING and state.goaway_sent == STREAM_ID_MAX:
                state.go_away(ErrorCode.NO_ERROR, b"", None)
            else:
                state.listener.ping_acknowledged(payload)
            return
        if not self.takes_ping():
            # The words by which gRPC's clients know that they shall ping less often.
            raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "too_many_pings")
        state.outbound.control(ping_frame(payload, ack=True))

    def takes_ping(self) -> bool:
        """Count a ping of the peer; return False where it is one too many."""
        outbound = self._state.outbound
        if outbound.has_spoken:
            # As gRPC's servers do: a client that measures the path of what it gets is no flood.
            outbound.has_spoken = False
            self._pings.refill()
        return self._pings.take()

    def goaway(self, flags: int, stream_id: int, data: bytes, start: int, end: int) -> None:  # noqa: ARG002  # every frame's handler has this form
        """Take note of GOAWAY (section 6.8): streams above the last id were not looked at."""
        state = self._state
        if stream_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "GOAWAY on a stream")
        if end - start < TWO_UINT32.size:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "GOAWAY of less than 8 bytes")
        self._ignored.use()
        last, code = TWO_UINT32.unpack_from(data, start)
        last &= STREAM_ID_MASK
        if state.goaway_received is not None and last > state.goaway_received:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "GOAWAY with a higher last stream")
        state.goaway_received = last
        if state.role is Role.CLIENT:
            end_of_stream = StreamEnd(
                ErrorCode.REFUSED_STREAM,
                remote=True,
                reason="the peer is going away",
                is_unprocessed=True,
            )
            state.close_streams(end_of_stream, above_id=last)
        debug = data[start + TWO_UINT32.size : end]
        state.listener.goaway_received(last, code, debug)

    def window_update(self, flags: int, stream_id: int, data: bytes, start: int, end: int) -> None:  # noqa: ARG002  # every frame's handler has this form
        """Take more window for sending (section 6.9)."""
        if end - start != 4:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "WINDOW_UPDATE not of 4 bytes")
        increment = UINT32.unpack_from(data, start)[0] & STREAM_ID_MASK
        state = self._state
        if stream_id and state.is_idle(stream_id):
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE on an idle stream")
        self._count_update()
        if not stream_id:
            self._enlarge_connection(increment)
            return
        stream = state.streams.get(stream_id)
        if stream is None:
            return
        if not increment:
            raise StreamFault(stream_id, ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of 0 bytes")
        if stream.send_window + increment > WINDOW_BYTES_MAX:
            raise StreamFault(
                stream_id, ErrorCode.FLOW_CONTROL_ERROR, "a stream's window over 2^31-1 bytes"
            )
        stream.enlarge_window(increment)

    def _count_update(self) -> None:
        """Count the updates that come although nothing was sent since the last one."""
        sent_bytes = self._window_granted - self._state.outbound.window
        if sent_bytes == self._sent_bytes_seen:
            self._idle_updates.use()
        self._sent_bytes_seen = sent_bytes

    def _enlarge_connection(self, increment: int) -> None:
        outbound = self._state.outbound
        if not increment:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of 0 bytes")
        if outbound.window + increment > WINDOW_BYTES_MAX:
            raise ConnectionFault(
                ErrorCode.FLOW_CONTROL_ERROR, "the connection's window over 2^31-1 bytes"
            )
        self._window_granted += increment
        outbound.enlarge_window(increment)

    def _settings_acknowledged(self, byte_count: int) -> None:
        if byte_count:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS that acknowledge and set")
        if not self.settings_unacknowledged:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "an answer to SETTINGS never sent")
        self.settings_unacknowledged -= 1
        state = self._state
        self._reader.settings_acknowledged(state.limits.header_table_bytes)
        excess = state.stream_grant - state.stream_window_bytes
        if excess:
            state.stream_grant = state.stream_window_bytes
            for stream in state.streams.values():
                stream.granted_bytes -= excess

    def _set(self, key: int, value: int) -> None:
        """Obey one setting (section 6.5.2); those unknown here are ignored."""
        state = self._state
        outbound = state.outbound
        if key == SETTING_INITIAL_WINDOW_BYTES:
            self._set_initial_window(value)
        elif key == SETTING_FRAME_BYTES:
            if not FRAME_BYTES_MIN <= value <= FRAME_BYTES_MAX:
                raise ConnectionFault(
                    ErrorCode.PROTOCOL_ERROR, "SETTINGS_MAX_FRAME_SIZE out of range"
                )
            outbound.frame_bytes = value
        elif key == SETTING_HEADER_TABLE_BYTES:
            outbound.lower_table(value)
        elif key == SETTING_CONCURRENT_STREAMS:
            state.peer_streams_max = value
        elif key == SETTING_ENABLE_PUSH and value > (state.role is Role.SERVER):
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "SETTINGS_ENABLE_PUSH out of range")

    def _set_initial_window(self, value: int) -> None:
        """Move the window of every stream by the difference (section 6.9.2)."""
        if value > WINDOW_BYTES_MAX:
            raise ConnectionFault(
                ErrorCode.FLOW_CONTROL_ERROR, "SETTINGS_INITIAL_WINDOW_SIZE over 2^31-1"
            )
        state = self._state
        difference = value - state.outbound.initial_window
        if not difference:
            return
        self._settings.use()  # it costs as much as a frame of its own
        state.outbound.initial_window = value
        for stream in state.streams.values():
            if stream.send_window + difference > WINDOW_BYTES_MAX:
                raise ConnectionFault(
                    ErrorCode.FLOW_CONTROL_ERROR, "a stream's window over 2^31-1 bytes"
                )
            stream.enlarge_window(difference)
