"""A load generator for unary calls, whose requests are built before the clock starts.

`python -m bench.load PORT PATH --requests N` keeps so many calls under way on so many connections,
checks every answer for grpc-status 0 and all of them for their length, and prints a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import selectors
import time
from collections.abc import Iterator

from hpack import Encoder

from bench.load_connection import LoadConnection, message
from bench.server_process import LOAD_CORE, pin

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
    loads = [UnaryLoad(options, each, number) for number in range(options.connections)]
    started = time.perf_counter()
    drive(loads)
    seconds = time.perf_counter() - started
    print(json.dumps({"requests": each * options.connections, "seconds": seconds}))


def drive(loads: list[UnaryLoad]) -> None:
    """Serve all connections until each has had its answers."""
    with selectors.DefaultSelector() as selector:
        for load in loads:
            selector.register(load.connection, selectors.EVENT_READ, load)
            load.send_next(load.streams)
        running = len(loads)
        while running:
            ready = selector.select(timeout=30)
            if not ready:
                raise SystemExit("the server has not answered for 30 s")
            for key, _ in ready:
                load = key.data
                load.receive()
                if load.is_done:
                    selector.unregister(load.connection)
                    load.end()
                    running -= 1


class UnaryLoad:
    """One connection with the requests that it is to send."""

    def __init__(self, options: argparse.Namespace, requests: int, number: int) -> None:
        self.streams: int = options.streams
        self.connection = LoadConnection(options.port)
        self._body = message(b"x" * options.message_bytes)
        self._blocks = list(header_blocks(options, requests, number))
        self._next = 0

    @property
    def is_done(self) -> bool:
        """True once every request is answered."""
        return self.connection.ended == len(self._blocks)

    def send_next(self, count: int) -> None:
        """Send so many further requests in one write."""
        blocks = self._blocks[self._next : self._next + count]
        self._next += len(blocks)
        if blocks:
            self.connection.calls(blocks, [self._body] * len(blocks))

    def receive(self) -> None:
        """Read what there is and send a new request for each answer."""
        before = self.connection.ended
        self.connection.receive(READ_BYTES)
        self.send_next(self.connection.ended - before)

    def end(self) -> None:
        """Drop the connection; every answer must have been an echo with OK."""
        self.connection.close()
        if self.connection.failed:
            raise SystemExit(f"{self.connection.failed} calls were not answered by OK")
        if self.connection.data_bytes != len(self._blocks) * len(self._body):
            raise SystemExit("answers had another length than their requests")


def header_blocks(options: argparse.Namespace, count: int, number: int) -> Iterator[bytes]:
    """Yield the header blocks of a connection's requests, encoded as a client would."""
    encoder = Encoder()
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
    repeated = b""
    for index in range(count):
        if options.new_header:
            trace = (number << 64 | index) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128
            yield encoder.encode([*fields, (b"x-trace-id", b"%032x" % trace)])
        else:
            yield repeated or encoder.encode(fields)
            # The first block fills the table, all others refer to it.
            repeated = repeated or (encoder.encode(fields) if index else b"")


if __name__ == "__main__":
    main()
