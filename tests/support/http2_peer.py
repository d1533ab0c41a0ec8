"""The other end of an HTTP/2 connection under test: frames by hand, and all that happened noted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from hpack import Decoder

from ranvier.wire.http2.connection import Connection, Role, Stream
from ranvier.wire.http2.errors import ErrorCode
from ranvier.wire.http2.headers import HeaderPairs, encode_block, ready_block
from ranvier.wire.http2.limits import Limits
from ranvier.wire.http2.stream import StreamEnd

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
REQUEST: HeaderPairs = (
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":path", b"/echo.Echo/Say"),
    (b":authority", b"localhost"),
    (b"te", b"trailers"),
)
RESPONSE: HeaderPairs = ((b":status", b"200"), (b"content-type", b"application/grpc"))
OK: HeaderPairs = ((b"grpc-status", b"0"),)
HEAD_BLOCK = ready_block(RESPONSE)
OK_BLOCK = ready_block(OK)

TYPES = (
    "DATA",
    "HEADERS",
    "PRIORITY",
    "RST_STREAM",
    "SETTINGS",
    "PUSH_PROMISE",
    "PING",
    "GOAWAY",
    "WINDOW_UPDATE",
    "CONTINUATION",
)


@dataclass(frozen=True)
class Frame:
    """A frame as it lies on the wire."""

    kind: str
    flags: int
    stream_id: int
    payload: bytes

    @property
    def code(self) -> ErrorCode:
        """The error code of RST_STREAM or GOAWAY."""
        start = 4 if self.kind == "GOAWAY" else 0
        return ErrorCode(int.from_bytes(self.payload[start : start + 4], "big"))

    @property
    def number(self) -> int:
        """The first four bytes of the payload as a number."""
        return int.from_bytes(self.payload[:4], "big")


def frame(kind: str | int, stream_id: int, payload: bytes = b"", flags: int = 0) -> bytes:
    """Return any frame, right or wrong."""
    number = TYPES.index(kind) if isinstance(kind, str) else kind
    return (
        len(payload).to_bytes(3, "big")
        + bytes((number, flags))
        + stream_id.to_bytes(4, "big")
        + payload
    )


def headers(stream_id: int, pairs: HeaderPairs = REQUEST, *, end: bool = False) -> bytes:
    """Return HEADERS that hold the whole list."""
    return frame("HEADERS", stream_id, encode_block(pairs), 0x4 | end)


def data(stream_id: int, payload: bytes = b"", *, end: bool = False) -> bytes:
    """Return DATA without padding."""
    return frame("DATA", stream_id, payload, int(end))


def settings(*pairs: tuple[int, int]) -> bytes:
    """Return SETTINGS."""
    return frame("SETTINGS", 0, b"".join(setting(*pair) for pair in pairs))


def setting(key: int, value: int) -> bytes:
    """Return one setting."""
    return key.to_bytes(2, "big") + value.to_bytes(4, "big")


def window_update(stream_id: int, increment: int) -> bytes:
    """Return WINDOW_UPDATE."""
    return frame("WINDOW_UPDATE", stream_id, number(increment))


def number(value: int) -> bytes:
    """Return four bytes."""
    return value.to_bytes(4, "big")


SETTINGS_ACK = frame("SETTINGS", 0, b"", 0x1)
HELLO = PREFACE + settings()


def split(output: bytes) -> list[Frame]:
    """Cut output into frames; a preface is left out."""
    output = output.removeprefix(PREFACE)
    frames = []
    while output:
        size = int.from_bytes(output[:3], "big")
        assert len(output) >= 9 + size, "the output ends within a frame"
        stream_id = int.from_bytes(output[5:9], "big")
        frames.append(Frame(TYPES[output[3]], output[4], stream_id, output[9 : 9 + size]))
        output = output[9 + size :]
    return frames


class Clock:
    """A clock that only moves when it is told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Heard:
    """What one stream has told its listener."""

    stream: Stream | None = None
    headers: HeaderPairs | None = None
    data: bytearray = field(default_factory=bytearray)
    trailers: HeaderPairs | None = None
    has_ended: bool = False
    ends: list[StreamEnd | None] = field(default_factory=list)
    writable_count: int = 0
    consumes: bool = True
    on_writable: Callable[[], None] | None = None

    @property
    def own(self) -> Stream:
        """The stream that is heard."""
        assert self.stream is not None
        return self.stream

    def headers_received(self, headers: HeaderPairs, *, end_stream: bool) -> None:
        assert not self.ends
        assert self.headers is None
        self.headers = headers
        self.has_ended = end_stream

    def trailers_received(self, headers: HeaderPairs) -> None:
        assert not self.ends
        assert not self.has_ended
        self.trailers = headers
        self.has_ended = True

    def data_received(self, buffer: bytes, start: int, end: int, *, end_stream: bool) -> None:
        assert not self.ends
        assert not self.has_ended
        assert start < end or end_stream
        self.data += buffer[start:end]
        self.has_ended = end_stream
        if self.consumes and self.stream is not None:
            self.stream.consumed(end - start)

    def writable(self) -> None:
        assert not self.ends
        self.writable_count += 1
        if self.on_writable is not None:
            self.on_writable()

    def closed(self, error: StreamEnd | None) -> None:
        assert not self.ends
        self.ends.append(error)

    @property
    def end_code(self) -> int | None:
        """The code with which the stream ended, None where it ended well."""
        (end,) = self.ends
        return None if end is None else end.code


class Peer:
    """Drives one connection under test, and notes what it says to its layer and to its peer."""

    def __init__(self, role: Role = Role.SERVER, limits: Limits | None = None) -> None:
        self.role = role
        self.clock = Clock()
        self.connection = Connection(role, limits or Limits(), self, self.clock)
        self.streams: dict[int, Heard] = {}
        self.pongs: list[bytes] = []
        self.goaways: list[tuple[int, int, bytes]] = []
        self.ready_count = 0
        self.decoder = Decoder()
        self.consumes = True
        self.on_request: Callable[[Heard], None] | None = None

    # What the connection says to its layer.

    def request_received(self, stream: Stream, headers: HeaderPairs, *, end_stream: bool) -> None:
        heard = Heard(stream=stream, headers=headers, has_ended=end_stream, consumes=self.consumes)
        stream.listener = heard
        self.streams[stream.id] = heard
        if self.on_request is not None:
            self.on_request(heard)

    def ping_acknowledged(self, payload: bytes) -> None:
        self.pongs.append(payload)

    def goaway_received(self, last_stream_id: int, code: int, debug: bytes) -> None:
        self.goaways.append((last_stream_id, code, debug))

    def output_ready(self) -> None:
        self.ready_count += 1

    # What the peer does.

    def greet(self, *pairs: tuple[int, int]) -> Peer:
        """Exchange the hellos, with these settings."""
        self.connection.start()
        preface = PREFACE if self.role is Role.SERVER else b""
        self.connection.receive_data(preface + settings(*pairs) + SETTINGS_ACK)
        self.connection.take_output()
        return self

    def send(self, *frames: bytes) -> list[Frame]:
        """Send frames in one read and return what comes back."""
        self.connection.receive_data(b"".join(frames))
        return self.take()

    def take(self) -> list[Frame]:
        """Return the output."""
        return split(self.connection.take_output())

    def open(self, pairs: HeaderPairs = REQUEST, *, end: bool = False) -> Heard:
        """Send a request from the connection under test (client role)."""
        heard = Heard(consumes=self.consumes)
        heard.stream = self.connection.open_stream(pairs, end_stream=end, listener=heard)
        self.streams[heard.stream.id] = heard
        return heard

    def answering(self, *stream_ids: int) -> None:
        """Send requests, and have the response headers sent."""
        for stream_id in stream_ids:
            self.send(headers(stream_id, end=True))
            self.stream(stream_id).send_headers(HEAD_BLOCK)
        self.take()

    def decode(self, block: bytes) -> HeaderPairs:
        """Read a header block that the connection has sent."""
        return tuple(
            (bytes(name), bytes(value)) for name, value in self.decoder.decode(block, raw=True)
        )

    def stream(self, stream_id: int = 1) -> Stream:
        """Return a stream as its layer holds it."""
        return self.streams[stream_id].own

    def should_close(self) -> bool:
        """Say whether the connection says that it can be closed, now."""
        return self.connection.should_close

    def is_established(self) -> bool:
        """Say whether the connection is established, now."""
        return self.connection.is_established


def server(limits: Limits | None = None, **changes: Any) -> Peer:
    """Return the peer of a server that has been greeted."""
    return Peer(Role.SERVER, limits or Limits(**changes)).greet()


def client(limits: Limits | None = None, **changes: Any) -> Peer:
    """Return the peer of a client that has been greeted."""
    return Peer(Role.CLIENT, limits or Limits(**changes)).greet()


def kinds(frames: Iterable[Frame]) -> list[str]:
    """Return what kinds of frames these are."""
    return [each.kind for each in frames]


def payloads(frames: Iterable[Frame], stream_id: int) -> bytes:
    """Return all DATA of one stream."""
    return b"".join(f.payload for f in frames if f.kind == "DATA" and f.stream_id == stream_id)


def sizes(frames: Iterable[Frame]) -> list[int]:
    """Return the length of each payload."""
    return [len(each.payload) for each in frames]
