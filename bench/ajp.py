"""What a request costs a node by AJP against the same one by HTTP.

`python -m bench.ajp [rounds]`. The load generator replays one request, a browser's for
`/health/live`, on keep-alive connections in turn; the figure is the CPU of the node alone, as the
system accounts it, and the rounds of both kinds are interleaved.
"""

from __future__ import annotations

import selectors
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final, Self

from bench.ajp_packets import Forwarded, forward_request
from bench.figure import Figure, table
from bench.measured_node import measured_node
from bench.server_process import LOAD_CORE, SERVER_CORE, ServerProcess, pin
from ranvier.wire.ajp import codes

SECRET: Final = "measured"
REQUESTS: Final = 6_000
WARM_UP: Final = 600
CONNECTIONS: Final = 8
READ_BYTES: Final = 1 << 16

PATH: Final = b"/health/live"
HEADERS: Final = (
    (b"Host", b"www.example.org"),
    (b"User-Agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"Accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"Accept-Language", b"de,en-US;q=0.7,en;q=0.3"),
    (b"Accept-Encoding", b"gzip, deflate, br, zstd"),
    (b"Cookie", b"JSESSIONID=" + b"a" * 43 + b".node1; theme=dark"),
    (b"Connection", b"keep-alive"),
    (b"Upgrade-Insecure-Requests", b"1"),
    (b"Sec-Fetch-Dest", b"document"),
    (b"Sec-Fetch-Mode", b"navigate"),
    (b"Sec-Fetch-Site", b"same-origin"),
    (b"Priority", b"u=0, i"),
)
HTTP_REQUEST: Final = b"\r\n".join(
    [b"GET " + PATH + b" HTTP/1.1", *(name + b": " + value for name, value in HEADERS), b"", b""]
)
AJP_REQUEST: Final = forward_request(
    Forwarded(
        uri=PATH,
        headers=HEADERS,
        coded={codes.SECRET: SECRET.encode(), codes.ROUTE: b"node1"},
        named={
            codes.REMOTE_PORT: b"45832",
            codes.LOCAL_ADDRESS: b"127.0.0.1",
            codes.LB_ACTIVATION: b"ACT",
        },
    )
)
HTTP_END: Final = b'{"status":"UP"}'
AJP_END: Final = b"AB\x00\x02\x05\x01"


def figures(folder: Path, rounds: int = 5) -> list[Figure]:
    """Measure so many rounds of both, by turns, and return the medians."""
    pin(0, LOAD_CORE)
    with measured_node(folder / "ajp", "--ajp-port", "0", "--ajp-secret", SECRET) as (node, meter):
        pin(node.process_id, SERVER_CORE)
        http, ajp, ratio = compared(
            Load(int(str(node.ready["http"])), HTTP_REQUEST, HTTP_END, meter.cpu_seconds),
            Load(int(str(node.ready["ajp"])), AJP_REQUEST, AJP_END, meter.cpu_seconds),
            rounds,
        )
    with (
        ServerProcess("bench.listener_server", "http") as by_http,
        ServerProcess("bench.listener_server", "ajp") as by_ajp,
    ):
        bare_http, bare_ajp, bare_ratio = compared(
            Load(by_http.port, HTTP_REQUEST, HTTP_END, by_http.cpu_seconds),
            Load(by_ajp.port, AJP_REQUEST, AJP_END, by_ajp.cpu_seconds),
            rounds,
        )
    return [
        Figure("a page's request by HTTP: CPU of the node", http, "µs"),
        Figure("the same by AJP", ajp, "µs"),
        Figure("AJP against HTTP", ratio, "x", 1.25, lower_is_better=True),
        Figure("... HTTP, the listener alone", bare_http, "µs"),
        Figure("... AJP, the listener alone", bare_ajp, "µs"),
        Figure("... one against the other", bare_ratio, "x"),
    ]


def compared(http: Load, ajp: Load, rounds: int) -> tuple[float, float, float]:
    """Return the medians of both costs in microseconds, and of their ratio within a round."""
    with http, ajp:
        for load in (http, ajp):
            load.run(WARM_UP)
        measured = [(http.cost(), ajp.cost()) for _ in range(rounds)]
    by_http, by_ajp = (median(each[kind] for each in measured) for kind in (0, 1))
    return by_http, by_ajp, median(ajp_cost / http_cost for http_cost, ajp_cost in measured)


class Load:
    """Keep-alive connections, each with one request under way; an answer is known by its end."""

    def __init__(self, port: int, request: bytes, end: bytes, spent: Callable[[], float]) -> None:
        """`spent` tells the server's CPU seconds."""
        self._spent = spent
        self._request = request
        self._end = end
        self._sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
        for each in self._sockets:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._sockets:
            each.close()

    def cost(self) -> float:
        """Return what the server uses for each request of one run, in microseconds."""
        before = self._spent()
        self.run(REQUESTS)
        return (self._spent() - before) / REQUESTS * 1e6

    def run(self, requests: int) -> None:
        """Send so many, and return when all are answered."""
        with selectors.DefaultSelector() as selector:
            for each in self._sockets:
                selector.register(each, selectors.EVENT_READ, [b""])
                each.sendall(self._request)
            sent, answered = len(self._sockets), 0
            while answered < requests:
                ready = selector.select(timeout=30)
                if not ready:
                    raise SystemExit("the node has not answered for 30 s")
                for key, _ in ready:
                    connection, rest = key.fileobj, key.data
                    assert isinstance(connection, socket.socket)
                    rest[0] += read(connection)
                    if not rest[0].endswith(self._end):
                        continue
                    rest[0] = b""
                    answered += 1
                    if sent < requests:
                        connection.sendall(self._request)
                        sent += 1


def read(connection: socket.socket) -> bytes:
    """Read what there is; nothing means that the node has refused the load."""
    data = connection.recv(READ_BYTES)
    if not data:
        raise SystemExit("the node has closed a connection of the load generator")
    return data


def main(arguments: list[str]) -> None:
    """Measure and print."""
    rounds = int(arguments[0]) if arguments else 5
    with tempfile.TemporaryDirectory(prefix="ranvier-bench-") as folder:
        print(table(figures(Path(folder), rounds)))


if __name__ == "__main__":
    main(sys.argv[1:])
