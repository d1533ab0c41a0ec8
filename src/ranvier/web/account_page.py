"""`/cockpit/account`: a user's own password, and ending all sessions."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from starlette.responses import RedirectResponse

from ranvier.errors import RanvierError
from ranvier.security.secret import Secret
from ranvier.services.identities import Identity, PasswordProof
from ranvier.services.keep_sessions import KeepSessions
from ranvier.web.cockpit.frame import Frame
from ranvier.web.cockpit.navigation import Crumb
from ranvier.web.cockpit.texts import _
from ranvier.web.http_status import status_of
from ranvier.web.page_sessions import page_session
from ranvier.web.posted_form import posted_form
from ranvier.web.sign_in_pages import address_of, new_password
from ranvier.web.signed_in_session import signed_in_session
from ranvier.web.user_parts import UserParts

PATH = "/cockpit/account"


class AccountPage:
    """Changes the password of whoever knows the present one; every other session then ends."""

    def __init__(self, users: UserParts, sessions: KeepSessions, frame: Frame) -> None:
        self._users = users
        self._sessions = sessions
        self._frame = frame

    def add_to(self, app: FastAPI) -> None:
        """Offer the page; it is no part of the API."""
        app.get(PATH, include_in_schema=False)(self.page)
        app.post(PATH, include_in_schema=False)(self.post)

    async def page(self, request: Request) -> Response:
        """Return the forms."""
        return self._page(request, is_changed="changed" in request.query_params)

    async def post(self, request: Request) -> Response:
        """Set another password; this browser goes on in a new session."""
        page = page_session(request)
        try:
            form = await posted_form(request)
            if page.user is None:
                return RedirectResponse("/sign-in", 303)
            user, present = page.user, Secret(form.first("present"))
            proof = PasswordProof(user, present, address_of(request))
            await self._users.administer.change_own(
                self._users.identities, proof, new_password(form)
            )
            page.use(await signed_in_session(self._sessions, Identity(user)))
        except RanvierError as refusal:
            return self._page(request, refusal)
        return RedirectResponse(f"{PATH}?changed", 303)

    def _page(
        self, request: Request, refusal: RanvierError | None = None, *, is_changed: bool = False
    ) -> Response:
        response = self._frame.render(
            request,
            "cockpit/account.html",
            title=_("Your account"),
            further=(Crumb(_("Your account")),),
            is_changed=is_changed,
            message="" if refusal is None else str(refusal),
        )
        if refusal is not None:
            response.status_code = status_of(refusal)
        return response
