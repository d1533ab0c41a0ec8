"""Who may ask: with access control on, only those with the token, except where all may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from ranvier.security.access_token import TokenVerdict, judge_access_token
from ranvier.security.secret import Secret
from ranvier.web.errors import AccessTokenMissing, AccessTokenWrong, WebError
from ranvier.web.problem import problem_response

TOKEN_NAME: Final = "AxonIQ-Access-Token"  # noqa: S105  # a header's name
"""Of the header, and of the query parameter for those who cannot set one."""

OPEN_PATHS: Final = frozenset({"/metrics", "/system/health", "/actuator", "/favicon.ico"})
OPEN_PREFIXES: Final = ("/health/", "/actuator/", "/static/")
"""What balancers, supervisors and browsers ask before they know any secret; all else is closed."""


class AccessControl:
    """Lets a request pass that brings the required token or asks for what is open to all."""

    def __init__(
        self,
        app: ASGIApp,
        required_token: Callable[[], Secret | None],
        token_refused: Callable[[], None],
    ) -> None:
        """`required_token` is asked for each request; None lets all pass."""
        self._app = app
        self._required_token = required_token
        self._token_refused = token_refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        refusal = None if scope["type"] != "http" else self._refuse(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            self._token_refused()
            await problem_response(refusal)(scope, receive, send)

    def _refuse(self, scope: Scope) -> WebError | None:
        if is_open(scope["path"]):
            return None
        match judge_access_token(self._required_token(), offered_token(scope)):
            case TokenVerdict.ADMITTED:
                return None
            case TokenVerdict.MISSING:
                return AccessTokenMissing()
            case TokenVerdict.WRONG:
                return AccessTokenWrong()


def is_open(path: str) -> bool:
    """Say whether this path is open to all."""
    return path in OPEN_PATHS or path.startswith(OPEN_PREFIXES)


def offered_token(scope: Scope) -> str | None:
    """Return the token of a request: of its header, else of its query."""
    header_name = TOKEN_NAME.lower().encode()
    for name, value in scope["headers"]:
        if name == header_name:
            # Headers are bytes; a token is text. What is not UTF-8 cannot be the right one.
            return bytes(value).decode("utf-8", "replace")
    return query_token(scope["query_string"])


def query_token(query: bytes) -> str | None:
    """Return the token that stands in a query, if one does."""
    for name, value in parse_qsl(query.decode("latin-1")):
        if name == TOKEN_NAME:
            return value
    return None
