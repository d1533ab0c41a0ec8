"""An HTTP/2 client that does exactly what a test says, right or wrong; HPACK by `hpack`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from struct import Struct

from hpack import Decoder, Encoder

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADER = Struct(">IBI")
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
ACK = END_STREAM = 1
END_HEADERS = 4
INITIAL_WINDOW = 4


@dataclass(frozen=True, slots=True)
class Frame:
    kind: int
    flags: int
    stream_id: int
    payload: bytes

    @property
    def number(self) -> int:
        """The error code of RST_STREAM or GOAWAY."""
        return int.from_bytes(self.payload[4:8] if self.kind == GOAWAY else self.payload, "big")


def frame_bytes(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    return HEADER.pack(len(payload) << 8 | kind, flags, stream_id) + payload


def grpc_message(text: bytes) -> bytes:
    return b"\0" + len(text).to_bytes(4, "big") + text


class RawPeer:
    """One connection; `read` hands over frames as they come, SETTINGS and pings answered."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.answers_pings = True
        self._encoder = Encoder()
        self._decoder = Decoder()
        self._trailers: dict[int, dict[str, str]] = {}
        self._data: dict[int, bytes] = {}

    def send(self, kind: int, flags: int = 0, stream_id: int = 0, payload: bytes = b"") -> None:
        self.writer.write(frame_bytes(kind, flags, stream_id, payload))

    def greet(self, settings: dict[int, int] | None = None) -> None:
        payload = b"".join(
            key.to_bytes(2, "big") + value.to_bytes(4, "big")
            for key, value in (settings or {}).items()
        )
        self.writer.write(PREFACE + frame_bytes(SETTINGS, 0, 0, payload))

    def open(self, stream_id: int, path: str, *, end_stream: bool = False, **more: str) -> None:
        """Send the head of a gRPC request; `more` replaces or adds headers (`_` stands for `-`)."""
        fields = {
            ":method": "POST",
            ":scheme": "http",
            ":path": path,
            "te": "trailers",
            "content-type": "application/grpc",
        }
        fields |= {name.replace("__", ":").replace("_", "-"): value for name, value in more.items()}
        block = self._encoder.encode(list(fields.items()))
        self.send(HEADERS, END_HEADERS | (END_STREAM if end_stream else 0), stream_id, block)

    def call(self, stream_id: int, path: str, text: bytes) -> None:
        """Send a whole unary request."""
        self.open(stream_id, path)
        self.send(DATA, END_STREAM, stream_id, grpc_message(text))

    def credit(self, stream_id: int, byte_count: int) -> None:
        self.send(WINDOW_UPDATE, 0, stream_id, byte_count.to_bytes(4, "big"))

    async def read(self) -> Frame | None:
        """Return the next frame that is no SETTINGS or PING; None at the end of the connection."""
        while True:
            try:
                head = await self.reader.readexactly(9)
                length_and_kind, flags, stream_id = HEADER.unpack(head)
                payload = await self.reader.readexactly(length_and_kind >> 8)
            except (asyncio.IncompleteReadError, ConnectionError):
                return None
            frame = Frame(length_and_kind & 255, flags, stream_id, payload)
            if frame.kind == SETTINGS and not flags & ACK:
                self.send(SETTINGS, ACK)
            elif frame.kind == PING and not flags & ACK:
                if self.answers_pings:
                    self.send(PING, ACK, 0, payload)
            elif frame.kind not in (SETTINGS, PING):
                return self._noted(frame)

    async def read_until(self, kind: int, stream_id: int = 0) -> Frame:
        """Return the first such frame; the others are noted only."""
        while (frame := await self.read()) is not None:
            if frame.kind == kind and frame.stream_id == stream_id:
                return frame
        raise AssertionError(f"the connection ended before a frame of type {kind}")

    async def answer(self, stream_id: int) -> tuple[bytes, dict[str, str]]:
        """Return the data and all headers of an answer, once it has ended."""
        while stream_id not in self._trailers:
            frame = await self.read()
            assert frame is not None, "the connection ended"
            assert frame.kind != GOAWAY, frame
            assert (frame.kind, frame.stream_id) != (RST_STREAM, stream_id), frame
        return self._data.pop(stream_id, b""), self._trailers.pop(stream_id)

    async def read_to_end(self) -> list[Frame]:
        """Return all frames until the server has closed the connection."""
        frames = []
        while (frame := await self.read()) is not None:
            frames.append(frame)
        return frames

    def _noted(self, frame: Frame) -> Frame:
        if frame.kind == DATA:
            self._data[frame.stream_id] = self._data.get(frame.stream_id, b"") + frame.payload
        elif frame.kind == HEADERS:
            pairs = self._decoder.decode(frame.payload, raw=True)
            headers = {bytes(name).decode(): bytes(value).decode() for name, value in pairs}
            if frame.flags & END_STREAM:
                self._trailers[frame.stream_id] = headers
        return frame


@contextlib.asynccontextmanager
async def raw_peer(
    port: int, settings: dict[int, int] | None = None, *, greets: bool = True
) -> AsyncIterator[RawPeer]:
    """Connect, and greet unless the test does so itself."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    peer = RawPeer(reader, writer)
    if greets:
        peer.greet(settings)
    try:
        yield peer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
