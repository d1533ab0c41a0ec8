"""One request and its answer, between an ASGI application and the connection that it came by."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

from ranvier.wire.ajp.asgi import Application, Message, Scope
from ranvier.wire.ajp.connection import Connection
from ranvier.wire.ajp.errors import AjpError
from ranvier.wire.ajp.response_packets import FLUSH, body_chunks, response_head

LOG = logging.getLogger("ranvier.wire")

BODILESS: Final = frozenset({204, 205, 304})
FAILED: Final = 500
FAILED_BODY: Final = b"The node failed at this request."
DISCONNECT: Final = "http.disconnect"


class Carrier(Protocol):
    """The connection of an exchange, as far as the exchange needs it."""

    connection: Connection
    packet_bytes: int
    is_paused: bool

    def write(self, data: bytes) -> None:
        """Send bytes."""

    async def until_writable(self) -> None:
        """Wait until the peer takes what it is sent, or is gone."""

    def response_ended(self, *, reuse: bool) -> None:
        """End the answer, and the connection with it where that is not to be used again."""

    def abort(self) -> None:
        """Break the connection, so that a half answer is not taken for a whole one."""


class Exchange:
    """Gives a request to the application and its answer to the web server."""

    __slots__ = (
        "_body",
        "_carrier",
        "_has_begun",
        "_has_body",
        "_has_ended",
        "_is_gone",
        "_is_last",
        "_is_read",
        "_missing_bytes",
        "_scope",
        "_waiter",
    )

    def __init__(self, carrier: Carrier, scope: Scope) -> None:
        self._carrier = carrier
        self._scope = scope
        self._body: bytes | None = None
        self._is_read = False
        self._is_gone = False
        self._is_last = False
        self._has_begun = False
        self._has_body = True
        self._has_ended = False
        self._missing_bytes: int | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def run(self, application: Application) -> None:
        """Let the application answer; what it leaves undone is told to the web server."""
        try:
            await application(self._scope, self.receive, self.send)
        except Exception:
            LOG.exception("the application failed at a request that came by AJP")
        if not (self._has_ended or self._is_gone):
            await self._fail()

    @property
    def has_begun(self) -> bool:
        """Whether the head of the answer has been sent."""
        return self._has_begun

    # What the connection tells.

    def body_arrived(self, body: bytes) -> None:
        """Take a part of the body."""
        self._body = body
        self._wake()

    def client_left(self) -> None:
        """Tell the application, when it asks, that nobody waits for its answer."""
        self._is_gone = True
        self._wake()

    # What the application calls.

    async def receive(self) -> Message:
        """Return the next part of the body, once; then wait until the client goes."""
        connection = self._carrier.connection
        while not (self._is_gone or self._has_ended):
            body = self._body
            if body is not None:
                self._body = None
                self._is_read = not connection.has_more_body
                return {"type": "http.request", "body": body, "more_body": not self._is_read}
            if not self._is_read:
                if not connection.has_more_body:
                    self._is_read = True
                    return {"type": "http.request", "body": b"", "more_body": False}
                if not connection.awaits_body:
                    # Asked for only now: who does not read is not sent more.
                    self._carrier.write(connection.ask_for_body())
            await self._woken()
        return {"type": DISCONNECT}

    async def send(self, message: Message) -> None:
        """Send the beginning of the answer, or a part of its body."""
        carrier = self._carrier
        if carrier.is_paused and not self._is_gone:
            await carrier.until_writable()
        if self._is_gone:
            return
        kind = message["type"]
        if not self._has_begun and kind == "http.response.start":
            self._begin(message)
        elif self._has_begun and not self._has_ended and kind == "http.response.body":
            self._go_on(message.get("body", b""), has_more=message.get("more_body", False))
        else:
            raise RuntimeError(f"The application sent {kind} out of turn.")

    def _begin(self, message: Message) -> None:
        status, headers = message["status"], message.get("headers", ())
        try:
            head = response_head(status, headers, self._carrier.packet_bytes)
        except AjpError as problem:
            raise RuntimeError(f"The answer cannot be sent by AJP: {problem}.") from None
        self._has_begun = True
        self._has_body = self._scope["method"] != "HEAD" and status not in BODILESS
        for name, value in headers:
            if name == b"content-length":
                self._missing_bytes = int(value) if self._has_body else None
            elif name.lower() == b"connection":
                self._is_last = value.lower() == b"close"
        self._carrier.write(head)
        if self._has_body and self._missing_bytes is None:
            # An answer without a length may be a stream: its head is wanted before its first part.
            asyncio.get_running_loop().call_soon(self._flush_head)

    def _flush_head(self) -> None:
        if self._missing_bytes is None and not (self._has_ended or self._is_gone):
            self._carrier.write(FLUSH)

    def _go_on(self, body: bytes, *, has_more: bool) -> None:
        if self._has_body:
            self._count(len(body), has_more=has_more)
            chunks = body_chunks(body, self._carrier.packet_bytes)
            # What is more than one part is wanted as it comes.
            self._carrier.write(chunks + FLUSH if chunks and has_more else chunks)
        if not has_more:
            self._has_ended = True
            self._carrier.response_ended(reuse=not self._is_last)
            self._wake()

    def _count(self, sent_bytes: int, *, has_more: bool) -> None:
        if self._missing_bytes is None:
            return
        self._missing_bytes -= sent_bytes
        if self._missing_bytes < 0:
            raise RuntimeError("The body of the answer is longer than its Content-Length.")
        if not has_more and self._missing_bytes:
            raise RuntimeError("The body of the answer is shorter than its Content-Length.")

    async def _fail(self) -> None:
        if self._has_begun:
            self._carrier.abort()
            return
        length = b"%d" % len(FAILED_BODY)
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", length)]
        await self.send({"type": "http.response.start", "status": FAILED, "headers": headers})
        await self.send({"type": "http.response.body", "body": FAILED_BODY})

    async def _woken(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
