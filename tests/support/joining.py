"""Nodes that join, in memory: a database of a cluster, and the two sides of a conversation."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ranvier.cluster.joining.admission import Asked, Candidate, HeldContext
from ranvier.cluster.joining.errors import NobodyAnswers
from ranvier.cluster.member import Member, MemberView
from ranvier.cluster.node_wish import NodeWish
from ranvier.config.joined_cluster import JoinedCluster
from ranvier.security.secret import Secret
from ranvier.services.administer_cluster import AdministerCluster, ClusterStanding
from ranvier.services.admit_nodes import AdmissionPorts, AdmitNodes
from ranvier.services.join_cluster import JoinCluster, JoiningNode, JoinPorts
from ranvier.services.join_messages import Door, Doors, Place
from ranvier.services.leave_cluster import LeaveCluster
from ranvier.services.own_cluster import OwnCluster, OwnTerms
from ranvier.storage.cluster_identity import ClusterIdentity, StoredToken
from ranvier.storage.cluster_nodes import ClusterNodes

DSN = "postgresql://ranvier:planted-password@db.example/ranvier"
SECRET = Secret("planted-secret")
KEYS: Mapping[str, Secret] = {"database": Secret(DSN), "cluster_secret": SECRET}


class MemoryIdentities:
    """The port `ClusterIdentities`, without time: a token expires when a test says so."""

    def __init__(self) -> None:
        self.identity: ClusterIdentity | None = None
        self.tokens: dict[str, StoredToken] = {}
        self.has_room = True

    async def read(self) -> ClusterIdentity | None:
        return self.identity

    async def found(self, candidate: ClusterIdentity) -> ClusterIdentity:
        self.identity = self.identity or candidate
        return self.identity

    async def add_token(self, token_id: str, digest: bytes, life_seconds: float) -> bool:
        assert life_seconds == 15 * 60
        self.tokens[token_id] = StoredToken(digest, is_expired=False, used_by=None)
        return self.has_room

    async def token(self, token_id: str) -> StoredToken | None:
        return self.tokens.get(token_id)

    async def use_token(self, token_id: str, node_id: str) -> bool:
        token = self.tokens[token_id]
        if token.is_expired or token.used_by not in (None, node_id):
            return False
        self.tokens[token_id] = StoredToken(token.digest, is_expired=False, used_by=node_id)
        return True

    def expire(self) -> None:
        """Let all tokens expire."""
        self.tokens = {
            name: StoredToken(each.digest, is_expired=True, used_by=each.used_by)
            for name, each in self.tokens.items()
        }


@dataclass
class ClusterSide:
    """A node in a cluster."""

    identities: MemoryIdentities
    cluster: OwnCluster
    admit: AdmitNodes
    asked: Asked
    now: float = 0.0


@dataclass
class JoinerSide:
    """A node that is to join; `adopted` is what it was given."""

    join: JoinCluster
    adopted: list[JoinedCluster] = field(default_factory=list)


async def cluster_side(
    asked: Asked | None = None, keep: Callable[[ClusterIdentity], None] = lambda _: None
) -> ClusterSide:
    """Return a node that has founded a cluster."""
    identities = MemoryIdentities()

    async def kept(identity: ClusterIdentity) -> None:
        keep(identity)

    terms = OwnTerms(SECRET, None, is_shared=True, is_on_loopback=False)
    cluster = OwnCluster(identities, lambda: terms, os.urandom, kept)
    await cluster.start()
    ports = AdmissionPorts(
        cluster, identities, lambda: side.asked, lambda: KEYS, os.urandom, lambda: side.now
    )
    side = ClusterSide(identities, cluster, AdmitNodes(ports), asked or Asked("id-a", "a", None))
    return side


def joiner_side(
    doors: Doors,
    *,
    node_id: str = "id-b",
    is_on_loopback: bool = False,
    candidate: Candidate | None = None,
) -> JoinerSide:
    """Return a fresh node."""
    fresh = candidate or Candidate("b", (HeldContext("default", is_empty=True),), None)
    node = JoiningNode(node_id, fresh.name, "0", is_on_loopback, "default")

    async def asked() -> Candidate:
        return fresh

    async def adopt(joined: JoinedCluster) -> None:
        side.adopted.append(joined)

    side = JoinerSide(JoinCluster(JoinPorts(lambda: node, asked, doors, adopt, os.urandom)))
    return side


class NobodyThere:
    """No node of any cluster answers."""

    async def knock(self, place: Place) -> Door:
        raise NobodyAnswers(str(place), "refused")


@dataclass
class SeenMembers:
    """The members that a test sets."""

    seen: Callable[[], Sequence[MemberView]]

    @property
    def own(self) -> Member:
        return next(view.member for view in self.seen() if view.is_own)

    @property
    def wish(self) -> NodeWish:
        return NodeWish.NONE

    def members(self) -> Sequence[MemberView]:
        return self.seen()

    async def beat(self) -> None:
        pass


def memory_administration(
    nodes: ClusterNodes, members: Callable[[], Sequence[MemberView]]
) -> AdministerCluster:
    """Return what a node is asked about its cluster, for tests of other things."""
    terms = OwnTerms(SECRET, None, is_shared=False, is_on_loopback=True)

    async def keep(_: ClusterIdentity) -> None:
        pass

    cluster = OwnCluster(MemoryIdentities(), lambda: terms, os.urandom, keep)
    return AdministerCluster(
        cluster,
        joiner_side(NobodyThere()).join,
        LeaveCluster(SeenMembers(members), nodes, lambda: None),
        ClusterStanding("", is_shared=False, refusal=""),
    )
