"""Headers on every answer that tell a browser to trust nothing but this node.

Sources: Content Security Policy Level 3; the Fetch standard; Referrer Policy.
"""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # Swagger UI's style sheet holds its small pictures in itself
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

SECURITY_HEADERS: Final = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

NOT_STORED: Final = (b"cache-control", b"no-store")
"""For answers that do not say otherwise: they hold a user's data, or are true for a moment."""


class SecurityHeaders:
    """Adds the headers to whatever the application inside answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = guarded(message.get("headers", ()))
            await send(message)

        await self._app(scope, receive, send_guarded)


def guarded(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return these headers with those that every answer carries."""
    says_how_long = any(name.lower() == b"cache-control" for name, _ in headers)
    return [*headers, *SECURITY_HEADERS, *(() if says_how_long else (NOT_STORED,))]
