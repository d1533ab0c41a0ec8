"""Pages with forms, as the Cockpit has them, on nodes in this process that share their sessions."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx2
from fastapi import FastAPI, Request
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from ranvier.web.failures import Failures
from ranvier.web.page_sessions import PageSessions, page_session
from ranvier.web.posted_form import answer_once, answer_once_elsewhere, posted_form
from ranvier.web.refusals import add_refusals
from ranvier.web.sessions import SessionsResource
from tests.support.memory_sessions import MemorySessions, SessionNode

FORM = "order"


async def nothing() -> None:
    """Do nothing."""


@dataclass
class FormPages:
    """A page that shows the session, and posts that change it."""

    effects: list[str] = field(default_factory=list)
    decided: int = 0
    between_parts: Callable[[], Awaitable[object]] = nothing

    def add_to(self, app: FastAPI) -> None:
        app.get("/portal/form")(self.show)
        app.post("/portal/form")(self.keep)
        app.post("/portal/sign-in")(self.sign_in)
        app.post("/portal/sign-out")(self.sign_out)
        app.post("/portal/elsewhere")(self.elsewhere)
        app.post("/portal/long")(self.long)
        app.get("/portal/stream")(self.stream)

    async def show(self, request: Request) -> Response:
        page = page_session(request)
        return JSONResponse(
            {
                "user": page.user,
                "csrf_token": page.csrf_token,
                "post_key": page.new_post_key(),
                "draft": dict(await page.draft(FORM)),
                "handle": page.session.handle,
                "is_current": await page.is_current(),
            }
        )

    async def keep(self, request: Request) -> Response:
        form = await posted_form(request)

        async def effect() -> Response:
            self.decided += 1
            await page_session(request).keep_draft(FORM, form.values)
            return RedirectResponse(f"/portal/form?{self.decided}", 303)

        return await answer_once(request, effect)

    async def sign_in(self, request: Request) -> Response:
        form = await posted_form(request)

        async def effect() -> Response:
            await page_session(request).sign_in(form.first("user"))
            return RedirectResponse("/portal/form", 303)

        return await answer_once(request, effect)

    async def sign_out(self, request: Request) -> Response:
        await posted_form(request)
        await page_session(request).sign_out()
        return RedirectResponse("/portal/form", 303)

    async def elsewhere(self, request: Request) -> Response:
        async def effect() -> Response:
            self.effects.append("made")
            return Response(f"made {len(self.effects)}")

        return await answer_once_elsewhere(request, effect)

    async def long(self, request: Request) -> Response:
        async def effect() -> Response:
            return Response(b"x" * 300_000)

        return await answer_once(request, effect)

    async def stream(self) -> Response:
        return StreamingResponse(self._parts())

    async def _parts(self) -> AsyncIterator[bytes]:
        for number in range(5):
            yield b"part %d " % number
            await self.between_parts()


@dataclass
class PageNode:
    """One node of several, and a browser's way to it."""

    sessions: SessionNode
    pages: FormPages
    client: httpx2.AsyncClient


@asynccontextmanager
async def page_node(
    name: str, store: MemorySessions, pages: FormPages | None = None, url: str = "http://node"
) -> AsyncIterator[PageNode]:
    """Yield a node that keeps its sessions in a store, and has nothing else."""
    sessions, pages = SessionNode(store, name), pages or FormPages()
    app = FastAPI(middleware=[Middleware(Failures), Middleware(PageSessions, sessions.parts)])
    add_refusals(app, lambda *_: None)
    SessionsResource(sessions.sessions).add_to(app)
    pages.add_to(app)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=url) as client:
        yield PageNode(sessions, pages, client)


class Reached(Protocol):
    """A node that a browser can be sent to."""

    @property
    def client(self) -> httpx2.AsyncClient: ...


@dataclass
class Browser:
    """Keeps cookies as a browser does, and fills forms in; it may be sent to any node."""

    cookie: str = ""

    async def look(self, node: Reached, path: str = "/portal/form") -> dict[str, Any]:
        response = await self.ask(node, "GET", path)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    async def post(
        self, node: Reached, path: str, form: Mapping[str, str], **headers: str
    ) -> httpx2.Response:
        return await self.ask(node, "POST", path, data=form, headers=headers)

    async def ask(self, node: Reached, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = {name: value.encode() for name, value in more.pop("headers", {}).items()}
        if self.cookie:
            headers["cookie"] = self.cookie.encode("latin-1")
        # What a client keeps by itself would hide what this browser is told.
        node.client.cookies.clear()
        response = await node.client.request(method, path, headers=headers, **more)
        given = response.headers.get("set-cookie")
        if given:
            self.cookie = given.partition(";")[0]
        return response

    @property
    def key(self) -> str:
        """The random part of the cookie."""
        return re.fullmatch(r"JSESSIONID=([^.]*)\..*", self.cookie)[1]  # type: ignore[index]  # else it fails

    @property
    def route(self) -> str:
        """The part after the first dot."""
        return self.cookie.partition(".")[2]


def filled(shown: Mapping[str, Any], **values: str) -> dict[str, str]:
    """Return a form of a page that was shown, with what somebody fills in."""
    return {"csrf_token": shown["csrf_token"], "post_key": shown["post_key"], **values}
