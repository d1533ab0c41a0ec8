"""What this node says of itself on its links, and where links are opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ranvier.mesh.trust import Trust
from ranvier.services.peers import PeerIdentity

MESH_SERVICE: Final = "ranvier.mesh.v1.Mesh"
MESH_PREFIX: Final = f"/{MESH_SERVICE}/"
"""What the full names of all calls between nodes begin with."""

LINK_PATH: Final = f"{MESH_PREFIX}Link"


@dataclass(frozen=True, slots=True)
class OwnNode:
    """What this node says of itself and proves itself with."""

    identity: Callable[[], PeerIdentity]
    """Who it is now: a node that was thought dead begins a new incarnation."""
    trust: Trust
    version: str
    new_nonce: Callable[[], bytes]
    """Returns 32 bytes that nobody could foretell."""
