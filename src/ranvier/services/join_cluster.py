"""The use case of a node that is to join a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from ranvier.cluster.joining.admission import Asking, Candidate, ProofKind, refuse_candidate
from ranvier.cluster.joining.errors import (
    ClusterUnproven,
    InOtherCluster,
    JoinUnderWay,
    NobodyAnswers,
    ProofWrong,
)
from ranvier.cluster.joining.proof import Handshake, Side, is_proven, prove, secret_key
from ranvier.cluster.joining.token import read_token
from ranvier.config.joined_cluster import JoinedCluster
from ranvier.security.secret import Secret
from ranvier.services.join_messages import (
    NONCE_BYTES,
    Challenge,
    Door,
    Doors,
    Greeting,
    Place,
    Welcome,
)

HANDSHAKE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class JoinProof:
    """What somebody gave the node to prove itself with; the token comes before the secret."""

    secret: Secret | None = None
    token: Secret | None = None


@dataclass(frozen=True, slots=True)
class JoiningNode:
    """The node as it greets."""

    node_id: str
    name: str
    version: str
    is_on_loopback: bool
    """Its internal port is open to its own machine alone."""
    default_context: str


@dataclass(frozen=True, slots=True)
class JoinPorts:
    """What a node needs to join."""

    node: Callable[[], JoiningNode]
    candidate: Callable[[], Awaitable[Candidate]]
    """What it would leave behind."""
    doors: Doors
    adopt: Callable[[JoinedCluster], Awaitable[None]]
    """Keeps the cluster and has the node start again in it; raises where that cannot be."""
    chance: Callable[[int], bytes]


class JoinCluster:
    """Joins one cluster at a time; until it is in, the node goes on as it was."""

    def __init__(self, ports: JoinPorts) -> None:
        self._ports = ports
        self._is_joining = False

    async def join(self, place: Place, proof: JoinProof) -> None:
        """Join the cluster of the node at a place; nothing happens to a node that is in it.

        Raises a `JoinRefused`, or a `ConfigError` where the settings do not go with the cluster's.
        """
        node = self._ports.node()
        if self._is_joining:
            raise JoinUnderWay(node.name)
        self._is_joining = True
        try:
            joined = await self._joined(node, place, proof)
            if joined is not None:
                await self._ports.adopt(joined)
        finally:
            self._is_joining = False

    async def _joined(
        self, node: JoiningNode, place: Place, proof: JoinProof
    ) -> JoinedCluster | None:
        candidate = await self._ports.candidate()
        if candidate.cluster_id is None:
            refusal = refuse_candidate(candidate, node.default_context)
            if refusal is not None:
                raise refusal
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                door = await self._ports.doors.knock(place)
                try:
                    return await self._talk(door, node, candidate, (place, proof))
                finally:
                    await door.close()
        except TimeoutError:
            raise NobodyAnswers(str(place), "it did not answer in time") from None

    async def _talk(
        self,
        door: Door,
        node: JoiningNode,
        candidate: Candidate,
        wanted: tuple[Place, JoinProof],
    ) -> JoinedCluster | None:
        place, proof = wanted
        kind, key, token_id = key_of(proof)
        greeting = Greeting(
            Asking(node.node_id, node.name, proof=kind),
            self._ports.chance(NONCE_BYTES),
            token_id,
            node.version,
            node.is_on_loopback,
        )
        challenge = await door.greet(greeting)
        if candidate.cluster_id is not None:
            if candidate.cluster_id == challenge.cluster_id:
                return None
            raise InOtherCluster(node.name)
        handshake = handshake_of(greeting, challenge)
        welcome = await door.prove(prove(key, Side.JOINER, handshake) if key else b"")
        expect_proof(welcome, key, handshake, place)
        return JoinedCluster(challenge.cluster_id, welcome.keys)


def key_of(proof: JoinProof) -> tuple[ProofKind, bytes, str]:
    """Return what a proof is made with, and the open part of a token; raises `ProofWrong`."""
    if proof.token is not None:
        token = read_token(proof.token.reveal())
        if token is None:
            raise ProofWrong("join token")
        return ProofKind.TOKEN, token.digest, token.token_id
    if proof.secret is not None:
        return ProofKind.SECRET, secret_key(proof.secret.reveal()), ""
    return ProofKind.NONE, b"", ""


def handshake_of(greeting: Greeting, challenge: Challenge) -> Handshake:
    """Return what both sides make their proofs for."""
    return Handshake(greeting.asking.node_id, greeting.nonce, challenge.cluster_id, challenge.nonce)


def expect_proof(welcome: Welcome, key: bytes, handshake: Handshake, place: Place) -> None:
    """Raise `ClusterUnproven` where the other side does not know what this one has proven."""
    if key and not is_proven(welcome.proof, key, Side.CLUSTER, handshake):
        raise ClusterUnproven(str(place))
