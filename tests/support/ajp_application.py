"""A small ASGI application that says what it was given, and does what its path asks for."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

from ranvier.wire.ajp.asgi import Message, Receive, Scope, Send


class Mirror:
    """Answers `/mirror…` by its scope, `/hash` by the body's digest, and so on; see the methods."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.told: list[Message] = []
        self.has_begun = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.has_left = asyncio.Event()
        """Set when `/wait` was told that its client is gone."""
        self.has_ended = asyncio.Event()
        """Set when the first request has been handled."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        self.scopes.append(scope)
        name = scope["path"].lstrip("/").partition("/")[0] or "mirror"
        try:
            await getattr(self, f"do_{name}", self.do_mirror)(scope, receive, send)
        finally:
            self.has_ended.set()

    async def do_mirror(self, scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, json.dumps(shown(scope)).encode())

    async def do_hash(self, _scope: Scope, receive: Receive, send: Send) -> None:
        digest, size, parts = hashlib.sha256(), 0, 0
        while True:
            message = await receive()
            self.told.append(message)
            if message["type"] != "http.request":
                return
            digest.update(message["body"])
            size += len(message["body"])
            parts += 1
            self.has_begun.set()
            if not message["more_body"]:
                break
        told = {"sha256": digest.hexdigest(), "size": size, "parts": parts}
        await respond(send, json.dumps(told).encode())

    async def do_unread(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await respond(send, b"unread")

    async def do_empty(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await respond(send, b"", status=204)

    async def do_unchanged(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", b"1")]})
        await send({"type": "http.response.body", "body": b""})

    async def do_cookies(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        cookies = [(b"set-cookie", b"JSESSIONID=abc.node1; Path=/; HttpOnly")]
        cookies.append((b"set-cookie", b"theme=dark"))
        await respond(send, b"two", headers=cookies)

    async def do_large(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """`/large/N`: N bytes in one message."""
        await respond(send, b"x" * int(scope["path"].rpartition("/")[2]))

    async def do_stream(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """`/stream/N`: N parts of 10,000 bytes, without a length."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(int(scope["path"].rpartition("/")[2])):
            part = b"%d;" % number
            body = part + b"x" * (10_000 - len(part))
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def do_wait(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Begin a stream, say so, wait until it may go on."""
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        self.has_begun.set()
        waiting = [asyncio.create_task(each) for each in (self.may_go_on.wait(), left(receive))]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if waiting[1].done():
            self.has_left.set()
        for each in waiting:
            each.cancel()
        await send({"type": "http.response.body", "body": b"data: 2\n\n"})

    async def do_endless(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send for as long as somebody is there."""
        leaving = asyncio.create_task(left(receive))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not leaving.done():
            await send({"type": "http.response.body", "body": b"x" * 8000, "more_body": True})
            # The connection's turn: `send` alone waits only while the peer takes nothing.
            await asyncio.sleep(0)
        self.has_left.set()

    async def do_closing(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await respond(send, b"the last", headers=[(b"Connection", b"close")])

    async def do_late(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer only once it may go on."""
        self.has_begun.set()
        await self.may_go_on.wait()
        await respond(send, b"late")

    async def do_fail(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("planned")

    async def do_break(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"10")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"short"})

    async def do_nothing(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
        return


async def left(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def respond(
    send: Send,
    body: bytes,
    status: int = 200,
    headers: list[tuple[bytes, bytes]] | None = None,
) -> None:
    """Send a whole answer with its length."""
    length = (b"content-length", b"%d" % len(body))
    all_headers = [(b"content-type", b"text/plain"), length, *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": all_headers})
    await send({"type": "http.response.body", "body": body})


def shown(scope: Scope) -> dict[str, Any]:
    """Return a scope as JSON can hold it."""
    headers = [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]]
    told = {name: value for name, value in scope.items() if name not in ("headers", "state")}
    told |= {"raw_path": scope["raw_path"].decode(), "query_string": scope["query_string"].decode()}
    return told | {"headers": headers}
