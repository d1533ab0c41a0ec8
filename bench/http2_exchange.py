"""CPU of the HTTP/2 connection alone for one unary exchange at the server, without sockets.

An exchange is HEADERS and one DATA frame in, headers, data and trailers out. The requests of 32
streams come in one read, as they do from a busy client. Run it by `python -m bench.http2_exchange`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from hpack import Decoder, Encoder

from ranvier.wire.http2.connection import Connection, Role, Stream
from ranvier.wire.http2.frames import PREFACE, pack_header, settings_frame, window_update_frame
from ranvier.wire.http2.headers import HeaderPairs, ready_block
from ranvier.wire.http2.limits import Limits
from ranvier.wire.http2.stream import Unheard

HEAD = ready_block(((b":status", b"200"), (b"content-type", b"application/grpc")))
OK = ready_block(((b"grpc-status", b"0"),))
BODY = bytes(305)
REQUEST: HeaderPairs = (
    (b":scheme", b"http"),
    (b":method", b"POST"),
    (b":authority", b"localhost:8124"),
    (b":path", b"/io.axoniq.axonserver.grpc.command.CommandService/Dispatch"),
    (b"te", b"trailers"),
    (b"content-type", b"application/grpc"),
    (b"user-agent", b"grpc-java-netty/1.68.1"),
    (b"grpc-accept-encoding", b"gzip"),
    (b"axoniq-context", b"default"),
)
STREAMS_PER_READ = 32
READS = 600
ROUNDS = 7


class Answer(Unheard):
    """One call of the echo."""

    __slots__ = ("stream",)

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    def data_received(self, buffer: bytes, start: int, end: int, *, end_stream: bool) -> None:
        """Answer with the same data."""
        if end_stream:
            self.stream.respond(HEAD, buffer[start:end], OK)


class Echo:
    """Answers each request with its own data, the shortest way there is."""

    def request_received(self, stream: Stream, headers: HeaderPairs, *, end_stream: bool) -> None:  # noqa: ARG002  # the echo does not look at them
        """Open a call."""
        stream.listener = Answer(stream)

    def ping_acknowledged(self, payload: bytes) -> None:
        """Do nothing."""

    def goaway_received(self, last_stream_id: int, code: int, debug: bytes) -> None:
        """Do nothing."""

    def output_ready(self) -> None:
        """Do nothing: the output is taken after each read."""


def requests(encode: Encoder, new_header: str, count: int) -> Iterator[bytes]:
    """Yield what `count` reads of a socket bring; stream ids go on from read to read."""
    stream_id = 1
    for _ in range(count):
        frames: list[bytes] = []
        for _ in range(STREAMS_PER_READ):
            headers: list[tuple[bytes, bytes]] = list(REQUEST)
            if new_header:
                trace = f"00-{stream_id * 0x9E3779B97F4A7C15 % 2**128:032x}-{stream_id:016x}-01"
                headers.append((b"traceparent", trace.encode()))
            block = encode_block(encode, headers, new_header)
            frames += (
                pack_header(len(block) << 8 | 1, 4, stream_id) + block,
                pack_header(len(BODY) << 8, 1, stream_id) + BODY,
            )
            stream_id += 2
        yield b"".join(frames) + window_update_frame(0, STREAMS_PER_READ * len(BODY))


def encode_block(encoder: Encoder, headers: list[tuple[bytes, bytes]], new_header: str) -> bytes:
    """Encode as clients do: all into the table, or the new header by its side."""
    if new_header == "literal":
        name, value = headers[-1]
        literal = b"\x00" + bytes((len(name),)) + name + bytes((len(value),)) + value
        return encoder.encode(headers[:-1]) + literal
    return encoder.encode(headers, huffman=new_header != "plain")


def microseconds(new_header: str) -> float:
    """Return the CPU of one exchange; the best round, as others share the machine."""
    rounds = []
    for _ in range(ROUNDS):
        connection = Connection(Role.SERVER, Limits(), Echo(), time.monotonic)
        connection.start()
        connection.receive_data(PREFACE + settings_frame({}))
        connection.take_output()
        reads = list(requests(Encoder(), new_header, READS))
        started = time.process_time()
        for read in reads:
            connection.receive_data(read)
            connection.take_output()
        spent = time.process_time() - started
        assert connection.fault is None, connection.fault
        assert connection.open_stream_count == 0
        rounds.append(spent / (READS * STREAMS_PER_READ) * 1e6)
    return min(rounds)


def hpack_microseconds() -> float:
    """Return the CPU of the `hpack` package for the headers alone, one of them new."""
    encoder, decoder = Encoder(), Decoder()
    blocks = []
    for number in range(2_000):
        trace = f"00-{number * 0x9E3779B97F4A7C15 % 2**128:032x}-{number:016x}-01".encode()
        blocks.append(encoder.encode([*REQUEST, (b"traceparent", trace)]))
    spent = []
    for _ in range(3):
        decoder = Decoder()
        started = time.process_time()
        for block in blocks:
            decoder.decode(block, raw=True)
        spent.append((time.process_time() - started) / len(blocks) * 1e6)
    return statistics.median(spent)


def main() -> None:
    """Print a table."""
    print("HTTP/2 connection, one unary exchange at the server, µs of CPU")
    for new_header, meaning in (
        ("", "the same headers on every call (memo)"),
        ("literal", "one header new on every call, not indexed"),
        ("plain", "one header new on every call, indexed"),
        ("huffman", "one header new on every call, indexed and Huffman-coded"),
    ):
        print(f"  {microseconds(new_header):6.2f}  {meaning}")
    print(f"  {hpack_microseconds():6.2f}  for comparison: the hpack package, decoding alone")


if __name__ == "__main__":
    main()
