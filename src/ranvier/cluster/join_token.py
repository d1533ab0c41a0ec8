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


def token_text(chance: bytes) -> str:
    """Write a token out of `ID_BYTES` and `SECRET_BYTES` of chance."""
    return f"{chance[:ID_BYTES].hex()}.{chance[ID_BYTES:].hex()}"


def read_token(text: str) -> JoinToken | None:
    """Read a token as somebody typed it; None for what never was one."""
    matched = _SHAPE.fullmatch(text.strip())
    if matched is None:
        return None
    return JoinToken(matched[1], hashlib.sha256(matched[2].encode()).digest())
