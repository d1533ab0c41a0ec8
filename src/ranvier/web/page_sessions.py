"""Sessions of people at the pages: found by cookie, adopted from any node, begun where none is.

A draining node keeps to the sessions that its own route brings; it answers 503 to all other page
requests before any work, which balancers take as the sign to ask another node.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ranvier.access.session import Session, signed_in, signed_out, with_draft
from ranvier.access.session_cookie import SessionCookie, presented_cookies, set_cookie
from ranvier.services.answer_posts import AnswerPosts
from ranvier.services.keep_sessions import Decide, HeldSession, KeepSessions
from ranvier.storage.errors import StorageError
from ranvier.web.balancer_activation import is_set_aside
from ranvier.web.page_templates import templates

PAGE_PREFIXES: Final = ("/cockpit", "/sign-in", "/sign-out", "/set-up", "/portal")
"""Where people are: every other path has no session."""

ASKED_BY_PAGES: Final = re.compile(
    r"/[a-z]+/(?:live|poll|stream)|/cockpit/contexts/[^/]+/tail/(?:poll|stream)"
)
"""Paths that a page asks by itself: nobody uses a session by leaving a page open. Whole ones, since
a node or a context may bear such a name, too."""

_KEPT_IN: Final = "page_session"


@dataclass(frozen=True, slots=True)
class PageSessionParts:
    """What the pages' sessions are made of."""

    sessions: KeepSessions
    posts: AnswerPosts
    cookie_name: str = "JSESSIONID"
    is_draining: Callable[[], bool] = lambda: False
    """Whether page requests without a session of this node are to go to another one."""
    recheck_seconds: float = 2.0
    """While an answer goes on and on, its user is looked at so often: one who is signed out
    anywhere sees nothing more after this time and the pause between two parts of the answer."""


class PageSession:
    """The session of one request; what is changed by it is durable when the call returns.

    Within `answer_once` changes are only noted: they are made together with the answer.
    """

    def __init__(
        self, parts: PageSessionParts, held: HeldSession, shown: SessionCookie | None
    ) -> None:
        """`shown` is what the browser has sent: this session's cookie, or one that is over."""
        self._parts = parts
        self._held = held
        self._shown = shown
        self._is_noting = False

    @property
    def user(self) -> str | None:
        """Who has signed in; None for nobody."""
        return self.session.user

    @property
    def session(self) -> Session:
        """The session as it is now."""
        return self._held.session

    @property
    def cookie(self) -> SessionCookie:
        """What the browser is to show from now on."""
        return self._held.cookie

    @property
    def shown(self) -> SessionCookie:
        """What the browser has shown; a new session's own where it has shown nothing."""
        return self._shown or self._held.cookie

    @property
    def is_known(self) -> bool:
        """Whether the browser has shown this session, and not one that is over or never was."""
        return self._shown is not None and self._shown.key == self._held.cookie.key

    @property
    def csrf_token(self) -> str:
        """What the hidden field `csrf_token` of a form in this session holds."""
        return self._held.cookie.csrf_token

    @property
    def posts(self) -> AnswerPosts:
        """Who answers form posts once."""
        return self._parts.posts

    def new_post_key(self) -> str:
        """Return what the hidden field `post_key` of a form holds, another one for each form."""
        return self._parts.sessions.new_post_key()

    async def draft(self, form: str) -> Mapping[str, str]:
        """Return what was half filled into a form; nothing where there is no draft of it."""
        return self.session.drafts.get(form, {})

    async def keep_draft(self, form: str, values: Mapping[str, str]) -> None:
        """Keep what is half filled into a form, in the place of what was; no values: forget it.

        Raises `DraftTooLarge`, `SessionEnded` and `StorageUnavailable`.
        """
        await self._change(lambda session: with_draft(session, form, values))

    async def sign_in(self, user: str) -> None:
        """Make this the session of a user who has proved to be it; its cookie is another one."""
        await self._change(lambda session: signed_in(session, user), renews=True)

    async def sign_out(self) -> None:
        """Make this the session of nobody, with nothing left in it; its cookie is another one."""
        await self._change(signed_out, renews=True)

    async def is_current(self) -> bool:
        """Tell whether the session is there still, and its user's: live pages ask now and then.

        To ask is no use of the session; it may run out meanwhile.
        """
        held = await self._parts.sessions.find(self._held.cookie, is_use=False)
        return held is not None and held.session.user == self.user

    def note_changes_of(self, held: HeldSession) -> None:
        """Begin to note changes of a session as it is now, and make none."""
        self._held, self._is_noting = held, True

    @property
    def noted(self) -> HeldSession:
        """The session with all changes that were noted."""
        return self._held

    def use(self, held: HeldSession) -> None:
        """Go on with a session in which nothing is left to be made."""
        self._held, self._is_noting = held, False

    async def use_renewed(self, cookie: SessionCookie) -> None:
        """Go on with the session that an earlier answer has led to, if it is there still."""
        held = await self._parts.sessions.find(cookie)
        if held is not None:
            self._held = held

    async def _change(self, decide: Decide, *, renews: bool = False) -> None:
        if self._is_noting:
            cookie = self._parts.sessions.new_cookie() if renews else self._held.cookie
            self._held = HeldSession(cookie, decide(self._held.session))
        else:
            self._held = await self._parts.sessions.change(self._held, decide, renews=renews)


def page_session(request: HTTPConnection) -> PageSession:
    """Return the session of a request below one of `PAGE_PREFIXES`."""
    found: PageSession = request.scope[_KEPT_IN]
    return found


async def shown_session(scope: Scope, parts: PageSessionParts) -> PageSession | None:
    """Return the session that a request shows, of any path; begin none."""
    cookies = (value for name, value in scope["headers"] if name == b"cookie")
    for cookie in presented_cookies(cookies, parts.cookie_name):
        held = await parts.sessions.find(cookie)
        if held is not None:
            return PageSession(parts, held, cookie)
    return None


def is_page(path: str) -> bool:
    """Say whether a path is one of the pages with a session."""
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in PAGE_PREFIXES)


class PageSessions:
    """Gives each page request its session, and each answer the cookie that it needs."""

    def __init__(self, app: ASGIApp, parts: PageSessionParts) -> None:
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not is_page(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            page = await self._session_of(scope)
        except StorageError:
            await away_response()(scope, receive, send)
            return
        if page is None:
            await draining_response()(scope, receive, send)
            return
        scope[_KEPT_IN] = page
        await self._app(scope, receive, self._with_cookie(scope, page, send))

    async def _session_of(self, scope: Scope) -> PageSession | None:
        """Return the session of a request; None for one that another node is to serve."""
        is_draining, shown = self._is_draining(scope), self._shown(scope)
        is_use = ASKED_BY_PAGES.fullmatch(scope["path"]) is None
        if is_draining:
            shown = tuple(each for each in shown if each.route == self._parts.sessions.route)
        for cookie in shown:
            held = await self._parts.sessions.find(cookie, is_use=is_use)
            if held is not None:
                return PageSession(self._parts, held, cookie)
        if is_draining:
            return None
        opened = await self._parts.sessions.open()
        return PageSession(self._parts, opened, shown[0] if shown else None)

    def _is_draining(self, scope: Scope) -> bool:
        """Say whether the node wants no new sessions, or the balancer none for the node."""
        return self._parts.is_draining() or is_set_aside(scope)

    def _shown(self, scope: Scope) -> tuple[SessionCookie, ...]:
        headers = (value for name, value in scope["headers"] if name == b"cookie")
        return presented_cookies(headers, self._parts.cookie_name)

    def _with_cookie(self, scope: Scope, page: PageSession, send: Send) -> Send:
        sent = page.shown if page.is_known else None
        clock = asyncio.get_running_loop().time
        looked_at = clock()

        async def send_with_cookie(message: Message) -> None:
            nonlocal looked_at
            if message["type"] == "http.response.start" and page.cookie != sent:
                is_secure = scope.get("scheme") == "https"
                value = set_cookie(self._parts.cookie_name, page.cookie, is_secure=is_secure)
                headers = [*message.get("headers", ()), (b"set-cookie", value)]
                message = {**message, "headers": headers}
            if message.get("more_body") and clock() - looked_at >= self._parts.recheck_seconds:
                looked_at = clock()
                if await is_signed_out(page):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    raise ClientDisconnect
            await send(message)

        return send_with_cookie


async def is_signed_out(page: PageSession) -> bool:
    """Tell whether the user of a session is out meanwhile; a database that is away says nothing."""
    try:
        return page.user is not None and not await page.is_current()
    except StorageError:
        return False


def away_response() -> Response:
    """Return the page for the moment in which the database is away; it leaves the cookie alone."""
    return moment_page(
        "The database does not answer",
        "Nothing of yours is lost: this page will be there again as soon as the database is.",
    )


def draining_response() -> Response:
    """Return what balancers take as the sign to send a request to another node."""
    response = moment_page(
        "This node takes no new visitors",
        "It is about to be stopped. Another node serves you as soon as the balancer asks one.",
    )
    response.headers["Connection"] = "close"
    return response


def moment_page(title: str, text: str) -> Response:
    """Return a page with status 503 that asks to come back in a moment."""
    html = templates.get_template("moment.html").render(title=title, text=text)
    return HTMLResponse(html, 503, headers={"Retry-After": "1"})
