"""Light, dark, or as the reader's system says: kept in a cookie, known before the page is made."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.responses import RedirectResponse

from ranvier.web.cockpit.navigation import HOME
from ranvier.web.posted_form import posted_form

COOKIE: Final = "ranvier_theme"
PATH: Final = "/cockpit/theme"
KEPT_SECONDS: Final = 365 * 86_400


class Theme(StrEnum):
    """How the pages look."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


def theme_named(name: str) -> Theme:
    """Return the theme of a name; what is no theme counts as no choice."""
    return next((each for each in Theme if each == name), Theme.AUTO)


def theme_of(request: Request) -> Theme:
    """Return the theme that a reader has chosen."""
    return theme_named(request.cookies.get(COOKIE, ""))


class ThemeChoice:
    """Keeps the choice and leads back to the page that it was made on."""

    def add_to(self, app: FastAPI) -> None:
        """Offer the form's path; it is no part of the API."""
        app.post(PATH, include_in_schema=False)(self.choose)

    async def choose(self, request: Request) -> Response:
        """Keep what was chosen; choosing it twice is the same, and needs no key."""
        form = await posted_form(request)
        back = form.first("back")
        # Only a path of ours: anything else could lead to somebody else's page.
        is_ours = back == HOME or back.startswith((f"{HOME}/", f"{HOME}?"))
        response = RedirectResponse(back if is_ours else HOME, HTTPStatus.SEE_OTHER)
        response.set_cookie(
            COOKIE,
            theme_named(form.first("theme")),
            max_age=KEPT_SECONDS,
            path=HOME,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return response
