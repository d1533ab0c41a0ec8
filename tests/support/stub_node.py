"""A tiny HTTP server that answers as a node would, for the tests of what asks nodes."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class StubAnswer:
    """One answer; a body cut short is one whose length was announced as more."""

    status: int = 200
    content_type: str = "application/json"
    body: bytes = b"{}"
    missing_bytes: int = 0


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """What a client asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class StubNode:
    """Answers in the order in which it was told to; the last answer repeats."""

    url: str = ""
    answers: list[StubAnswer] = field(default_factory=lambda: [StubAnswer()])
    seen: list[SeenRequest] = field(default_factory=list)

    def will_answer(self, *answers: StubAnswer) -> None:
        """Set what is answered to the next requests."""
        self.answers = list(answers)

    def take_answer(self, request: SeenRequest) -> StubAnswer:
        """Note a request and give its answer."""
        self.seen.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def stub_node(tls: ssl.SSLContext | None = None) -> Iterator[StubNode]:
    """Run a stub on a free port of loopback."""
    node = StubNode()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(node))
    server.daemon_threads = False
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    node.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield node
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def event_stream(*events: dict[str, Any], end: str = "event: done\ndata: {}\n\n") -> StubAnswer:
    """Give the stream of these events."""
    lines = "".join(f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events)
    return StubAnswer(200, "text/event-stream", (": here\n\n" + lines + end).encode())


def problem(status: int, code: str, detail: str) -> StubAnswer:
    """Give a refusal in the form of RFC 9457."""
    body = json.dumps({"status": status, "code": code, "detail": detail}).encode()
    return StubAnswer(status, "application/problem+json", body)


def _handler_for(node: StubNode) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_PATCH(self) -> None:
            self._answer()

        def do_DELETE(self) -> None:
            self._answer()

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("content-length", "0"))
            answer = node.take_answer(
                SeenRequest(
                    self.command,
                    parts.path,
                    dict(parse_qsl(parts.query, keep_blank_values=True)),
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(length),
                )
            )
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body) + answer.missing_bytes))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
            """Say nothing."""

    return Handler
