"""The port of what the nodes of a cluster prove themselves with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from ranvier.security.secret import Secret

OPEN_TOKENS_MOST: Final = 1_000
"""Join tokens that nobody has used and that have not expired; each is made by hand."""


@dataclass(frozen=True, slots=True)
class ClusterIdentity:
    """Which cluster this is, and the secret that all its nodes know."""

    cluster_id: str
    secret: Secret


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A join token as the database knows it: enough to check a proof, not to show the token."""

    digest: bytes
    is_expired: bool
    """By the clock of the database, which is one for all nodes."""
    used_by: str | None
    """The id of the node that joined with it."""


class ClusterIdentities(Protocol):
    """The identity of the cluster whose database this is, and its open join tokens."""

    async def read(self) -> ClusterIdentity | None:
        """Return the identity; None in a database that no node has initialised."""
        ...

    async def found(self, candidate: ClusterIdentity) -> ClusterIdentity:
        """Keep this identity unless there is one; return the one that counts from now on."""
        ...

    async def add_token(self, token_id: str, digest: bytes, life_seconds: float) -> bool:
        """Keep a join token for as long; False, and nothing is kept, where too many are open."""
        ...

    async def token(self, token_id: str) -> StoredToken | None:
        """Return what is known of a token; None for one that never was or is long forgotten."""
        ...

    async def use_token(self, token_id: str, node_id: str) -> bool:
        """Use a token up; False where it is expired or was used by another node.

        The node that has used it may do so again, for its first attempt may have been broken off.
        """
        ...
