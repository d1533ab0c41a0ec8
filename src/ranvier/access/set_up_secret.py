"""The one-time secret with which the first user is made; only its digest is ever kept."""

from __future__ import annotations

import hashlib
from typing import Final

SECRET_BYTES: Final = 20
"""Of chance: nobody guesses it, however often."""

GROUP: Final = 8


def new_secret(chance: bytes) -> str:
    """Write the chance so that a person can copy it: groups of small letters and digits."""
    text = chance.hex()
    return "-".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))


def digest_of(secret: str) -> bytes:
    """Return what is kept of a secret, however somebody has typed its letters and groups."""
    plain = "".join(secret.split()).replace("-", "").lower()
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).digest()
