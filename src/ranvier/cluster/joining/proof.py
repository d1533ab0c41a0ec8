"""How two nodes show each other that they know a secret, and never say it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from enum import Enum
from typing import Final

PURPOSE: Final = b"ranvier join 1"
"""What a proof is good for: one that was made for anything else is none here."""


class Side(Enum):
    """Who proves; a proof cannot be sent back to whoever made it."""

    JOINER = b"joiner"
    CLUSTER = b"cluster"


@dataclass(frozen=True, slots=True)
class Handshake:
    """What both sides have said so far; each has put in something that was never said before."""

    joiner_id: str
    joiner_nonce: bytes
    cluster_id: str
    cluster_nonce: bytes


def secret_key(secret: str) -> bytes:
    """Return the key that a cluster secret stands for."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def prove(key: bytes, side: Side, handshake: Handshake) -> bytes:
    """Return the proof that this side knows the key, good for this handshake alone."""
    parts = (
        PURPOSE,
        side.value,
        handshake.joiner_id.encode("utf-8", "surrogatepass"),
        handshake.joiner_nonce,
        handshake.cluster_id.encode("utf-8", "surrogatepass"),
        handshake.cluster_nonce,
    )
    # Each part brings its length, so that no other parts give the same bytes.
    said = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(key, said, "sha256")


def is_proven(proof: bytes, key: bytes, side: Side, handshake: Handshake) -> bool:
    """Tell whether a proof holds, in a time that tells nothing about it."""
    return hmac.compare_digest(proof, prove(key, side, handshake))
