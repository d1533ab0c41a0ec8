"""HEAD for every resource that has a GET: the same answer without its body (RFC 9110, 9.3.2)."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ENDLESS_PATHS: Final = frozenset({"/v1/events"})
ENDLESS_ENDS: Final = ("/tail/stream",)
"""Streams: they would run on for nobody."""


class HeadRequests:
    """Asks the application inside for the GET, and drops the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope.get("method") == "HEAD" and not is_endless(scope["path"]):
            await self._app({**scope, "method": "GET"}, receive, without_body(send))
        else:
            await self._app(scope, receive, send)


def is_endless(path: str) -> bool:
    """Tell whether an answer would go on for as long as somebody listens."""
    return path in ENDLESS_PATHS or path.endswith(ENDLESS_ENDS)


def without_body(send: Send) -> Send:
    """Return a way to send on which bodies stay empty."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_head
