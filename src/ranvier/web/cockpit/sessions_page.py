"""`/cockpit/sessions`: who looks at these pages, on which node, and ending that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from ranvier.access.session import Session
from ranvier.errors import RanvierError
from ranvier.storage.sessions import SessionPage
from ranvier.web.cockpit.chosen_node import chosen_node
from ranvier.web.cockpit.frame import Frame, link_maker
from ranvier.web.cockpit.listing import Columns, listing
from ranvier.web.cockpit.navigation import Crumb, NavigationEntry
from ranvier.web.cockpit.texts import _, _n
from ranvier.web.dependencies import WebDependencies
from ranvier.web.errors import InvalidParameter, NoSuchSession
from ranvier.web.event_json import iso_time
from ranvier.web.http_status import status_of
from ranvier.web.page_sessions import page_session
from ranvier.web.posted_form import PostedForm, answer_once_elsewhere, posted_form

ENTRY: Final = NavigationEntry("/cockpit/sessions", "Sessions", "sessions")

END_PATH: Final = f"{ENTRY.path}/end"

SESSIONS_READ: Final = 2_000
"""The latest ones: whoever looks for an older one knows its user and searches in REST."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session in the list."""

    session: Session
    is_own: bool
    began_at: str
    used_at: str


COLUMNS: Final[Columns[SessionRow]] = Columns(
    keys={
        "user": lambda row: (row.session.user or "", -row.session.created_ms),
        "node": lambda row: (row.session.node, -row.session.created_ms),
        "began": lambda row: row.session.created_ms,
        "used": lambda row: row.session.last_used_ms,
    },
    texts=lambda row: (row.session.user or "", row.session.node),
    first="-used",
)


class SessionsPage:
    """Reads the sessions of all nodes from the database that they share."""

    def __init__(self, dependencies: WebDependencies, frame: Frame) -> None:
        self._of = dependencies
        self._sessions = dependencies.page_sessions.sessions
        self._frame = frame

    def add_to(self, app: FastAPI) -> None:
        """Offer the pages and what their forms post; they are no part of the API."""
        app.get(ENTRY.path, include_in_schema=False)(self.page)
        app.get(END_PATH, include_in_schema=False)(self.confirm)
        app.post(END_PATH, include_in_schema=False)(self.end)

    async def page(self, request: Request) -> HTMLResponse:
        """Return the list; a database that does not answer leaves the rest of it standing."""
        return await self._shown(request, "")

    async def confirm(self, request: Request) -> HTMLResponse:
        """Ask whether all sessions of a user are to end."""
        user = request.query_params.get("user", "")
        return self._frame.render(
            request,
            "cockpit/sessions_end.html",
            title=_("End all sessions of a user"),
            further=[Crumb(_("End all of a user"))],
            user=user,
            action=END_PATH,
        )

    async def end(self, request: Request) -> Response:
        """End one session, or all of a user, and show the list again."""
        form = await posted_form(request)
        try:
            return await answer_once_elsewhere(request, lambda: self._ended(request, form))
        except NoSuchSession:
            return self._back(request, "gone")
        except RanvierError as error:
            response = await self._shown(request, str(error))
            response.status_code = status_of(error)
            return response

    async def _ended(self, request: Request, form: PostedForm) -> Response:
        handle, user = form.first("session"), form.first("user")
        if handle:
            if not await self._sessions.end(handle):
                raise NoSuchSession
            return self._back(request, "1")
        if not user:
            raise InvalidParameter("user", "must name somebody")
        return self._back(request, str(await self._sessions.end_all_of(user)))

    def _back(self, request: Request, done: str) -> Response:
        link = link_maker(request, request.query_params.get("node") or None)
        return RedirectResponse(link(ENTRY.path, done=done), 303)

    async def _shown(self, request: Request, refusal: str) -> HTMLResponse:
        rows: Sequence[SessionRow] = ()
        unknown, counts = "", {}
        chosen = chosen_node(request, self._of.members())
        try:
            rows = await self._rows(request, chosen)
            counts = dict(await self._sessions.counts())
        except RanvierError as error:
            unknown = str(error)
        return self._frame.render(
            request,
            "cockpit/sessions.html",
            title=_(ENTRY.title),
            listing=listing(request, rows, COLUMNS),
            counts=sorted(counts.items()),
            unknown=unknown,
            refusal=refusal,
            done=done_text(request.query_params.get("done", "")),
            is_cut=len(rows) >= SESSIONS_READ,
            here=ENTRY.path,
            end_path=END_PATH,
        )

    async def _rows(self, request: Request, chosen: str | None) -> Sequence[SessionRow]:
        own = page_session(request).session.handle
        listed = await self._sessions.listed(SessionPage(size=SESSIONS_READ))
        return [
            SessionRow(
                each,
                each.handle == own,
                str(iso_time(each.created_ms)),
                str(iso_time(each.last_used_ms)),
            )
            for each in listed
            if chosen is None or each.node == chosen
        ]


def done_text(said: str) -> str:
    """Return what became of ending sessions, in a sentence; nothing where nothing was done."""
    if said == "gone":
        return _("The session had ended already.")
    if not (said.isascii() and said.isdigit() and len(said) < 7):
        return ""
    return _n("%(count)s session was ended.", "%(count)s sessions were ended.", int(said))
