"""Which node leaves the cluster, and which may not."""

from __future__ import annotations

from collections.abc import Sequence

from ranvier.cluster.errors import UnknownNode
from ranvier.cluster.joining.errors import LastNode, NotInCluster
from ranvier.cluster.member import MemberView


def find_leaver(name: str, members: Sequence[MemberView], *, is_shared: bool) -> MemberView:
    """Return the node that is to leave; raises `UnknownNode`, `NotInCluster` or `LastNode`."""
    found = next((view for view in members if view.member.name == name), None)
    if found is None:
        raise UnknownNode(name)
    if not is_shared:
        raise NotInCluster(name)
    if not any(view.state.is_alive for view in members if view is not found):
        raise LastNode(name)
    return found
