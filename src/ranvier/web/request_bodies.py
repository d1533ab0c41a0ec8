"""How much body the node reads: of one request by its path, and of all that run together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ranvier.web.errors import BodyTooLarge, NodeBusy
from ranvier.web.problem import problem_response

MEBIBYTE: Final = 1024 * 1024
MESSAGE_PATHS: Final = frozenset(
    {"/v1/events", "/v1/snapshots", "/v1/snapshot", "/v1/queries/run", "/v2/dcbEvents"}
)


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Bounds in bytes; a body is refused before anything of it is understood."""

    body_bytes: int = MEBIBYTE
    """Of one request: what REST calls carry is small."""
    message_bytes: int = 16 * MEBIBYTE
    """Of one request that brings events or a snapshot: as many as one append may have."""
    all_bodies_bytes: int = 64 * MEBIBYTE
    """Of all requests that are being read or handled at one time."""


class RequestBodies:
    """Counts what is read and raises `BodyTooLarge` or `NodeBusy` in the one who reads on."""

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        self._app = app
        self._limits = limits
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        takes_messages = scope.get("path") in MESSAGE_PATHS
        limit_bytes = self._limits.message_bytes if takes_messages else self._limits.body_bytes
        if announced_bytes(scope) > limit_bytes:
            await problem_response(BodyTooLarge(limit_bytes))(scope, receive, send)
        else:
            await self._read_within(limit_bytes, scope, receive, send)

    async def _read_within(
        self, limit_bytes: int, scope: Scope, receive: Receive, send: Send
    ) -> None:
        read_bytes = 0

        async def receive_counted() -> Message:
            nonlocal read_bytes
            message = await receive()
            byte_count = len(message.get("body", b""))
            read_bytes += byte_count
            self._held_bytes += byte_count
            if read_bytes > limit_bytes:
                raise BodyTooLarge(limit_bytes)
            if self._held_bytes > self._limits.all_bodies_bytes:
                raise NodeBusy("request bodies held at one time")
            return message

        try:
            await self._app(scope, receive_counted, send)
        finally:
            self._held_bytes -= read_bytes


def announced_bytes(scope: Scope) -> int:
    """Return the length that the request gives for its body; 0 where it gives none."""
    for name, value in scope.get("headers", ()):
        if name == b"content-length" and value.isdigit():
            # Longer numbers than this are refused like the number itself.
            return int(value[:18])
    return 0
