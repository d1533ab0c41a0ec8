"""Nodes played by tiny HTTP servers, for the tests of what stands in front of them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.balanced_nodes import listed_node


@dataclass(slots=True)
class PlayedNode:
    """Answers with its own name; counts what it gets, apart from checks of its health."""

    name: str
    port: int = 0
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    drains: bool = False
    """Answers 503 to whoever has no session with it; checks of its health have seen nothing yet."""
    is_ready: bool = True
    """What checks of its health are told."""
    health_seen: threading.Event = field(default_factory=threading.Event)
    """Set by such a check."""
    breaks_off: bool = False
    """Takes a request and ends the connection instead of answering."""

    def listed(self, **fields: object) -> dict[str, Any]:
        """Return it as one of a node list."""
        return listed_node(self.name, httpPort=self.port, **fields)


@contextmanager
def played_nodes(*names: str) -> Iterator[list[PlayedNode]]:
    """Run nodes of these names on free ports of loopback."""
    nodes = [PlayedNode(name) for name in names]
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(node)) for node in nodes]
    threads = []
    for node, server in zip(nodes, servers, strict=True):
        server.daemon_threads = True
        server.block_on_close = False
        node.port = server.server_address[1]
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        threads.append(serving)
    try:
        yield nodes
    finally:
        for server, serving in zip(servers, threads, strict=True):
            server.shutdown()
            serving.join()
            server.server_close()


def _handler_for(node: PlayedNode) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60
        # In one packet: the second of two waits for the acknowledgement of the first.
        wbufsize = 65_536

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            if self.path.startswith("/health/"):
                self._say(200 if node.is_ready else 503)
                node.health_seen.set()
                return
            node.paths.append(self.path)
            node.headers.append({key.lower(): value for key, value in self.headers.items()})
            if node.breaks_off:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            elif node.drains and f".{node.name}" not in self.headers.get("cookie", ""):
                self._say(503)
            else:
                self._say(200)

        def _say(self, status: int) -> None:
            body = node.name.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
            """Say nothing."""

    return Handler
