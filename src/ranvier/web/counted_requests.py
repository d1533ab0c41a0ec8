"""Counts the requests that come, by their methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

KNOWN_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

OTHER_METHODS: Final = "other"
"""Whatever else a peer calls a method."""


class CountedRequests:
    """Tells of each request before anything else looks at it."""

    def __init__(self, app: ASGIApp, came: Callable[[str], None]) -> None:
        """`came` is told each request's method."""
        self._app = app
        self._came = came

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count one request and hand it on."""
        method = scope.get("method", "")
        self._came(method if method in KNOWN_METHODS else OTHER_METHODS)
        await self._app(scope, receive, send)
