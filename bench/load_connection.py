"""A load generator's connection: blocking sockets, frames built before the clock starts.

It knows just enough HTTP/2 to keep many unary or streaming gRPC calls in flight and to count their
answers; a call costs its own core a microsecond or two, so that it is the server that is measured.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from struct import Struct

from hpack import Decoder

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD = Struct(">IBI")
UINT32 = Struct(">I")
MESSAGE = Struct(">BI")
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
WINDOW_BYTES = 1 << 30
"""What the generator lets a server send unasked: it is never the one that holds back."""
CREDIT_AT_BYTES = 1 << 22
RECEIVE_BYTES = 1 << 16
INITIAL_WINDOW_SIZE = b"\x00\x04"


def literal(name: bytes, value: bytes) -> bytes:
    """Return one header as a literal that enters no table (RFC 7541 section 6.2.2)."""
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


def request_block(path: str, *metadata: tuple[bytes, bytes]) -> bytes:
    """Return the header block of a gRPC request; the same bytes for every call of a method."""
    pairs = [
        (b":path", path.encode()),
        (b":authority", b"localhost"),
        (b"te", b"trailers"),
        (b"content-type", b"application/grpc"),
        *metadata,
    ]
    return b"\x83\x86" + b"".join([literal(name, value) for name, value in pairs])


def message(payload: bytes) -> bytes:
    """Return one gRPC message with its prefix."""
    return MESSAGE.pack(0, len(payload)) + payload


class LoadConnection:
    """One connection; `call` sends, `receive` reads once and counts what has ended."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._next_stream_id = 1
        self._uncredited = 0
        self._send_window = self._initial_window = 65_535
        self._stream_windows: dict[int, int] = {}
        self._decoder = Decoder()
        self._verdicts: dict[bytes, bool] = {}
        self.ended = 0
        self.failed = 0
        self.data_bytes = 0
        self.chunks: list[bytes] | None = None
        settings = b"\x00\x04" + UINT32.pack(WINDOW_BYTES)
        self._socket.sendall(
            PREFACE
            + HEAD.pack(len(settings) << 8 | SETTINGS, 0, 0)
            + settings
            + HEAD.pack(4 << 8 | WINDOW_UPDATE, 0, 0)
            + UINT32.pack(WINDOW_BYTES)
        )

    def fileno(self) -> int:
        """Let a selector wait for it."""
        return self._socket.fileno()

    def close(self) -> None:
        """Drop the connection."""
        self._socket.close()

    def calls(self, blocks: list[bytes], bodies: list[bytes]) -> None:
        """Send unary calls in one write, waiting for the server's window where it is spent."""
        frames: list[bytes] = []
        for block, body in zip(blocks, bodies, strict=True):
            while self._send_window < len(body):
                self._socket.sendall(b"".join(frames))
                frames.clear()
                self.receive()
            stream_id = self._next_stream_id
            self._next_stream_id += 2
            self._send_window -= len(body)
            frames += (
                HEAD.pack(len(block) << 8 | HEADERS, END_HEADERS, stream_id),
                block,
                HEAD.pack(len(body) << 8 | DATA, END_STREAM, stream_id),
                body,
            )
        self._socket.sendall(b"".join(frames))

    def open_stream(self, block: bytes) -> int:
        """Open a call whose messages follow; return its stream id."""
        stream_id = self._next_stream_id
        self._next_stream_id += 2
        self._stream_windows[stream_id] = self._initial_window
        self._socket.sendall(HEAD.pack(len(block) << 8 | HEADERS, END_HEADERS, stream_id) + block)
        return stream_id

    def send(self, stream_id: int, bodies: list[bytes]) -> None:
        """Send messages on an open stream in one write, waiting for window where it is spent."""
        frames: list[bytes] = []
        for body in bodies:
            while min(self._send_window, self._stream_windows[stream_id]) < len(body):
                self._socket.sendall(b"".join(frames))
                frames.clear()
                self.receive()
            self._send_window -= len(body)
            self._stream_windows[stream_id] -= len(body)
            frames += (HEAD.pack(len(body) << 8 | DATA, 0, stream_id), body)
        self._socket.sendall(b"".join(frames))

    def receive(self, byte_count: int = RECEIVE_BYTES) -> None:
        """Read what is there, waiting for the first byte; count answers and keep windows open."""
        brought = self._socket.recv(byte_count)
        if not brought:
            raise ConnectionError("the server has closed the connection")
        replies: list[bytes] = []
        buffer = self._buffer + brought if self._buffer else brought
        place, end = 0, len(buffer)
        while end - place >= 9:
            length_and_type, flags, stream_id = HEAD.unpack_from(buffer, place)
            after = place + 9 + (length_and_type >> 8)
            if after > end:
                break
            self._frame(length_and_type & 255, flags, stream_id, buffer[place + 9 : after], replies)
            place = after
        self._buffer = buffer[place:]
        if self._uncredited > CREDIT_AT_BYTES:
            replies.append(HEAD.pack(4 << 8 | WINDOW_UPDATE, 0, 0) + UINT32.pack(self._uncredited))
            self._uncredited = 0
        if replies:
            self._socket.sendall(b"".join(replies))

    def _frame(
        self, kind: int, flags: int, stream_id: int, body: bytes, replies: list[bytes]
    ) -> None:
        if kind == DATA:
            self._uncredited += len(body)
            self.data_bytes += len(body)
            if self.chunks is not None:
                self.chunks.append(body)
        elif kind == HEADERS:
            if flags & END_STREAM:
                self.ended += 1
                self.failed += not self._is_ok(body)
            else:
                self._is_ok(body)
        elif kind in (RST_STREAM, GOAWAY):
            raise ConnectionError(f"the server has given up stream {stream_id}: {body!r}")
        elif kind == WINDOW_UPDATE and stream_id == 0:
            self._send_window += UINT32.unpack(body)[0]
        elif kind == WINDOW_UPDATE and stream_id in self._stream_windows:
            self._stream_windows[stream_id] += UINT32.unpack(body)[0]
        elif kind == SETTINGS and not flags & ACK:
            self._take_settings(body)
            replies.append(HEAD.pack(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            replies.append(HEAD.pack(8 << 8 | PING, ACK, 0) + body)

    def _take_settings(self, body: bytes) -> None:
        for at in range(0, len(body), 6):
            if body[at : at + 2] == INITIAL_WINDOW_SIZE:
                [window] = UINT32.unpack_from(body, at + 2)
                for stream_id in self._stream_windows:
                    self._stream_windows[stream_id] += window - self._initial_window
                self._initial_window = window

    def _is_ok(self, block: bytes) -> bool:
        """Tell whether headers say `grpc-status: 0`; the same bytes are decoded once."""
        verdict = self._verdicts.get(block)
        if verdict is None:
            before = self._table_bytes()
            fields = dict(self._decoder.decode(block, raw=True))
            verdict = fields.get(b"grpc-status") == b"0"
            # While the table stands still, the same bytes mean the same.
            if before == self._table_bytes():
                self._verdicts[block] = verdict
            else:
                self._verdicts.clear()
        return verdict

    def _table_bytes(self) -> int:
        """Return the size of the dynamic table, for which `hpack` has no public name."""
        size: int = self._decoder.header_table._current_size
        return size


def messages_of(chunks: list[bytes]) -> Iterator[bytes]:
    """Split what streams of one call brought into its messages."""
    buffer = b"".join(chunks)
    place = 0
    while place < len(buffer):
        _, length = MESSAGE.unpack_from(buffer, place)
        place += 5 + length
        yield buffer[place - length : place]
