"""Where somebody goes on after a sign-in: a page of ours, wherever a link may point."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlsplit

HOME: Final = "/cockpit"

LONGEST: Final = 2048
"""Characters of a path with its query: what browsers and balancers pass on in any case."""

_NOWHERE: Final = ("/sign-in", "/sign-out", "/set-up")
"""Pages that nobody wants to go on to."""


def return_path(wanted: str | None) -> str:
    """Return the path to go on to; the Cockpit's for whatever is none of ours.

    Browsers take `//host`, `/\\host` and either with tabs between for another host.
    """
    if not wanted or len(wanted) > LONGEST or not _is_plain(wanted):
        return HOME
    if not wanted.startswith("/") or wanted.startswith("//"):
        return HOME
    path = urlsplit(wanted).path
    if any(path == each or path.startswith(f"{each}/") for each in _NOWHERE):
        return HOME
    return wanted


def sign_in_path(path: str, query: str) -> str:
    """Return the path of the sign-in page that leads back to where somebody wanted to go."""
    wanted = quote(path) + (f"?{query}" if query else "")
    return f"/sign-in?return_to={quote(wanted, safe='')}"


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and "\\" not in text and " " not in text
