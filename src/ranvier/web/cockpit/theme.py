"""Light, dark, or as the reader's system says: kept in a cookie, known before the page is made."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from starlette.requests import Request

COOKIE: Final = "ranvier_theme"


class Theme(StrEnum):
    """How the pages look."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


def theme_of(request: Request) -> Theme:
    """Return the theme that a reader has chosen; what is no theme counts as no choice."""
    said = request.cookies.get(COOKIE, "")
    return next((each for each in Theme if each == said), Theme.AUTO)
