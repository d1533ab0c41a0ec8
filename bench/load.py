"""A load generator for unary calls, on raw sockets with frames built beforehand.

`python -m bench.load PORT PATH --requests N` keeps so many calls under way on so many connections,
checks every answer for grpc-status 0 and its length, and prints one line of JSON. It knows just
enough HTTP/2 for servers that behave; windows are opened so wide that they never close.
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import time
from struct import Struct

from hpack import Decoder, Encoder

from bench.server_process import LOAD_CORE, pin

HEADER = Struct(">IBI")
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
WINDOW = 2**31 - 1
READ_BYTES = 1 << 18


def main() -> None:
    """Run as the command line says and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--streams", type=int, default=32, help="calls under way on each")
    parser.add_argument("--requests", type=int, default=10_000, help="calls in all")
    parser.add_argument("--message-bytes", type=int, default=300)
    parser.add_argument("--new-header", action="store_true", help="one that no call has in common")
    options = parser.parse_args()
    pin(0, LOAD_CORE)
    each = options.requests // options.connections
    connections = [Connection(options, each, number) for number in range(options.connections)]
    started = time.perf_counter()
    drive(connections)
    seconds = time.perf_counter() - started
    print(json.dumps({"requests": each * options.connections, "seconds": seconds}))


def drive(connections: list[Connection]) -> None:
    """Serve all connections until each has had its answers."""
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send_next(connection.streams)
        running = len(connections)
        while running:
            ready = selector.select(timeout=30)
            if not ready:
                raise SystemExit("the server has not answered for 30 s")
            for key, _ in ready:
                connection = key.data
                connection.receive()
                if connection.is_done:
                    selector.unregister(connection.socket)
                    connection.socket.close()
                    running -= 1


class Connection:
    """One connection with its requests built and its answers counted."""

    def __init__(self, options: argparse.Namespace, requests: int, number: int) -> None:
        self.streams = options.streams
        self._answer_bytes = options.message_bytes + 5
        self._requests = built_requests(options, requests, number)
        self._next = 0
        self._answered = 0
        self._rest = b""
        self._decoder = Decoder()
        self._good_trailers: set[bytes] = set()
        self._received: dict[int, int] = {}
        self.socket = socket.create_connection(("127.0.0.1", options.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        settings = HEADER.pack(6 << 8 | SETTINGS, 0, 0) + b"\x00\x04" + WINDOW.to_bytes(4, "big")
        self.socket.sendall(PREFACE + settings + window_update(WINDOW - 65_535))

    @property
    def is_done(self) -> bool:
        """True once every request is answered."""
        return self._answered == len(self._requests)

    def send_next(self, count: int) -> None:
        """Send so many further requests in one write."""
        block = b"".join(self._requests[self._next : self._next + count])
        self._next += count
        if block:
            self.socket.sendall(block)

    def receive(self) -> None:
        """Read what there is and send a new request for each answer."""
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise SystemExit("the server closed the connection")
        before = self._answered
        buffer = self._rest + data if self._rest else data
        at, size = 0, len(buffer)
        unpack = HEADER.unpack_from
        while size - at >= 9:
            word, flags, stream = unpack(buffer, at)
            end = at + 9 + (word >> 8)
            if end > size:
                break
            kind = word & 255
            if kind == DATA:
                self._received[stream] = self._received.get(stream, 0) + (word >> 8)
            elif kind == HEADERS:
                self._take_headers(buffer[at + 9 : end], flags, stream)
            else:
                self._take_control(kind, flags, buffer[at + 9 : end])
            at = end
        self._rest = buffer[at:]
        self.send_next(self._answered - before)

    def _table_bytes(self) -> int:
        """Return the size of the dynamic table, for which `hpack` has no public name."""
        size: int = self._decoder.header_table._current_size
        return size

    def _take_headers(self, block: bytes, flags: int, stream: int) -> None:
        if not flags & 4 or flags & 0x28:
            raise SystemExit("this load generator knows no CONTINUATION, padding or priority")
        is_last = bool(flags & 1)
        if not (is_last and block in self._good_trailers):
            size_before = self._table_bytes()
            fields = dict(self._decoder.decode(block, raw=True))
            if is_last and fields.get(b"grpc-status") != b"0":
                raise SystemExit(f"a call was not answered by OK: {fields}")
            if size_before != self._table_bytes():
                self._good_trailers.clear()
            elif is_last:
                self._good_trailers.add(block)
        if is_last:
            if self._received.pop(stream, 0) != self._answer_bytes:
                raise SystemExit("an answer had another length than its request")
            self._answered += 1

    def _take_control(self, kind: int, flags: int, payload: bytes) -> None:
        if kind == SETTINGS and not flags & 1:
            self.socket.sendall(HEADER.pack(SETTINGS, 1, 0))
        elif kind == PING and not flags & 1:
            self.socket.sendall(HEADER.pack(8 << 8 | PING, 1, 0) + payload)
        elif kind in (RESET, GOAWAY):
            raise SystemExit("the server reset a stream or the connection")


def built_requests(options: argparse.Namespace, count: int, number: int) -> list[bytes]:
    """Return all requests of a connection as frames, with the header blocks a client would send."""
    encoder = Encoder()
    body = b"\x00" + options.message_bytes.to_bytes(4, "big") + b"x" * options.message_bytes
    fields = [
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", options.path.encode()),
        (b":authority", b"127.0.0.1:%d" % options.port),
        (b"te", b"trailers"),
        (b"content-type", b"application/grpc"),
        (b"user-agent", b"ranvier-load"),
        (b"grpc-accept-encoding", b"identity, deflate, gzip"),
    ]
    requests = []
    repeated = b""
    for index in range(count):
        if options.new_header:
            trace = b"%032x" % (
                (number << 64 | index) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128
            )
            block = encoder.encode([*fields, (b"x-trace-id", trace)])
        else:
            block = repeated or encoder.encode(fields)
            repeated = block if index else b""
        stream = 2 * index + 1
        requests.append(
            HEADER.pack(len(block) << 8 | HEADERS, 4, stream)
            + block
            + HEADER.pack(len(body) << 8 | DATA, 1, stream)
            + body
        )
    return requests


def window_update(increment: int) -> bytes:
    """Return a WINDOW_UPDATE of the connection."""
    return HEADER.pack(4 << 8 | WINDOW_UPDATE, 0, 0) + increment.to_bytes(4, "big")


if __name__ == "__main__":
    main()
