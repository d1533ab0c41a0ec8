"""Who may ask: with access control on, those with the token and those who have signed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ranvier.access.return_path import HOME
from ranvier.security.access_token import TokenVerdict, judge_access_token
from ranvier.security.secret import Secret
from ranvier.web.errors import AccessTokenMissing, AccessTokenWrong, HeaderTokenWrong, WebError
from ranvier.web.page_sessions import (
    PageSession,
    PageSessionParts,
    is_page,
    page_session,
    shown_session,
)
from ranvier.web.posted_form import TOKEN_HEADER, refuse_cross_site
from ranvier.web.problem import problem_response

TOKEN_NAME: Final = "AxonIQ-Access-Token"  # noqa: S105  # a header's name
"""Of the header, and of the query parameter for those who cannot set one."""

OPEN_PATHS: Final = frozenset({"/metrics", "/system/health", "/actuator", "/favicon.ico"})
OPEN_PREFIXES: Final = ("/health/", "/actuator/", "/static/")
"""What balancers, supervisors and browsers ask before they know any secret; all else is closed."""

DOORS: Final = frozenset({"/sign-in", "/sign-out", "/set-up"})
"""The pages at which people get in and out; each asks for what it needs itself."""

SIGN_IN_CALL: Final = ("POST", "/api/sessions")
"""The same door for programs."""

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

READ_BY_PEOPLE: Final = frozenset({"/", "/swagger-ui.html", "/swagger-ui/index.html"})
"""Pages without a session of their own: browsers are shown where to sign in for them, too."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What the access of requests is decided by."""

    required_token: Callable[[], Secret | None]
    """Asked for each request; None lets all pass."""
    token_refused: Callable[[], None]
    """Told of each request that is refused, and not only shown where to sign in."""
    page_sessions: PageSessionParts


class AccessControl:
    """Lets a request pass that brings the token or a signed-in session, or asks for what is open.

    What such a session changes it must prove to want: on pages by their forms' token, which they
    check themselves, elsewhere by the header `X-CSRF-Token`.
    """

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        refusal = None if scope["type"] != "http" else await self._refuse(scope)
        if refusal is None:
            await self._app(scope, receive, send)
            return
        response = refusal_response(scope, refusal)
        if not isinstance(response, RedirectResponse):
            self._gate.token_refused()
        await response(scope, receive, send)

    async def _refuse(self, scope: Scope) -> WebError | None:
        if is_open(scope["path"], scope["method"]):
            return None
        match judge_access_token(self._gate.required_token(), offered_token(scope)):
            case TokenVerdict.ADMITTED:
                return None
            case TokenVerdict.WRONG:
                return AccessTokenWrong()
            case TokenVerdict.MISSING:
                return await self._refuse_visitor(scope)

    async def _refuse_visitor(self, scope: Scope) -> WebError | None:
        session = await self._session_of(scope)
        if session is None or session.user is None:
            return AccessTokenMissing()
        if scope["method"] in SAFE_METHODS or is_page(scope["path"]):
            return None
        return refuse_unwanted(scope, session)

    async def _session_of(self, scope: Scope) -> PageSession | None:
        if is_page(scope["path"]):
            return page_session(HTTPConnection(scope))
        return await shown_session(scope, self._gate.page_sessions)


def is_open(path: str, method: str = "GET") -> bool:
    """Say whether this path is open to all."""
    return (
        path in OPEN_PATHS
        or path in DOORS
        or path.startswith(OPEN_PREFIXES)
        or (method, path) == SIGN_IN_CALL
    )


def refuse_unwanted(scope: Scope, session: PageSession) -> WebError | None:
    """Refuse a change that another site may have made a browser ask for."""
    token = next((value for name, value in scope["headers"] if name == CSRF_HEADER), b"")
    try:
        refuse_cross_site(scope)
    except WebError as refusal:
        return refusal
    return None if session.cookie.is_csrf_token(token.decode("latin-1")) else HeaderTokenWrong()


CSRF_HEADER: Final = TOKEN_HEADER.lower().encode()


def refusal_response(scope: Scope, refusal: WebError) -> Response:
    """Return the way to the sign-in for people who look for a page, and a problem for programs."""
    if not isinstance(refusal, AccessTokenMissing) or not is_for_people(scope["path"]):
        return problem_response(refusal)
    headers = dict(scope["headers"])
    if b"hx-request" in headers:
        # A part of a page: the whole page goes on to the sign-in, not the part.
        response = problem_response(refusal)
        response.headers["HX-Redirect"] = way_in(scope)
        return response
    if b"text/html" in headers.get(b"accept", b""):
        return RedirectResponse(way_in(scope), 303)
    return problem_response(refusal)


def way_in(scope: Scope) -> str:
    """Return the path of the sign-in page; it leads back to what can be asked for once more."""
    wanted = HOME
    if scope["method"] in SAFE_METHODS:
        query = scope["query_string"].decode("latin-1")
        wanted = quote(scope["path"]) + (f"?{query}" if query else "")
    return f"/sign-in?return_to={quote(wanted, safe='')}"


def is_for_people(path: str) -> bool:
    """Say whether people read what is at this path."""
    return is_page(path) or path in READ_BY_PEOPLE


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
