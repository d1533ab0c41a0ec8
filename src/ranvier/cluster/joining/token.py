"""A join token: what one new node proves itself with, once and for a short time."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

LIFE_SECONDS: Final = 15 * 60.0

ID_BYTES: Final = 6
SECRET_BYTES: Final = 24

_SHAPE: Final = re.compile(rf"([0-9a-f]{{{2 * ID_BYTES}}})\.([0-9a-f]{{{2 * SECRET_BYTES}}})")


@dataclass(frozen=True, slots=True)
class JoinToken:
    """The part that is stored and asked for, and what stands for the part that nobody stores."""

    token_id: str
    digest: bytes
    """The key of proofs; the text of the token cannot be found from it."""


def new_token(chance: bytes) -> tuple[str, JoinToken]:
    """Make a token out of `ID_BYTES` and `SECRET_BYTES` of chance; return its text, too."""
    token_id, secret = chance[:ID_BYTES].hex(), chance[ID_BYTES:].hex()
    return f"{token_id}.{secret}", JoinToken(token_id, digest_of(secret))


def read_token(text: str) -> JoinToken | None:
    """Read a token as somebody typed it; None for what never was one."""
    matched = _SHAPE.fullmatch(text.strip())
    return JoinToken(matched[1], digest_of(matched[2])) if matched else None


def digest_of(secret: str) -> bytes:
    """Return what stands for the part of a token that is secret."""
    return hashlib.sha256(secret.encode()).digest()
