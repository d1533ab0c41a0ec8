"""The cluster that this node belongs to, and the secret that it proves itself with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from ranvier.cluster.joining.belonging import Belonging, refuse_belonging
from ranvier.cluster.joining.errors import OtherClusterDatabase, TooManyTokens
from ranvier.cluster.joining.token import ID_BYTES, LIFE_SECONDS, SECRET_BYTES, new_token
from ranvier.security.secret import Secret
from ranvier.storage.cluster_identity import ClusterIdentities, ClusterIdentity


@dataclass(frozen=True, slots=True)
class OwnTerms:
    """What this node brings along."""

    secret: Secret | None
    """The cluster secret that it was told, if it was."""
    cluster_id: str | None
    """The cluster that it was in when it last ran."""
    is_shared: bool
    """Whether other nodes can use its database."""
    is_on_loopback: bool
    """Its internal port is open to its own machine alone."""


class OwnCluster:
    """Known once started: a database that belongs to no cluster becomes that of a new one."""

    def __init__(
        self,
        identities: ClusterIdentities,
        terms: Callable[[], OwnTerms],
        chance: Callable[[int], bytes],
        keep: Callable[[ClusterIdentity], Awaitable[None]],
    ) -> None:
        """`terms` is asked at the start; `keep` is told of a cluster that the node was not in."""
        self._identities = identities
        self._terms = terms
        self._chance = chance
        self._keep = keep
        self._identity: ClusterIdentity | None = None

    @property
    def identity(self) -> ClusterIdentity:
        """Return id and secret of the cluster; only after `start`."""
        if self._identity is None:
            raise RuntimeError("asked for the cluster before the node knows it")
        return self._identity

    @property
    def cluster_id(self) -> str:
        """Return the id of the cluster; empty before `start`."""
        return "" if self._identity is None else self._identity.cluster_id

    def secret(self) -> Secret | None:
        """Return the cluster secret; None before `start`."""
        return None if self._identity is None else self._identity.secret

    async def start(self) -> None:
        """Find the cluster of the database, or found one; raises `NotOfThisCluster`."""
        terms = self._terms()
        stored = await self._identities.read()
        is_new = stored is None
        if stored is None and terms.cluster_id is not None and terms.is_shared:
            raise OtherClusterDatabase
        if stored is None:
            stored = await self._identities.found(self._candidate(terms))
        if not terms.is_shared:
            # Nobody else has this database: what this node was told counts.
            self._identity = replace(stored, secret=terms.secret or stored.secret)
            return
        refusal = refuse_belonging(
            Belonging(
                is_new=is_new,
                is_expected=terms.cluster_id in (None, stored.cluster_id),
                has_secret=terms.secret is not None,
                is_secret_right=terms.secret == stored.secret,
                is_on_loopback=terms.is_on_loopback,
            )
        )
        if refusal is not None:
            raise refusal
        if terms.cluster_id is None:
            await self._keep(stored)
        self._identity = stored

    async def new_token(self) -> str:
        """Return a new join token, which is kept nowhere but with whoever asked for it."""
        text, token = new_token(self._chance(ID_BYTES + SECRET_BYTES))
        if not await self._identities.add_token(token.token_id, token.digest, LIFE_SECONDS):
            raise TooManyTokens
        return text

    def _candidate(self, terms: OwnTerms) -> ClusterIdentity:
        secret = terms.secret or Secret(self._chance(32).hex())
        return ClusterIdentity(self._chance(16).hex(), secret)
