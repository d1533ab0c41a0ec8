"""What comes in: bytes cut into frames, the plain frames handled on the spot."""

from __future__ import annotations

from collections.abc import Callable

from ranvier.wire.http2.allowance import Allowance
from ranvier.wire.http2.connection_state import ConnectionState, Role
from ranvier.wire.http2.control_frames import FAREWELL_PING, ControlFrames
from ranvier.wire.http2.errors import ConnectionFault, ErrorCode, StreamFault
from ranvier.wire.http2.fields import Position
from ranvier.wire.http2.frames import (
    ACK,
    CONTINUATION,
    DATA,
    GOAWAY,
    HEADER_BYTES,
    HEADERS,
    PING,
    PING_ACK_HEAD,
    PING_HEAD,
    PREFACE,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    STREAM_ID_MASK,
    WINDOW_UPDATE,
    unpack_header,
    window_update_frame,
)
from ranvier.wire.http2.message_frames import MessageFrames
from ranvier.wire.http2.stream import READS_SPECIALLY, REMOTE_ENDED, Stream

FrameHandler = Callable[[int, int, bytes, int, int], None]
"""`(flags, stream id, data, start, end)`: the payload is `data[start:end]`."""


PIECES_MAX = 64
"""Pieces of an incomplete frame that are kept apart: many tiny ones would take more memory than
they have bytes."""


class Inbound:
    """Reads what a peer sends, in pieces of any size, and acts on it."""

    __slots__ = (
        "_frame_bytes_max",
        "_handlers",
        "_ignored",
        "_messages",
        "_needed_bytes",
        "_partial",
        "_partial_bytes",
        "_preface",
        "_state",
        "control",
        "is_established",
    )

    def __init__(self, state: ConnectionState, clock: Callable[[], float]) -> None:
        limits = state.limits
        self._state = state
        self._frame_bytes_max = limits.frame_payload_bytes
        self._preface = PREFACE if state.role is Role.SERVER else b""
        """What must come before the first frame."""
        self.is_established = False
        """The peer's preface has come, and the SETTINGS that belong to it."""
        self._partial: list[bytes] = []
        """The beginning of a frame whose end has not come."""
        self._partial_bytes = 0
        self._needed_bytes = 0
        empty_data = Allowance(
            "empty DATA frames",
            limits.empty_data_frame_burst,
            limits.empty_data_frames_per_second,
            clock,
        )
        self._messages = messages = MessageFrames(state, empty_data)
        self.control = control = ControlFrames(state, messages.reader, clock)
        self._ignored: FrameHandler = control.ignored
        self._handlers: dict[int, FrameHandler] = {
            DATA: messages.data,
            HEADERS: messages.headers,
            PRIORITY: control.priority,
            RST_STREAM: control.reset,
            SETTINGS: control.settings,
            PUSH_PROMISE: control.push_promise,
            PING: control.ping,
            GOAWAY: control.goaway,
            WINDOW_UPDATE: control.window_update,
            CONTINUATION: messages.continuation,
        }

    @property
    def partial_bytes(self) -> int:
        """Bytes kept of frames and header blocks whose end has not come."""
        block = self._messages.open_block
        return self._partial_bytes + (0 if block is None else block.byte_count)

    @property
    def is_quiet(self) -> bool:
        """Nothing is half received or waits to be written: a frame may be written at once."""
        state = self._state
        outbound = state.outbound
        return not (
            self._partial
            or outbound.frames
            or outbound.is_paused
            or not self.is_established
            or self._messages.open_block is not None
            or state.is_over
        )

    def receive(self, data: bytes) -> None:
        """Act on all that came; raises ConnectionFault where the peer's connection must end."""
        if self._partial:
            self._partial.append(data)
            self._partial_bytes += len(data)
            if self._partial_bytes < self._needed_bytes:
                if len(self._partial) > PIECES_MAX:
                    self._partial = [b"".join(self._partial)]
                return
            data = b"".join(self._partial)
            self._partial.clear()
        position = 0 if self.is_established else self._handshake(data)
        if position >= 0:
            position = self._frames(data, position)
        rest = len(data) - max(position, 0)
        self._partial_bytes = rest
        if rest:
            self._partial.append(data[position:] if position > 0 else data)
        state = self._state
        window = state.connection_window_bytes
        if state.receive_window * 2 < window:
            increment = window - state.receive_window
            state.receive_window = window
            state.outbound.frames.append(window_update_frame(0, increment))
        if state.outbound.is_paused:
            self._check_held()

    def answer_lone_ping(self, data: bytes) -> bytes | None:
        """Answer a read that is one PING frame, or return None where more must be looked at."""
        if not self.is_quiet:
            return None
        state = self._state
        if data.startswith(PING_HEAD):
            # One too many is counted here and told by the frame's own handler, for which it is
            # one too many as well.
            return PING_ACK_HEAD + data[HEADER_BYTES:] if self.control.takes_ping() else None
        if data.startswith(PING_ACK_HEAD) and not data.endswith(FAREWELL_PING):
            state.listener.ping_acknowledged(data[HEADER_BYTES:])
            return b""
        return None

    def drop(self) -> None:
        """Forget what is incomplete: nothing is read any more."""
        self._partial.clear()
        self._partial_bytes = 0
        self._messages.open_block = None

    # The one loop that every frame passes. The plain DATA frame and the plain request whose header
    # block is known are handled in place: an exchange takes 2.3 µs so, and 3.7 µs where each of
    # them is a method call (bench/http2_exchange.py).
    def _frames(self, data: bytes, position: int) -> int:
        """Handle all whole frames from `position` on; return where the first incomplete starts."""
        state = self._state
        outbound = state.outbound
        streams = state.streams
        handlers = self._handlers
        request_received = state.listener.request_received
        recall = self._messages.reader.memo[Position.REQUEST].get
        frame_bytes_max = self._frame_bytes_max
        available = len(data)
        self._needed_bytes = HEADER_BYTES
        if self._messages.open_block is not None:
            position = self._continue(data, position)
        while available - position >= HEADER_BYTES:
            length_and_type, flags, stream_id = unpack_header(data, position)
            start = position + HEADER_BYTES
            size = length_and_type >> 8
            end = start + size
            if end > available or size > frame_bytes_max:
                self._need(size)
                break
            position = end
            kind = length_and_type & 0xFF
            if kind == DATA and flags < 2:
                stream = streams.get(stream_id)
                if stream is not None and not stream.state & READS_SPECIALLY and size:
                    received = stream.received_bytes + size
                    held = outbound.buffered_bytes + size
                    if (
                        received <= stream.granted_bytes
                        and size <= state.receive_window
                        and held <= outbound.buffered_bytes_max
                    ):
                        stream.received_bytes = received
                        outbound.buffered_bytes = held
                        state.receive_window -= size
                        if flags:
                            stream.state |= REMOTE_ENDED
                            stream.listener.data_received(data, start, end, end_stream=True)
                        else:
                            stream.listener.data_received(data, start, end, end_stream=False)
                        continue
            elif (
                kind == HEADERS
                and stream_id == state.highest_remote_id + 2
                and (flags == 4 or flags == 5)
                and len(streams) < state.streams_accepted
            ):
                block = data[start:end]
                headers = recall(block)
                if headers is not None:
                    state.highest_remote_id = stream_id
                    stream = streams[stream_id] = Stream(
                        state, stream_id, flags & 1, outbound.initial_window, state.stream_grant
                    )
                    request_received(stream, headers, end_stream=flags == 5)
                else:
                    self._request(stream_id, block, end_stream=flags == 5)
                continue
            handler = handlers.get(kind, self._ignored)
            try:
                handler(flags, stream_id & STREAM_ID_MASK, data, start, end)
            except StreamFault as fault:
                state.reset_for(fault)
            if kind == HEADERS and self._messages.open_block is not None:
                position = self._continue(data, position)
        return position

    def _request(self, stream_id: int, block: bytes, *, end_stream: bool) -> None:
        """Handle the request in a header block that is not known."""
        try:
            self._messages.request(stream_id, block, end_stream=end_stream)
        except StreamFault as fault:
            self._state.reset_for(fault)

    def _continue(self, data: bytes, position: int) -> int:
        """Read on in a header block, which no other frame may interrupt (section 6.2)."""
        messages = self._messages
        while messages.open_block is not None and len(data) - position >= HEADER_BYTES:
            length_and_type, flags, stream_id = unpack_header(data, position)
            size = length_and_type >> 8
            start = position + HEADER_BYTES
            if length_and_type & 0xFF != CONTINUATION:
                raise ConnectionFault(
                    ErrorCode.PROTOCOL_ERROR, "a frame in the middle of a header block"
                )
            if start + size > len(data) or size > self._frame_bytes_max:
                self._need(size)
                break
            position = start + size
            try:
                messages.continuation(flags, stream_id & STREAM_ID_MASK, data, start, position)
            except StreamFault as fault:
                self._state.reset_for(fault)
        return position

    def _need(self, size: int) -> None:
        """Wait for the whole of a frame, unless it is one that nobody waits for."""
        if size > self._frame_bytes_max:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, f"a frame of {size} bytes")
        self._needed_bytes = HEADER_BYTES + size

    def _handshake(self, data: bytes) -> int:
        """Check how the peer begins (section 3.4); return where its frames start, or -1."""
        preface = self._preface
        if not preface.startswith(data[: len(preface)]):
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "this is not the preface of HTTP/2")
        if len(data) < len(preface) + HEADER_BYTES:
            self._needed_bytes = 0
            return -1
        length_and_type, flags, _ = unpack_header(data, len(preface))
        if length_and_type & 0xFF != SETTINGS or flags & ACK:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "the first frame is not SETTINGS")
        self.is_established = True
        return len(preface)

    def _check_held(self) -> None:
        """End a connection whose peer makes this side speak and never reads."""
        outbound = self._state.outbound
        if outbound.held_bytes + self.partial_bytes > outbound.buffered_bytes_max:
            raise ConnectionFault(
                ErrorCode.ENHANCE_YOUR_CALM, "too much output waits for a peer that does not read"
            )
