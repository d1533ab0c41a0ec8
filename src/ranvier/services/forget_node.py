"""Forgets a node that will not come back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ranvier.cluster.errors import NodeStillRuns, UnknownNode
from ranvier.cluster.member import MemberView
from ranvier.storage.cluster_nodes import ClusterNodes


class ForgetNode:
    """Takes a node out of the list; only one that is stopped or down."""

    def __init__(self, nodes: ClusterNodes, members: Callable[[], Sequence[MemberView]]) -> None:
        """`members` says how the nodes do, as this one sees them."""
        self._nodes = nodes
        self._members = members

    async def forget(self, name: str) -> None:
        """Take a node out of the list; its name and its route are free then.

        Raises `UnknownNode`, `NodeStillRuns` or `StorageUnavailable`.
        """
        view = next((each for each in self._members() if each.member.name == name), None)
        if view is None:
            raise UnknownNode(name)
        if view.state.is_alive or not await self._nodes.remove(view.member):
            raise NodeStillRuns(name)
