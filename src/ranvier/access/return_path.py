"""Where somebody goes on after a sign-in: a page of ours, wherever a link may point."""

from __future__ import annotations

import re
from typing import Final

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
    path = re.split("[?#]", wanted, maxsplit=1)[0]
    if any(path == each or path.startswith(f"{each}/") for each in _NOWHERE):
        return HOME
    return wanted


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and "\\" not in text and " " not in text
