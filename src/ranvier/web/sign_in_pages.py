"""`/sign-in`, `/sign-out`, `/set-up`: how people get in and out, without any JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from fastapi import FastAPI, Request, Response
from starlette.responses import RedirectResponse

from ranvier.access.errors import PasswordRefused, SessionEnded, SignInRefused
from ranvier.access.return_path import HOME, return_path
from ranvier.errors import RanvierError
from ranvier.security.secret import Secret
from ranvier.services.identities import Identity, PasswordProof
from ranvier.services.keep_sessions import KeepSessions
from ranvier.web.cockpit.texts import _
from ranvier.web.door_pages import DoorPages
from ranvier.web.page_sessions import page_session
from ranvier.web.posted_form import PostedForm, answer_once, posted_form
from ranvier.web.user_parts import UserParts

SEE_OTHER = 303


class SignInPages:
    """Shows the forms, and turns a session of nobody into that of a user and back."""

    def __init__(
        self,
        users: UserParts,
        sessions: KeepSessions,
        *,
        has_access_control: Callable[[], bool],
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._has_access_control = has_access_control
        self._pages = DoorPages()

    def add_to(self, app: FastAPI) -> None:
        """Offer the pages; they are no part of the API."""
        unlisted: dict[str, Any] = {"include_in_schema": False}
        app.get("/sign-in", **unlisted)(self.sign_in)
        app.post("/sign-in", **unlisted)(self.post_sign_in)
        app.get("/sign-out", **unlisted)(self.sign_out)
        app.post("/sign-out", **unlisted)(self.post_sign_out)
        app.get("/set-up", **unlisted)(self.set_up)
        app.post("/set-up", **unlisted)(self.post_set_up)

    async def sign_in(self, request: Request) -> Response:
        """Return the form, or go on where nothing is asked."""
        wanted = return_path(request.query_params.get("return_to"))
        if page_session(request).user is not None or not self._has_access_control():
            return RedirectResponse(wanted, SEE_OTHER)
        return await self._sign_in_page(request, wanted)

    async def post_sign_in(self, request: Request) -> Response:
        """Sign somebody in and go on; say in the same words whatever was wrong."""
        name, wanted = "", HOME
        try:
            form = await posted_form(request)
            name, wanted = form.first("name"), return_path(form.first("return_to"))
            if not page_session(request).is_known:
                return await answer_once(request, answered_before)
            password = Secret(form.first("password"))
            proof = PasswordProof(name, password, address_of(request))
            identity = await self._users.identities.identify(proof)
            answer = await self._enter(request, identity, wanted)
            if await self._users.identities.stands(identity):
                return answer
            await page_session(request).sign_out()
            raise SignInRefused
        except RanvierError as refusal:
            return await self._sign_in_page(request, wanted, name, refusal)

    async def sign_out(self, request: Request) -> Response:
        """Return the form that signs out; a link alone must not."""
        user = page_session(request).user
        return self._pages.render(request, "sign_out", _("Sign out"), user=user)

    async def post_sign_out(self, request: Request) -> Response:
        """End this session, or all of the user's; done already is done as well."""
        page = page_session(request)
        try:
            form = await posted_form(request)
            if form.first("everywhere") and page.is_known and page.user is not None:
                await self._sessions.end_all_of(page.user)
                return RedirectResponse("/sign-in", SEE_OTHER)

            async def leave() -> Response:
                await page.sign_out()
                return RedirectResponse("/sign-in", SEE_OTHER)

            return await answer_once(request, leave)
        except SessionEnded:
            return RedirectResponse("/sign-in", SEE_OTHER)
        except RanvierError as refusal:
            return self._pages.render(request, "sign_out", _("Sign out"), refusal, user=page.user)

    async def set_up(self, request: Request) -> Response:
        """Return the form while the first user is still to be made."""
        if not await self._users.set_up.is_open():
            return RedirectResponse("/sign-in", SEE_OTHER)
        return self._set_up_page(request)

    async def post_set_up(self, request: Request) -> Response:
        """Make the first user and sign them in."""
        name = ""
        try:
            form = await posted_form(request)
            name = form.first("name")
            if not page_session(request).is_known:
                return await answer_once(request, answered_before)
            password = new_password(form)
            secret = Secret(form.first("secret"))
            identity = await self._users.set_up.set_up(secret, name, password)
            return await self._enter(request, identity, HOME)
        except RanvierError as refusal:
            return self._set_up_page(request, name, refusal)

    async def _enter(self, request: Request, identity: Identity, wanted: str) -> Response:
        page = page_session(request)

        async def enter() -> Response:
            await page.sign_in(identity.user)
            return RedirectResponse(wanted, SEE_OTHER)

        return await answer_once(request, enter)

    async def _sign_in_page(
        self, request: Request, wanted: str, name: str = "", refusal: RanvierError | None = None
    ) -> Response:
        is_new = await self._users.set_up.is_open()
        values = {"name": name, "return_to": wanted, "is_new": is_new}
        return self._pages.render(request, "sign_in", _("Sign in"), refusal, **values)

    def _set_up_page(
        self, request: Request, name: str = "", refusal: RanvierError | None = None
    ) -> Response:
        return self._pages.render(request, "set_up", _("The first user"), refusal, name=name)


def new_password(form: PostedForm) -> Secret:
    """Return the new password of a form; raises `PasswordRefused` where it is not said twice."""
    if form.first("password") != form.first("repeated"):
        raise PasswordRefused("was not repeated as it is: type it once more")
    return Secret(form.first("password"))


def address_of(request: Request) -> str:
    """Return where a request comes from."""
    return request.client.host if request.client else ""


async def answered_before() -> NoReturn:
    """Stand for the effect of a post whose session is renewed already: its answer is kept."""
    raise SessionEnded
