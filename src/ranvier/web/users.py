"""`/api/users` and `POST /api/sessions`: the people who sign in, and signing in for programs."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends, FastAPI, Path, Request, Response

from ranvier.access.errors import NobodySignsIn, SignInRefused
from ranvier.access.session_cookie import set_cookie
from ranvier.security.secret import Secret
from ranvier.services.identities import PasswordProof
from ranvier.storage.local_users import LocalUser
from ranvier.web.camel_model import CamelModel
from ranvier.web.contexts import json_example
from ranvier.web.event_json import iso_time
from ranvier.web.page_sessions import PageSessionParts
from ranvier.web.parameters import json_body
from ranvier.web.posted_messages import decode
from ranvier.web.sign_in_pages import address_of
from ranvier.web.signed_in_session import signed_in_session
from ranvier.web.user_parts import UserParts

UserInPath = Annotated[str, Path(description="The name of the user.")]
Body = Annotated[bytes, Depends(json_body)]


class PostedUser(msgspec.Struct, frozen=True):
    """A name and a password: of a new user, or of somebody who signs in."""

    name: str
    password: str


class PostedPassword(msgspec.Struct, frozen=True):
    """A new password."""

    password: str


class ShownUser(CamelModel):
    """A user; nothing of the password is shown."""

    name: str
    created_at: str
    password_changed_at: str
    signed_in_at: str | None
    """The latest sign-in; null before the first."""


class OpenedSession(CamelModel):
    """A session whose cookie came with the answer."""

    id: str
    """By which `DELETE /api/sessions/{id}` ends it."""
    user: str
    csrf_token: str
    """Sent as `X-CSRF-Token` with every call that changes something."""


PASSWORD_SCHEMA: Final = {"type": "string", "minLength": 12, "maxLength": 1024}
POSTED_USER: Final = json_example(
    {
        "type": "object",
        "required": ["name", "password"],
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 128},
            "password": PASSWORD_SCHEMA,
        },
    },
    {"name": "anna", "password": "a quiet green door"},
)
POSTED_PASSWORD: Final = json_example(
    {"type": "object", "required": ["password"], "properties": {"password": PASSWORD_SCHEMA}},
    {"password": "a quiet green door"},
)


class UsersResource:
    """Works on the users of the cluster, whichever node is asked."""

    def __init__(
        self,
        users: UserParts,
        parts: PageSessionParts,
        *,
        has_access_control: Callable[[], bool],
    ) -> None:
        self._users = users
        self._parts = parts
        self._has_access_control = has_access_control

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        tagged: dict[str, Any] = {"tags": ["users"]}
        created = tagged | {"status_code": HTTPStatus.CREATED}
        done = tagged | {"status_code": HTTPStatus.NO_CONTENT, "response_class": Response}
        app.get("/api/users", summary="All users", **tagged)(self.all)
        app.post("/api/users", summary="Make a user", openapi_extra=POSTED_USER, **created)(
            self.add
        )
        app.delete("/api/users/{name}", summary="Remove a user", **done)(self.remove)
        app.post(
            "/api/users/{name}/password",
            summary="Set a user's password",
            openapi_extra=POSTED_PASSWORD,
            **done,
        )(self.set_password)
        app.post("/api/sessions", summary="Sign in", openapi_extra=POSTED_USER, **created)(
            self.sign_in
        )

    async def all(self) -> list[ShownUser]:
        """Return all users, sorted by name."""
        return [shown(each) for each in await self._users.administer.listed()]

    async def add(self, body: Body) -> ShownUser:
        """Let somebody sign in; until there are roles, every user may do everything."""
        self._refuse_unless_asked()
        posted = decode(body, PostedUser)
        return shown(await self._users.administer.add(posted.name, Secret(posted.password)))

    async def remove(self, name: UserInPath) -> Response:
        """End the user's sessions and remove the user; the last user stays."""
        self._refuse_unless_asked()
        await self._users.administer.remove(name)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def set_password(self, name: UserInPath, body: Body) -> Response:
        """Set another password; the user's sessions end."""
        self._refuse_unless_asked()
        posted = decode(body, PostedPassword)
        await self._users.administer.set_password(name, Secret(posted.password))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def sign_in(self, request: Request, response: Response, body: Body) -> OpenedSession:
        """Open a session for a program that keeps cookies; open to all, and slow where it fails."""
        self._refuse_unless_asked()
        posted = decode(body, PostedUser)
        proof = PasswordProof(posted.name, Secret(posted.password), address_of(request))
        identity = await self._users.identities.identify(proof)
        held = await signed_in_session(self._parts.sessions, identity)
        if not await self._users.identities.stands(identity):
            await self._parts.sessions.end(held.session.handle)
            raise SignInRefused
        is_secure = request.url.scheme == "https"
        cookie = set_cookie(self._parts.cookie_name, held.cookie, is_secure=is_secure)
        response.headers["Set-Cookie"] = cookie.decode("ascii")
        return OpenedSession(
            id=held.session.handle, user=identity.user, csrf_token=held.cookie.csrf_token
        )

    def _refuse_unless_asked(self) -> None:
        """Make no users ahead: whoever can reach a node without access control could be one."""
        if not self._has_access_control():
            raise NobodySignsIn


def shown(user: LocalUser) -> ShownUser:
    """Return a user as it is shown."""
    return ShownUser(
        name=user.name.shown,
        created_at=str(iso_time(user.created_at_ms)),
        password_changed_at=str(iso_time(user.password_changed_at_ms)),
        signed_in_at=None if user.signed_in_at_ms is None else str(iso_time(user.signed_in_at_ms)),
    )
