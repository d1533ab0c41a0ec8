"""`/api/sessions`: who is signed in on which node, and ending that."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import FastAPI, Path, Query, Response
from pydantic import Field

from ranvier.access.session import Session
from ranvier.services.keep_sessions import KeepSessions
from ranvier.storage.sessions import SessionPage
from ranvier.web.camel_model import CamelModel
from ranvier.web.errors import InvalidParameter, NoSuchSession
from ranvier.web.event_json import iso_time

SIZE_MOST: Final = 1000
"""Of one page."""

SessionId = Annotated[str, Path(description="The id of the session, as the list shows it.")]


class ShownSession(CamelModel):
    """A session by the id that others may know; its cookie is known to nobody but its browser."""

    id: str
    user: str | None
    node: str
    """The node that served it last."""
    created_at: str
    """When it began, or signed in or out."""
    last_used_at: str
    """As it was noted last: seconds may have passed since."""


class SessionQuery(CamelModel):
    """Which sessions are listed."""

    user: Annotated[str | None, Field(description="Only those of this user.")] = None
    size: Annotated[int, Field(ge=1, le=SIZE_MOST, description="At most so many.")] = 100
    after: Annotated[str, Field(description="Those after a page, as its header `Link` says.")] = ""


class SessionsResource:
    """Asked of any node for the sessions of all."""

    def __init__(self, sessions: KeepSessions) -> None:
        self._sessions = sessions

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        app.get("/api/sessions", tags=["sessions"], summary="The sessions of all nodes")(self.all)
        app.delete(
            "/api/sessions/{session_id}",
            tags=["sessions"],
            summary="End a session",
            status_code=HTTPStatus.NO_CONTENT,
        )(self.end)
        app.delete(
            "/api/sessions",
            tags=["sessions"],
            summary="End all sessions of a user",
        )(self.end_all)

    async def all(
        self, query: Annotated[SessionQuery, Query()], response: Response
    ) -> list[ShownSession]:
        """Return sessions, the latest first; the header `Link` names the next page."""
        found = await self._sessions.listed(page_of(query))
        if len(found) == query.size:
            response.headers["Link"] = next_page(query, found[-1])
        return [shown(each) for each in found]

    async def end(self, session_id: SessionId) -> Response:
        """End one session, on every node at once."""
        if not await self._sessions.end(session_id):
            raise NoSuchSession
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def end_all(
        self, user: Annotated[str, Query(description="Whose sessions end.")]
    ) -> EndedSessions:
        """End every session of a user, on every node at once."""
        return EndedSessions(ended=await self._sessions.end_all_of(user))


class EndedSessions(CamelModel):
    """How many sessions there were."""

    ended: int


def page_of(query: SessionQuery) -> SessionPage:
    """Return the page that is asked for; raises `InvalidParameter`."""
    if not query.after:
        return SessionPage(query.user, query.size)
    created, _, handle = query.after.partition(".")
    if not (created.isascii() and created.isdigit() and len(created) < 19):
        raise InvalidParameter("after", "must be what the header Link of a page says")
    return SessionPage(query.user, query.size, int(created), handle)


def next_page(query: SessionQuery, last: Session) -> str:
    """Return the link to the sessions after the last one shown (RFC 8288)."""
    parameters = {"size": query.size, "after": f"{last.created_ms}.{last.handle}"}
    if query.user is not None:
        parameters["user"] = query.user
    return f'</api/sessions?{urlencode(parameters)}>; rel="next"'


def shown(session: Session) -> ShownSession:
    """Return a session as it is shown."""
    return ShownSession(
        id=session.handle,
        user=session.user,
        node=session.node,
        created_at=str(iso_time(session.created_ms)),
        last_used_at=str(iso_time(session.last_used_ms)),
    )
