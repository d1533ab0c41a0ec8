"""HEADERS, CONTINUATION and DATA in all their forms: whatever is not the plain case.

The plain case is in `inbound`. Each method takes a frame's flags, stream and payload
`data[start:end]`, and raises ConnectionFault or StreamFault as RFC 9113 says.
"""

from __future__ import annotations

from dataclasses import dataclass

from ranvier.wire.http2.allowance import Allowance
from ranvier.wire.http2.closed_streams import Ending
from ranvier.wire.http2.connection_state import ConnectionState, Role
from ranvier.wire.http2.errors import ConnectionFault, ErrorCode, StreamFault
from ranvier.wire.http2.fields import INTERIM, MALFORMED, TOO_LONG, Position
from ranvier.wire.http2.frames import END_HEADERS, END_STREAM, HAS_PRIORITY, PADDED
from ranvier.wire.http2.header_reader import HeaderReader
from ranvier.wire.http2.headers import HeaderPairs
from ranvier.wire.http2.stream import (
    AWAITS_HEADERS,
    HAS_LENGTH,
    NO_CONTENT,
    REMOTE_ENDED,
    Stream,
)

PRIORITY_FIELDS_BYTES = 5


@dataclass(slots=True)
class OpenBlock:
    """A header block of which further frames must follow before any other frame."""

    stream_id: int
    end_stream: bool
    parts: list[bytes]
    byte_count: int
    continuations: int = 0


class MessageFrames:
    """Reads the frames that carry requests and responses."""

    __slots__ = ("_empty_data", "_state", "open_block", "reader")

    def __init__(self, state: ConnectionState, empty_data: Allowance) -> None:
        self.reader = HeaderReader(state.limits)
        self.open_block: OpenBlock | None = None
        self._state = state
        self._empty_data = empty_data

    def headers(self, flags: int, stream_id: int, data: bytes, start: int, end: int) -> None:
        """Read HEADERS (RFC 9113 section 6.2)."""
        if not stream_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "HEADERS on stream 0")
        if flags & PADDED:
            start, end = without_padding(data, start, end)
        if flags & HAS_PRIORITY:
            start += PRIORITY_FIELDS_BYTES
            if start > end:
                raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "HEADERS without its priority")
        block = data[start:end]
        end_stream = bool(flags & END_STREAM)
        if flags & END_HEADERS:
            self._block(stream_id, block, end_stream=end_stream)
        else:
            self.open_block = OpenBlock(stream_id, end_stream, [block], len(block))
            self._check_length(self.open_block)

    def continuation(self, flags: int, stream_id: int, data: bytes, start: int, end: int) -> None:
        """Read CONTINUATION (RFC 9113 section 6.10)."""
        block = self.open_block
        if block is None or block.stream_id != stream_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "CONTINUATION without its HEADERS")
        block.parts.append(data[start:end])
        block.byte_count += end - start
        block.continuations += 1
        self._check_length(block)
        if flags & END_HEADERS:
            self.open_block = None
            self._block(stream_id, b"".join(block.parts), end_stream=block.end_stream)

    def data(self, flags: int, stream_id: int, data: bytes, start: int, end: int) -> None:
        """Read DATA (RFC 9113 section 6.1)."""
        if not stream_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "DATA on stream 0")
        state = self._state
        size = end - start
        if flags & PADDED:
            start, end = without_padding(data, start, end)
        if size > state.receive_window:
            raise ConnectionFault(
                ErrorCode.FLOW_CONTROL_ERROR, "DATA beyond the connection's window"
            )
        state.receive_window -= size
        stream = state.streams.get(stream_id)
        if stream is None:
            self._late(stream_id, "DATA")
            return
        if start == end and not flags & END_STREAM:
            self._empty_data.use()
        self._check_data(stream, size, end - start, ends=bool(flags & END_STREAM))
        stream.received_bytes += size
        state.outbound.buffered_bytes += size
        if state.outbound.held_bytes > state.outbound.buffered_bytes_max:
            raise StreamFault(
                stream_id, ErrorCode.ENHANCE_YOUR_CALM, "the connection holds too much data"
            )
        if size > end - start:
            stream.consumed(size - (end - start))
        self._deliver(stream, data, start, end, end_stream=bool(flags & END_STREAM))

    def _deliver(
        self, stream: Stream, data: bytes, start: int, end: int, *, end_stream: bool
    ) -> None:
        if not end_stream:
            if start < end:
                stream.listener.data_received(data, start, end, end_stream=False)
            return
        stream.state |= REMOTE_ENDED
        stream.listener.data_received(data, start, end, end_stream=True)
        stream.end_there()

    def _check_data(self, stream: Stream, size: int, content: int, *, ends: bool) -> None:
        """Refuse DATA that its stream cannot have."""
        marks = stream.state
        if marks & REMOTE_ENDED:
            raise StreamFault(stream.id, ErrorCode.STREAM_CLOSED, "DATA after END_STREAM")
        if marks & AWAITS_HEADERS:
            raise StreamFault(stream.id, ErrorCode.PROTOCOL_ERROR, "DATA before the headers")
        if stream.received_bytes + size > stream.granted_bytes:
            raise StreamFault(
                stream.id, ErrorCode.FLOW_CONTROL_ERROR, "DATA beyond the stream's window"
            )
        if marks & HAS_LENGTH:
            left = self._state.content_lengths[stream.id] - content
            self._state.content_lengths[stream.id] = left
            if left < 0 or (ends and left):
                raise StreamFault(
                    stream.id, ErrorCode.PROTOCOL_ERROR, "the content has not its stated length"
                )

    def _check_length(self, block: OpenBlock) -> None:
        limits = self._state.limits
        if (
            block.byte_count > limits.header_block_bytes
            or block.continuations > limits.continuation_frames
        ):
            raise ConnectionFault(
                ErrorCode.ENHANCE_YOUR_CALM, "a header block is over its limit of bytes or frames"
            )

    def _block(self, stream_id: int, block: bytes, *, end_stream: bool) -> None:
        state = self._state
        stream = state.streams.get(stream_id)
        if stream is not None:
            self._block_of_open_stream(stream, block, end_stream=end_stream)
        elif state.role is Role.SERVER and stream_id > state.highest_remote_id and stream_id & 1:
            self.request(stream_id, block, end_stream=end_stream)
        else:
            self._read(Position.TRAILER, block)
            self._late(stream_id, "HEADERS")

    def request(self, stream_id: int, block: bytes, *, end_stream: bool) -> None:
        """Open the stream of a request, by its whole header block."""
        state = self._state
        if stream_id > state.highest_remote_id + 2:
            state.closed_streams.skipped(state.highest_remote_id + 2, stream_id)
        state.highest_remote_id = stream_id
        pairs, marks = self._read(Position.REQUEST, block)
        if state.goaway_sent is not None and stream_id > state.goaway_sent:
            state.closed_streams.reset(stream_id, Ending.RESET_HERE)
            return
        if len(state.streams) >= state.limits.concurrent_streams:
            raise StreamFault(
                stream_id, ErrorCode.REFUSED_STREAM, "too many streams are open; try again later"
            )
        stream = Stream(
            state, stream_id, int(end_stream), state.outbound.initial_window, state.stream_grant
        )
        if marks:
            refuse_malformed(stream_id, marks)
            self._note_length(stream, pairs, end_stream=end_stream)
        state.streams[stream_id] = stream
        state.listener.request_received(stream, pairs, end_stream=end_stream)

    def _read(self, position: Position, block: bytes) -> tuple[HeaderPairs, int]:
        if len(block) > self._state.limits.header_block_bytes:
            raise ConnectionFault(
                ErrorCode.ENHANCE_YOUR_CALM, "a header block is over its limit of bytes"
            )
        known = self.reader.memo[position].get(block)
        return self.reader.read(position, block) if known is None else (known, 0)

    def _block_of_open_stream(self, stream: Stream, block: bytes, *, end_stream: bool) -> None:
        if not stream.state & AWAITS_HEADERS:
            pairs, marks = self._read(Position.TRAILER, block)
            self._trailers(stream, pairs, marks, end_stream=end_stream)
            return
        pairs, marks = self._read(Position.RESPONSE, block)
        if marks:
            refuse_malformed(stream.id, marks)
            if marks & INTERIM:
                if end_stream:
                    raise StreamFault(
                        stream.id, ErrorCode.PROTOCOL_ERROR, "an interim response ends the stream"
                    )
                return
            self._note_length(stream, pairs, end_stream=end_stream)
        stream.state &= ~AWAITS_HEADERS
        if end_stream:
            stream.state |= REMOTE_ENDED
        stream.listener.headers_received(pairs, end_stream=end_stream)
        if end_stream:
            stream.end_there()

    def _trailers(
        self, stream: Stream, pairs: HeaderPairs, marks: int, *, end_stream: bool
    ) -> None:
        if stream.state & REMOTE_ENDED:
            raise StreamFault(stream.id, ErrorCode.STREAM_CLOSED, "HEADERS after END_STREAM")
        refuse_malformed(stream.id, marks)
        if not end_stream:
            raise StreamFault(
                stream.id, ErrorCode.PROTOCOL_ERROR, "trailers that do not end the stream"
            )
        if stream.state & HAS_LENGTH and self._state.content_lengths[stream.id]:
            raise StreamFault(
                stream.id, ErrorCode.PROTOCOL_ERROR, "the content has not its stated length"
            )
        stream.state |= REMOTE_ENDED
        stream.listener.trailers_received(pairs)
        stream.end_there()

    def _note_length(self, stream: Stream, pairs: HeaderPairs, *, end_stream: bool) -> None:
        """Hold the peer to the content length that it has stated (RFC 9113 section 8.1.1)."""
        found = dict(pairs)
        if stream.state & NO_CONTENT or found.get(b":status") in (b"204", b"304"):
            return
        length = int(found[b"content-length"])
        if end_stream and length:
            raise StreamFault(
                stream.id, ErrorCode.PROTOCOL_ERROR, "the content has not its stated length"
            )
        stream.state |= HAS_LENGTH
        self._state.content_lengths[stream.id] = length

    def _late(self, stream_id: int, what: str) -> None:
        """Judge a frame on a stream that is not open (RFC 9113 section 5.1)."""
        state = self._state
        if state.is_idle(stream_id):
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, f"{what} on a stream that is idle")
        ending = state.closed_streams.ending(stream_id)
        if ending is Ending.RESET_HERE:
            return
        if ending is Ending.RESET_THERE:
            raise StreamFault(stream_id, ErrorCode.STREAM_CLOSED, f"{what} after RST_STREAM")
        if ending is Ending.NEVER_OPENED:
            raise ConnectionFault(
                ErrorCode.PROTOCOL_ERROR, f"{what} on a stream below the highest that was opened"
            )
        raise ConnectionFault(ErrorCode.STREAM_CLOSED, f"{what} on a stream that is complete")


def refuse_malformed(stream_id: int, marks: int) -> None:
    """Raise StreamFault for a list that may not be used (RFC 9113 section 8.1.1)."""
    if marks & TOO_LONG:
        raise StreamFault(stream_id, ErrorCode.ENHANCE_YOUR_CALM, "the header list is too long")
    if marks & MALFORMED:
        raise StreamFault(stream_id, ErrorCode.PROTOCOL_ERROR, "the headers are malformed")


def without_padding(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Return where the payload of a padded frame starts and ends (RFC 9113 section 6.1)."""
    if start == end:
        raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "a padded frame without a padding length")
    padding = data[start]
    if start + 1 + padding > end:
        raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "padding as long as the frame, or longer")
    return start + 1, end - padding
