"""What an operator may ask a node to do about the cluster that it is in, or is to be in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ranvier.services.join_cluster import JoinCluster, JoinProof
from ranvier.services.join_messages import Place
from ranvier.services.leave_cluster import LeaveCluster
from ranvier.services.own_cluster import OwnCluster


@dataclass(frozen=True, slots=True)
class ClusterStanding:
    """How a node stands toward clusters."""

    cluster_id: str
    is_shared: bool
    """Whether other nodes can use its database: False for a node that stands alone."""
    refusal: str
    """Why it could not start in the cluster that let it in last; empty where that was not so."""


class AdministerCluster:
    """Joins, leaves and makes join tokens."""

    def __init__(
        self, cluster: OwnCluster, join: JoinCluster, leave: LeaveCluster, standing: ClusterStanding
    ) -> None:
        """`standing` is that of a node whose cluster is not known yet."""
        self._cluster = cluster
        self._join = join
        self._leave = leave
        self._standing = standing

    def standing(self) -> ClusterStanding:
        """Return how this node stands; its cluster is known once it has started."""
        return replace(self._standing, cluster_id=self._cluster.cluster_id)

    async def join(self, place: Place, proof: JoinProof) -> None:
        """Have this node join the cluster of the node at a place; raises a `JoinRefused`."""
        await self._join.join(place, proof)

    async def unregister(self, name: str) -> None:
        """Take a node out of the cluster; raises `UnknownNode` or a `LeaveRefused`."""
        await self._leave.unregister(name)

    async def new_token(self) -> str:
        """Return a new join token; raises `TooManyTokens`."""
        return await self._cluster.new_token()
