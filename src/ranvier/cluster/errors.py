"""What a cluster refuses: a place, or to be drained; `joining` has refusals of its own.

DrainError
├── UnknownNode       nobody of that name
├── NodeNotRunning    a node that takes no clients anyway
└── LastReadyNode     the only one that could take them

ClusterError
├── IdentityInUse      a running node has the same id: a copied data directory
├── NameIsRunning      a running node has the same name
├── RouteTaken         a route, set by hand, that another node has
└── NoRouteLeft        more nodes on one host than routes
"""

from __future__ import annotations

from typing import ClassVar

from ranvier.cluster.member import Member
from ranvier.errors import RanvierError


class DrainError(RanvierError):
    """The node goes on as it was."""

    code: ClassVar[str] = "RANVIER-DRAIN"


class UnknownNode(DrainError):
    """No node of the cluster has this name."""

    code: ClassVar[str] = "RANVIER-NO-SUCH-NODE"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no node {name}; `ranvier cluster` lists them all.")


class NodeNotRunning(DrainError):
    """The node does not run, so that there is nothing to drain or to resume."""

    code: ClassVar[str] = "RANVIER-NODE-NOT-RUNNING"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, name: str) -> None:
        super().__init__(f"The node {name} is not running; start it, or leave it as it is.")


class LastReadyNode(DrainError):
    """No other node could take the clients."""

    code: ClassVar[str] = "RANVIER-LAST-READY-NODE"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The node {name} is the only one that is ready, and its clients would have nowhere to"
            " go; start another node first."
        )


class ClusterError(RanvierError):
    """The cluster refuses it; the message is one sentence."""

    code: ClassVar[str] = "RANVIER-CLUSTER"


class IdentityInUse(ClusterError):
    """A running node has this node's id."""

    code: ClassVar[str] = "RANVIER-NODE-ID-IN-USE"

    def __init__(self, member: Member) -> None:
        super().__init__(
            f"data: a running node has the same id as {member.name}: its data directory was copied;"
            " remove the file node-id from the copy."
        )


class NameIsRunning(ClusterError):
    """A running node has this node's name."""

    code: ClassVar[str] = "RANVIER-NODE-NAME-RUNNING"

    def __init__(self, other: Member) -> None:
        super().__init__(
            f"name: a node {other.name} is running at {other.internal_host}:{other.internal_port};"
            " give this one another name, or stop that one."
        )


class RouteTaken(ClusterError):
    """Another node has the route that was set for this one."""

    code: ClassVar[str] = "RANVIER-ROUTE-TAKEN"

    def __init__(self, route: str, other: Member) -> None:
        super().__init__(
            f"route: {other.name} has the route {route} already; set another route or"
            " local_node_id, or neither."
        )


class NoRouteLeft(ClusterError):
    """Every route that could be computed for this host is taken."""

    code: ClassVar[str] = "RANVIER-NO-ROUTE-LEFT"

    def __init__(self, member: Member) -> None:
        super().__init__(
            f"route: no local node id is left for the host {member.host}; set a route by hand."
        )
