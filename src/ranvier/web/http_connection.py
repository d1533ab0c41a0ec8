"""One HTTP connection: uvicorn's protocol, with bounds on size and time that it does not have."""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from ranvier.web.edge import Edge
from ranvier.web.errors import (
    HeadTooLarge,
    MalformedRequest,
    NodeBusy,
    PreambleMissing,
    WebError,
)
from ranvier.web.http_limits import HttpLimits
from ranvier.web.problem import MEDIA_TYPE, problem_body, problem_headers
from ranvier.web.security_headers import NOT_STORED, SECURITY_HEADERS
from ranvier.wire.proxy_preamble import PreambleRefused, read_preamble

CONNECT: Final = b"CONNECT"
UPGRADING: Final = frozenset({b"upgrade", b"http2-settings"})
"""Headers of a request for another protocol, and what `Connection` says of them."""


@dataclass(frozen=True, slots=True)
class ConnectionOwner:
    """The server that a connection belongs to, as far as the connection needs it."""

    limits: HttpLimits
    connection_gone: Callable[[], None]
    edge: Edge = field(default_factory=Edge)


class HttpConnection(HttpToolsProtocol):
    """Refuses what is too long, cuts what is too slow, and else does what uvicorn does."""

    def __init__(
        self,
        owner: ConnectionOwner,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = owner.limits
        self._gone = owner.connection_gone
        self._edge = owner.edge
        self._preamble: bytes | None = None
        """What has come of a PROXY header, while one is awaited."""
        self._head_bytes = 0
        self._refusal: WebError | None = None
        self._asks_for_upgrade = False
        self._reading_timer: TimerHandle | None = None
        self._writing_timer: TimerHandle | None = None
        self._is_stopping = False

    # What the transport calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Take a connection, or send it away where there are enough."""
        super().connection_made(transport)
        self._cut_after(self.limits.head_seconds)
        if len(self.connections) > self.limits.connections:
            self._refuse(NodeBusy("open HTTP connections"))
        if self._edge.expects_preamble and self._edge.trusted.trusts((self.client or ("", 0))[0]):
            self._preamble = b""

    def data_received(self, data: bytes) -> None:
        """Read on, unless the request was refused."""
        if self._preamble is not None:
            data = self._without_preamble(self._preamble + data)
        if self._refusal is not None or not data:
            return
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._read_on_without_upgrade(data[upgrade.args[0] :])
        except HttpParserError:
            self._refuse(MalformedRequest())
        is_waiting = self.cycle is None or self.cycle.response_complete
        if is_waiting and self._reading_timer is None:
            # Empty lines between two requests are legal, and must not keep a connection for ever.
            self._cut_after(self.limits.head_seconds)

    def pause_writing(self) -> None:
        """Begin to count how long the peer takes nothing."""
        super().pause_writing()
        self._cut_stalled_after(
            self.limits.stalled_farewell_seconds
            if self._is_stopping
            else self.limits.stalled_write_seconds
        )

    def resume_writing(self) -> None:
        """Stop counting: the peer takes what it is sent."""
        super().resume_writing()
        if self._writing_timer is not None:
            self._writing_timer.cancel()
            self._writing_timer = None

    def shutdown(self) -> None:
        """End when the running request has; a peer that takes nothing is not waited for."""
        self._is_stopping = True
        super().shutdown()
        if self._writing_timer is not None:
            self._cut_stalled_after(self.limits.stalled_farewell_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave no timer behind."""
        self._stop_cutting()
        super().connection_lost(exc)
        if self._writing_timer is not None:
            self._writing_timer.cancel()
        self._gone()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Begin to count the head."""
        super().on_message_begin()
        self._head_bytes = 0
        self._cut_after(self.limits.head_seconds)

    def on_url(self, url: bytes) -> None:
        """Count a part of the address."""
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header; the parser has it whole by now, bounded by what one read brings."""
        super().on_header(name, value)
        self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """Hand the request on, and begin to wait for its body."""
        self._asks_for_upgrade = (
            self.parser.should_upgrade() and self.parser.get_method() != CONNECT
        )
        if self._refusal is None and not self._asks_for_upgrade:
            super().on_headers_complete()
            self._cut_after(self.limits.body_seconds)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body of a request that was handed on."""
        if self._refusal is None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop the clock: the request is here."""
        self._stop_cutting()
        if self._refusal is None and not self._asks_for_upgrade:
            super().on_message_complete()

    def _read_on_without_upgrade(self, rest: bytes) -> None:
        """Read the request again as if it had not asked for another protocol.

        A server may ignore such a wish (RFC 9110 section 7.8). The parser takes what follows the
        head for the other protocol; Java's client asks for HTTP/2 in this way and sends a body.
        """
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [name + b": " + value for name, value in without_upgrade(self.headers)]
        self.parser = HttpRequestParser(self)
        self.data_received(b"\r\n".join([*lines, b"", rest]))

    def _without_preamble(self, data: bytes) -> bytes:
        """Take the PROXY header off, once it is whole: from here on its client is the client."""
        try:
            preamble = read_preamble(data)
        except PreambleRefused:
            self._refuse(PreambleMissing())
            return b""
        if preamble is None:
            self._preamble = data
            return b""
        self._preamble = None
        self.client = preamble.source or self.client
        self.server = preamble.target or self.server
        self.scheme = "https" if preamble.is_tls else self.scheme
        return data[preamble.length :]

    # Refusals below the application.

    def _count(self, byte_count: int) -> None:
        self._head_bytes += byte_count
        limits = self.limits
        if self._head_bytes > limits.head_bytes or len(self.headers) > limits.header_count:
            self._refuse(HeadTooLarge(limits.head_bytes, limits.header_count))

    def _refuse(self, error: WebError) -> None:
        """Answer once, and close; what else the peer has sent is left unread."""
        if self._refusal is None:
            self._refusal = error
            self.transport.write(refusal_bytes(error))
            self.transport.close()

    def _cut_after(self, seconds: float) -> None:
        self._stop_cutting()
        self._reading_timer = self.loop.call_later(seconds, self.transport.abort)

    def _cut_stalled_after(self, seconds: float) -> None:
        if self._writing_timer is not None:
            self._writing_timer.cancel()
        self._writing_timer = self.loop.call_later(seconds, self.transport.abort)

    def _stop_cutting(self) -> None:
        if self._reading_timer is not None:
            self._reading_timer.cancel()
            self._reading_timer = None


def without_upgrade(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers of a request without its wish for another protocol."""
    kept: list[tuple[bytes, bytes]] = []
    for name, value in headers:
        if name == b"connection":
            options = [option.strip() for option in value.split(b",")]
            value = b", ".join([each for each in options if each.lower() not in UPGRADING])
        if name not in UPGRADING:
            kept.append((name, value))
    return kept


def refusal_bytes(error: WebError) -> bytes:
    """Return a whole HTTP/1.1 response that tells of this error and ends the connection."""
    body = problem_body(error)
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
        *(
            (name.lower().encode(), value.encode())
            for name, value in problem_headers(error).items()
        ),
        *SECURITY_HEADERS,
        NOT_STORED,
    ]
    status = HTTPStatus(error.status)
    lines = [b"HTTP/1.1 %d %s" % (status.value, status.phrase.encode())]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", body])
