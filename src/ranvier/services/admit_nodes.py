"""The use case of a node in the cluster that another one asks to join."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ranvier.cluster.joining.admission import (
    Asked,
    Offered,
    ProofKind,
    TokenState,
    refuse_greeting,
    refuse_node,
    refuse_proof,
)
from ranvier.cluster.joining.budget import JoinBudget
from ranvier.cluster.joining.errors import JoinRefused, TooManyJoins
from ranvier.cluster.joining.proof import Handshake, Side, is_proven, prove, secret_key
from ranvier.security.secret import Secret
from ranvier.services.join_messages import NONCE_BYTES, Challenge, Greeting, Welcome
from ranvier.services.own_cluster import OwnCluster
from ranvier.storage.cluster_identity import ClusterIdentities, StoredToken


@dataclass(frozen=True, slots=True)
class AdmissionPorts:
    """What a node needs to let others in."""

    cluster: OwnCluster
    identities: ClusterIdentities
    asked: Callable[[], Asked]
    """This node and what it knows of the others at this moment."""
    keys: Callable[[], Mapping[str, Secret]]
    """What all nodes share."""
    chance: Callable[[int], bytes]
    clock: Callable[[], float]


class AdmitNodes:
    """Hands what all nodes share to a node that has proven itself, and to nobody else."""

    def __init__(self, ports: AdmissionPorts) -> None:
        self._ports = ports
        self._budget = JoinBudget()

    def greet(self, greeting: Greeting) -> Challenge:
        """Answer a greeting; raises a `JoinRefused`, `TooManyJoins` among others."""
        ports = self._ports
        left = self._budget.spend(ports.clock())
        if left is None:
            raise TooManyJoins
        self._budget = left
        refusal = refuse_greeting(
            greeting.asking, ports.asked(), is_one_machine=greeting.is_one_machine
        )
        if refusal is not None:
            raise refusal
        return Challenge(ports.cluster.identity.cluster_id, ports.chance(NONCE_BYTES))

    async def admit(self, greeting: Greeting, challenge: Challenge, proof: bytes) -> Welcome:
        """Check the proof and hand over what is shared; raises a `JoinRefused`."""
        asking = greeting.asking
        handshake = Handshake(asking.node_id, greeting.nonce, challenge.cluster_id, challenge.nonce)
        key, state = await self._key(greeting)
        offered = Offered(
            asking.proof,
            is_valid=is_proven(proof, key, Side.JOINER, handshake),
            token=state,
            is_one_machine=greeting.is_one_machine,
        )
        refusal = refuse_proof(offered) or refuse_node(asking, self._ports.asked())
        if refusal is None and asking.proof is ProofKind.TOKEN:
            refusal = await self._use_up(greeting, offered)
        if refusal is not None:
            raise refusal
        own = b"" if asking.proof is ProofKind.NONE else prove(key, Side.CLUSTER, handshake)
        return Welcome(own, self._ports.keys())

    async def _key(self, greeting: Greeting) -> tuple[bytes, TokenState]:
        """Return the key that the proof must be made with, and how the token stands if it is one.

        For a token that nobody has made it is a key that nobody has.
        """
        if greeting.asking.proof is ProofKind.TOKEN:
            stored = await self._ports.identities.token(greeting.token_id)
            key = self._ports.chance(32) if stored is None else stored.digest
            return key, state_of(stored, greeting.asking.node_id)
        return secret_key(self._ports.cluster.identity.secret.reveal()), TokenState.UNKNOWN

    async def _use_up(self, greeting: Greeting, offered: Offered) -> JoinRefused | None:
        identities, node_id = self._ports.identities, greeting.asking.node_id
        if await identities.use_token(greeting.token_id, node_id):
            return None
        # Another node was quicker, or the last second has passed since the token was looked up.
        state = state_of(await identities.token(greeting.token_id), node_id)
        return refuse_proof(Offered(offered.kind, is_valid=True, token=state))


def state_of(stored: StoredToken | None, node_id: str) -> TokenState:
    """Tell how a token stands toward a node; that it was used tells more than that it expired."""
    if stored is None:
        return TokenState.UNKNOWN
    if stored.used_by not in (None, node_id):
        return TokenState.USED
    return TokenState.EXPIRED if stored.is_expired else TokenState.FRESH
