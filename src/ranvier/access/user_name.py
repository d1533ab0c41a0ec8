"""The names of users: shown as they were given, told apart as people do.

Source: RFC 8265 (PRECIS), section 3.3, in its spirit: compatible forms and cases are one name.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from ranvier.access.errors import InvalidUserName

NAME_BYTES: Final = 128
"""Of a name in UTF-8: enough for an address of mail; it stands in tables and in paths."""


@dataclass(frozen=True, slots=True)
class UserName:
    """A name that a user may have."""

    shown: str
    key: str
    """What two names have in common that are one: `Anna`, `anna` and its wide letters."""


def read_user_name(text: str) -> UserName:
    """Return the name; raises `InvalidUserName` where it is none."""
    shown = unicodedata.normalize("NFKC", text)
    refusal = _refusal(shown)
    if refusal:
        raise InvalidUserName(refusal)
    # Folding may undo the normal form; what is normal again afterwards stays as it is.
    return UserName(shown, unicodedata.normalize("NFKC", shown.casefold()))


def _refusal(shown: str) -> str:
    if not shown:
        return "is empty: give one"
    if not shown.isprintable():
        return "holds characters that cannot be seen: leave them out"
    if len(shown.encode()) > NAME_BYTES:
        return f"is longer than {NAME_BYTES} bytes: shorten it"
    if shown != shown.strip():
        return "begins or ends with a space: leave it out"
    if "/" in shown or shown in {".", ".."}:
        return "could not stand in a path: leave out slashes, and do not call a user . or .."
    return ""
