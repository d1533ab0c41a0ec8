"""How two nodes prove to each other that they know the cluster secret, and who they are.

Each side sends a nonce. A proof is a keyed digest over both nonces and both identities; the label
tells the two sides' proofs apart, so that none can be sent back as one's own.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from ranvier.security.secret import Secret

PROTOCOL: Final = 1
"""The version of the link that this program speaks."""

NONCE_BYTES: Final = 32

DIALLER: Final = b"ranvier mesh 1: the node that dials"
DIALLED: Final = b"ranvier mesh 1: the node that was dialled"


@dataclass(frozen=True, slots=True)
class Greeting:
    """What one side says of itself before anything is proven."""

    node_id: str
    name: str
    incarnation: int
    nonce: bytes


def digest(secret: Secret, label: bytes, dialler: Greeting, dialled: Greeting) -> bytes:
    """Return the proof of the side that `label` names."""
    parts = [label]
    for side in (dialler, dialled):
        parts += [side.node_id.encode(), side.name.encode(), b"%d" % side.incarnation, side.nonce]
    # Each part behind its length, so that no two sets of parts read alike.
    text = b"".join(b"%d:%b" % (len(part), part) for part in parts)
    return hmac.digest(secret.reveal().encode(), text, "sha256")


def is_proven(
    secret: Secret, label: bytes, greetings: tuple[Greeting, Greeting], offered: bytes
) -> bool:
    """Tell whether a proof is true, in a time that says nothing about the right one."""
    return hmac.compare_digest(digest(secret, label, *greetings), offered)
